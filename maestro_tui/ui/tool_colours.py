"""The sixteen colours tools write with, as they are shown where the terminal's own are not.

Textual's stand-ins have yellow and white words on white, grey ones on black, and purple for blue.
These can be read on every ground of the themes that come along.
"""

from __future__ import annotations

from rich.terminal_theme import TerminalTheme

# Black, red, green, yellow, blue, magenta, cyan, white; then the same, bright.
ON_DARK = TerminalTheme(
    (20, 22, 31),
    (213, 217, 230),
    [
        (26, 26, 26), (242, 120, 123), (143, 206, 122), (229, 181, 103),
        (150, 182, 255), (195, 154, 224), (95, 201, 201), (213, 217, 230),
    ],
    [
        (178, 182, 202), (255, 150, 150), (175, 230, 155), (245, 210, 140),
        (180, 205, 255), (220, 185, 245), (140, 225, 225), (255, 255, 255),
    ],
)  # fmt: skip
ON_LIGHT = TerminalTheme(
    (250, 250, 247),
    (34, 37, 47),
    [
        (0, 0, 0), (163, 53, 47), (42, 104, 25), (120, 85, 0),
        (46, 86, 179), (122, 62, 157), (0, 99, 122), (84, 88, 96),
    ],
    [
        (87, 91, 103), (175, 36, 36), (40, 104, 19), (131, 79, 0),
        (0, 91, 168), (153, 37, 153), (0, 100, 115), (48, 51, 58),
    ],
)  # fmt: skip
