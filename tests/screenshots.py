"""Makes the pictures of the README: the real screen on real runs of the sample plans.

``make screenshots``; writes ``docs/*.svg``.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from maestro_tui.cli.demo import unpack
from maestro_tui.cli.main import build_parser
from maestro_tui.cli.opening import Opening, open_run
from maestro_tui.config.paths import data_dir
from maestro_tui.config.themes import load_themes
from maestro_tui.core.state import RunState
from maestro_tui.engine.client import RunClient
from maestro_tui.engine.create import create_run
from maestro_tui.ui.app import MaestroApp
from maestro_tui.ui.screens.review import ReviewScreen
from maestro_tui.ui.screens.source_lines import lines_of

DOCS = Path(__file__).resolve().parents[1] / "docs"
SIZE = (120, 34)


def open_sample(name: str, folder: Path) -> Opening:
    """A sample, read as ``maestro run`` would."""
    plan = unpack(name, folder)
    words = ["run", f"plans/{plan.name}", "--repo", str(folder), "--driver", "rehearsal", "--yes"]
    os.chdir(folder)
    return open_run(build_parser().parse_args(words))


def start(opening: Opening, run: str) -> RunClient:
    """The run, with an engine at work."""
    client = RunClient(
        opening.base.root,
        create_run(opening.base, opening.strategy, opening.options, run=run, script=opening.script),
    )
    client.start_engine()
    return client


async def picture(
    app: MaestroApp, name: str, when: Callable[[], bool], then: tuple[str, ...] = ()
) -> None:
    """Save the screen once ``when`` holds."""
    async with app.run_test(size=SIZE) as pilot:
        deadline = time.monotonic() + 60
        while not when() and time.monotonic() < deadline:
            await pilot.pause(0.1)
        for key in then:
            await pilot.press(key)
        await pilot.pause(0.6)
        (DOCS / f"{name}.svg").write_text(app.export_screenshot(title="maestro"))


async def main() -> None:
    """All pictures."""
    DOCS.mkdir(exist_ok=True)
    themes, _ = load_themes([data_dir("themes")])
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    here = Path.cwd()

    def app(source: RunClient | None, review: ReviewScreen | None = None) -> MaestroApp:
        return MaestroApp(source, review=review, theme="maestro-dark", theme_specs=themes)

    with tempfile.TemporaryDirectory(prefix="maestro-pictures-") as scratch:
        opening = open_sample("document-processing", Path(scratch) / "paperwork")
        review = ReviewScreen(opening.strategy, driver="rehearsal", source=lines_of)
        await picture(app(None, review), "review", lambda: True)
        client = start(opening, "paperwork")

        def second_wave(state: RunState) -> bool:
            attempt = state.tasks["2C"].attempt
            return attempt is not None and attempt.tools >= 2

        await picture(app(client), "board", lambda: second_wave(client.state))
        await picture(app(client), "summary", lambda: client.state.ended)
        trouble = start(open_sample("trouble", Path(scratch) / "till"), "till")
        await picture(app(trouble), "question", lambda: len(trouble.state.questions) >= 3)
        trouble.stop("abort")
        while trouble.engine_alive():
            await asyncio.sleep(0.1)
        os.chdir(here)


if __name__ == "__main__":
    asyncio.run(main())
