"""Keeps secrets where they belong: out of the agent's environment, and out of what it says."""

from __future__ import annotations

import os
import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_SECRET = re.compile(
    r"TOKEN|SECRET|PASSW|PASSPHRASE|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY|CREDENTIAL|AUTH_?KEY|"
    r"_AUTH$|_PAT$|_DSN$|DATABASE_URL|CONNECTION_STRING|WEBHOOK",
    re.IGNORECASE,
)
_SHAPES = (
    rb"sk-(?:ant|proj|or)-[A-Za-z0-9_-]{16,}",
    rb"gh[pousr]_[A-Za-z0-9]{30,}",
    rb"github_pat_[A-Za-z0-9_]{30,}",
    rb"AKIA[A-Z0-9]{16}",
)
_LEAST = 8  # a shorter value would blot out ordinary words


def is_secret(name: str) -> bool:
    """Whether a variable of that name usually holds one."""
    return bool(_SECRET.search(name)) and not name.endswith(("_FILE", "_PATH", "_SOCK"))


def scrubbed(environment: Mapping[str, str], keep: Iterable[str]) -> dict[str, str]:
    """The environment without secrets, but for the names (or prefixes, ``AWS_*``) in ``keep``."""
    names = tuple(keep)
    exact = frozenset(n for n in names if not n.endswith("*"))
    prefixes = tuple(n[:-1] for n in names if n.endswith("*"))
    return {
        name: value
        for name, value in environment.items()
        if not is_secret(name) or name in exact or name.startswith(prefixes)
    }


class Redactor:
    """Blots out the values of secret variables, and what looks like a key, in all that is kept."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        values = {
            value for name, value in environment.items() if is_secret(name) and len(value) >= _LEAST
        }
        literal = [re.escape(os.fsencode(v)) for v in sorted(values, key=len, reverse=True)]
        self._pattern = re.compile(b"|".join((*literal, *_SHAPES)))

    def line(self, data: bytes) -> bytes:
        """The bytes without secrets."""
        return self._pattern.sub(b"[redacted]", data)

    def text(self, words: str) -> str:
        """The words without secrets."""
        return self.line(words.encode("utf-8", "replace")).decode("utf-8", "replace")
