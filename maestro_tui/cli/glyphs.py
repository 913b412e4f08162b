"""One sign for each state of a task, for lines of text; apart, as it is all a listing needs."""

from __future__ import annotations

from maestro_tui.core.state import TaskState

GLYPHS = {
    TaskState.WAITING: "·",
    TaskState.READY: "○",
    TaskState.PREPARING: "◔",
    TaskState.RUNNING: "▶",
    TaskState.CHECKING: "◑",
    TaskState.QUEUED: "◕",
    TaskState.MERGING: "⇉",
    TaskState.CONFLICTED: "≠",
    TaskState.MERGED: "✓",
    TaskState.FAILED: "✗",
    TaskState.BLOCKED: "⊘",
    TaskState.SKIPPED: "−",
    TaskState.EXCLUDED: "−",
    TaskState.DONE: "✓",
}
