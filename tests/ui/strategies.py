"""Strategies for the review's tests, made by the real analysis from plans built by hand."""

from __future__ import annotations

from maestro_tui.plans.model import Assignment, Diagnostic, Edge, Gate, Phase, Plan, Strategy, Task
from maestro_tui.plans.strategy import draft

AGENTS = {
    "1.1": ("database-migration", "owns migrations/**", ""),
    "1.2": ("models-schemas", "owns app/models/**, app/schemas/**", "service-layer (31)"),
    "1.3": ("general-purpose", "nobody fits: api-router comes nearest with 4 of the 12", ""),
    "2.1": ("service-layer", "owns app/services/**", "pipeline-queue (44)"),
    "2.2": ("pipeline-queue", "owns app/pipeline/**", ""),
    "3.1": ("api-router", "named in the plan", ""),
    "3.2": ("testing-monitoring", "owns tests/**", ""),
}


def assign(task: Task) -> Assignment:
    agent, reason, second = AGENTS.get(task.id, ("general-purpose", "named in the plan", ""))
    return Assignment(
        task=task.id,
        agent=task.agent or agent,
        agent_reason=reason,
        runner_up=second,
        marker=f"{task.id.replace('.', '_')}_COMPLETE.md",
        owned=task.files,
        verify=task.verify,
    )


def a_task(task_id: str, title: str, phase: str, line: int, *files: str, minutes: int = 10) -> Task:
    return Task(
        task_id,
        title,
        phase=phase,
        line=line,
        create=files,
        estimate=f"{minutes} min",
        estimate_s=minutes * 60.0,
        text=f"Write the {title.lower()}.\n\nKeep to the interface of its phase.",
    )


PLAN = Plan(
    "Document shop",
    source="shop.md",
    format="maestro",
    reason="3 phase headings, 3 with labels such as Files:; 7 tasks",
    phases=(
        Phase("1", "Foundation", line=5),
        Phase("2", "Processing", after=("1",), line=40),
        Phase("3", "Surface", after=("2",), line=80),
    ),
    tasks=(
        a_task("1.1", "Database migration", "1", 8, "migrations/001.sql"),
        a_task("1.2", "Models and schemas", "1", 16, "app/models/a.py", "app/schemas/b.py"),
        a_task("1.3", "Validation rules", "1", 24, "app/validate.py", "app/models/a.py"),
        a_task("2.1", "Service layer", "2", 44, "app/services/s.py", minutes=20),
        a_task("2.2", "Upload pipeline", "2", 55, "app/pipeline/p.py", "app/pipeline/q.py"),
        a_task("3.1", "HTTP routes", "3", 84, "app/routes/r.py"),
        a_task("3.2", "Tests and monitoring", "3", 92, "tests/test_all.py", minutes=5),
    ),
    edges=(
        Edge("2.2", "1.2", "label", 57),
        Edge("3.2", "3.1", "convention", 0),
    ),
    gates=(
        Gate("unit tests", "python -m pytest -q", line=101),
        Gate("types", "mypy app", when="final"),
    ),
    diagnostics=(
        Diagnostic(
            "no-estimate", "info", 92, "Task 3.2 has no estimate of its own.", "Add Estimate: 5 min"
        ),
    ),
)

FACTS = ("2 uncommitted change(s) are not part of this run: notes.txt, todo.txt",)
COMMANDS = ("claude -p --output-format stream-json",)


def a_strategy(plan: Plan = PLAN, max_parallel: int = 4) -> Strategy:
    return draft(plan, assign=assign, max_parallel=max_parallel)
