"""The model an agent works with: chosen among a session's options, where it offers any."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


async def change_model(
    talk: Any, session: str, options: list[Any], model: str, note: Callable[[str], None]
) -> list[Any]:
    """Have the session go on with that model; the session's options from now on."""
    option, value, offered = pick_model(options, model)
    if not option:
        note("This agent offers no choice of models; it goes on with its own")
        return options
    if not value:
        note(f"This agent has no model {model!r}; it offers {', '.join(offered[:10])}")
        return options
    changed = await talk.set_config_option(config_id=option, session_id=session, value=value)
    found = getattr(changed, "config_options", None) or []
    return [o.model_dump(by_alias=True, mode="json") for o in found]


def pick_model(options: list[Any], wanted: str) -> tuple[str, str, list[str]]:
    """Of a session's options the one for the model and its value for a wish; and what there is."""
    for option in options:
        if option.get("category") != "model" and option.get("id") != "model":
            continue
        values = [v for v in _values(option.get("options")) if v]
        low = wanted.lower()
        exact = [v for v, _ in values if v.lower() == low]
        named = [v for v, name in values if name.lower() == low]
        close = [v for v, _ in values if v.lower().endswith("/" + low) or low in v.lower()]
        found = [*exact, *named, *close]
        return str(option.get("id")), found[0] if found else "", [v for v, _ in values]
    return "", "", []


def _values(options: object) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for item in options if isinstance(options, list) else ():
        if isinstance(item, dict) and isinstance(item.get("options"), list):  # a group
            found += _values(item["options"])
        elif isinstance(item, dict) and isinstance(item.get("value"), str):
            found.append((item["value"], str(item.get("name") or "")))
    return found
