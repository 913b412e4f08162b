"""The steps a script is made of. Each does what its name says, and says it like an agent."""

from __future__ import annotations

import os
import signal
import time

from maestro_tui.agents import files
from maestro_tui.agents.rehearsal.tree import StepFailed, Tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from maestro_tui.agents.rehearsal.voice import Voice
    from maestro_tui.agents.spec import Spec

    Step = dict[str, Any]

ANSWER_POLL_S = 0.05
_BATCH = 1 << 16  # characters printed at once, where the script sets no rate


class Steps:
    """One attempt's steps, and what they have in common: the tree, the voice, the marker."""

    def __init__(self, spec: Spec, voice: Voice, tree: Tree, control: str) -> None:
        self._spec, self._voice, self.tree = spec, voice, tree
        self._control, self._questions = control, 0
        self._limits = files.LineReader(control)
        self._waits = True  # for limits; its operator may turn that off
        self.marker_settled = False
        self._actions: dict[str, Callable[[Step], None]] = {
            "write": self._write,
            "append": self._append,
            "edit": self._edit,
            "delete": self._delete,
            "run": self._run,
            "print": self._print,
            "sleep": self._sleep,
            "usage": self._usage,
            "ask": self._ask,
            "limit": self._limit,
            "fail": self._fail,
            "hang": self._hang,
            "crash": self._crash,
            "marker": self._marker,
            "no-marker": self._no_marker,
            "commit": self._commit,
        }

    def do(self, step: Step) -> None:
        """Carry out one step; StepFailed ends the agent."""
        name = step.get("do")
        action = self._actions.get(name) if isinstance(name, str) else None
        if action is None:
            from difflib import get_close_matches

            near = get_close_matches(str(name), self._actions, 1)
            hint = (
                f"; did you mean {near[0]!r}?" if near else f"; known: {', '.join(self._actions)}"
            )
            raise StepFailed(f"There is no step {name!r}{hint}")
        try:
            action(step)
        except StepFailed as failure:
            if action in (self._write, self._append, self._edit, self._delete, self._run):
                self._voice.done(str(failure), ok=False)
            raise
        except KeyError as error:
            raise StepFailed(f"The step {name} has no {error.args[0]}") from error
        except (TypeError, ValueError) as error:
            raise StepFailed(f"The step {name} has a wrong value: {error}") from error

    # -- files -------------------------------------------------------------------------------------

    def _write(self, step: Step) -> None:
        path = str(step["path"])
        self._voice.tool("Write", file_path=path)
        new = self.tree.write(path, str(step.get("text", "")), anywhere=_anywhere(step))
        self._voice.done(f"{'Created' if new else 'Wrote'} {path}")

    def _append(self, step: Step) -> None:
        path = str(step["path"])
        self._voice.tool("Edit", file_path=path)
        self.tree.append(path, str(step.get("text", "")), anywhere=_anywhere(step))
        self._voice.done(f"Added to {path}")

    def _edit(self, step: Step) -> None:
        path, find, replace = str(step["path"]), str(step["find"]), str(step["replace"])
        self._voice.tool("Edit", file_path=path, old_string=find, new_string=replace)
        self.tree.edit(path, find, replace, anywhere=_anywhere(step))
        self._voice.done(f"Edited {path}")

    def _delete(self, step: Step) -> None:
        path = str(step["path"])
        self._voice.tool("Bash", command=_shown(["rm", path]))
        self.tree.delete(path, anywhere=_anywhere(step))
        self._voice.done(f"Deleted {path}")

    def _marker(self, step: Step) -> None:
        self.marker_settled = True
        if not self._spec.marker:
            return
        self._voice.tool("Write", file_path=self._spec.marker)
        self.tree.replace(self._spec.marker, str(step.get("text") or self._completion()))
        self._voice.done(f"Created {self._spec.marker}")

    def _no_marker(self, step: Step) -> None:
        self.marker_settled = True

    def _completion(self) -> str:
        touched = self.tree.touched.items()
        there = [f"- `{path}`" for path, what in touched if what != "deleted"] or ["- none"]
        gone = [f"- `{path}`" for path, what in touched if what == "deleted"]
        lines = [f"# {self._spec.title or self._spec.task}", "", "## Files", *there]
        if gone:
            lines += ["", "## Deleted", *gone]
        return "\n".join(lines) + "\n"

    # -- programs ----------------------------------------------------------------------------------

    def _run(self, step: Step) -> None:
        command = step["command"]
        if not isinstance(command, list) or not command:
            raise ValueError('command must be a list such as ["ls", "-l"]')
        argv = [str(part) for part in command]
        self._voice.tool("Bash", command=_shown(argv))
        code = _call(argv)
        if code and step.get("ok_exit") != "any":
            raise StepFailed(f"{_shown(argv)} exited with code {code}")
        self._voice.done(f"Exit code {code}", ok=not code)

    def _commit(self, step: Step) -> None:
        message = str(step.get("message") or self._spec.title or self._spec.task)
        self._voice.tool("Bash", command=_shown(["git", "commit", "-am", message]))
        name = self._spec.agent or "agent"
        mail = "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "-" for c in name)
        settings = {"user.name": name, "user.email": f"{mail}@maestro.invalid"}
        who = [part for k, v in settings.items() for part in ("-c", f"{k}={v}")]
        who += ["-c", "commit.gpgsign=false"]
        for args in (
            ["add", "-A"],
            ["commit", "-q", "--no-verify", "--allow-empty", "-m", message],
        ):
            code = _call(["git", *who, *args])
            if code:
                self._voice.done(f"Exit code {code}", ok=False)
                raise StepFailed(f"git {args[0]} exited with code {code}")
        self._voice.done(message)

    # -- words, time and money ---------------------------------------------------------------------

    def _print(self, step: Step) -> None:
        lines = step.get("lines")
        if lines is None:
            lines = str(step["text"]).split("\n")
        out = "".join(f"{line}\n" for line in lines)
        rate, repeat = float(step.get("rate", 20)), int(step.get("repeat", 1))
        if rate <= 0:
            batch = max(1, _BATCH // max(1, len(out)))
            for start in range(0, repeat, batch):
                self._voice.say(out * min(batch, repeat - start))
            return
        begun = time.monotonic()
        for number, line in enumerate(line for _ in range(repeat) for line in lines):
            self._voice.say(f"{line}\n")
            # By the clock, not by adding pauses, so that a busy machine does not slow it down.
            time.sleep(max(0.0, begun + (number + 1) / rate - time.monotonic()))

    def _sleep(self, step: Step) -> None:
        time.sleep(max(0.0, float(step["seconds"])))

    def _usage(self, step: Step) -> None:
        self._voice.spend(step)

    # -- questions ---------------------------------------------------------------------------------

    def _ask(self, step: Step) -> None:
        self._questions += 1
        request = f"p{self._questions}"
        tool, detail = str(step.get("tool", "Bash")), str(step.get("detail", ""))
        self._voice.tool(tool, command=detail)
        self._voice.ask(request, tool, detail, str(step.get("rule", "")))
        allow, text = self._answer(request)
        if allow:
            self._voice.done(f"Allowed: {detail}")
            return
        self._voice.done(text or f"Refused: {detail}", ok=False)
        if step.get("on_deny", "continue") == "fail":
            raise StepFailed(f"Cannot go on without permission for {tool} {detail}".rstrip())

    def _answer(self, request: str) -> tuple[bool, str]:
        reader = files.LineReader(self._control)
        while True:
            for item in reader.read():
                if item.get("cmd") == "answer" and item.get("id") == request:
                    return item.get("allow") is True, str(item.get("text") or "")
            time.sleep(ANSWER_POLL_S)

    def _limit(self, step: Step) -> None:
        """The service lets nobody in for a while; the operator may want it to go on at once."""
        until = time.time() + max(0.0, float(step["seconds"]))
        why = str(step.get("why", "The usage limit is reached"))
        while self._waits and self._limits.read():
            pass  # what was said before this limit is not about it
        if self._waits:
            self._voice.parked(until, why)
            while self._waits and time.time() < until and not self._woken():
                time.sleep(ANSWER_POLL_S)
            self._voice.parked(0.0, "")
        if not self._waits:
            raise StepFailed(why)

    def _woken(self) -> bool:
        said = {str(item.get("cmd")) for item in self._limits.read()}
        self._waits = "no-waiting" not in said
        return "resume" in said

    # -- bad ends ----------------------------------------------------------------------------------

    def _fail(self, step: Step) -> None:
        raise StepFailed(
            str(step.get("message", "Failed as the script says")), int(step.get("code", 1))
        )

    def _hang(self, step: Step) -> None:
        if step.get("stubborn"):
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        seconds = step.get("seconds")
        end = float("inf") if seconds is None else time.monotonic() + float(seconds)
        while (left := end - time.monotonic()) > 0:
            time.sleep(min(left, 3600.0))

    def _crash(self, step: Step) -> None:
        number = int(step.get("signal", signal.SIGKILL))
        if number not in (signal.SIGKILL, signal.SIGSTOP):
            signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
        raise StepFailed(f"Signal {number} did not end the agent")


def _anywhere(step: Step) -> bool:
    return step.get("anywhere") is True


def _shown(argv: list[str]) -> str:
    from shlex import join

    return join(argv)


def _call(argv: list[str]) -> int:
    """Run a program with our output as its own; its exit code."""
    import subprocess
    import sys

    try:
        return subprocess.run(argv, stdin=subprocess.DEVNULL, check=False).returncode
    except FileNotFoundError as error:
        if argv[0] in ("python", "python3") and sys.executable:  # not every machine has both names
            return subprocess.run([sys.executable, *argv[1:]], stdin=subprocess.DEVNULL).returncode
        raise StepFailed(f"Cannot find the program {argv[0]}") from error
    except OSError as error:
        raise StepFailed(f"Cannot start {argv[0]}: {error.strerror}") from error
