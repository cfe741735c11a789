# SPDX-License-Identifier: GPL-2.0-only
"""What objects get that nobody asked for, by size, as a picture.

Of the lines "# size <bytes> <strata> <rival>" in a report: a curve for each side, of
how much of what an object occupies was not asked for.
"""

import math
import re

SIZE = re.compile(r"\s*# size (\d+) (\d+) (\d+)$")
SIDES = [("strata", "#c2410c"), ("kmalloc", "#1d4ed8")]

# Sizes to the right, logarithmic; per cent upwards.
LEFT, TOP, WIDTH, HEIGHT = 50, 60, 720, 300
LEAST, MOST, HIGHEST = 4, 1 << 20, 60
NAMES = [(8, "8 B"), (64, "64 B"), (512, "512 B"), (4096, "4 KiB"), (32768, "32 KiB")]
NAMES += [(1 << 18, "256 KiB"), (1 << 20, "1 MiB")]


def read(text):
    """(bytes asked for, bytes got of strata, of its rival) for each size."""
    found = map(SIZE.match, (line.rstrip() for line in text.splitlines()))
    return [tuple(int(word) for word in one.groups()) for one in found if one]


def across(size):
    return LEFT + WIDTH * math.log(size / LEAST) / math.log(MOST / LEAST)


def up(percent):
    return TOP + HEIGHT * (1 - min(percent, HIGHEST) / HIGHEST)


def waste(asked, got):
    return 100 * (got - asked) / got


def label(x, y, text, anchor="middle"):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{text}</text>'


def picture(sizes, kernel):
    """The curves as SVG."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDTH + 40}"'
        f' height="{TOP + HEIGHT + 40}" font-family="sans-serif" font-size="12">',
        '<rect width="100%" height="100%" fill="white"/>',
        label(LEFT, 20, f"of an object's bytes, those not asked for, on {kernel}", "start"),
    ]
    for percent in range(0, HIGHEST + 1, 10):
        y = up(percent)
        parts.append(f'<path d="M{LEFT} {y:.1f}h{WIDTH}" stroke="#ccc" fill="none"/>')
        parts.append(label(LEFT - 6, y + 4, f"{percent} %", "end"))
    for size, name in NAMES:
        x = across(size)
        parts.append(f'<path d="M{x:.1f} {TOP}v{HEIGHT}" stroke="#ccc" fill="none"/>')
        parts.append(label(x, TOP + HEIGHT + 18, name))
    for i, (name, colour) in enumerate(SIDES):
        average = sum(waste(one[0], one[1 + i]) for one in sizes) / len(sizes)
        line = " ".join(
            f"{across(one[0]):.1f},{up(waste(one[0], one[1 + i])):.1f}" for one in sizes
        )
        parts.append(
            f'<polyline points="{line}" stroke="{colour}" fill="none" stroke-width="1.2"/>'
        )
        x = LEFT + 260 * i
        parts.append(f'<path d="M{x} 40h20" stroke="{colour}" stroke-width="3"/>')
        parts.append(label(x + 26, 44, f"{name}: {average:.1f} % on average", "start"))
    return "\n".join([*parts, "</svg>"]) + "\n"
