"""Plans of phases: what each label and heading means."""

from __future__ import annotations

import pytest

from maestro_tui.plans.model import Plan, Task
from maestro_tui.plans.reader import read_plan


def read(text: str) -> Plan:
    return read_plan("plan.md", text=text)


def only(body: str) -> Task:
    plan = read(f"# Plan\n\n## Phase 1: Work\n{body}\n")
    assert len(plan.tasks) == 1
    return plan.tasks[0]


def edges(plan: Plan) -> list[tuple[str, str, str, int]]:
    return [(e.task, e.after, e.source, e.line) for e in plan.edges]


BASIC = """\
# Parcel tracking

## Phase 0: Look around
- read the code

## Phase 1: Storage
Files: store/schema.sql, store/*.py
Completion: STORE_COMPLETE.md

## Phase 2: Service
Files: service/track.py
Dependencies: Needs Phase 1 complete
"""


def test_phases_without_streams_are_the_tasks() -> None:
    plan = read(BASIC)
    assert plan.title == "Parcel tracking"
    assert (plan.format, plan.confidence) == ("maestro", "high")
    assert [(t.id, t.title, t.phase, t.line) for t in plan.tasks] == [
        ("0", "Look around", "0", 3),
        ("1", "Storage", "1", 6),
        ("2", "Service", "2", 10),
    ]
    assert [p.id for p in plan.phases] == ["0", "1", "2"]
    assert plan.tasks[1].modify == ("store/schema.sql", "store/*.py")
    assert plan.tasks[1].marker == "STORE_COMPLETE.md"
    assert plan.tasks[0].text == "- read the code"
    assert edges(plan) == [("2", "1", "label", 12)]
    assert plan.diagnostics == ()


def test_streams_make_their_phase_a_group() -> None:
    plan = read(
        "## Phase 1: Base\nDepends on: none\n### Stream A: Tables\nCreate: db/a.sql\n"
        "### Stream B: Settings\nModify: app/settings.py\n"
        "## Phase 2: Top\nNeeds: Phase 1\n### Task 2.1: Screen\nDepends on: Stream B\n"
    )
    assert [(t.id, t.phase) for t in plan.tasks] == [("A", "1"), ("B", "1"), ("2.1", "2")]
    assert (plan.tasks[0].create, plan.tasks[1].modify) == (("db/a.sql",), ("app/settings.py",))
    assert edges(plan) == [("2", "1", "label", 8), ("2.1", "B", "label", 10)]


def test_streams_as_list_items_own_what_is_indented_below_them() -> None:
    plan = read(
        "## Phase 1: Base\n- **Stream A**: tables\n  - Files: db/a.sql\n  - write it\n"
        "- Stream B: settings; Files: app/s.py\n  - Needs: Stream A\n\nClosing words.\n"
    )
    assert [(t.id, t.title, t.modify) for t in plan.tasks] == [
        ("A", "tables", ("db/a.sql",)),
        ("B", "settings", ("app/s.py",)),
    ]
    assert edges(plan) == [("B", "A", "label", 6)]


def test_bold_lines_serve_as_headings() -> None:
    plan = read(
        "## Phase 1: Base\n\n**Stream A: tables**\nFiles: a.sql\n\n"
        "**Stream B: more**\nFiles: b.sql\n"
    )
    assert [(t.id, t.modify) for t in plan.tasks] == [("A", ("a.sql",)), ("B", ("b.sql",))]


def test_tasks_inside_streams_are_the_tasks() -> None:
    plan = read(
        "## Phase 1: Base\n### Stream A: data\nDepends on: none\n#### Task 1.1: tables\n"
        "#### Task 1.2: rows\n### Stream B: web\nDepends on: Stream A\n#### Task 1.3: page\n"
    )
    assert [t.id for t in plan.tasks] == ["1.1", "1.2", "1.3"]
    assert [(e.task, e.after) for e in plan.edges] == [("1.3", "1.1"), ("1.3", "1.2")]


def test_streams_of_one_name_in_two_phases_get_the_phase_in_their_id() -> None:
    plan = read(
        "## Phase 1: a\n### Stream A: x\n### Stream B: y\nNeeds: Stream A\n"
        "## Phase 2: b\n### Stream A: z\nNeeds: Phase 1\n### Stream C: w\nNeeds: Stream A\n"
    )
    assert [t.id for t in plan.tasks] == ["1.A", "B", "2.A", "C"]
    assert [(e.task, e.after) for e in plan.edges] == [("B", "1.A"), ("2.A", "1"), ("C", "2.A")]
    assert not plan.errors


def test_the_same_id_twice_in_a_phase_is_an_error() -> None:
    plan = read("## Phase 1: a\n### Stream A: x\n### Stream A: y\n")
    assert [t.id for t in plan.tasks] == ["1.A", "1.A-2"]
    assert [(d.code, d.line) for d in plan.errors] == [("duplicate-id", 3)]


def test_a_task_with_the_number_of_a_phase_does_not_take_its_edges() -> None:
    plan = read(
        "## Phase 1: a\n### Task 1: x\n### Task 2: y\n"
        "## Phase 2: b\nNeeds: Phase 1\n### Task 3: z\n"
    )
    assert [(t.id, t.phase) for t in plan.tasks] == [
        ("1", "Phase 1"),
        ("2", "Phase 1"),
        ("3", "Phase 2"),
    ]
    assert [(e.task, e.after) for e in plan.edges] == [("Phase 2", "Phase 1")]


def test_a_phase_written_as_part_of_another_is_its_task() -> None:
    plan = read("## Phase 1: a\n### Phase 1.1: x\n### Phase 1.2: y\nNeeds: Phase 1.1\n")
    assert [(t.id, t.phase) for t in plan.tasks] == [("1.1", "1"), ("1.2", "1")]
    assert [(e.task, e.after) for e in plan.edges] == [("1.2", "1.1")]


def test_repeated_phases_are_read_once() -> None:
    plan = read("## Phase 1: a\n\n## Phase 1: a\nFiles: a.py\n## Timeline\n### Phase 1: week one\n")
    assert [(t.id, t.line) for t in plan.tasks] == [("1", 3)]
    assert [(d.code, d.line) for d in plan.diagnostics] == [("duplicate-phase", 1)]


@pytest.mark.parametrize(
    ("body", "kind", "paths"),
    [
        ("Files: a.py, b/*.py", "modify", ("a.py", "b/*.py")),
        ("Files:\n- `a.py`\n- b.py (new)", "create", ("b.py",)),
        ("**Create:** `a.py`", "create", ("a.py",)),
        ("- CREATE: a.py", "create", ("a.py",)),
        ("New files: a.py", "create", ("a.py",)),
        ("Modify: a.py", "modify", ("a.py",)),
        ("Delete: old.py", "delete", ("old.py",)),
        ("Test: `tests/test_a.py`", "test", ("tests/test_a.py",)),
        (
            "Tests:\n- tests/test_a.py\n- tests/test_b.py",
            "test",
            ("tests/test_a.py", "tests/test_b.py"),
        ),
        ("Files: src/app", "scope", ("src/app",)),
        ("Scope: src/app/", "scope", ("src/app/",)),
        ("Files: src/app/", "modify", ("src/app/",)),
        ("#### Files\n- a.py\n- b.py", "modify", ("a.py", "b.py")),
        ("Files: a.py,\n  b.py", "modify", ("a.py", "b.py")),
        ("Files:\n```\na.py\nb.py\n```", "modify", ("a.py", "b.py")),
    ],
)
def test_file_labels(body: str, kind: str, paths: tuple[str, ...]) -> None:
    assert getattr(only(body), kind) == paths


@pytest.mark.parametrize(
    ("body", "field", "value"),
    [
        ("Agent: `models-schemas`", "agent", "models-schemas"),
        ("**Assigned to:** @reviewer (later)", "agent", "reviewer"),
        ("Completion: `API_COMPLETE.md`", "marker", "API_COMPLETE.md"),
        ("Marker: write X_COMPLETE.md", "marker", "X_COMPLETE.md"),
        ("Verify: `pytest -q`", "verify", ("pytest -q",)),
        ("Gate: make check", "verify", ("make check",)),
        ("Verify:\n```bash\npytest -q\nruff check .\n```", "verify", ("pytest -q", "ruff check .")),
        ("Test: `pytest tests/x.py`", "verify", ("pytest tests/x.py",)),
        ("Estimate: 30 min", "estimate_s", 1800.0),
        ("Duration: ~2 hours", "estimate_s", 7200.0),
        ("Timeout: 45 min", "timeout_s", 2700.0),
        ("Model: opus", "model", "opus"),
        ("Status: done", "status", "done"),
        ("Status: in progress", "status", "doing"),
        ("Requirements: 1.2, 3.4", "requirements", ("1.2", "3.4")),
    ],
)
def test_other_labels(body: str, field: str, value: object) -> None:
    assert getattr(only(body), field) == value


@pytest.mark.parametrize(
    ("heading", "title", "status"),
    [
        ("## Phase 1: Models", "Models", "pending"),
        ("## Phase 1 - Models", "Models", "pending"),
        ("## Phase 1 — Models", "Models", "pending"),
        ("## 🚀 PHASE 1: Models", "Models", "pending"),
        ("## **Phase 1: Models**", "Models", "pending"),
        ("## ~~Phase 1: Models~~", "Models", "done"),
        ("## Phase 1: Models ✅", "Models", "done"),
        ("## [x] Phase 1: Models", "Models", "done"),
        ("## Phase 1: Models (done)", "Models", "done"),
        ("## Phase 1: Models - COMPLETED", "Models", "done"),
        ("## Phase 1: Models (in progress)", "Models", "doing"),
        ("## Phase 1: Models (deferred)", "Models", "deferred"),
        ("## Phase 1: Models (cancelled)", "Models", "cancelled"),
        ("## Phase 1: Complete the models", "Complete the models", "pending"),
    ],
)
def test_headings_and_done_marks(heading: str, title: str, status: str) -> None:
    task = read(f"{heading}\nFiles: a.py\n").tasks[0]
    assert (task.title, task.status) == (title, status)


def test_a_task_whose_boxes_are_all_ticked_is_done() -> None:
    assert only("- [x] one\n- [x] two").status == "done"
    assert only("- [x] one\n- [ ] two").status == "pending"


def test_streams_ticked_in_a_list_are_done() -> None:
    plan = read("## Phase 1: a\n- [x] Stream A: x\n- [ ] Stream B: y\n")
    assert [t.status for t in plan.tasks] == ["done", "pending"]


def test_nothing_stated_means_one_phase_after_the_other() -> None:
    plan = read("## Phase 1: a\n## Phase 2: b\n### Stream A: x\n### Stream B: y\n## Phase 3: c\n")
    assert [(e.task, e.after, e.source) for e in plan.edges] == [
        ("2", "1", "convention"),
        ("3", "2", "convention"),
    ]


def test_stating_that_there_is_no_dependency_switches_the_convention_off() -> None:
    assert read("## Phase 1: a\n## Phase 2: b\nDepends on: none\n").edges == ()


def test_modes_in_headings() -> None:
    plan = read(
        "## Phase 1: a (Sequential)\n### Stream A: x\n### Stream B: y\n"
        "## Phase 2: b (Limited Parallel - 2 streams)\nNeeds: Phase 1\n### Stream C: z\n"
        "## Phase 3: c (after Phase 2)\n"
    )
    assert [(p.mode, p.max_parallel) for p in plan.phases] == [
        ("sequential", 0), ("parallel", 2), ("unspecified", 0),
    ]  # fmt: skip
    assert [p.title for p in plan.phases] == ["a", "b", "c"]
    assert edges(plan) == [
        ("B", "A", "mode", 1), ("2", "1", "label", 5), ("3", "2", "mode", 7),
    ]  # fmt: skip


def test_blocks_labels_are_turned_round() -> None:
    plan = read("## Phase 1: a\nBlocks: Phase 2\n## Phase 2: b\n")
    assert edges(plan) == [("2", "1", "label", 2)]


def test_a_section_about_order_an_arrow_and_a_drawing_state_edges() -> None:
    head = "## Phase 1: a\nFiles: a.py\n## Phase 2: b\nFiles: b.py\n## Phase 3: c\nFiles: c.py\n"
    section = read(
        head + "## Dependencies\n- Phase 2 depends on Phase 1\n- Phase 2 before Phase 3\n"
    )
    assert edges(section) == [("2", "1", "section", 8), ("3", "2", "section", 9)]
    arrow = read(head + "## Execution order\nPhase 1 → Phase 2 -> Phase 3\n")
    assert edges(arrow) == [("2", "1", "arrow", 8), ("3", "2", "arrow", 8)]
    drawn = read(head + "## Picture\n```mermaid\ngraph TD\n  A[Phase 1: a] --> C[Phase 3]\n```\n")
    assert edges(drawn) == [("3", "1", "mermaid", 10)]


def test_gates_and_forbidden_files_of_the_whole_plan() -> None:
    plan = read(
        "# P\nVerify: `pytest -q`\n## Phase 1: a\nFiles: a.py\n"
        "## Verification\n```bash\nmake check\n```\n"
        "## Files to preserve\n- config/live.py\n"
    )
    assert plan.verify == ("pytest -q", "make check")
    assert plan.forbidden == ("config/live.py",)
    assert plan.tasks[0].verify == ()


def test_the_checks_of_a_group_are_a_final_gate() -> None:
    plan = read("## Phase 1: a\nVerify: `pytest -q`\n### Stream A: x\n### Stream B: y\n")
    assert [(g.run, g.when) for g in plan.gates] == [("pytest -q", "final")]


def test_rehearsal_scripts_and_comments_are_not_what_the_agent_reads() -> None:
    task = only("Do it.\n\n```toml rehearsal\nschema = 1\n```\n\n<!-- Files: no.py -->\nWell.")
    assert task.text == "Do it.\n\n\nWell."
    assert task.files == ()


@pytest.mark.parametrize("path", ["../x.py", "/etc/x", "~/x.py", ".git/config", ".maestro/x"])
@pytest.mark.parametrize("label", ["Files", "Create", "Modify", "Delete", "Test", "Scope"])
def test_paths_outside_the_repository_are_errors(label: str, path: str) -> None:
    plan = read(f"## Phase 1: a\n{label}: `{path}`\n")
    assert [(d.code, d.line) for d in plan.errors] == [("path-outside", 2)]
    assert path in plan.errors[0].text
    assert plan.errors[0].hint


def test_control_characters_do_not_reach_titles() -> None:
    plan = read("# P\x1b[2J\n## Phase 1: a\x1b]0;evil\x07b\u202e\nFiles: a.py\n")
    assert plan.title == "P[2J"
    assert plan.tasks[0].title == "a]0;evilb"


@pytest.mark.parametrize(
    ("body", "code", "line"),
    [
        ("Gate: everything is green", "verify-not-a-command", 4),
        ("Estimate: quite some", "estimate-unclear", 4),
        ("Marker: when it is done", "marker-unclear", 4),
        ("Needs: networkx", "dependency-note", 4),
    ],
)
def test_what_cannot_be_used_is_said(body: str, code: str, line: int) -> None:
    plan = read(f"# Plan\n\n## Phase 1: Work\n{body}\n")
    assert [(d.code, d.line) for d in plan.diagnostics] == [(code, line)]
    assert plan.diagnostics[0].hint


def test_headings_in_fences_are_not_tasks() -> None:
    plan = read("## Phase 1: a\n```markdown\n## Phase 2: sample\n```bash\nls\n```\n```\n")
    assert [t.id for t in plan.tasks] == ["1"]
    assert [d.code for d in plan.diagnostics] == ["fence-nesting-repaired"]
