"""Shell commands in plans: told from prose, kept as proposals that only the user can approve."""

from __future__ import annotations

import re
from collections.abc import Iterable

from maestro_tui.plans.labels import Label

_HEADS = frozenset(
  {
    "alembic", "ansible", "ant", "awk", "bandit", "bash", "bazel", "biome", "black", "bun",
    "bunx", "dbt", "devenv", "fvm", "golint", "gradlew", "hatch", "mutmut", "mvnw", "ng", "nix",
    "pnpx", "rustup", "rye", "safety", "stat", "staticcheck", "swiftlint", "trunk", "vue-tsc",
    "wasm-pack", "xcrun", "yq",
    "bundle", "cargo", "cat", "cd", "clang", "cmake", "composer", "coverage", "cs", "ctest",
    "curl", "dart", "deno", "diff", "docker", "docker-compose", "dotnet", "echo", "elixir",
    "eslint", "export", "find", "flake8", "flutter", "gh", "git", "go", "gofmt",
    "golangci-lint", "gradle", "grep", "head", "helm", "hugo", "isort", "java", "javac",
    "jest", "jq", "just", "kubectl", "ls", "lua", "make", "meson", "mix", "mocha", "mvn",
    "mypy", "mysql", "ninja", "node", "nox", "npm", "npx", "nx", "pdm", "perl", "php",
    "phpunit", "pip", "pipenv", "pixi", "playwright", "pnpm", "poetry", "pre-commit",
    "prettier", "psql", "pulumi", "pylint", "pyright", "pytest", "python", "python3", "rails",
    "rake", "redis-cli", "rg", "rspec", "rubocop", "ruby", "ruff", "rustc", "sbt", "sed",
    "semgrep", "sh", "shellcheck", "sqlite3", "ssh", "swift", "terraform", "test", "time",
    "tox", "tsc", "turbo", "uv", "uvicorn", "uvx", "vitest", "wc", "wget", "xcodebuild",
    "yamllint", "yarn", "zig", "zsh",
  }
)  # fmt: skip
_SETTING = re.compile(r"[A-Z_][A-Z0-9_]*=\S*")
_SCRIPT = re.compile(r"(\./|\.venv/|bin/|vendor/bin/|node_modules/\.bin/|scripts?/)[\w./-]+$")
_CODE = re.compile(r"``?([^`]+)``?")
_SAID = re.compile(r"\W*(?:\d+[.)]\s*)?(?:run|command|verify)\W*[:：]\s*(\S.*)$", re.IGNORECASE)
_OUTCOME = re.compile(r"\s+\((?:should|must|expect|exit|no|all|->)[^()]*\)$")
_PROMPT = re.compile(r"^\s*[$%]\s+")
_COMMENT = re.compile(r"\s+#\s.*$")
_RUN_LABEL = re.compile(r"run( tests?)?|commands?|(verify|test) commands?", re.IGNORECASE)
_PREPARES = re.compile(r"^(cd\s+\S+|source\s+\S+|export\s+\S+)\s*(&&|;)\s*")
_CJK = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af]")
_RUN = re.compile(r"\s*(\d+[.)]\s*)?Run:")
_SHELL = frozenset({"", "sh", "bash", "shell", "zsh", "console", "terminal", "shell-session"})
_PROSE = re.compile(
    r"\b(should|must|passes|pass|returns?|works?|succeeds?|exists?|are|is|the|all|and then)\b", re.I
)


def is_command(text: str) -> bool:
    """Whether a text starts like a command rather than a sentence."""
    words = text.strip().split()
    while words and _SETTING.fullmatch(words[0]):
        words.pop(0)
    if not words:
        return False
    head = words[0]
    if head == "[":
        return "]" in words
    return head in _HEADS or _SCRIPT.match(head) is not None


_SHAPED = re.compile(
    r"[a-z][\w.-]*(?:\s+[\w:./@-]+)*\s+(?:-{1,2}\w|[\w./-]*(?:test|check|lint|build|"
    r"analy[sz]e|verify|run|audit|fmt|format|typecheck|e2e|spec)\b|\S*/)"
)


def is_command_like(text: str) -> bool:
    """Whether a text that is said to be run could be a command, its program known or not."""
    plain = text.strip()
    return is_command(plain) or _SHAPED.match(plain) is not None


def commands_said(text: str) -> list[str]:
    """The commands of a line that says it is run: every piece of code that could be one."""
    coded = [c.strip() for c in _CODE.findall(text)]
    if coded:
        return [c for c in coded if is_command_like(c)]
    found = _SAID.match(text)
    if found is None or not is_command_like(found[1]):
        return []
    return [_OUTCOME.sub("", found[1].strip())]


def commands_in_text(text: str) -> list[str]:
    """The commands of a value: those in backticks, else the whole when it is a command."""
    coded = [c.strip() for c in _CODE.findall(text)]
    if coded:
        return [c for c in coded if is_command(c)]
    plain = text.strip().rstrip(".")
    if not plain.isascii() and _CJK.search(plain):
        return []  # "curl で確認" is a sentence
    if not is_command(plain) or (len(plain.split()) > 3 and _PROSE.search(plain)):
        return []
    return [plain]


_HERE = re.compile(r"<<-?\s*(['\"]?)(\w+)\1")
_SCRIPTED = re.compile(r".*\s-(?:c|e|m)\s*['\"]")


def _left_open(text: str) -> str:
    """What ends the text that a line leaves open: the word of ``<<'PY'``, the quote of ``-c "``."""
    here = _HERE.search(text) if "<<" in text else None
    if here is not None:
        return here[2]
    if text.startswith("#") or not text.endswith(("'", '"')) or not _SCRIPTED.fullmatch(text):
        return ""
    return text[-1]


def _closes(line: str, until: str) -> bool:
    """Whether a line ends what was left open: the word alone, the quote first or last in it."""
    plain = line.strip()
    return plain == until if len(until) > 1 else plain[:1] == until or plain[-1:] == until


def commands_in_fence(info: str, lines: Iterable[str]) -> list[str]:
    """The commands of a shell fence: prompts and comments off, continued lines joined."""
    if info.split(" ")[0].lower() not in _SHELL:
        return []
    out: list[str] = []
    open_line, until = "", ""
    for line in lines:
        if until:
            until = "" if _closes(line, until) else until
            continue
        text = open_line + _PROMPT.sub("", line).strip()
        open_line = ""
        if text.endswith("\\"):
            open_line = text[:-1].rstrip() + " "
            continue
        until = _left_open(text)
        if until:
            continue  # the first line of a script that is written out below it is no command
        text = _COMMENT.sub("", text)
        if text and not text.startswith("#") and is_command(text):
            out.append(text)
    return out


def commands_of(label: Label) -> list[str]:
    """The commands under a verify label: its value, its list and its fences."""
    said = _RUN_LABEL.fullmatch(label.written)
    find = commands_said if said else commands_in_text
    out = [c for entry in label.entries() for c in find(entry.text)]
    for fence in label.fences:
        out += commands_in_fence(fence.info, fence.lines)
    return list(dict.fromkeys(out))


# What changes the tree or the machine is a step of the work, not a check of it.
_NO_CHECK = re.compile(
    r"(git\s+(rev-parse|add|commit|push|checkout|switch|branch|merge|rebase|stash|tag|worktree|reset|mv|rm|init|clone|pull|fetch)"
    r"|mkdir|touch|cp|mv|rm|cd|ln|chmod|chown|export|source|echo|cat|sleep|kill|open|code|vim|nano"
    r"|(npm|pnpm|yarn|bun)\s+(install|i|add|ci|init|create|remove|uninstall)\b|(pip3?|uv pip|"
    r"poetry|pdm|uv)\s+(install|add|sync)"
    r"|(apt|apt-get|brew|dnf)\s|go\s+(get|mod|install)\b|cargo\s+(add|new|init|install)\b|gh\s+(pr|issue|run|release)\b|npx\s+(degit|create-)"
    r"|docker[ -]compose\s+(up|down)|docker\s+(run|pull)|alembic\s+revision|ssh|scp|"
    r"curl\s+-[a-zA-Z]*o|(npm|pnpm|yarn|bun)\s+(run\s+)?(generate|dev|start|watch|serve|deploy|seed)"
    r"(:[\w:-]+)?|npx\s+(-y\s+|--yes\s+)?\S+\s+(init|create|add|install)|pre-commit\s+install"
    r"|dart\s+format(?!.*exit-if)|(go|cargo)\s+fmt(?!.*--check)|(\S+\s+)?prettier\s.*--write"
    r"|devenv\s+(shell|up)\s*$|nix\s+develop\s*$)(\s|$)"
)


def is_check(command: str) -> bool:
    """Whether a command looks at the result rather than making it."""
    if " " not in command.strip() and (command.strip() in _PROGRAMS or not _ALONE.match(command)):
        return False
    plain = _PREPARES.sub("", command.strip())
    if "<" in plain and not plain.isascii() and _TO_FILL_IN.search(plain):
        return False
    return _NO_CHECK.match(plain) is None


_TO_FILL_IN = re.compile(r"<[^<>\s]*[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af][^<>]*>")  # <関数名>
# One word is a check only when the program checks by itself, or is a script called as one.
_ALONE = re.compile(r"\s*(\./|bin/|vendor/bin/|node_modules/\.bin/|[a-z][\w.-]*\s*$|\.venv/)")
_PROGRAMS = frozenset(
    ["bash", "bun", "bunx", "deno", "devenv", "docker", "find", "fvm", "gh", "git", "go", "grep",
     "head", "java", "jq", "ls", "lua", "nix", "node", "npm", "npx", "perl", "php", "pip", "pipx",
     "pnpm", "poetry", "psql", "python", "python3", "ruby", "sed", "sh", "ssh", "swift", "test",
     "time", "uv", "uvx", "wc", "yarn", "zsh"]
)  # fmt: skip


def checks_in_fence(info: str, lines: Iterable[str]) -> list[str]:
    """The commands of a shell fence that check something."""
    text = list(lines)
    said = [] if info else [c for line in text if _RUN.match(line) for c in commands_said(line)]
    return [c for c in (*commands_in_fence(info, text), *said) if is_check(c)]
