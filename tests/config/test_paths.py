"""Where things live."""

from pathlib import Path

import pytest

from maestro_tui.config import paths


def test_everything_of_a_run_is_under_the_repository(tmp_path: Path) -> None:
    root = tmp_path / ".maestro"
    assert paths.maestro_dir(tmp_path) == root
    assert paths.db_path(tmp_path) == root / "maestro.db"
    assert paths.run_dir(tmp_path, "r1") == root / "runs" / "r1"
    assert paths.attempt_dir(tmp_path, "r1", "1-2-x", 3) == root / "runs/r1/1-2-x/3"
    assert paths.worktrees_root(tmp_path) == root / "worktrees"
    assert paths.worktrees_root(tmp_path, "../trees") == tmp_path / "../trees"
    assert paths.worktrees_root(tmp_path, "/var/trees") == Path("/var/trees")


@pytest.mark.parametrize("name", ["..", ".", "", "a/b", "a\\b", "a\0b"])
def test_a_name_cannot_lead_out(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="cannot be a folder name"):
        paths.run_dir(tmp_path, name)
    with pytest.raises(ValueError, match="cannot be a folder name"):
        paths.attempt_dir(tmp_path, "r", name, 1)


def test_the_folder_ignores_itself_once(tmp_path: Path) -> None:
    root = paths.ensure_maestro_dir(tmp_path)
    ignore = root / ".gitignore"
    assert ignore.read_text() == "*\n"
    ignore.write_text("mine\n")
    assert paths.ensure_maestro_dir(tmp_path) == root
    assert ignore.read_text() == "mine\n"


def test_user_config_dir(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("MAESTRO_CONFIG_DIR", raising=False)
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    assert paths.user_config_dir() == tmp_path / ".config" / "maestro"
    monkeypatch.setenv("XDG_CONFIG_HOME", "relative")
    assert paths.user_config_dir() == tmp_path / ".config" / "maestro"
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    assert paths.user_config_dir() == tmp_path / "xdg" / "maestro"
    monkeypatch.setenv("MAESTRO_CONFIG_DIR", str(tmp_path / "own"))
    assert paths.user_config_dir() == tmp_path / "own"


def test_data_is_found_in_a_checkout_and_in_a_wheel(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert (paths.data_dir("themes") / "maestro-dark.toml").is_file()
    package = tmp_path / "site" / "maestro_tui"
    (package / "data" / "themes").mkdir(parents=True)
    (tmp_path / "site" / "themes").mkdir()  # somebody else's
    monkeypatch.setattr(paths, "_PACKAGE", package)
    assert paths.data_dir("themes") == package / "data" / "themes"
    with pytest.raises(FileNotFoundError, match="install maestro-tui again"):
        paths.data_dir("sample_plans")
