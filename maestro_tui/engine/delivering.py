"""The delivery of a run: its work into the base branch, and its marks into the plan's document."""

from __future__ import annotations

import time
from pathlib import Path

from maestro_tui.core import events as e
from maestro_tui.core.state import RunState, TaskState
from maestro_tui.engine.git import delivery
from maestro_tui.engine.git.command import Git
from maestro_tui.engine.git.commits import changed
from maestro_tui.engine.marking import Marks, NotMarked, commit_marks


class Delivering:
    """One try at bringing a run's work into the base branch."""

    def __init__(self, state: RunState, git: Git) -> None:
        assert state.strategy is not None
        self.state, self.git, self.plan = state, git, state.strategy.plan
        self.document = state.options.marks
        self.marks = Marks("")
        self.note = ""

    async def deliver(self) -> e.Event:
        """The work with its marks; without them where they alone are in the way."""
        try:
            try:
                done = await self._bring()
            except delivery.Refused as refused:
                if not await self._only_marks_are_in_the_way(refused):
                    raise
                self.note = f"{self.document} has local changes in the checkout"
                self.document, self.marks = "", Marks("")
                done = await self._bring()
        except delivery.Refused as refused:
            return e.DeliveryRefused(at=time.time(), reason=str(refused), paths=refused.paths)
        return e.Delivered(
            at=time.time(),
            branch=done.branch,
            sha=done.sha,
            how=done.how,
            document=self.state.options.marks if self.marks.done or self.note else "",
            marked=self.marks.done,
            note=self.note,
        )

    async def _bring(self) -> delivery.Result:
        state = self.state
        return await delivery.deliver(
            self.git,
            Path(state.repo),
            state.base_branch,
            state.base_sha,
            state.head,
            state.run,
            self.plan.title,
            last=self._with_marks if self.document else None,
        )

    async def _with_marks(self, head: str) -> str:
        state = self.state
        tasks = [t.id for t in state.tasks.values() if t.state is TaskState.MERGED]
        try:
            head, self.marks = await commit_marks(
                self.git, head, self.document, self.plan, tasks, state.run
            )
        except NotMarked as refusal:
            self.note = str(refusal)
        except Exception as error:  # whatever is wrong with a document, the work is delivered
            self.note = str(error) or type(error).__name__
        else:
            self.note = "; ".join(self.marks.left[:3])
            if len(self.marks.left) > 3:
                self.note += f"; and {len(self.marks.left) - 3} more"
        return head

    async def _only_marks_are_in_the_way(self, refused: delivery.Refused) -> bool:
        if not self.marks.done or self.document not in refused.paths:
            return False
        state = self.state
        return self.document not in await changed(self.git, state.base_sha, state.head)
