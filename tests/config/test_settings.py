"""Settings: merged in order, and every slip named with its line."""

from pathlib import Path

import pytest

from maestro_tui.config.errors import ConfigError
from maestro_tui.config.settings import Settings, load_settings


@pytest.fixture
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "config"
    folder.mkdir()
    monkeypatch.setenv("MAESTRO_CONFIG_DIR", str(folder))
    return folder / "config.toml"


@pytest.fixture
def repo(tmp_path: Path, user: Path) -> Path:
    folder = tmp_path / "repo"
    folder.mkdir()
    return folder


def test_nothing_configured_gives_the_defaults(repo: Path) -> None:
    settings = load_settings(repo)
    assert settings == Settings()
    assert (settings.run.driver, settings.run.max_parallel, settings.run.retries) == (
        "auto",
        10,
        None,
    )
    assert settings.ui.theme == "maestro-dark"


def test_the_project_lies_over_the_user(repo: Path, user: Path) -> None:
    user.write_text(
        "[run]\nmax_parallel = 4\nagent_command = \"my-agent --fast 'a b'\"\n"
        '[ui]\ntheme = "maestro-light"\nnotify_command = ["ping", "me"]\n'
        '[agents]\nfolders = ["mine"]\n[keys]\nquit = "ctrl+x"\ninbox = ["i", "f2"]\n'
    )
    project = repo / "maestro.toml"
    project.write_text(
        '[run]\nmax_parallel = 2\ntimeout_s = 90\nmode = "streaming"\non_failure = "retry"\n'
        '[agents]\nfolders = ["team/agents"]\n[keys]\nquit = "q"\n[routing]\nexpertise = 30\n'
    )
    settings = load_settings(repo)
    assert settings.run.max_parallel == 2
    assert settings.run.agent_command == ("my-agent", "--fast", "a b")
    assert (settings.run.timeout_s, settings.run.mode) == (90.0, "streaming")
    assert settings.run.on_failure == "retry"
    assert (settings.ui.theme, settings.ui.notify_command) == ("maestro-light", ("ping", "me"))
    assert settings.keys == {"quit": ("q",), "inbox": ("i", "f2")}
    assert settings.agents.folders == (str(user.parent / "mine"), str(repo / "team/agents"))
    assert settings.routing.expertise == 30.0
    assert settings.sources == (user, project)
    assert settings.origin["run.max_parallel"] == f"{project}:2"
    assert settings.origin["run.agent_command"] == f"{user}:3"


def test_the_hidden_project_file_counts_too(repo: Path) -> None:
    (repo / ".maestro.toml").write_text("[run]\nretries = 1\n")
    assert load_settings(repo).run.retries == 1
    (repo / "maestro.toml").write_text("[run]\nretries = 2\n")
    with pytest.raises(ConfigError, match=r"maestro\.toml exists too; keep one"):
        load_settings(repo)


ERRORS = [
    ("[run]\n\nmax_paralel = 3\n", 3, 'unknown key "max_paralel" in [run], did you mean "max_par'),
    ("[runs]\ndriver = 'auto'\n", 1, 'unknown section "runs", did you mean "run"?'),
    ("driver = 'command'\n", 1, '"driver" stands outside a section, put it under [run]'),
    ("run = 3\n", 1, '"run" is a section, write [run]'),
    ('[run]\nmode = "wave"\n', 2, 'one of waves, streaming, not "wave"; did you mean "waves"?'),
    ('[run]\non_conflict = "theirs"\n', 2, "one of ask, skip, abort"),
    ('[run]\nmax_parallel = "ten"\n', 2, 'a whole number from 1 to 100, not "ten"'),
    ("[run]\nmax_parallel = 0\n", 2, "from 1 to 100, not 0"),
    ("[run]\nmax_parallel = true\n", 2, "from 1 to 100, not True"),
    ("[run]\ntimeout_s = -1\n", 2, "a number of seconds above 0"),
    ("[run]\ntimeout_s = nan\n", 2, "a number of seconds above 0"),
    ("[run]\n# x\nagent_command = 3\n", 3, "run.agent_command must be a command"),
    ('[run]\nagent_command = "a \'b"\n', 2, "must be a command"),
    ("[ui]\nmouse = 1\n", 2, "true or false, not 1"),
    ("[ui]\ncolour = 'x'\n", 2, 'unknown key "colour" in [ui]'),
    ("[keys]\nquit = 3\n", 2, 'keys.quit must be a key ("ctrl+g") or a list'),
    ("[keys]\nqiut = 'q'\n", 2, 'unknown action "qiut", did you mean "quit"?'),
    ("[prices]\ngpt-5 = 3\n", 2, 'write [prices."gpt-5"] with input and output'),
    ('[prices."gpt-5.1"]\ninput = 1\ninptu = 3\n', 3, 'unknown price "inptu" of gpt-5.1, did you'),
    ("[prices.opus]\noutput = -3\n", 2, "USD per million tokens, 0 or more, not -3"),
    ('run.moed = "waves"\n', 1, 'did you mean "mode"?'),
    ("[run]\nmode = \n", 2, "not valid TOML"),
    ('[run]\nmode = "waves\n', 2, "not valid TOML"),
]


@pytest.mark.parametrize(("text", "line", "said"), ERRORS, ids=[said[:40] for _, _, said in ERRORS])
def test_errors_name_file_line_and_the_nearest_name(
    repo: Path, text: str, line: int, said: str
) -> None:
    path = repo / "maestro.toml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_settings(repo, actions=("quit", "inbox"))
    assert str(caught.value).startswith(f"{path}:{line}: ")
    assert said in str(caught.value)


def test_a_repository_cannot_set_the_users_commands(repo: Path, user: Path) -> None:
    (repo / "maestro.toml").write_text('[ui]\nnotify_command = ["rm", "x"]\n')
    with pytest.raises(ConfigError, match=f"set it in {user}"):
        load_settings(repo)


def test_a_file_that_is_not_text_is_an_error_too(repo: Path) -> None:
    (repo / "maestro.toml").write_bytes(b"\xff\xfe[run]")
    with pytest.raises(ConfigError, match=r"maestro\.toml:1: not valid TOML: is not UTF-8"):
        load_settings(repo)


def test_prices_of_the_user_and_the_project(repo: Path, user: Path) -> None:
    user.write_text('[prices.opus]\ninput = 3\n[prices."gpt-5.1"]\ninput = 1\noutput = 8.5\n')
    (repo / "maestro.toml").write_text("[prices.opus]\noutput = 7\n")
    assert load_settings(repo).prices == {
        "opus": {"input": 3.0, "output": 7.0},
        "gpt-5.1": {"input": 1.0, "output": 8.5},
    }


def test_agents_of_claude_are_configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "none"))
    (tmp_path / "maestro.toml").write_text(
        '[claude]\nmodel = "opus"\nbudget_usd = 2.5\non_limit = "fail"\n'
        '[permissions]\ndeny = ["Bash(git push:*)"]\n'
    )
    found = load_settings(tmp_path)
    assert (found.claude.model, found.claude.budget_usd) == ("opus", 2.5)
    assert found.claude.on_limit == "fail"
    assert found.permissions.deny == ("Bash(git push:*)",)


@pytest.mark.parametrize(
    "line",
    ['[permissions]\nallow = ["Bash"]', '[claude]\nprogram = "x"', "[claude]\nkeep_env = []"],
)
def test_a_repository_cannot_let_agents_do_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "none"))
    (tmp_path / "maestro.toml").write_text(line + "\n")
    with pytest.raises(ConfigError, match="decides what runs on your machine"):
        load_settings(tmp_path)
