"""What Claude may do without asking, what it may never do, and what a person is asked about.

Hooks judge every call first and fail closed; what they leave open goes the program's own way of
permission and ends at the desk.
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from claude_agent_sdk import HookMatcher, PermissionResultAllow, PermissionResultDeny

from maestro_tui.agents.drivers.gate import minded, rule_for
from maestro_tui.agents.ownership import FOREIGN, OWN, Ownership
from maestro_tui.agents.shell_writes import written
from maestro_tui.agents.stream import clip, tool_summary

if TYPE_CHECKING:
    from typing import Any

    from maestro_tui.agents.context import Context
    from maestro_tui.agents.desk import Desk
    from maestro_tui.agents.drivers.claude.finish import Finish
    from maestro_tui.agents.secrets import Redactor

_EDITS = "Write|Edit|MultiEdit|NotebookEdit"
_HOOK_S = 60
_NO = "The operator said no."


class Guard:
    """The hooks and callbacks of one session."""

    def __init__(self, context: Context, desk: Desk, finish: Finish, redactor: Redactor) -> None:
        spec = context.spec
        self._context, self._desk, self._finish, self._redact = context, desk, finish, redactor
        self._owns = Ownership(spec.worktree, spec.owned, spec.forbidden, spec.marker)
        self._approved = frozenset(
            " ".join(command.split())
            for command in (*spec.verify, *(spec.options.get("approved") or ()))
            if isinstance(command, str)
        )

    def hooks(self) -> dict[str, list[Any]]:
        """For ``ClaudeAgentOptions``; one that fails blocks the call."""

        def closed(matcher: str | None, *hooks: Any, seconds: float = _HOOK_S) -> Any:
            return HookMatcher(
                matcher=matcher, hooks=list(hooks), timeout=seconds, on_failure="block"
            )

        return {
            "PreToolUse": [closed(_EDITS, self._before_edit), closed("Bash", self._before_bash)],
            "PostToolUse": [HookMatcher(matcher="Bash", hooks=[self._after_bash])],
            "Stop": [
                HookMatcher(hooks=[self._before_stop], timeout=self._finish.longest_s + _HOOK_S)
            ],
        }

    # -- hooks -------------------------------------------------------------------------------------

    async def _before_edit(self, data: Any, tool_use_id: str | None, context: Any) -> Any:
        given = data.get("tool_input") or {}
        path = str(given.get("file_path") or given.get("notebook_path") or "")
        if not path:
            return _deny("Refused by Maestro: this edit names no file.")
        verdict = self._owns.verdict(path, str(data.get("cwd") or ""))
        if verdict == OWN:
            return _allow("the task owns it")
        if verdict == FOREIGN:
            return self._refuse([self._owns.inside(path, str(data.get("cwd") or ""))])
        return {}  # out of the worktree: the program asks, and so a person is asked

    async def _before_bash(self, data: Any, tool_use_id: str | None, context: Any) -> Any:
        command = str((data.get("tool_input") or {}).get("command") or "")
        folder = str(data.get("cwd") or self._context.spec.worktree)
        stray = [p for p in written(command, folder) if self._owns.verdict(p) == FOREIGN]
        stray = await minded(
            self._context.spec.worktree, [self._owns.inside(path) for path in stray]
        )
        if stray:
            return self._refuse(stray)
        if " ".join(command.split()) in self._approved:
            return _allow("approved with the plan")
        return {}

    async def _after_bash(self, data: Any, tool_use_id: str | None, context: Any) -> Any:
        """The program sees which files a command changed: those of others are to be put back."""
        response = data.get("tool_response")
        diff = response.get("bashEditDiff") if isinstance(response, dict) else None
        changed = diff.get("changedFiles") if isinstance(diff, dict) else None
        stray = []
        for item in changed if isinstance(changed, list) else ():
            path = item.get("filePath") or item.get("path") if isinstance(item, dict) else item
            if isinstance(path, str) and self._owns.verdict(path) == FOREIGN:
                stray.append(self._owns.inside(path))
        if not stray:
            return {}
        names = ", ".join(stray[:5])
        self._context.emit("text", text=f"A command changed files of others: {names}")
        words = (
            f"That command changed {names}, which does not belong to your task. Put it back as it "
            f"was ({shlex.join(['git', 'checkout', '--', *stray[:5]])} or remove what is new); a "
            "change outside your files is not merged."
        )
        return {"hookSpecificOutput": {"hookEventName": "PostToolUse", "additionalContext": words}}

    async def _before_stop(self, data: Any, tool_use_id: str | None, context: Any) -> Any:
        missing = await self._finish.missing()
        if not missing:
            return {}
        self._context.emit("text", text=f"Sent back to work: {clip(missing, 300)}")
        return {"decision": "block", "reason": missing}

    def _refuse(self, paths: list[str]) -> dict[str, Any]:
        self._context.emit("text", text=f"Refused to write {', '.join(paths[:5])}: not its own")
        return _deny(self._owns.refusal(paths))

    # -- questions ---------------------------------------------------------------------------------

    async def may_use(self, tool: str, given: dict[str, Any], context: Any) -> Any:
        """The program asks: what a person (or a rule, or a policy) says."""
        if tool == "AskUserQuestion":
            return await self._choose(given)
        if tool == "ExitPlanMode":
            plan = self._redact.text(clip(given.get("plan")) or "The plan is empty.")
            answer = await self._desk.ask(tool, plan, form="plan")
        else:
            detail = self._redact.text(tool_summary(given))
            answer = await self._desk.ask(tool, detail, rule=rule_for(tool, given))
        if answer.allow:
            return PermissionResultAllow(updated_input=given)
        return PermissionResultDeny(message=answer.text or _NO)

    async def _choose(self, given: dict[str, Any]) -> Any:
        answers: dict[str, str] = {}
        for item in given.get("questions") or ():
            if not isinstance(item, dict) or not isinstance(item.get("question"), str):
                continue
            choices = [
                self._redact.text(clip(option.get("label"), 100))
                for option in item.get("options") or ()
                if isinstance(option, dict)
            ]
            words = self._redact.text(clip(item["question"]))
            answer = await self._desk.ask(
                "AskUserQuestion", words, form="question", choices=[c for c in choices if c]
            )
            if not answer.allow:
                why = answer.text or "Nobody answers; decide yourself and say what you assumed."
                return PermissionResultDeny(message=why)
            answers[item["question"]] = answer.text
        return PermissionResultAllow(updated_input={**given, "answers": answers})


def _allow(why: str) -> dict[str, Any]:
    return _decision("allow", why)


def _deny(why: str) -> dict[str, Any]:
    return _decision("deny", why)


def _decision(what: str, why: str) -> dict[str, Any]:
    return {
        "hookSpecificOutput": {
            "hookEventName": "PreToolUse",
            "permissionDecision": what,
            "permissionDecisionReason": why,
        }
    }
