"""Secrets stay out of an agent's environment and out of all that is kept of what it says."""

from __future__ import annotations

import pytest

from maestro_tui.agents.secrets import Redactor, is_secret, scrubbed


@pytest.mark.parametrize(
    "name",
    ["GITHUB_TOKEN", "AWS_SECRET_ACCESS_KEY", "DB_PASSWORD", "OPENAI_API_KEY", "NPM_AUTH",
     "DATABASE_URL", "SENTRY_DSN", "slack_webhook"],
)  # fmt: skip
def test_a_name_tells_a_secret(name: str) -> None:
    assert is_secret(name)


@pytest.mark.parametrize("name", ["PATH", "HOME", "SSH_AUTH_SOCK", "LANG", "KEYMAP", "TOKEN_FILE"])
def test_an_ordinary_name_does_not(name: str) -> None:
    assert not is_secret(name)


def test_what_the_agent_needs_is_kept() -> None:
    found = {"PATH": "/bin", "MY_TOKEN": "t", "ANTHROPIC_API_KEY": "a", "AWS_SECRET_KEY": "s"}
    assert scrubbed(found, ["ANTHROPIC_*"]) == {"PATH": "/bin", "ANTHROPIC_API_KEY": "a"}
    assert set(scrubbed(found, ["MY_TOKEN", "AWS_*"])) == {"PATH", "MY_TOKEN", "AWS_SECRET_KEY"}


def test_values_and_shapes_are_blotted_out() -> None:
    redact = Redactor({"MY_TOKEN": "value-of-it", "PIN_TOKEN": "123", "PLAIN": "ordinary words"})
    assert redact.text("a value-of-it b") == "a [redacted] b"
    assert redact.text("pin 123, ordinary words") == "pin 123, ordinary words"
    assert redact.text("sk-ant-api03-abcdefghijklmnop") == "[redacted]"
    assert redact.line(b"\xff value-of-it") == b"\xff [redacted]"
