"""The rehearsal agent: carries out a script, deterministically and offline, like a real agent.

It speaks stream-json on standard output, edits real files, makes real commits, and fails, hangs
and crashes when the script says so.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))

from maestro_tui.agents import files

Step = dict[str, Any]
POLL_S = 0.05


class StepFailed(Exception):
    """A step could not be done; the agent fails with this message."""


class Rehearsal:
    """One attempt's script, being carried out in the working directory."""

    def __init__(self, spec: dict[str, Any], folder: str) -> None:
        self._spec, self._folder = spec, folder
        self._written: list[str] = []
        self._marker_done = False
        self._requests = 0
        self._usage = dict.fromkeys(
            (
                "input_tokens",
                "output_tokens",
                "cache_read_input_tokens",
                "cache_creation_input_tokens",
            ),
            0,
        )
        self._cost = 0.0
        self._steps: dict[str, Callable[[Step], None]] = {
            "write": self._write,
            "append": self._append,
            "edit": self._edit,
            "delete": self._delete,
            "run": self._run,
            "print": self._print,
            "sleep": lambda s: time.sleep(float(s.get("seconds", 1))),
            "usage": self._use,
            "ask": self._ask,
            "fail": self._fail,
            "hang": self._hang,
            "crash": self._crash,
            "marker": self._marker,
            "no-marker": self._no_marker,
            "commit": self._commit,
        }

    def carry_out(self) -> int:
        """All steps in order; the exit code."""
        steps = self._spec.get("steps") or self._default_steps()
        try:
            for step in steps:
                action = self._steps.get(str(step.get("do")))
                if action is None:
                    raise StepFailed(f"unknown step {step.get('do')!r}")
                action(step)
            if not self._marker_done:
                self._write_marker(self._summary())
        except StepFailed as failure:
            self._say(f"error: {failure}")
            return 1
        self._result("done")
        return 0

    def _default_steps(self) -> list[Step]:
        """Without a script: a placeholder for each new file, so that a plan can be tried dry."""
        task, title = self._spec["task"], self._spec["title"]
        steps: list[Step] = [{"do": "print", "text": f"rehearsing {task}: {title}"}]
        for path in self._spec.get("create", []):
            if (
                not any(c in path for c in "*?[{")
                and not path.endswith("/")
                and not os.path.exists(path)
            ):
                steps.append(
                    {"do": "write", "path": path, "text": f"# {task}: {title} (rehearsed)\n"}
                )
        steps.append({"do": "sleep", "seconds": 0.5})
        return steps

    # -- steps -------------------------------------------------------------------------------------

    def _place(self, step: Step) -> str:
        return self._inside(str(step["path"]))

    def _inside(self, path: str) -> str:
        root = os.path.realpath(os.getcwd())
        real = os.path.realpath(os.path.join(root, path))
        if real != root and not real.startswith(root + os.sep):
            raise StepFailed(f"{path} leads out of the worktree")
        return path

    def _write(self, step: Step) -> None:
        path = self._place(step)
        self._tool("Write", {"file_path": path})
        self._store(path, str(step.get("text", "")))

    def _append(self, step: Step) -> None:
        path = self._place(step)
        self._tool("Edit", {"file_path": path})
        old = self._load(path) if os.path.exists(path) else ""
        self._store(path, old + str(step.get("text", "")))

    def _edit(self, step: Step) -> None:
        path = self._place(step)
        self._tool("Edit", {"file_path": path})
        if not os.path.exists(path):
            raise StepFailed(f"cannot edit {path}: it does not exist")
        old, find = self._load(path), str(step["find"])
        if find not in old:
            raise StepFailed(f"cannot edit {path}: {find!r} does not occur")
        self._store(path, old.replace(find, str(step["replace"]), 1))

    def _delete(self, step: Step) -> None:
        path = self._place(step)
        self._tool("Bash", {"command": f"rm {path}"})
        try:
            os.unlink(path)
        except FileNotFoundError as error:
            raise StepFailed(f"cannot delete {path}: it does not exist") from error

    def _run(self, step: Step) -> None:
        command = [str(a) for a in step["command"]]
        self._tool("Bash", {"command": " ".join(command)})
        try:
            done = subprocess.run(command, stdin=subprocess.DEVNULL, check=False)
        except OSError as error:
            raise StepFailed(f"cannot run {command[0]}: {error.strerror}") from error
        if done.returncode and step.get("ok_exit") != "any":
            raise StepFailed(f"{' '.join(command)} exited with {done.returncode}")

    def _print(self, step: Step) -> None:
        lines = list(step.get("lines") or str(step.get("text", "")).splitlines())
        rate = float(step.get("rate", 20))
        for _ in range(int(step.get("repeat", 1))):
            for line in lines:
                self._say(str(line))
                if rate > 0:
                    time.sleep(1.0 / rate)

    def _use(self, step: Step) -> None:
        for ours, theirs in (
            ("input", "input_tokens"),
            ("output", "output_tokens"),
            ("cache_read", "cache_read_input_tokens"),
            ("cache_write", "cache_creation_input_tokens"),
        ):
            self._usage[theirs] += int(step.get(ours, 0))
        self._cost += float(step.get("cost_usd", 0.0))
        self._assistant([])

    def _ask(self, step: Step) -> None:
        self._requests += 1
        request = f"p{self._requests}"
        detail = {"command": str(step.get("detail", ""))}
        tool = str(step.get("tool", "Bash"))
        self._line(
            {
                "type": "control_request",
                "request_id": request,
                "request": {"subtype": "can_use_tool", "tool_name": tool, "input": detail},
            }
        )
        reader = files.LineReader(os.path.join(self._folder, files.CONTROL))
        while True:
            for item in reader.read():
                if item.get("cmd") == "answer" and item.get("id") == request:
                    self._answered(step, bool(item.get("allow")), str(item.get("text", "")))
                    return
            time.sleep(POLL_S)

    def _answered(self, step: Step, allow: bool, text: str) -> None:
        if allow:
            self._say(f"allowed: {step.get('detail', '')}")
            return
        self._say(f"denied: {step.get('detail', '')} {text}".rstrip())
        if step.get("on_deny") == "fail":
            raise StepFailed("cannot go on without that permission")

    def _fail(self, step: Step) -> None:
        self._say(str(step.get("message", "failed")))
        sys.stdout.flush()
        os._exit(int(step.get("code", 1)))

    def _hang(self, step: Step) -> None:
        if step.get("stubborn"):
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        end = time.monotonic() + float(step.get("seconds", 1e9))
        while time.monotonic() < end:
            time.sleep(min(3600.0, max(0.01, end - time.monotonic())))

    def _crash(self, step: Step) -> None:
        sys.stdout.flush()
        os.kill(os.getpid(), int(step.get("signal", signal.SIGKILL)))
        time.sleep(60)

    def _marker(self, step: Step) -> None:
        self._write_marker(str(step.get("text", "")) or self._summary())

    def _no_marker(self, step: Step) -> None:
        self._marker_done = True

    def _commit(self, step: Step) -> None:
        message = str(step.get("message", self._spec["title"]))
        self._tool("Bash", {"command": f"git commit -m {message!r}"})
        agent = self._spec.get("agent") or "agent"
        who = ["-c", f"user.name={agent}", "-c", "user.email=agent@maestro.invalid"]
        for args in (["add", "-A"], [*who, "commit", "-q", "-m", message]):
            subprocess.run(["git", *args], stdin=subprocess.DEVNULL, check=False)

    # -- output ------------------------------------------------------------------------------------

    def _summary(self) -> str:
        names = "\n".join(f"- `{p}`" for p in dict.fromkeys(self._written)) or "- none"
        return f"# {self._spec['title']}\n\n## Files\n{names}\n"

    def _write_marker(self, text: str) -> None:
        self._marker_done = True
        path = self._inside(str(self._spec["marker"]))
        self._tool("Write", {"file_path": path})
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)

    def _load(self, path: str) -> str:
        with open(path, encoding="utf-8", newline="") as file:
            return file.read()

    def _store(self, path: str, text: str) -> None:
        folder = os.path.dirname(path)
        if folder:
            os.makedirs(folder, exist_ok=True)
        with open(path, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        self._written.append(path)

    def _tool(self, name: str, value: dict[str, str]) -> None:
        self._assistant([{"type": "tool_use", "name": name, "input": value}])

    def _assistant(self, content: list[dict[str, Any]]) -> None:
        message: dict[str, Any] = {"id": "rehearsal", "content": content}
        if any(self._usage.values()):
            message["usage"] = dict(self._usage)
        self._line({"type": "assistant", "message": message})

    def _result(self, text: str) -> None:
        line: dict[str, Any] = {
            "type": "result",
            "subtype": "success",
            "is_error": False,
            "result": text,
        }
        if any(self._usage.values()):
            line["usage"] = dict(self._usage)
        if self._cost:
            line["total_cost_usd"] = self._cost
        self._line(line)

    def _line(self, data: dict[str, Any]) -> None:
        self._say(json.dumps(data, ensure_ascii=False))

    def _say(self, text: str) -> None:
        sys.stdout.buffer.write(text.encode("utf-8", "surrogateescape") + b"\n")
        sys.stdout.buffer.flush()


def main() -> int:
    """Carry out the attempt named by the environment."""
    folder = os.environ["MAESTRO_ATTEMPT_DIR"]
    spec = files.read_json(os.path.join(folder, files.SPEC))
    if spec is None:
        print("error: no spec.json", file=sys.stderr)
        return 1
    return Rehearsal(spec, folder).carry_out()


if __name__ == "__main__":
    sys.exit(main())
