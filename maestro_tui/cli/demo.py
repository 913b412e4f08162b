"""``maestro demo``: a sample plan on a scratch repository, with rehearsed agents, offline."""

from __future__ import annotations

import argparse
import importlib.util
import os
import shutil
import sys
import tempfile
from pathlib import Path

from git import Actor, GitError, Repo

from maestro_tui.cli.exits import Exit
from maestro_tui.cli.selecting import pick
from maestro_tui.config.paths import data_dir


def samples() -> list[str]:
    """The names of the shipped sample plans."""
    return sorted(p.name for p in data_dir("sample_plans").iterdir() if (p / "repo").is_dir())


def demo(arguments: argparse.Namespace) -> int:
    """Copy a sample into a scratch repository and run it there."""
    name = pick(arguments.sample, samples(), "sample", f"there are: {', '.join(samples())}")
    if importlib.util.find_spec("pytest") is None:
        raise Exit(
            "the samples' gates run pytest, which is not installed here; "
            "pip install 'maestro-tui[demo]'"
        )
    folder = Path(arguments.dir or tempfile.mkdtemp(prefix=f"maestro-{name}-")).resolve()
    plan = unpack(name, folder)
    # The gates call `python`: the one Maestro runs on, which has pytest.
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    os.environ.setdefault("PYTHONDONTWRITEBYTECODE", "1")
    # What else is installed beside pytest is not the samples' business, and slow to start.
    os.environ.setdefault("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    headless = arguments.headless or not (sys.stdin.isatty() and sys.stdout.isatty())
    words = ["run", str(plan), "--repo", str(folder), "--driver", "rehearsal"]
    if headless:
        words += ["--headless"] + ([] if arguments.ask else ["--yes"])
    print(f"Sample {name} in {folder}", flush=True)
    from maestro_tui.cli.main import main

    code = main(words)
    print(f"The repository is still there: cd {folder} && git log --oneline --graph")
    return code


def unpack(name: str, folder: Path) -> Path:
    """A fresh git repository with the sample's files; the plan's path in it."""
    source = data_dir("sample_plans") / name
    if folder.exists() and any(folder.iterdir()):
        raise Exit(f"{folder} is not empty; name another folder with --dir")
    shutil.copytree(source / "repo", folder, dirs_exist_ok=True)
    plans = folder / "plans"
    plans.mkdir(exist_ok=True)
    for file in source.iterdir():
        if file.is_file() and file.name != "README.md":
            shutil.copy(file, plans / file.name)
    try:
        repo = Repo.init(folder, initial_branch="main")
        repo.git.add(all=True)
        who = Actor("Maestro demo", "demo@maestro.invalid")
        repo.index.commit("Start of the sample", author=who, committer=who, skip_hooks=True)
        repo.close()
    except GitError as error:
        raise Exit(f"{folder}: could not make the scratch repository: {error}") from error
    for candidate in ("plan.md", f"{name}.plan.toml", "plan.plan.toml"):
        if (plans / candidate).exists():
            return plans / candidate
    found = sorted(p for p in plans.iterdir() if not p.name.endswith(".rehearsal.toml"))
    if not found:
        raise Exit(f"the sample {name} has no plan; install maestro-tui again")
    return found[0]
