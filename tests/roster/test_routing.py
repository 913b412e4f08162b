"""Who gets which task, and what the user is told about it."""

from pathlib import Path

import pytest

from maestro_tui.plans.model import Task
from maestro_tui.roster.assign import assigner
from maestro_tui.roster.definitions import AgentDefinition
from maestro_tui.roster.discovery import Roster, load_roster
from maestro_tui.roster.routing import Weights, complexity, route


@pytest.fixture(scope="module")
def roster() -> Roster:
    return load_roster()


BY_FILES = [
    ("Create the invoices table", ("alembic/versions/0007_invoices.py",), "database-migration"),
    ("Counting rows", ("app/services/migration_helpers.py",), "database-migration"),
    ("Invoice", ("app/models/invoice.py", "app/schemas/invoice.py"), "models-schemas"),
    ("Refuse bad uploads", ("app/services/upload_validator.py",), "validation-security"),
    ("Names to entities", ("app/services/entity_mapper.py",), "validation-security"),
    ("Invoices", ("app/services/invoice_service.py", "tests/test_invoice.py"), "service-layer"),
    ("Text out of scans", ("app/services/ocr_pipeline.py",), "pipeline-queue"),
    ("Work for the GPU", ("app/services/gpu_queue.py",), "pipeline-queue"),
    ("Invoices over HTTP", ("app/routers/invoices.py",), "api-router"),
    ("Everything together", ("tests/integration/test_all.py",), "testing-monitoring"),
    ("How fast is it", ("scripts/load_test_api.py",), "testing-monitoring"),
    ("The whole layer", ("app/models/",), "models-schemas"),
    ("All routers", ("app/routers/*.py",), "api-router"),
]


@pytest.mark.parametrize(("title", "files", "agent"), BY_FILES)
def test_files_decide(roster: Roster, title: str, files: tuple[str, ...], agent: str) -> None:
    match = route(Task(id="1", title=title, create=files), roster)
    assert match.agent == agent
    assert match.reason.startswith("owns ")
    assert match.parts["capability"] == 40.0
    assert match.score == pytest.approx(sum(match.parts.values()), abs=0.2)
    assert match.rung == "matched"


BY_WORDS = [
    ("Write the database migration with a downgrade script", "database-migration"),
    ("Add ORM models and Pydantic schemas", "models-schemas"),
    ("Validators and security scanners for input", "validation-security"),
    ("Business logic services", "service-layer"),
    ("Processing queue with exponential back-off", "pipeline-queue"),
    ("API routers and REST endpoints", "api-router"),
    ("Unit and integration tests", "testing-monitoring"),
    ("Tune slow queries and indexes", "database-optimization"),
    ("Kubernetes deployment and CI/CD", "devops-engineer"),
    ("Investigate the error patterns in the logs", "error-detective"),
    ("Greet people in French", "general-purpose"),
    ("Write the README", "general-purpose"),
    ("Parse command line arguments", "general-purpose"),
]


@pytest.mark.parametrize(("title", "agent"), BY_WORDS)
def test_words_decide_where_no_file_does(roster: Roster, title: str, agent: str) -> None:
    assert route(Task(id="1", title=title), roster).agent == agent


def test_the_plan_decides_first(roster: Roster) -> None:
    task = Task(id="1", title="x", create=("app/models/a.py",), agent="Code_Reviewer")
    match = route(task, roster)
    assert (match.agent, match.reason, match.rung) == (
        "code-reviewer",
        "named in the plan",
        "named",
    )
    assert match.runner_up == "models-schemas"


def test_a_slip_in_the_plan_is_followed_and_noted(roster: Roster) -> None:
    match = route(Task(id="1", title="x", agent="servicelayer"), roster)
    assert (match.agent, match.rung) == ("service-layer", "nearest")
    assert '"servicelayer"' in match.reason


def test_an_unknown_name_falls_to_the_best_match_and_is_noted(roster: Roster) -> None:
    match = route(Task(id="1", title="x", create=("app/routers/a.py",), agent="pastry"), roster)
    assert match.agent == "api-router"
    assert '"pastry", which no definition has; owns app/routers/*.py' in match.reason


def test_nobody_fits_says_who_came_nearest(roster: Roster) -> None:
    match = route(Task(id="1", title="Business hours of orders", create=("orders.py",)), roster)
    assert (match.agent, match.rung) == ("general-purpose", "general")
    assert "service-layer comes nearest" in match.reason


def test_an_agent_at_its_limit_loses_availability(roster: Roster) -> None:
    task = Task(id="1", title="x", create=("app/models/a.py",))
    assert route(task, roster).parts["availability"] == 20.0
    assert route(task, roster, busy={"models-schemas": 5}).parts["availability"] == 10.0


def test_weights_are_the_callers() -> None:
    roster = load_roster()
    task = Task(id="1", title="x", create=("app/models/a.py",))
    assert route(task, roster, weights=Weights(capability=80)).parts["capability"] == 80.0
    assert route(task, roster, weights=Weights(threshold=90)).agent == "general-purpose"


def test_a_users_agent_is_found_by_its_own_globs() -> None:
    mine = AgentDefinition("painter", "Paints", owns=("web/**/*.css",), scope="project")
    roster = Roster((*load_roster().definitions, mine))
    assert route(Task(id="1", title="x", modify=("web/a/b.css",)), roster).agent == "painter"


def test_an_agent_that_cannot_write_gets_no_files_to_write() -> None:
    reader = AgentDefinition("style-profiler", "Profiles style sheets", tools=("Read", "Grep"))
    writer = AgentDefinition("style-writer", "Profiles style sheets", tools=("Read", "Edit"))
    task = Task(id="1", title="Profile the style sheets", create=("a.css",))
    assert route(task, Roster((reader,))).agent == "general-purpose"
    assert route(task, Roster((reader, writer))).agent == "style-writer"
    assert route(Task(id="1", title=task.title), Roster((reader,))).agent == "style-profiler"


def test_one_shared_word_is_not_enough(roster: Roster) -> None:
    assert route(Task(id="1", title="Set up the project"), roster).agent == "general-purpose"


def test_an_empty_roster_still_has_an_agent() -> None:
    assert route(Task(id="1", title="x"), Roster(())).agent == "general-purpose"


def test_routing_does_not_depend_on_file_order(roster: Roster) -> None:
    turned = Roster(tuple(reversed(roster.definitions)))
    for title, files, _ in BY_FILES:
        task = Task(id="1", title=title, create=files)
        assert route(task, roster) == route(task, turned)


@pytest.mark.parametrize(
    ("task", "level"),
    [
        (Task(id="1", title="Rename a comment"), "low"),
        (Task(id="1", title="List view"), "medium"),
        (Task(id="1", title="Authentication", create=("a", "b", "c", "d")), "high"),
        (Task(id="1", title="Repair the payment flow"), "critical"),
    ],
)
def test_complexity(task: Task, level: str) -> None:
    assert complexity(task) == level


class TestAssigner:
    def test_everything_the_review_shows(self, roster: Roster) -> None:
        task = Task(
            id="2.1",
            title="Invoice",
            create=("app/models/invoice.py",),
            test=("tests/test_invoice.py",),
            scope=("app/schemas",),
            verify=("pytest -q",),
        )
        given = assigner(roster, driver="command")(task)
        assert (given.task, given.agent, given.driver) == ("2.1", "models-schemas", "command")
        assert given.agent_reason.startswith("owns app/models/*.py")
        assert given.owned == ("app/models/invoice.py", "tests/test_invoice.py", "app/schemas/")
        assert given.marker == "MODELS_COMPLETE.md"
        assert "data model" in given.role
        assert given.verify == ("pytest -q",)
        assert (given.timeout_s, given.retries, given.model) == (1800.0, 0, "")

    def test_owned_without_declared_files(self, roster: Roster) -> None:
        assign = assigner(roster, driver="command")
        assert assign(Task(id="1", title="x", agent="api-router")).owned == ("app/routers/*.py",)
        assert assign(Task(id="1", title="API routers and endpoints")).owned == ("**",)
        assert assign(Task(id="1", title="x", agent="code-reviewer")).owned == ("**",)

    @pytest.mark.parametrize(
        ("task", "marker"),
        [
            (Task(id="T-1.a", title="x"), "T_1_A_COMPLETE.md"),
            (Task(id="1", title="x", marker="MINE.md", agent="api-router"), "MINE.md"),
            (Task(id="1", title="x", agent="api-router"), "API_COMPLETE.md"),
            (Task(id="1", title="x", marker="../../etc/x"), "1_COMPLETE.md"),
            (Task(id="1", title="x", marker="docs/x.md"), "1_COMPLETE.md"),
        ],
    )
    def test_marker(self, roster: Roster, task: Task, marker: str) -> None:
        assert assigner(roster, driver="command")(task).marker == marker

    def test_explicit_values_beat_the_definition(self) -> None:
        own = AgentDefinition("a", "d", model="opus", timeout_s=60.0, retries=3)
        task = Task(id="1", title="x", agent="a")
        first = assigner(Roster((own,)), driver="claude")(task)
        assert (first.timeout_s, first.retries, first.model) == (60.0, 3, "opus")
        second = assigner(Roster((own,)), driver="claude", model="m", timeout_s=5, retries=0)(task)
        assert (second.timeout_s, second.retries, second.model) == (5, 0, "m")

    def test_a_model_is_not_promised_where_the_driver_takes_none(self, roster: Roster) -> None:
        task = Task(id="1", title="x", agent="database-architect")
        assert assigner(roster, driver="command")(task).model == ""
        assert assigner(roster, driver="claude")(task).model == "opus"
        general = Task(id="1", title="x", agent="general-purpose")
        assert assigner(roster, driver="claude")(general).model == ""


def test_a_project_agent_of_a_built_ins_name_is_used(tmp_path: Path) -> None:
    folder = tmp_path / ".claude" / "agents"
    folder.mkdir(parents=True)
    (folder / "m.md").write_text("---\nname: models-schemas\ndescription: Ours\n---\nOur way.\n")
    given = assigner(load_roster(tmp_path), driver="command")(
        Task(id="1", title="x", agent="models-schemas")
    )
    assert given.role == "Our way."
