"""Plans as JSON, Mermaid and Graphviz text."""

from __future__ import annotations

import json
from pathlib import Path

from maestro_tui.plans.analysis import analyse
from maestro_tui.plans.model import Edge, Phase, Plan, Task
from maestro_tui.plans.reader import read_plan
from maestro_tui.plans.shape import as_dot, as_json, as_mermaid

TEXT = """\
# P

## Phase 1: Base
### Stream A: say "hi" [y]
Files: a.py

### Stream B: b
Files: a.py

## Phase 2: Top
Files: t.py
Depends on: Phase 1
"""


def test_json_holds_the_plan_and_its_analysis() -> None:
    plan = read_plan("p.md", text=TEXT)
    shown = as_json(plan, analyse(plan))
    assert json.loads(json.dumps(shown)) == shown
    assert shown == as_json(plan)
    assert [t["id"] for t in shown["tasks"]] == ["A", "B", "2"]
    assert shown["tasks"][0]["modify"] == ["a.py"]
    assert [(e["task"], e["after"], e["source"], e["line"]) for e in shown["edges"]] == [
        ("2", "1", "label", 12), ("B", "A", "file-conflict", 0),
    ]  # fmt: skip
    assert shown["waves"] == [["A"], ["B"], ["2"]]
    assert shown["critical_path"] == ["A", "B", "2"]
    assert shown["conflicts"][0]["paths"] == ["a.py"]
    assert (shown["format"], shown["confidence"], shown["source"]) == ("maestro", "high", "p.md")
    assert shown["estimate"]["total_s"] == 1800


def test_a_plan_with_a_cycle_is_shown_with_the_reason() -> None:
    plan = read_plan("p.md", text="## Phase 1: a\nNeeds: Phase 2\n## Phase 2: b\nNeeds: Phase 1\n")
    shown = as_json(plan)
    assert (len(shown["tasks"]), shown["waves"], shown["critical_path"]) == (2, [], [])
    (found,) = shown["diagnostics"]
    assert (found["code"], found["severity"], found["line"]) == ("cycle", "error", 2)
    assert "1 -> 2 -> 1" in found["text"]
    assert "t0" in as_mermaid(plan)
    assert as_dot(plan).startswith("digraph")


def test_a_document_that_is_no_plan_is_shown_too() -> None:
    shown = as_json(read_plan("p.md", text="hello"))
    assert (shown["tasks"], shown["waves"]) == ([], [])
    assert [d["code"] for d in shown["diagnostics"]] == ["not-a-plan"]


def test_drawings_quote_titles_and_leave_out_what_follows() -> None:
    plan = read_plan("p.md", text=TEXT)
    mermaid = as_mermaid(plan)
    assert mermaid.splitlines()[0] == "flowchart TD"
    assert 't0["A: say #34;hi#34; #91;y#93;"]' in mermaid
    assert "t0 -.-> t1" in mermaid
    assert "t1 --> t2" in mermaid
    assert "t0 --> t2" not in mermaid
    assert 'subgraph p0["1: Base"]' in mermaid
    dot = as_dot(plan)
    assert '"A" [label="A: say \\"hi\\" [y]"];' in dot
    assert '"A" -> "B" [style=dashed];' in dot
    assert '"B" -> "2";' in dot


def test_advice_and_sequential_headings_are_among_the_edges(tmp_path: Path) -> None:
    (tmp_path / "api.py").write_text("import model")
    phase = Phase("1", "One", mode="sequential", line=3)
    tasks = (
        Task("a", "a", phase="1", line=4),
        Task("b", "b", phase="1", line=5),
        Task("api", "api", modify=("api.py",), line=6),
        Task("model", "model", create=("model.py",), line=7),
    )
    plan = Plan("p", phases=(phase,), tasks=tasks, edges=(Edge("1", "model", "label", 8),))
    analysis = analyse(plan, repo=tmp_path)
    rows = {(e["task"], e["after"]): e for e in as_json(plan, analysis)["edges"]}
    assert {pair: (e["source"], e["advisory"]) for pair, e in rows.items()} == {
        ("1", "model"): ("label", False),
        ("b", "a"): ("mode", False),
        ("api", "model"): ("import", True),
    }
    assert rows["b", "a"]["line"] == 3
    assert "t3 -.->|import| t2" in as_mermaid(plan, analysis)
    assert '"model" -> "api" [style=dotted' in as_dot(plan, analysis)
