"""How long reading a plan takes as it grows, for every kind of plan and for shapes made to hurt.

Floor, measured in the same run on the same text: splitting it into lines and hashing it. Prints
seconds for each size, how the time grows from one size to twice that (2.0 is linear), and the last
time as a multiple of the floor.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import time
from collections.abc import Callable
from itertools import pairwise

from maestro_tui.plans.reader import read_plan

MEGABYTE = 1_000_000
SIZES = (0.25, 0.5, 1.0, 2.0)


def _phases(n: int) -> str:
    return (
        f"## Phase {n}: Part {n}\n\nFiles: src/part{n}.py, tests/test_part{n}.py\n"
        f"Dependencies: Needs Phase {max(n - 1, 1)} complete\nCompletion: PART{n}_COMPLETE.md\n\n"
        f"Write the code of part {n} and a test that shows it works.\n\n"
    )


def _superpowers(n: int) -> str:
    return (
        f"### Task {n}: Part {n}\n\n**Files:**\n- Create: `src/part{n}.py`\n"
        f"- Test: `tests/test_part{n}.py`\n\n- [ ] **Step 1: Write the failing test**\n\n"
        f"```python\ndef test_part{n}():\n    assert part{n}() == {n}\n```\n\n"
        f"- [ ] **Step 2: Run it**\n\nRun: `pytest tests/test_part{n}.py -v`\nExpected: FAIL\n\n"
    )


def _speckit(n: int) -> str:
    head = f"## Phase {n // 20}: Story {n // 20}\n\n" if n % 20 == 0 else ""
    flag = " [P]" if n % 3 else ""
    return f"{head}- [ ] T{n:03}{flag} [US{n // 20}] Create the model {n} in src/models/m{n}.py\n"


def _kiro(n: int) -> str:
    return (
        f"- [ ] {n}. Build part {n}\n- [ ] {n}.1 Write the model of part {n}\n"
        f"  - Keep it small in `src/part{n}.py`\n  - _Requirements: {n}.1, {n}.2_\n"
        f"- [ ]* {n}.2 Test part {n}\n  - _Requirements: {n}.3_\n\n"
    )


def _openspec(n: int) -> str:
    return (
        f"## {n}. Part {n}\n\n- [ ] {n}.1 Create `src/part{n}.py` with the parser\n"
        f"- [x] {n}.2 Update `src/main.py` to call it\n- [ ] {n}.3 Run `pytest tests/p{n}.py`\n\n"
    )


def _boxes(n: int) -> str:
    head = f"## Implementation {n // 30}\n\n" if n % 30 == 0 else ""
    return f"{head}- [ ] Update `src/part{n}.py` so that it counts\n  - and a note about it\n"


def _table(n: int) -> str:
    head = "## Tasks\n\n| ID | Task | Depends on |\n|---|---|---|\n" if n == 1 else ""
    return f"{head}| T{n} | Build part {n} | T{max(n - 1, 1)} |\n"


def _graph(n: int) -> str:
    order = f"## Dependencies {n}\n\nTask {n} → Task {n + 1}\n- Task {n} before Task {n + 1}\n\n"
    return f"### Task {n}: Part {n}\n\nDo part {n}.\n\n" + (order if n % 5 == 0 else "")


def _gsd(n: int) -> str:
    head = "---\nphase: 1\nplan: 1\nwave: 1\ndepends_on: []\n---\n\n" if n == 1 else ""
    return (
        f'{head}<task type="auto">\n  <name>Task {n}: Part {n}</name>\n'
        f"  <files>src/part{n}.py</files>\n  <action>Write part {n}.</action>\n"
        f"  <verify>pytest tests/p{n}.py</verify>\n  <done>It counts.</done>\n</task>\n\n"
    )


def _sisyphus(n: int) -> str:
    return (
        f"- [ ] {n}. Part {n}\n\n  **What to do**:\n  - Write `src/part{n}.py`\n\n"
        f"  **References**:\n  - `src/main.py:10` - where it is called\n\n"
        f"  **Acceptance Criteria**:\n  - [ ] `pytest tests/p{n}.py` passes\n\n"
    )


def _prompts(n: int) -> str:
    head = "# Prompts to run\n\n## Prompts\n\n" if n == 1 else ""
    return f"{head}{n}. **part-{n}.md** - builds part {n} (depends on part-{max(n - 1, 1)}.md)\n"


def _prose(n: int) -> str:
    return (
        f"## Notes {n}\n\nThe reader of `src/part{n}.py` looks at every line once, because plans "
        f"are long. It is not a task: nothing here is to be done, and see docs/notes{n}.md.\n\n"
    )


PLANS: dict[str, Callable[[int], str]] = {
    "phases": _phases, "superpowers": _superpowers, "spec-kit": _speckit, "kiro": _kiro,
    "openspec": _openspec, "boxes": _boxes, "table": _table, "graph": _graph, "gsd": _gsd,
    "sisyphus": _sisyphus, "prompts": _prompts, "prose": _prose,
}  # fmt: skip

_TASK = "# Plan\n\n## Task 1: a\n\n## Task 2: b\n\n"


def _repeated(unit: str, head: str = _TASK) -> Callable[[int], str]:
    return lambda size: head + unit * (size // max(len(unit.encode()), 1))


def _deep_list(size: int) -> str:
    depth = int(size**0.5)
    items = "".join(f"{' ' * n}- [ ] {n} a\n" for n in range(depth))
    return "# P\n\n## Tasks\n\n" + items + "x\n" * (size // 4)


HOSTILE: dict[str, Callable[[int], str]] = {
    **{
        f"runs of {char!r}": _repeated(char * 6000 + "\n")
        for char in "*_([{|-`#>~.:,;/\\ 0a<=→✅"
    },
    **{
        f"runs of {unit!r}": _repeated(unit * (6000 // len(unit)) + "\n")
        for unit in (
            "a/", "a.", "a ", "1.", "1, ", "**", "** ", "[a](", "`a` ", "~~ ", "| ", "- ", "T1 ",
            "Task 1 ", "a.py ", "( ", "(a) ", "[x] ", "<!--", "Task 1 -> ", "depends on ", "and ",
            "a b: ", "* * ", "needs Task 1, ", "Create `a.py` ", "フェーズ1 ", "npm run ",
            "{a,", "x_",
        )
    },
    "one line": lambda size: _TASK + "a " * (size // 2),
    "one word": lambda size: _TASK + "a" * size,
    "blank lines": _repeated("\n", "# P\n\n- [ ] 1.1 a\n- [ ] 1.2 b\n"),
    "headings": _repeated("# a\n", ""),
    "deep headings": _repeated("# a\n## b\n### c\n#### d\n##### e\n###### Task 1: f\n", ""),
    "same ids": _repeated("### Task 1: part\n\nDo it.\n\n", ""),
    "same id, other titles": lambda size: "".join(
        f"### Task 1: part {n}\n\nDo it.\n\n" for n in range(size // 35)
    ),
    "same phases": _repeated("## Phase 1: part\n\nDo it.\n\n", ""),
    "same boxes": _repeated("- [ ] 1.1 part\n", "# P\n\n"),
    "deep list": _deep_list,
    "open fences": _repeated("```text\n", ""),
    "fences": _repeated("```bash\npytest\n```\n"),
    "open comments": _repeated("<!-- a\n"),
    "comments": _repeated("<!-- a -->\n"),
    "quotes": _repeated("> > > > a\n"),
    "wide table": lambda size: _TASK + "| a " * (size // 8) + "|\n" + "|---" * (size // 8) + "|\n",
    "tables": _repeated("| ID | Task |\n|---|---|\n| T1 | a |\n\n", "# P\n\n## Tasks\n\n"),
    "labels": _repeated("Files: a.py\n"),
    "all others": lambda size: "".join(
        f"### Task {n}: part\n\nDepends on: Task {n // 2}\n\n" for n in range(size // 45)
    ),
    "ranges": lambda size: "".join(
        f"### Task {n}: part\n\nDepends on: Tasks {max(1, n - 5)}-{n - 1}\n\n"
        for n in range(1, size // 45)
    ),
    "unknown ids": lambda size: "".join(
        f"### Task {n}: part\n\nDepends on: Task {n}99999\n\n" for n in range(size // 45)
    ),
    "file names": lambda size: "# P\n\n## Files\n\n" + "".join(
        f"- `src/d{n}/f.py`\n" for n in range(size // 40)
    ) + "".join(f"\n### Task {n}: part\n\nUpdate `f.py`.\n" for n in range(size // 64)),
    "drawing": _repeated("```\nT1 T2\n|/\nT3\n```\n", "# P\n\n- [ ] T1 a\n- [ ] T2 b\n- [ ] T3 c\n"
                         "\n## Dependencies\n\n"),
    "mermaid": _repeated("```mermaid\ngraph TD\nA[T1] --> B[T2] & C[T3]\n```\n",
                         "# P\n\n- [ ] T1 a\n- [ ] T2 b\n- [ ] T3 c\n\n## Dependencies\n\n"),
    "all before": lambda size: "".join(
        f"### Task {n}: part\n\nDepends on: Tasks 1-{n - 1}\n\n" for n in range(1, size // 45)
    ),
    "boxes that wait": lambda size: "# P\n\n" + "".join(
        f"- [ ] T{n} part (depends on T1-T{n - 1})\n" for n in range(1, size // 45)
    ),
    "boxes of one id": lambda size: "# P\n\n## Tasks\n\n" + "".join(
        f"- [ ] T001 Update `src/part{n}.py`\n" for n in range(size // 36)
    ),
    "tree of boxes": lambda size: "# P\n\n## Tasks\n\n" + "".join(
        f"{'  ' * (n % 60)}- [ ] part {n} in `a{n}.py`\n" for n in range(size // 90)
    ),
    "nested fences": _repeated("```markdown\n```bash\nls\n```\n```\n"),
    "nested open fences": _repeated("```markdown\n```bash\nls\n"),
    "many levels": lambda size: "".join(
        f"{'#' * (1 + n % 6)} Heading {n} of it\n\n" for n in range(size // 26)
    ),
    "files of one task": lambda size: _TASK + "".join(
        f"- Update `src/part{n}.py`\n" for n in range(size // 26)
    ),
    "one file": _repeated("- Update `src/a.py`\n"),
    "phases after all": lambda size: "".join(
        f"## Phase {n}: part\n\nFiles: a{n}.py\nDepends on: all previous phases\n\n"
        for n in range(1, size // 66)
    ),
    "groups of prompts": lambda size: "# Prompts to run\n\n" + "".join(
        f"## Group {n}\n\n- p{n}-a.md - x\n- p{n}-b.md - y\n\n" for n in range(size // 50)
    ),
    "table of order": lambda size: plan_of("spec-kit", size // 2) + "\n## Dependencies\n\n"
        "| Task | Depends on |\n|---|---|\n" + "".join(
        f"| T{n:03} | T{max(1, n // 2):03}, T{max(1, n // 3):03} |\n"
        for n in range(1, size // 60)
    ),
    "nodes of a drawing": lambda size: "# P\n\n- [ ] T1 a\n- [ ] T2 b\n\n```mermaid\ngraph TD\n" + (
        "&".join(["T1"] * 800) + " --> " + "&".join(["T2"] * 800) + "\n"
    ) * (size // 4800) + "```\n",
    "many nodes of a drawing": lambda size: "# P\n\n- [ ] T1 a\n- [ ] T2 b\n\n```mermaid\n"
        "graph TD\n" + "".join(
        "&".join(f"T{n * 300 + i}" for i in range(300)) + " --> "
        + "&".join(f"T{i}" for i in range(300)) + "\n" for n in range(size // 4800)
    ) + "```\n",
    "arrows": _repeated("T1 -> T2 " * 500 + "\n", "# P\n\n- [ ] T1 a\n- [ ] T2 b\n\n"
                        "## Dependencies\n\n"),
    "deep frontmatter": lambda size: "---\ntodos: " + "[" * size + "\n---\n\n# P\n",
    "deep lists in frontmatter": lambda size: "---\ntodos:\n" + "- " * (size // 2) + "a\n---\n",
    "dotted key": lambda size: "schema = 1\n[plan]\n[" + ".".join(["a"] * (size // 2)) + "]\n",
    "line separators": _repeated("a\x0bb\x0c\x1c\x1d\x1e\x85\u2028\u2029"),
}  # fmt: skip


def plan_of(kind: str, size: int) -> str:
    """A plan of a kind, at least ``size`` bytes long."""
    if kind in HOSTILE:
        return HOSTILE[kind](size)
    out = [f"# A {kind} plan\n\n"]
    length, n = len(out[0]), 0
    while length < size:
        n += 1
        out.append(PLANS[kind](n))
        length += len(out[-1].encode())
    return "".join(out)


def floor_of(text: str) -> float:
    """Seconds that splitting the text into lines and hashing it takes, the best of three."""
    best = float("inf")
    for _ in range(3):
        start = time.perf_counter()
        hashlib.sha256(text.encode()).hexdigest()
        for _ in text.split("\n"):
            pass
        best = min(best, time.perf_counter() - start)
    return best


def seconds_for(text: str) -> float:
    """Seconds that reading the text as a plan takes."""
    start = time.process_time()
    read_plan("plan.md", text=text)
    return time.process_time() - start


def main() -> int:
    """Prints the table; returns 1 when a kind grows faster than linearly."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kinds", nargs="*", help="kinds to measure; all plans when none is named")
    parser.add_argument("--all", action="store_true", help="the shapes made to hurt as well")
    parser.add_argument("--sizes", type=float, nargs="+", default=SIZES, help="megabytes")
    args = parser.parse_args()
    kinds = args.kinds or [*PLANS, *(HOSTILE if args.all else ())]
    print(f"{'kind':28}" + "".join(f"{size:>8} MB" for size in args.sizes) + "   growth   floor")
    failed = 0
    for kind in kinds:
        texts = [plan_of(kind, int(size * MEGABYTE)) for size in args.sizes]
        took = [seconds_for(text) for text in texts]
        growth = [b / max(a, 0.001) for a, b in pairwise(took)]
        worst = max(growth, default=0.0)
        floor = took[-1] / floor_of(texts[-1])
        seconds = "".join(f"{s:>9.2f} s" for s in took)
        print(f"{kind:28}{seconds}{worst:>8.1f} {floor:>7.0f}x", flush=True)
        failed += took[-1] > 1 and worst > 3
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
