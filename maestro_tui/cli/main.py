"""The ``maestro`` command: its arguments, and which room answers each."""

from __future__ import annotations

import argparse
import gc
import importlib
import io
import os
import sys
from collections.abc import Sequence

from maestro_tui import __version__
from maestro_tui.cli import values
from maestro_tui.cli.exits import FAILED, INTERRUPTED, USAGE, Exit

_DESCRIPTION = """\
Turn a written plan into merged, tested code: read it, review it, run many coding agents at once in
git worktrees of their own, check what they say is done, merge in dependency order."""

_EPILOG = """\
start here:
  maestro demo                    watch a sample plan being carried out, offline
  maestro run PLAN.md             review a plan, run it, answer its questions on the screen
  maestro run PLAN.md --headless --yes --on-failure skip
                                  the same in CI

exit codes: 0 all done and merged · 1 something failed or was skipped · 2 usage or plan error ·
3 stopped waiting for a person · 130 interrupted"""


def build_parser() -> argparse.ArgumentParser:
    """The whole command line, without importing what the commands need."""
    parser = argparse.ArgumentParser(
        prog="maestro",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"maestro {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")

    run = commands.add_parser("run", help="review a plan and run it")
    run.add_argument("plan", nargs="+", help="a plan file, or several prompt files (one task each)")
    _repo(run)
    _run_options(run)
    run.add_argument("--run-id", default="", metavar="NAME", help="name the run yourself")
    run.add_argument(
        "--driver",
        choices=["auto", "claude", "acp", "api", "rehearsal", "command"],
        default=None,
        help="who does the work (default: command with --agent-command, rehearsal where a script "
        "lies beside the plan, else claude)",
    )
    run.add_argument(
        "--acp-agent",
        metavar="NAME|CMD",
        default=None,
        help="the agent of the acp driver: gemini, codex, opencode, claude, or any command that "
        "speaks the Agent Client Protocol",
    )
    run.add_argument(
        "--agent-command",
        metavar="CMD",
        default=None,
        help="the program of the command driver; no shell; the prompt comes on stdin",
    )
    run.add_argument(
        "--max-parallel",
        type=values.positive,
        metavar="N",
        default=None,
        help="agents at once (default 10)",
    )
    run.add_argument(
        "--mode",
        choices=["waves", "streaming"],
        default=None,
        help="strict waves (default), or start each task as soon as its own "
        "dependencies are merged",
    )
    run.add_argument(
        "--timeout",
        type=values.seconds,
        metavar="S",
        default=None,
        help="seconds an agent may take (default 1800)",
    )
    run.add_argument("--format", default=None, help="read the plan as this format")
    _order(run)
    _target(run, "maestro_tui.cli.run:run")

    resume = commands.add_parser("resume", help="go on with an unfinished run")
    resume.add_argument("run", nargs="?", default="", help="default: the newest unfinished one")
    _repo(resume)
    _run_options(resume)
    _target(resume, "maestro_tui.cli.run:resume")

    attach = commands.add_parser("attach", help="open the screen of a run; several may")
    attach.add_argument("run", nargs="?", default="", help="default: the newest")
    _repo(attach)
    _target(attach, "maestro_tui.cli.run:attach")

    replay = commands.add_parser("replay", help="play a run again on the screen")
    replay.add_argument("run", nargs="?", default="", help="default: the newest")
    replay.add_argument(
        "--speed",
        type=values.speed,
        metavar="N",
        default=10.0,
        help="times as fast as it was, 1 to 100 (default 10)",
    )
    _repo(replay)
    _target(replay, "maestro_tui.cli.run:replay")

    serve = commands.add_parser("serve", help="the screen of a run in a browser, on this machine")
    serve.add_argument("run", nargs="?", default="", help="default: the newest")
    serve.add_argument("--host", default="127.0.0.1", help="a loopback address (default 127.0.0.1)")
    serve.add_argument(
        "--port", type=values.positive, default=8765, metavar="N", help="default 8765"
    )
    serve.add_argument(
        "--token", default="", help="what the address must carry (default: a new one each time)"
    )
    _repo(serve)
    _target(serve, "maestro_tui.cli.serve:serve")

    plan = commands.add_parser("plan", help="show, check, export or edit a plan; runs nothing")
    plan.add_argument("action", choices=["show", "check", "export", "edit", "done"])
    plan.add_argument("file")
    plan.add_argument("task", nargs="*", help="done: the ids of the tasks to mark in the document")
    plan.add_argument("--undo", action="store_true", help="done: mark them open again")
    plan.add_argument(
        "--update",
        action="store_true",
        help="export: take what changed in the document into the exported plan, edits kept",
    )
    plan.add_argument("--format", default=None, help="read the plan as this format")
    _order(plan)
    plan.add_argument("--graph", choices=["mermaid", "dot", "text"], default="")
    plan.add_argument(
        "-o", "--output", default="", help="export: where to (default: FILE.plan.toml)"
    )
    _json(plan)
    _repo(plan)
    _target(plan, "maestro_tui.cli.plan:plan")

    _observing(commands)

    demo = commands.add_parser("demo", help="run a sample plan with rehearsed agents, offline")
    demo.add_argument("sample", nargs="?", default="document-processing")
    demo.add_argument("--dir", default="", help="where to put the scratch repository")
    demo.add_argument("--headless", action="store_true", help="no screen")
    demo.add_argument(
        "--ask",
        action="store_true",
        help="headless: do not answer the review and the delivery with yes",
    )
    _target(demo, "maestro_tui.cli.demo:demo")

    doctor = commands.add_parser("doctor", help="check this machine and repository")
    _repo(doctor)
    _json(doctor)
    _target(doctor, "maestro_tui.cli.doctor:doctor")
    return parser


def _observing(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """The commands that look at runs or say something to them."""
    status = commands.add_parser("status", help="where a run stands, and what it waits for")
    status.add_argument("run", nargs="?", default="", help="default: the newest")
    _repo(status)
    _json(status)
    _target(status, "maestro_tui.cli.runs:status")

    runs = commands.add_parser("runs", help="all runs of the repository")
    _repo(runs)
    _json(runs)
    _target(runs, "maestro_tui.cli.runs:runs")

    stop = commands.add_parser("stop", help="stop a run at a checkpoint; resume goes on later")
    stop.add_argument("run", nargs="?", default="")
    how = stop.add_mutually_exclusive_group()
    how.add_argument("--drain", action="store_true", help="let running agents finish first")
    how.add_argument("--abort", action="store_true", help="end the run for good")
    _repo(stop)
    _target(stop, "maestro_tui.cli.runs:stop")

    decide = commands.add_parser("decide", help="answer a question of a run")
    decide.add_argument("run")
    decide.add_argument("question", help="as in `maestro status`; a unique beginning is enough")
    decide.add_argument("answer")
    decide.add_argument("--text", default="", help="instructions or a reason")
    _repo(decide)
    _target(decide, "maestro_tui.cli.runs:decide")

    conflicts = commands.add_parser("conflicts", help="the conflicts a run waits with, in full")
    conflicts.add_argument("run", nargs="?", default="", help="default: the newest")
    conflicts.add_argument("task", nargs="?", default="", help="default: all that wait")
    _repo(conflicts)
    _json(conflicts)
    _target(conflicts, "maestro_tui.cli.conflicts:conflicts")
    tell = commands.add_parser("tell", help="say something to a running agent")
    tell.add_argument("run")
    tell.add_argument("task")
    tell.add_argument("words", nargs="?", default="", help="heard with its next step")
    tell.add_argument("--interrupt", action="store_true", help="end what it does now; it waits")
    tell.add_argument("--model", default="", metavar="NAME", help="go on with this model")
    what = tell.add_mutually_exclusive_group()
    what.add_argument("--pause", action="store_true", help="wait, until --resume")
    what.add_argument(
        "--resume", action="store_true", help="go on now, also from a wait for a limit"
    )
    what.add_argument("--no-waiting", action="store_true", help="fail at limits, do not wait")
    what.add_argument("--stop", action="store_true", help="end this agent; you are asked how on")
    what.add_argument("--restart", action="store_true", help="end it and start it afresh")
    _repo(tell)
    _target(tell, "maestro_tui.cli.runs:tell")

    retry = commands.add_parser("retry", help="do a task after all that was given up")
    retry.add_argument("run")
    retry.add_argument("task")
    retry.add_argument("--text", default="", help="instructions for the agent")
    _repo(retry)
    _target(retry, "maestro_tui.cli.runs:retry")

    logs = commands.add_parser("logs", help="print an agent's output")
    logs.add_argument("run")
    logs.add_argument("task")
    logs.add_argument("-f", "--follow", action="store_true", help="go on until the agent ends")
    logs.add_argument("--attempt", type=values.positive, default=0, help="default: the newest")
    only = "what the agent wrote to one of its outputs; both are shown, stderr marked on a terminal"
    logs.add_argument("--only", choices=("stdout", "stderr"), default="", help=only)
    logs.add_argument("--raw", action="store_true", help="the bytes as they are, control codes too")
    _repo(logs)
    _target(logs, "maestro_tui.cli.logs:logs")

    attempts = commands.add_parser("attempts", help="all attempts at a task, side by side")
    attempts.add_argument("run")
    attempts.add_argument("task")
    attempts.add_argument(
        "--diff",
        nargs=2,
        type=values.positive,
        metavar=("A", "B"),
        help="what attempt B did otherwise",
    )
    _repo(attempts)
    _json(attempts)
    _target(attempts, "maestro_tui.cli.attempts:attempts")

    journal = commands.add_parser("journal", help="check the journal, list copies, restore one")
    journal.add_argument("action", choices=["check", "backups", "restore"])
    journal.add_argument("name", nargs="?", default="", help="restore: which (default: newest)")
    journal.add_argument("--yes", action="store_true", help="restore: do it (default: only show)")
    _repo(journal)
    _target(journal, "maestro_tui.cli.journal:journal")

    rollback = commands.add_parser(
        "rollback", help="go back to the base, a wave's end or a task's merge; shows it first"
    )
    rollback.add_argument("run")
    rollback.add_argument(
        "to", nargs="?", default="", help="base, wave:N or task:ID (default: list them)"
    )
    rollback.add_argument("--yes", action="store_true", help="do it (default: only show)")
    _repo(rollback)
    _target(rollback, "maestro_tui.cli.rollback:rollback")

    rescue = commands.add_parser("rescue", help="work that was dropped or failed: list, restore")
    rescue.add_argument("run", nargs="?", default="", help="default: all runs")
    rescue.add_argument("--restore", default="", metavar="NAME", help="make a branch of it")
    rescue.add_argument("--branch", default="", help="its name (default: rescue/RUN/NAME)")
    _repo(rescue)
    _json(rescue)
    _target(rescue, "maestro_tui.cli.rollback:rescue")

    clean = commands.add_parser(
        "clean", help="remove what finished runs left; says why the rest stays"
    )
    clean.add_argument("--yes", action="store_true", help="do it (default: only show)")
    _repo(clean)
    _target(clean, "maestro_tui.cli.clean:clean")


def _run_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--headless", action="store_true", help="no screen: for CI")
    parser.add_argument("--yes", action="store_true", help="answer review and delivery with yes")
    parser.add_argument("--on-failure", choices=["ask", "retry", "skip", "abort"], default=None)
    parser.add_argument(
        "--on-gate-failure", choices=["ask", "retry", "rollback", "accept", "abort"], default=None
    )
    parser.add_argument("--on-conflict", choices=["ask", "skip", "abort"], default=None)
    parser.add_argument(
        "--permission-policy",
        choices=["ask", "allow", "deny"],
        default=None,
        help="agents' requests; a headless run with ask denies and says so",
    )
    parser.add_argument(
        "--deliver",
        choices=["merge", "none"],
        default=None,
        help="merge into the base branch at the end, or leave the work on its branch",
    )
    parser.add_argument(
        "--mark-done",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="the delivery's last commit marks merged tasks done in the plan, where that is a "
        "tracked file without local changes and has boxes or statuses (default: yes)",
    )
    parser.add_argument(
        "--retries",
        type=values.count,
        metavar="N",
        default=None,
        help="automatic attempts under --on-failure retry (default 2)",
    )
    parser.add_argument(
        "--retry-delay",
        type=values.seconds,
        metavar="S",
        default=None,
        help="before the first automatic attempt, doubled each time (default 10)",
    )
    for name, what in (("budget", "the run"), ("wave-budget", "each wave"),
                       ("agent-budget", "each agent's attempt")):  # fmt: skip
        parser.add_argument(
            f"--{name}",
            type=values.dollars,
            metavar="USD",
            default=None,
            help=f"what {what} may cost: told at 80 %%, asked at 100 %% (default: no limit)",
        )
    parser.add_argument(
        "--on-budget",
        choices=["ask", "stop", "continue"],
        default=None,
        help="at such a limit; ask and stop end a headless run with exit code 3",
    )
    _json(parser)


def _repo(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--repo", default=".", metavar="DIR", help="the repository (default: here)")


def _order(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--order",
        choices=["convention", "strict", "explicit"],
        default="",
        help="what counts where the plan states no order: its format's custom, one by one, nothing",
    )


def _json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="for programs")


def _target(parser: argparse.ArgumentParser, target: str) -> None:
    parser.set_defaults(target=target)


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; its exit code. Messages for people go to standard error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # No name of a file and no locale may end a run for want of a character.
            stream.reconfigure(errors="backslashreplace")
    gc.disable()  # starting makes much and frees nothing; whoever stays for long turns it on
    parser = build_parser()
    arguments = parser.parse_args(argv)
    if not arguments.command:
        parser.print_help()
        return USAGE
    module, _, name = arguments.target.partition(":")
    try:
        return int(getattr(importlib.import_module(module), name)(arguments))
    except Exit as end:
        if str(end):
            print(f"maestro: {end}", file=sys.stderr)
        return end.code
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # `maestro logs … | head`: the reader has seen enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        from maestro_tui.engine.journal import JournalError  # only here: it costs start-up time

        if not isinstance(error, JournalError):
            raise
        print(f"maestro: {error}", file=sys.stderr)
        return FAILED


if __name__ == "__main__":
    sys.exit(main())
