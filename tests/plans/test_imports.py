"""Imports between the files of different tasks: advice, never an order."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maestro_tui.plans import graphs, import_cache
from maestro_tui.plans.analysis import Analysis, analyse
from maestro_tui.plans.import_cache import ImportCache, parse_imports
from maestro_tui.plans.imports import Link, advise, find_links
from maestro_tui.plans.model import Edge, Plan, Task


def repo_of(folder: Path, **files: str) -> Path:
    """``app__api`` is app/api.py; ``app__I`` is app/__init__.py."""
    for name, text in files.items():
        path = folder / (name.replace("__", "/") + ".py")
        if path.stem == "I":
            path = path.with_name("__init__.py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def looked_at(repo: Path, *tasks: Task, edges: tuple[Edge, ...] = ()) -> Analysis:
    return analyse(Plan("p", tasks=tasks, edges=edges), repo=repo)


def advised(result: Analysis) -> set[tuple[str, str]]:
    return {(e.task, e.after) for e in result.advisory}


API = Task("api", "api", modify=("app/api.py",), line=4)
MODEL = Task("model", "model", create=("app/models/order.py",), line=9)


@pytest.mark.parametrize(
    "words",
    [
        "import app.models.order",
        "import app.models.order as o",
        "from app.models.order import Order",
        "from app.models import order",
        "from app.models.order import *",
        "from .models.order import Order",
        "from .models import order",
        "from . import models\n\ndef late():\n    from app.models import order",
        "if True:\n    try:\n        import app.models.order\n    except Exception:\n        pass",
    ],
)
def test_every_way_to_import_a_file_another_task_creates(tmp_path: Path, words: str) -> None:
    repo = repo_of(tmp_path, app__I="", app__models__I="", app__api=words + "\n")
    result = looked_at(repo, API, MODEL)
    (edge,) = result.advisory
    assert (edge.task, edge.after, edge.source) == ("api", "model", "import")
    assert "app/api.py:" in edge.note
    assert "imports app/models/order.py" in edge.note
    (found,) = result.conflicts
    assert (found.first, found.second, found.kind) == ("model", "api", "import")
    assert (found.serialised, found.ordered) == (False, False)
    assert [(d.code, d.severity, d.line) for d in result.diagnostics] == [
        ("import-unordered", "info", 4)
    ]


def test_advice_orders_nothing(tmp_path: Path) -> None:
    repo = repo_of(tmp_path, app__api="import app.models.order\n")
    result = looked_at(repo, API, MODEL)
    assert result.edges == ()
    assert result.waves == (("api", "model"),)


@pytest.mark.parametrize(
    ("importer", "words", "target"),
    [
        ("src/shop/api.py", "from shop.orders import Order", "src/shop/orders.py"),
        ("tests/test_orders.py", "from shop.orders import Order", "src/shop/orders.py"),
        ("backend/app/api.py", "import app.orders", "backend/app/orders.py"),
        ("packages/a/src/a/x.py", "import b.y", "packages/b/src/b/y.py"),
        ("app/deep/down/x.py", "from ...orders import Order", "app/orders.py"),
        ("app/__init__.py", "from .orders import Order", "app/orders.py"),
        ("app/api.py", "from app import orders", "app/orders/__init__.py"),
        ("scripts/run.py", "import orders", "scripts/orders.py"),
    ],
)
def test_layouts(tmp_path: Path, importer: str, words: str, target: str) -> None:
    path = tmp_path / importer
    path.parent.mkdir(parents=True)
    path.write_text(words)
    tasks = Task("a", "a", modify=(importer,)), Task("b", "b", create=(target,))
    assert advised(looked_at(tmp_path, *tasks)) == {("a", "b")}


def test_the_nearest_of_two_equal_names_counts(tmp_path: Path) -> None:
    for side in ("one", "two"):
        (tmp_path / side / "app").mkdir(parents=True)
        (tmp_path / side / "app" / "orders.py").write_text("")
    (tmp_path / "one" / "app" / "api.py").write_text("import app.orders")
    mine = Task("a", "a", modify=("one/app/api.py",))
    far = Task("far", "b", modify=("two/app/orders.py",))
    near = Task("near", "b", modify=("one/app/orders.py",))
    assert advised(looked_at(tmp_path, mine, far)) == set()
    assert advised(looked_at(tmp_path, mine, far, near)) == {("a", "near")}


def test_a_module_named_like_one_of_the_library_is_not_meant(tmp_path: Path) -> None:
    repo = repo_of(tmp_path, app__I="", app__api="import types, json\n")
    types = Task("t", "t", create=("app/types.py", "types.py"))
    assert advised(looked_at(repo, API, types)) == set()


def test_what_a_package_passes_on_belongs_to_its_module(tmp_path: Path) -> None:
    repo = repo_of(
        tmp_path,
        app__models__I="from .order import Order as Order, Line\n",
        app__api="from app.models import Order\n",
    )
    other = Task("other", "other", create=("app/models/user.py",))
    assert advised(looked_at(repo, API, MODEL, other)) == {("api", "model")}


def test_folders_and_globs_are_looked_into(tmp_path: Path) -> None:
    repo = repo_of(tmp_path, app__routes__a="from app.models.order import Order\n")
    routes = Task("routes", "r", scope=("app/routes",))
    assert advised(looked_at(repo, routes, MODEL)) == {("routes", "model")}
    models = Task("models", "m", scope=("app/models/*.py",))
    repo_of(tmp_path, app__models__order="")
    assert advised(looked_at(repo, routes, models)) == {("routes", "models")}


def test_an_order_that_is_there_needs_no_advice(tmp_path: Path) -> None:
    repo = repo_of(tmp_path, app__api="import app.models.order\n")
    result = looked_at(repo, API, MODEL, edges=(Edge("api", "model", "label", 4),))
    assert result.advisory == ()
    assert [(c.kind, c.ordered) for c in result.conflicts] == [("import", True)]


def test_an_order_against_the_import_is_told_and_kept(tmp_path: Path) -> None:
    repo = repo_of(tmp_path, app__api="import app.models.order\n")
    result = looked_at(repo, API, MODEL, edges=(Edge("model", "api", "label", 4),))
    assert result.advisory == ()
    assert result.waves == (("api",), ("model",))
    assert "import-against-order" in [d.code for d in result.diagnostics]


def test_two_that_import_each_other_get_one_advice(tmp_path: Path) -> None:
    repo = repo_of(tmp_path, a="import b", b="import a")
    tasks = Task("a", "a", modify=("a.py",)), Task("b", "b", modify=("b.py",))
    result = looked_at(repo, *tasks)
    assert advised(result) == {("b", "a")}
    assert len(result.conflicts) == 2


HOSTILE = {
    "syntax": b"import app.models.order\ndef (:\n",
    "latin-1": b"# \xe9\nimport app.models.order\n",
    "nul": b"import app.models.order\0\n",
    "deep": b"import app.models.order\nx = " + b"(" * 5000 + b")" * 5000,
    "huge": b"import app.models.order\n" + b"#" * (1 << 20),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_no_readable_python_is_skipped(tmp_path: Path, name: str) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "api.py").write_bytes(HOSTILE[name])
    assert looked_at(tmp_path, API, MODEL).advisory == ()


def test_nothing_is_run_and_nothing_outside_is_read(tmp_path: Path) -> None:
    outside = tmp_path / "outside.py"
    outside.write_text("import app.models.order\n")
    repo = tmp_path / "repo"
    (repo / "app").mkdir(parents=True)
    (repo / "app" / "api.py").symlink_to(outside)
    (repo / "app" / "evil.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\nimport app.api\n")
    os.mkfifo(repo / "app" / "pipe.py")
    up = Task("up", "u", modify=("../outside.py", "app/pipe.py"))
    evil = Task("evil", "e", modify=("app/evil.py",))
    assert advised(looked_at(repo, API, MODEL, up, evil)) == {("evil", "api")}
    assert not (tmp_path / "ran").exists()


def test_the_cache_spares_parsing_and_survives_damage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo = repo_of(tmp_path, app__api="import app.models.order  # cached\n")
    (repo / ".maestro").mkdir()
    assert advised(looked_at(repo, API, MODEL)) == {("api", "model")}
    kept = repo / ".maestro" / "imports.json"
    assert json.loads(kept.read_text())["version"] == import_cache.VERSION

    monkeypatch.setattr(import_cache, "_SEEN", {})
    parsed: list[bytes] = []
    real = parse_imports

    def counted(data: bytes) -> tuple[import_cache.Import, ...]:
        parsed.append(data)
        return real(data)

    monkeypatch.setattr(import_cache, "parse_imports", counted)
    assert advised(looked_at(repo, API, MODEL)) == {("api", "model")}
    assert parsed == []
    for damage in ("{", "[]", '{"version": 1, "sources": {"a": [[1]]}}', '{"version": 1}', "\0"):
        kept.write_text(damage)
        monkeypatch.setattr(import_cache, "_SEEN", {})
        assert advised(looked_at(repo, API, MODEL)) == {("api", "model")}
    assert len(parsed) == 5


def test_without_maestros_folder_nothing_is_written(tmp_path: Path) -> None:
    repo = repo_of(tmp_path, app__api="import app.models.order\n")
    before = sorted(p.name for p in repo.rglob("*"))
    looked_at(repo, API, MODEL)
    assert sorted(p.name for p in repo.rglob("*")) == before


@given(st.binary(max_size=200))
def test_any_bytes_are_survived(data: bytes) -> None:
    assert ImportCache().parse(b"import a\n" + data) == ImportCache().parse(b"import a\n" + data)


@given(
    st.integers(2, 8).flatmap(
        lambda n: st.tuples(
            st.lists(st.sets(st.integers(0, n - 1), max_size=2), min_size=n, max_size=n),
            st.lists(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)), max_size=20),
        )
    )
)
def test_all_advice_taken_together_closes_no_cycle(
    drawn: tuple[list[set[int]], list[tuple[int, int]]],
) -> None:
    rows, pairs = drawn
    needs = [{m for m in before if m < n} for n, before in enumerate(rows)]
    links = [Link(a, b, "a.py", 1, "b.py") for a, b in pairs if a != b]
    base = graphs.ancestors(needs)
    found = advise(links, list(base), graphs.dependents_of(needs))
    for a, b in {pair for pair, how in found.items() if how == "open"}:
        assert not base[a] >> b & 1
        needs[a].add(b)
    assert graphs.find_cycle(needs) == []
    joined = graphs.ancestors(needs)
    for (a, b), how in found.items():
        assert how in ("ordered", "against", "open", "mutual")
        if how != "open":
            assert joined[a] >> b & 1 or joined[b] >> a & 1


def test_links_name_the_place(tmp_path: Path) -> None:
    repo = repo_of(tmp_path, app__api='"""Words."""\nimport app.models.order\n')
    (link,) = find_links([("app/api.py",), ("app/models/order.py",)], repo)
    assert link.words == "app/api.py:2 imports app/models/order.py"
