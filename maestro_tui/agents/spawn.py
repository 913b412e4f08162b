"""Starts a program as an agent: a session of its own, no shell, death with its runner.

``subprocess`` would do, but importing it takes as long as the rest of a runner's start.
"""

from __future__ import annotations

import errno
import os
import signal

from maestro_tui.agents import processes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

_F_SETPIPE_SZ = 1031
_PIPE = 1 << 18  # a flooding agent is not slowed down by a small pipe


class SpawnError(Exception):
    """The program could not be started; the message says why and what to do."""


class Spawned:
    """A started agent: its process, and our ends of the pipes to and from it; -1 for none."""

    def __init__(self, pid: int, output: int, errors: int = -1, input: int = -1) -> None:
        self.pid, self.output, self.errors, self.input = pid, output, errors, input


def spawn(argv: list[str], cwd: str, env: dict[str, str], prompt: str) -> Spawned:
    """Start ``argv`` in ``cwd`` with the file ``prompt`` as its input.

    The input is the file itself, not a pipe, so that it can be of any size and need not be read.
    Output and errors have a pipe each, so that they can be told apart.
    """
    if not argv or not argv[0]:
        raise SpawnError("There is no agent command; set one with --agent-command")
    try:
        source = os.open(prompt or os.devnull, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        why = f"Cannot read the prompt {prompt}: {error.strerror}; start a new attempt"
        raise SpawnError(why) from error
    errors, sink = os.pipe()
    try:
        agent = _start(argv, cwd, env, source, sink)
    except BaseException:
        os.close(errors)
        raise
    agent.errors = _readable(errors)
    return agent


def spawn_talking(argv: list[str], cwd: str, env: dict[str, str], errors: str) -> Spawned:
    """Start ``argv`` in ``cwd`` with pipes both ways; what it says on stderr goes to a file.

    Apart from the output, since a line of an error in the midst of a line of a protocol breaks
    both.
    """
    source, input_end = os.pipe()
    aside = os.open(errors, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        agent = _start(argv, cwd, env, source, aside)
    except BaseException:
        os.close(input_end)
        raise
    os.set_blocking(input_end, False)
    agent.input = input_end
    return agent


def _start(argv: list[str], cwd: str, env: dict[str, str], source: int, errors: int) -> Spawned:
    output, sink = os.pipe()
    report, failure = os.pipe()
    tie = processes.tie_to_parent()
    pid = os.fork()
    if pid == 0:
        _become(argv, cwd, env, (source, sink, errors, failure), tie)
    for fd in (source, sink, errors, failure):
        os.close(fd)
    said = os.read(report, 64)  # empty: exec closed the other end
    os.close(report)
    if said:
        os.close(output)
        os.waitpid(pid, 0)
        stage, _, number = said.decode().partition(" ")
        raise SpawnError(_explain(argv[0], cwd, stage, int(number)))
    return Spawned(pid, _readable(output))


def _become(
    argv: list[str], cwd: str, env: dict[str, str], fds: tuple[int, int, int, int], tie: object
) -> NoReturn:
    """In the child: turn into the program, or tell the parent why not."""
    source, sink, errors, failure = fds
    stage = "start"
    try:
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGHUP, signal.SIGPIPE, signal.SIGXFSZ):
            signal.signal(number, signal.SIG_DFL)  # what we ignore would stay ignored
        os.setsid()
        tie()  # type: ignore[operator]
        os.dup2(source, 0)
        os.dup2(sink, 1)
        os.dup2(errors, 2)
        stage = "folder"
        os.chdir(cwd)
        stage = "program"
        os.execvpe(argv[0], argv, env)
    except OSError as error:
        os.write(failure, f"{stage} {error.errno or 0}".encode())
    except BaseException:
        os.write(failure, b"start 0")
    finally:
        os._exit(127)


def _explain(program: str, cwd: str, stage: str, number: int) -> str:
    why = os.strerror(number) if number else "unknown reason"
    if stage == "folder":
        return f"Cannot enter the worktree {cwd}: {why}; start a new attempt"
    if stage == "program" and number == errno.ENOENT:
        return (
            f"Cannot find the agent program {program}, or what its first line names; install it "
            "or put its full path in the agent command"
        )
    if stage == "program" and number in (errno.EACCES, errno.EPERM):
        return f"The agent program {program} is not executable; chmod +x it or name another"
    if stage == "program" and number == errno.ENOEXEC:
        return f"The agent program {program} is no program; give it a first line such as #!/bin/sh"
    if stage == "program" and number == errno.E2BIG:
        return f"Cannot start {program}: arguments and environment are too long; shorten them"
    return f"Cannot start the agent program {program}: {why}; check the agent command"


def _readable(pipe: int) -> int:
    """Our end of a pipe: as large as may be, and read without waiting."""
    import fcntl

    os.set_blocking(pipe, False)

    if processes.LINUX:
        try:
            fcntl.fcntl(pipe, _F_SETPIPE_SZ, _PIPE)
        except OSError:
            pass  # a user's share of pipe memory is limited
    return pipe
