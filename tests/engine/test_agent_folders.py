"""The engine knows the agents of the folders that the settings name, as the review did."""

from __future__ import annotations

from pathlib import Path

from maestro_tui.engine.client import RunClient
from tests.engine.scratch import cases_agent, headless, maestro, make_repo, write_plan

WIZARD = "---\nname: wizard\ndescription: Works by wand.\n---\nUse the wand and nothing else.\n"


def test_another_agent_for_a_retry_is_found_in_a_folder_of_the_settings(tmp_path: Path) -> None:
    crew = tmp_path / "crew"
    crew.mkdir()
    (crew / "wizard.md").write_text(WIZARD)
    config = tmp_path / "config" / "maestro"
    config.mkdir(parents=True)
    (config / "config.toml").write_text(f'[agents]\nfolders = ["{crew}"]\n')
    repo = make_repo(tmp_path / "repo")
    agent = cases_agent(tmp_path, {"a": '[ "$MAESTRO_ATTEMPT" = 2 ] && write && done_ || exit 1'})
    env = {"XDG_CONFIG_HOME": str(tmp_path / "config")}
    plan = write_plan(tmp_path, {"a": 'create = ["fa.txt"]'})
    stopped = headless(repo, plan, agent, env=env)
    assert stopped.returncode == 3, stopped.stdout + stopped.stderr
    client = RunClient(repo, "r")
    try:
        client.poll()
        question = next(q for q in client.state.questions.values() if q.kind == "failure")
        assert client.decide(question.id, "swap", "wizard")
    finally:
        client.close()
    done = maestro("resume", "r", "--headless", cwd=repo, env=env)
    assert done.returncode == 0, done.stdout + done.stderr
    prompt = (repo / ".maestro/runs/r/a/2/prompt.md").read_text()
    assert "Use the wand and nothing else." in prompt
