"""Settings from the user's ``config.toml`` and the project's ``maestro.toml``, checked by name.

A mistyped key that is silently ignored is a setting the user believes in; so every unknown key
and every impossible value is an error with its file, its line and the nearest valid name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from maestro_tui.config.errors import ConfigError, shown
from maestro_tui.config.paths import user_config_dir
from maestro_tui.config.prices import read_prices
from maestro_tui.config.sections import (
    SECTIONS,
    AcpSettings,
    AgentSettings,
    ApiSettings,
    ArchiveSettings,
    BudgetSettings,
    ClaudeSettings,
    PermissionSettings,
    PoolSettings,
    RoutingSettings,
    Rule,
    RunSettings,
    UiSettings,
)
from maestro_tui.config.toml_lines import TomlError, line_of, nearest, parse_file


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything configured; ``origin`` tells for each set key ("run.driver") its file and line."""

    run: RunSettings = field(default_factory=RunSettings)
    ui: UiSettings = field(default_factory=UiSettings)
    archive: ArchiveSettings = field(default_factory=ArchiveSettings)
    pools: PoolSettings = field(default_factory=PoolSettings)
    agents: AgentSettings = field(default_factory=AgentSettings)
    routing: RoutingSettings = field(default_factory=RoutingSettings)
    permissions: PermissionSettings = field(default_factory=PermissionSettings)
    budget: BudgetSettings = field(default_factory=BudgetSettings)
    claude: ClaudeSettings = field(default_factory=ClaudeSettings)
    acp: AcpSettings = field(default_factory=AcpSettings)
    api: ApiSettings = field(default_factory=ApiSettings)
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    # USD per million tokens by model, where they differ from those that come with Maestro.
    prices: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    sources: tuple[Path, ...] = ()
    origin: Mapping[str, str] = field(default_factory=dict)


def load_settings(repo: Path | None = None, actions: Iterable[str] = ()) -> Settings:
    """The user's settings with the project's laid over them; ConfigError names what is wrong.

    ``actions`` are the names ``[keys]`` may use; without them any name passes.
    """
    known = frozenset(actions)
    settings = Settings()
    user = user_config_dir() / "config.toml"
    if user.is_file():
        settings = _apply(settings, user, known, project=False)
    project = _project_file(repo) if repo is not None else None
    if project is not None:
        settings = _apply(settings, project, known, project=True)
    return settings


def _project_file(repo: Path) -> Path | None:
    found = [path for path in (repo / "maestro.toml", repo / ".maestro.toml") if path.is_file()]
    if len(found) == 2:
        raise ConfigError(found[1], 1, f"{found[0].name} exists too; keep one of the two")
    return found[0] if found else None


def _apply(settings: Settings, path: Path, actions: frozenset[str], *, project: bool) -> Settings:
    try:
        data, text = parse_file(path)
    except TomlError as error:
        raise ConfigError(path, error.line, f"not valid TOML: {error.text}") from error
    except OSError as error:
        raise ConfigError(path, 1, f"cannot be read: {error.strerror}") from error
    changed: dict[str, Any] = {}
    origin = dict(settings.origin)
    for section, table in data.items():
        line = line_of(text, "", section)
        if section not in ("keys", "prices") and section not in SECTIONS:
            raise ConfigError(path, line, _unknown_section(section))
        if not isinstance(table, dict):
            raise ConfigError(path, line, f'"{section}" is a section, write [{section}]')
        for key in table:
            origin[f"{section}.{key}"] = f"{path}:{line_of(text, section, key)}"
        if section == "keys":
            changed["keys"] = {**settings.keys, **_keys(path, text, table, actions)}
        elif section == "prices":
            own = read_prices(path, text, table)
            merged = {model: {**settings.prices.get(model, {}), **own[model]} for model in own}
            changed["prices"] = {**settings.prices, **merged}
        else:
            before = getattr(settings, section)
            changed[section] = replace(before, **_values(path, text, section, table, project))
    if "agents" in changed:
        changed["agents"] = _with_folders(settings.agents, changed["agents"], data, path)
    return replace(settings, **changed, sources=(*settings.sources, path), origin=origin)


def _unknown_section(section: str) -> str:
    for name, cls in SECTIONS.items():
        if section in {f.name for f in fields(cls)}:
            return f'"{section}" stands outside a section, put it under [{name}]'
    return f'unknown section "{section}", {nearest(section, [*SECTIONS, "keys", "prices"])}'


def _values(
    path: Path, text: str, section: str, table: dict[str, Any], project: bool
) -> dict[str, Any]:
    rules: dict[str, Rule] = {f.name: f.metadata["rule"] for f in fields(SECTIONS[section])}
    out: dict[str, Any] = {}
    for key, value in table.items():
        line = line_of(text, section, key)
        rule = rules.get(key)
        if rule is None:
            hint = nearest(key, rules)
            raise ConfigError(path, line, f'unknown key "{key}" in [{section}], {hint}')
        if rule.user_only and project:
            mine = user_config_dir() / "config.toml"
            raise ConfigError(
                path, line, f"{section}.{key} decides what runs on your machine; set it in {mine}"
            )
        try:
            out[key] = rule.read(value)
        except (TypeError, ValueError) as error:
            wanted = f"one of {', '.join(rule.choices)}" if rule.choices else rule.wanted
            raise ConfigError(
                path, line, f"{section}.{key} must be {wanted}, not {shown(value)}"
            ) from error
        if rule.choices and value not in rule.choices:
            choices = ", ".join(rule.choices)
            hint = nearest(value, rule.choices)
            hint = "" if hint.startswith("valid") else f"; {hint}"
            raise ConfigError(
                path, line, f"{section}.{key} must be one of {choices}, not {shown(value)}{hint}"
            )
    return out


def _keys(
    path: Path, text: str, table: dict[str, Any], actions: frozenset[str]
) -> dict[str, tuple[str, ...]]:
    out: dict[str, tuple[str, ...]] = {}
    for action, value in table.items():
        line = line_of(text, "keys", action)
        if actions and action not in actions:
            raise ConfigError(path, line, f'unknown action "{action}", {nearest(action, actions)}')
        keys = [value] if isinstance(value, str) else value
        if not isinstance(keys, list) or not all(isinstance(k, str) and k for k in keys):
            raise ConfigError(
                path, line, f'keys.{action} must be a key ("ctrl+g") or a list, not {shown(value)}'
            )
        out[action] = tuple(keys)
    return out


def _with_folders(
    before: AgentSettings, after: AgentSettings, data: dict[str, Any], path: Path
) -> AgentSettings:
    """Both files' folders, the nearer file's last; each relative to the file that names it."""
    if "folders" not in data["agents"]:
        return after
    mine = tuple(str(path.parent / Path(folder).expanduser()) for folder in after.folders)
    return replace(after, folders=(*before.folders, *mine))
