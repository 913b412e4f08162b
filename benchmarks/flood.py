"""Appends coloured lines to logs at a steady rate, each with the moment it was written.

A program of its own, so that writing takes no time from who measures. Run: python
benchmarks/flood.py RATE FILE...
"""

from __future__ import annotations

import os
import re
import sys
import time

STAMP = re.compile(r"@(\d{16})@")  # microseconds of the monotonic clock
_BLANK = b"@0000000000000000@"
_BATCHES = 100  # a second, of a log that is written fast
_WORDS = [b"merge", b"session", b"index", b"parser", b"quota", b"ledger", b"upload", b"retry"]


def line(number: int) -> bytes:
    """A line as a test runner prints it, unlike the one above."""
    one, other = _WORDS[number % 8], _WORDS[number // 8 % 8]
    more = b" and %s" % _WORDS[number // 64 % 8] * (number % 4)
    return (
        b"%s \x1b[32mPASSED\x1b[0m tests/test_%s.py::\x1b[1mtest_%s_round_trip\x1b[0m[%06d]"
        b" \x1b[36min 0.01 s\x1b[0m%s\n" % (_BLANK, one, other, number, more)
    )


def stamped(lines: bytes) -> bytes:
    """The lines, written now."""
    return lines.replace(_BLANK, b"@%016d@" % (time.monotonic_ns() // 1000))


def main() -> None:
    """Write until killed."""
    if len(sys.argv) < 3:
        print("writes into the logs that another benchmark names: flood.py RATE FILE...")
        return
    rate = int(sys.argv[1])
    files = [os.open(name, os.O_WRONLY | os.O_APPEND | os.O_CREAT) for name in sys.argv[2:]]
    batch = max(1, rate // _BATCHES)
    pieces = [b"".join(line(n * batch + m) for m in range(batch)) for n in range(64)]
    begun, number = time.monotonic(), 0
    while True:
        piece = pieces[number % len(pieces)]
        for file in files:
            os.write(file, stamped(piece))
        number += 1
        time.sleep(max(0.0, begun + number * batch / rate - time.monotonic()))


if __name__ == "__main__":
    main()
