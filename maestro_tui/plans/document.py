"""A plan document as text that can be worked with: one line ending, one Unicode form, a tree."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from maestro_tui.plans.blocks import Section, build_tree
from maestro_tui.plans.errors import PlanError
from maestro_tui.plans.fences import FenceSpan, find_fences
from maestro_tui.plans.model import Diagnostic
from maestro_tui.plans.rehearsal_text import is_rehearsal

if TYPE_CHECKING:
    from maestro_tui.plans.choosing import Choice, Families
    from maestro_tui.plans.marks import Heading

MAX_BYTES = 20_000_000
MAX_LINE = 5_000  # of a longer line only the start is looked at; the agent still gets all of it
_MERGE = re.compile(r"(<{7}|>{7})( |$)")
_FRONT_KEY = re.compile(r"^([A-Za-z][\w-]*)\s*:\s*(.*)$")


@dataclass(frozen=True)
class Document:
    """A normalised document. ``lines[0]`` is line 1; ``diagnostics`` tell what was repaired."""

    path: str
    text: str
    sha256: str
    diagnostics: tuple[Diagnostic, ...] = field(default=())

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """The lines without endings; only the line feed ends a line, as in every editor."""
        lines = self.text.split("\n")
        return tuple(lines[:-1] if lines and not lines[-1] else lines)

    @cached_property
    def _found_fences(self) -> tuple[tuple[FenceSpan, ...], tuple[Diagnostic, ...]]:
        return find_fences(self.lines)

    @property
    def fences(self) -> tuple[FenceSpan, ...]:
        """The outermost code fences."""
        return self._found_fences[0]

    @cached_property
    def markdown_diagnostics(self) -> tuple[Diagnostic, ...]:
        """What is wrong with the Markdown as such: fences and leftovers of a merge."""
        return (*self._found_fences[1], *self._merge_markers(), *self._long_lines())

    def _long_lines(self) -> list[Diagnostic]:
        return [
            Diagnostic(
                "long-line",
                "warning",
                number,
                f"The line is {len(line):,} characters long; only its start was read for facts.",
                "Break it into several lines.",
            )
            for number, line in enumerate(self.lines, 1)
            if len(line) > MAX_LINE
        ][:5]

    @cached_property
    def frontmatter_end(self) -> int:
        """How many lines the frontmatter takes, fences included; 0 when there is none."""
        if not self.lines or self.lines[0].rstrip() != "---":
            return 0
        for number, line in enumerate(self.lines[1:500], 1):
            if line.rstrip() in ("---", "..."):
                inside = self.lines[1:number]
                return number + 1 if any(_FRONT_KEY.match(x) for x in inside) else 0
        return 0

    @cached_property
    def frontmatter(self) -> dict[str, str]:
        """The top-level ``key: value`` lines of the frontmatter, keys in lower case.

        Deliberately not YAML: one broken value must not hide the others.
        """
        out: dict[str, str] = {}
        for line in self.lines[1 : max(1, self.frontmatter_end - 1)]:
            found = _FRONT_KEY.match(line)
            if found is not None:
                out.setdefault(found[1].lower(), found[2].strip().strip("\"'"))
        return out

    @cached_property
    def _short_lines(self) -> tuple[str, ...]:
        return tuple(line[:MAX_LINE] for line in self.lines)

    @cached_property
    def sample(self) -> str:
        """The text with overlong lines cut, for what is recognised by a pattern."""
        return "\n".join(self._short_lines)

    @cached_property
    def tree(self) -> Section:
        """The Markdown block tree."""
        return build_tree(self._short_lines, self.fences, self.frontmatter_end)

    @cached_property
    def _families(self) -> Families:
        from maestro_tui.plans.candidates import find_candidates
        from maestro_tui.plans.choosing import Families

        return Families(find_candidates(self.tree))

    @cached_property
    def _choices(self) -> dict[tuple[str, ...], Choice | None]:
        return {}

    def choice(self, rank: tuple[str, ...] = ()) -> Choice | None:
        """The family of tasks that this order of precedence chooses, found once for all formats."""
        # Late: an engine reads scripts and prompts as documents, and never looks for tasks.
        from maestro_tui.plans.choosing import RANK, choose

        rank = rank or RANK
        if rank not in self._choices:
            self._choices[rank] = choose(self._families, rank)
        return self._choices[rank]

    @cached_property
    def phases(self) -> list[tuple[Section, Heading]]:
        """The sections whose headings name phases."""
        from maestro_tui.plans.outline import phase_sections

        return phase_sections(self.tree)

    @cached_property
    def is_data(self) -> bool:
        """Whether the text is JSON rather than prose, by its first and last characters."""
        text = self.text.strip()
        return text[:1] in ("{", "[") and text[-1:] in ("}", "]") and not text.startswith("[[")

    @cached_property
    def hidden(self) -> frozenset[int]:
        """Lines no agent reads: comments, and the script of a rehearsal."""
        out: set[int] = set()
        for block in self.tree.all_blocks():
            if block.kind == "comment" or (block.kind == "fence" and is_rehearsal(block.info)):
                out.update(range(block.line, block.end + 1))
        return frozenset(out)

    @property
    def name(self) -> str:
        """The file's name without folders and suffix."""
        return Path(self.path).name.split(".")[0] if self.path else ""

    def _merge_markers(self) -> list[Diagnostic]:
        if "<<<<<<<" not in self.text and ">>>>>>>" not in self.text:
            return []
        inside = {n for span in self.fences for n in range(span.first, span.last + 1)}
        marked = [n for n, line in enumerate(self.lines) if n not in inside and _MERGE.match(line)]
        return [
            Diagnostic(
                "merge-markers",
                "error",
                n + 1,
                "The document holds an unresolved merge conflict.",
                "Resolve it, remove the <<<<<<<, ======= and >>>>>>> lines, and read it again.",
            )
            for n in marked[:1]
        ]


def load(path: Path | str, text: str | None = None) -> Document:
    """The document at a path (or the given text in its place); PlanError when it is unreadable."""
    name = str(path)
    if text is not None:
        return normalise(name, text, text.encode("utf-8", "surrogatepass"))
    file = Path(path)
    try:
        if file.stat().st_size > MAX_BYTES:
            raise PlanError(
                f"{name}: larger than {MAX_BYTES // 1_000_000} MB, so it is not read as a plan. "
                "Split it."
            )
        raw = file.read_bytes()
    except FileNotFoundError:
        raise PlanError(f"{name}: no such file. Check the path; it is taken from here.") from None
    except IsADirectoryError:
        raise PlanError(f"{name}: is a folder. Name the plan file inside it.") from None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise PlanError(f"{name}: cannot be read ({why}). Check its permissions.") from None
    try:
        decoded = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise PlanError(
            f"{name}:{line}: is not UTF-8 text (byte 0x{raw[error.start]:02x}). "
            "Save it as UTF-8 and try again."
        ) from None
    return normalise(name, decoded, raw)


def normalise(path: str, text: str, raw: bytes) -> Document:
    """Byte order mark off, one line ending, composed characters; what was changed is reported."""
    found: list[Diagnostic] = []
    if text.startswith("\ufeff"):
        text = text.lstrip("\ufeff")
        found.append(
            Diagnostic("bom", "info", 1, "The file starts with a byte order mark; it is ignored.")
        )
    crlf = text.count("\r\n")
    if crlf and text.count("\n") > crlf:
        found.append(
            Diagnostic(
                "mixed-line-endings", "info", 0, "The file mixes line endings; all are read."
            )
        )
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not unicodedata.is_normalized("NFC", text):
        text = unicodedata.normalize("NFC", text)
    # Lone surrogates cannot be written to any file or journal.
    text = text.encode("utf-8", "replace").decode("utf-8")
    return Document(path, text, hashlib.sha256(raw).hexdigest(), tuple(found))
