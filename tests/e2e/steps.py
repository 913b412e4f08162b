"""What a person does at the end of a run and in its dialogs, and what agents did meanwhile."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.terminal import Terminal


def begun(repo: Path) -> list[str]:
    """Every attempt that was started, as task.number."""
    starts = repo.parent / "starts"
    return sorted(starts.read_text().split()) if starts.exists() else []


def deliver(screen: Terminal, code: int = 0) -> None:
    """To the end, and out."""
    screen.until("Deliver to main?", 60)
    screen.answer("m", "Deliver to main?")
    screen.until("merged", 30)
    leave(screen, code)


def say(screen: Terminal, words: str) -> None:
    """Type what is to be said, see it, and send it."""
    screen.press(words)
    screen.until(words)
    screen.press("\r")
    screen.without(words)


def leave(screen: Terminal, code: int) -> None:
    """Out of the summary."""
    screen.until("Next", 30)
    screen.press("q")
    assert screen.end() == code
    assert screen.restored


def step(task: str, do: str, **keys: object) -> str:
    """A step of a rehearsal's script."""
    import json

    lines = "".join(f"{key} = {json.dumps(value)}\n" for key, value in keys.items())
    return f'[[step]]\ntask = "{task}"\ndo = "{do}"\n{lines}'
