"""What a permission rule covers: ``Tool``, ``Tool(pattern)``, or ``Bash(command:*)``.

The same notation as Claude Code's own rules, so that people write what they know.
"""

from __future__ import annotations

from fnmatch import fnmatchcase

_JOINS = frozenset(";|&<>$`(){}\n")


def covers(rule: str, tool: str, detail: str, asked: str = "") -> bool:
    """Whether the rule answers a request to use ``tool`` on ``detail``.

    ``asked`` is the rule the request itself would have become. A pattern for Bash covers one plain
    command: what is joined to it, or computed by it, is another matter.
    """
    if asked and rule == asked:
        return True
    name, bracket, inner = rule.partition("(")
    if not fnmatchcase(tool, name.strip()):
        return False
    if not bracket:
        return True
    inner = inner.rpartition(")")[0]
    if tool == "WebFetch" and inner.startswith("domain:"):
        host = detail.partition("://")[2].partition("/")[0]
        return fnmatchcase(host, inner.removeprefix("domain:"))
    command = " ".join(detail.split())
    if command == inner:
        return True
    if tool == "Bash" and set(command) & _JOINS:
        return False
    if inner.endswith(":*"):
        prefix = inner[:-2]
        return command == prefix or command.startswith(prefix + " ")
    return fnmatchcase(command, inner)
