"""What the machine has left, for whoever looks: processor, memory, disk and the agents' share."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import psutil

from maestro_tui.ui.formatting import plural
from maestro_tui.ui.widgets.log_text import file_size

Meter = tuple[str, float, str]  # name, share from 0 to 1, words


def meters(folder: Path, pids: Iterable[int]) -> tuple[Meter, ...]:
    """One look; the processor's figure is since the last one."""
    memory = psutil.virtual_memory()
    cores = plural(psutil.cpu_count() or 1, "core")
    found: list[Meter] = [
        ("processor", psutil.cpu_percent(interval=None) / 100, cores),
        ("memory", memory.percent / 100, f"{file_size(memory.available)} free"),
    ]
    try:
        disk = psutil.disk_usage(str(folder))
        found.append(("disk", disk.percent / 100, f"{file_size(disk.free)} free"))
    except OSError:
        pass  # a folder that is gone has no disk
    used, count = _resident(pids)
    if count:
        processes = "1 process" if count == 1 else f"{count} processes"
        words = f"{file_size(used)} in {processes}"
        found.append(("agents", used / max(1, memory.total), words))
    return tuple(found)


def _resident(pids: Iterable[int]) -> tuple[int, int]:
    """Memory of the agents' runners and all they started."""
    total = count = 0
    for pid in pids:
        try:
            process = psutil.Process(pid)
            family = [process, *process.children(recursive=True)]
        except psutil.Error:
            continue
        for member in family:
            try:
                total += member.memory_info().rss
                count += 1
            except psutil.Error:
                continue
    return total, count
