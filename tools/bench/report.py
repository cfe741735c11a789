# SPDX-License-Identifier: GPL-2.0-only
"""What the guest measured, as figures, a table, JSON and a picture.

Knows the rows of selftests/bench/rows and the lines that programs in the guest
print. Knows nothing about running them.
"""

import json
import math
import re
import statistics
from dataclasses import dataclass, field
from pathlib import Path

# "# <row> strata|rival <operations in a round> <figure of each round>..."
MEASURED = re.compile(r"\s*# (?P<row>\S+) (?P<side>strata|rival) (?P<figures>[\d ]+)$")


class Wrong(Exception):
    """Figures that are not there or cannot be right."""


@dataclass
class Leg:
    """One run of the guest: a kernel, how it is booted, what its clock counts."""

    name: str
    kernel: str
    column: str
    unit: str
    env: dict = field(default_factory=dict)
    group: str = "kernel"
    zeroed: bool = False


@dataclass
class Row:
    """A line of the table of rows."""

    name: str
    rival: str
    zero: str
    aims: dict

    @property
    def group(self):
        """Rows that want a guest of their own; all others are the kernel's."""
        for group in ("user", "full", "scale"):
            if re.match(rf"(memory-)?{group}\b", self.name):
                return group
        return "kernel"

    def aim(self, leg, rival):
        """The ratio aimed at, or None. One that is a figure depends on the rival's."""
        aim = self.aims[leg.column]
        if aim == "-":
            return None
        return float(aim[1:]) / rival if aim.startswith("=") else float(aim)


@dataclass
class Result:
    """A row as it came out in one leg, by one statistic of its rounds."""

    kernel: str
    row: Row
    unit: str
    strata: float
    rival: float
    aim: float

    @property
    def ratio(self):
        if not self.rival:
            return 1.0 if not self.strata else math.inf
        return self.strata / self.rival

    @property
    def verdict(self):
        if self.aim is None:
            return ""
        return "met" if self.ratio <= self.aim else "missed"

    def contract(self):
        """The form that build/bench.json promises."""
        return {
            "kernel": self.kernel,
            "bench": self.row.name,
            "unit": self.unit,
            "strata": round(self.strata, 3),
            "peer": round(self.rival, 3),
            "peer_name": self.row.rival,
            "ratio": None if math.isinf(self.ratio) else round(self.ratio, 4),
            "aim": None if self.aim is None else round(self.aim, 4),
        }


def read_rows(path):
    """The table of rows. Its last comment line names the columns."""
    rows, columns = [], []
    for line in Path(path).read_text().splitlines():
        words = line.lstrip("# ").split()
        if line.startswith("#"):
            columns = words
        elif words:
            if len(words) != len(columns):
                raise Wrong(f"{path}: {len(columns)} columns wanted: {line}")
            cells = dict(zip(columns, words))
            rows.append(
                Row(cells.pop("row"), cells.pop("rival"), cells.pop("zero"), cells)
            )
    return rows


def read_measured(text):
    """What programs printed, as {(row, side): figures of one operation}."""
    measured = {}
    for line in text.splitlines():
        found = MEASURED.match(line.rstrip())
        if not found:
            continue
        operations, *rounds = (int(word) for word in found["figures"].split())
        if not operations or not rounds:
            raise Wrong(f"no figures: {line.strip()}")
        key = found["row"], found["side"]
        if key in measured:
            raise Wrong(f"measured twice: {line.strip()}")
        measured[key] = [figure / operations for figure in rounds]
    return measured


def figure(measured, row, side, statistic):
    """One figure of a row. It is there, and above nothing."""
    rounds = measured.get((row, side))
    if not rounds:
        raise Wrong(f"{row}: nothing measured for {side}")
    # A single operation may take less than a step of the clock: such a round says nothing.
    some = [figure for figure in rounds if figure > 0]
    if not some:
        raise Wrong(f"{row}: {side} cannot have taken {statistic(rounds)}")
    return statistic(some)


def result(leg, kernel, row, measured, statistic, unit):
    """A row's result; with init_on_alloc=1 less the zeroing."""
    strata = figure(measured, row.name, "strata", statistic)
    rival = figure(measured, row.name, "rival", statistic)
    if leg.zeroed and row.zero != ".":
        strata -= figure(measured, row.zero, "strata", statistic)
        rival -= figure(measured, row.zero, "rival", statistic)
        if min(strata, rival) <= 0:
            raise Wrong(f"{row.name}: zeroing alone takes longer than all of it")
    return Result(kernel, row, unit, strata, rival, row.aim(leg, rival))


def unit_of(row, leg):
    """Rows of memory count pages, and some requests, whatever the leg measures."""
    if row.name.startswith("memory-"):
        return "pages"
    if row.name.startswith("rounding-"):
        return "bytes for each asked"
    return "requests" if row.name == "full-early" else leg.unit


def results(leg, kernel, rows, measured):
    """All rows of a leg: by their fastest rounds, and where time is measured by
    the median round, too."""
    found = [
        result(leg, kernel, row, measured, min, unit_of(row, leg)) for row in rows
    ]
    if leg.unit == "ns" and leg.group != "scale":
        found += [
            result(leg, kernel, row, measured, statistics.median, "ns, median")
            for row in rows
        ]
    return found


def number(value):
    return f"{value:,.0f}" if value >= 1000 else f"{value:.1f}" if value >= 2 else f"{value:.3f}"


def table(found):
    """The results as text, a heading for each kernel and unit."""
    lines, last = [], None
    headings = list(dict.fromkeys(f"{one.kernel}: {one.unit}" for one in found))
    for heading, one in sorted(
        ((f"{one.kernel}: {one.unit}", one) for one in found),
        key=lambda pair: headings.index(pair[0]),
    ):
        if heading != last:
            lines += ["", heading]
            lines.append(
                f"  {'row':32} {'rival':22} {'rival':>10} {'strata':>10}"
                f" {'ratio':>7} {'aim':>7}"
            )
            last = heading
        aim = "" if one.aim is None else f"{one.aim:.3f}"
        lines.append(
            f"  {one.row.name:32} {one.row.rival:22} {number(one.rival):>10}"
            f" {number(one.strata):>10} {one.ratio:7.3f} {aim:>7} {one.verdict}".rstrip()
        )
    aimed = [one for one in found if one.aim is not None]
    met = sum(one.verdict == "met" for one in aimed)
    lines += [
        "",
        f"{len(found)} results, {len(aimed)} with an aim: {met} met,"
        f" {len(aimed) - met} missed",
    ]
    return "\n".join(lines[1:]) + "\n"


def as_json(found):
    lines = [json.dumps(one.contract()) for one in found]
    return "[\n" + ",\n".join(lines) + "\n]\n"


# The picture: a line for each row, a dot for each leg, the ratio to the right.
COLOURS = ["#c2410c", "#1d4ed8", "#60a5fa", "#15803d", "#86efac"]
LEAST, MOST = 0.001, 10.0
LEFT, WIDTH, LINE = 190, 620, 18


def across(ratio):
    """Where on the scale of the picture, which is logarithmic, a ratio is."""
    ratio = min(max(ratio, LEAST), MOST)
    return LEFT + WIDTH * math.log(ratio / LEAST) / math.log(MOST / LEAST)


def label(x, y, text, extra=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" {extra}>{text}</text>'


def picture(found):
    """The ratios as SVG. Left of the line at 1 strata is ahead; a tick is an aim."""
    legs = list(dict.fromkeys(one.kernel for one in found))
    rows = list(dict.fromkeys(one.row.name for one in found))
    top = 40 + LINE * len(legs)
    bottom = top + LINE * len(rows)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDTH + 40}"'
        f' height="{bottom + 40}" font-family="sans-serif" font-size="12">',
        '<rect width="100%" height="100%" fill="white"/>',
        label(10, 20, "strata / rival: left of 1, strata takes less; a bar is the aim"),
    ]
    for i, leg in enumerate(legs):
        y = 40 + LINE * i
        colour = COLOURS[i % len(COLOURS)]
        parts.append(f'<circle cx="16" cy="{y - 4}" r="4" fill="{colour}"/>')
        parts.append(label(28, y, leg))
    for ratio in (0.001, 0.01, 0.1, 1, 10):
        x, colour = across(ratio), "#000" if ratio == 1 else "#ccc"
        parts.append(
            f'<path d="M{x:.1f} {top - 14}V{bottom}" stroke="{colour}" fill="none"/>'
        )
        parts.append(label(x, bottom + 18, f"{ratio:g}", 'text-anchor="middle"'))
    for one in found:
        if "median" in one.unit:
            continue
        leg = legs.index(one.kernel)
        colour = COLOURS[leg % len(COLOURS)]
        y = top + LINE * rows.index(one.row.name)
        if one.aim is not None:
            x = across(one.aim)
            parts.append(
                f'<path d="M{x:.1f} {y - 9}v10" stroke="{colour}" stroke-width="2"/>'
            )
        parts.append(
            f'<circle cx="{across(one.ratio):.1f}" cy="{y - 4}" r="4" fill="{colour}"'
            f' fill-opacity="0.8"><title>{one.row.name}: {one.ratio:.3f}</title></circle>'
        )
    parts += [label(10, top + LINE * i, name) for i, name in enumerate(rows)]
    return "\n".join([*parts, "</svg>"]) + "\n"
