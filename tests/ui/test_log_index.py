"""Where lines begin, in files that grow, shrink, are replaced, or are very long."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from maestro_tui.ui.widgets import log_index
from maestro_tui.ui.widgets.log_index import LogIndex


def all_lines(index: LogIndex) -> list[bytes]:
    return [index.read_line(n) for n in range(index.line_count)]


def caught_up(index: LogIndex) -> LogIndex:
    index.grow(1)
    while index.behind:
        index.grow(1)
    return index


def test_missing_file_has_no_lines_and_is_found_later(tmp_path: Path) -> None:
    index = LogIndex(tmp_path / "none.log")
    assert index.grow() == (False, 0, False)
    assert index.line_count == 0
    assert index.read_line(0) == b""
    (tmp_path / "none.log").write_bytes(b"one\n")
    assert index.grow().changed
    assert all_lines(index) == [b"one"]


def test_a_folder_or_a_pipe_is_no_log(tmp_path: Path) -> None:
    index = LogIndex(tmp_path)
    assert not index.grow().changed
    assert index.line_count == 0


def test_growth_takes_in_only_what_is_new(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(b"one\ntwo\nthr")
    index = LogIndex(path)
    index.grow()
    assert all_lines(index) == [b"one", b"two", b"thr"]
    assert index.partial
    with path.open("ab") as file:
        file.write(b"ee\n\n")
    assert index.grow() == (True, 0, False)
    assert all_lines(index) == [b"one", b"two", b"three", b""]
    assert not index.partial
    assert not index.grow().changed


@pytest.mark.parametrize("new", [b"x\n", b"replaced by something longer\nthan before\n"])
def test_a_replaced_or_cut_file_starts_anew(tmp_path: Path, new: bytes) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(b"one\ntwo\n")
    index = LogIndex(path)
    index.grow()
    path.write_bytes(new)  # the same inode, cut and written again
    assert index.grow().reset
    assert all_lines(index) == new.splitlines()
    other = tmp_path / "b.log"
    other.write_bytes(b"1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n13\n14\n15\n16\n17\n18\n19\n20\n")
    other.rename(path)
    assert index.grow().reset
    assert index.line_count == 20
    path.unlink()
    assert index.grow().reset
    assert index.line_count == 0


def test_reading_is_limited_and_offsets_map_back(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(b"a" * 1_000_000 + b"\nend\n")
    index = caught_up(LogIndex(path))
    assert len(index.read_line(0, 100)) == 100
    assert index.length_of(0) == 1_000_000
    assert index.line_at(999_999) == 0
    assert index.line_at(index.start_of(1)) == 1
    assert index.line_at(10**9) == 1


@pytest.mark.parametrize("seed", range(12))
def test_tail_first_ends_where_a_plain_read_does(
    tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = random.Random(seed)
    monkeypatch.setattr(log_index, "CHUNK", 64)
    monkeypatch.setattr(log_index, "TAIL", 128)
    lengths = [0, 1, 5, 63, 64, 200] if seed % 2 else [3, 500]
    data = b"".join(
        bytes([65 + n % 26]) * rng.choice(lengths) + b"\n" for n in range(rng.randint(1, 60))
    )
    data += rng.choice([b"", b"partial"])
    path = tmp_path / "a.log"
    path.write_bytes(data)
    index = LogIndex(path)
    index.grow(1)
    known = all_lines(index)
    first = known[0] if known else b""
    assert data.rstrip(b"\n").endswith(first.strip()) or first in data
    shifted = 0
    for n in range(200):
        if n == 3:
            more = b"later\n"
            data += more
            with path.open("ab") as file:
                file.write(more)
        before = all_lines(index)
        growth = index.grow(rng.randint(1, 3))
        shifted += growth.before
        if growth.before:
            now = all_lines(index)
            kept = before[1:]  # the first known one may have been a piece of a line
            assert now[growth.before + 1 : growth.before + 1 + len(kept)][:-1] == kept[:-1]
        if n > 3 and not index.behind:
            break
    assert index.complete
    expected = data.split(b"\n")
    assert all_lines(index) == (expected[:-1] if expected[-1] == b"" else expected)


def test_a_million_lines_take_eight_bytes_each(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(b"line\n" * 1_000_000)
    index = caught_up(LogIndex(path))
    assert index.line_count == 1_000_000
    assert index.read_line(999_999) == b"line"
    assert index._starts.buffer_info()[1] * index._starts.itemsize < 10_000_000
