#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Put the figures of the last 'make bench' into what people read.

The table between the two marks in README.md, made of build/bench.json, and the
pictures, Documentation/*.svg. Refuses figures of a run that was not of everything.
Exit status: 0 written, 1 a figure is missing, 2 there was no run.
"""

import json
import shutil
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
BEGIN, END = "<!-- bench: begin -->\n", "<!-- bench: end -->\n"

# The lines of the table: what is compared, and the row of that name.
LINES = [
    ("allocate and free 64 bytes", "pair-64"),
    ("the same, constant size, inlined", "const-64"),
    ("a typed cache's object", "cache-64"),
    ("1000 objects, then their frees", "burst-1000"),
    ("10 000, freed in random order", "shuffled-10000"),
    ("32 in one call, by the object", "bulk-32"),
    ("4 KiB", "pair-4k"),
    ("32 KiB", "pair-32k"),
    ("a page", "page"),
    ("a request of 100 objects, in a region", "request-100"),
    ("one CPU allocates, another frees", "cross-64"),
    ("the same, and what it writes is read there", "cross-64-used"),
    ("a recorded load, 2 CPUs", "trace-tmpfs-churn-2"),
    ("the first object of a new type", "first-alloc"),
    ("giving a burst's memory back", "shrink-10000"),
    ("memory at the peak of a recorded load", "memory-tmpfs-churn-peak"),
    ("memory at the end of it", "memory-tmpfs-churn-end"),
    ("a program's 48 bytes", "user-pair-48"),
    ("a program's memory, first touch", "user-grow"),
    ("the same, in huge pages", "user-grow-huge"),
]


# From this ratio on strata is no better.
EQUAL = 0.95


class Missing(Exception):
    """A figure that the table needs."""


def kernels(found):
    """The columns: kernels without zeroing, and what each measures."""
    columns = []
    for one in found:
        column = one["kernel"], one["unit"]
        if column[0].endswith("init_on_alloc=0") and column not in columns:
            columns.append(column)
    return [column for column in columns if column[1] in ("ns", "instructions")]


def cell(found, kernel, unit, row):
    """The ratio, and what it is of; empty where it is not measured."""
    for one in found:
        same_unit = one["unit"] in (unit, "pages")
        if (one["kernel"], one["bench"]) == (kernel, row) and same_unit:
            figures = f"{number(one['strata'])} / {number(one['peer'])}"
            return f"**{one['ratio']:.2g}** ({figures})"
    return ""


def number(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def behind(found, columns):
    """A sentence that names the lines where strata is not ahead everywhere."""
    worse = {
        one["bench"]
        for one in found
        if one["kernel"] in [name for name, _ in columns]
        and one["ratio"] >= EQUAL
        and "median" not in one["unit"]
    }
    named = [words for words, row in LINES if row in worse]
    if not named:
        return ""
    return f"\nEqual or behind on one of them at least: {'; '.join(named)}.\n"


def table(found):
    """The table as Markdown, and what it says. Every line has a figure."""
    columns = kernels(found)
    if len(columns) < 3:
        raise Missing(f"kernels: {', '.join(name for name, _ in columns) or 'none'}")
    rivals = {one["bench"]: one["peer_name"] for one in found}
    heads = [f"{name.split()[0]}, {unit}" for name, unit in columns]
    lines = [
        "| | beside | " + " | ".join(heads) + " |",
        "|---|---|" + "---|" * len(heads),
    ]
    for words, row in LINES:
        cells = [cell(found, *column, row) for column in columns]
        if not any(cells):
            raise Missing(row)
        lines.append(f"| {words} | {rivals[row]} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n" + behind(found, columns)


def replace(text, made):
    """A page with the part between the marks made anew."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise Missing("the marks around the table")
    return before + begin + made + end + after


def main():
    build, readme = TOP / "build", TOP / "README.md"
    try:
        found = json.loads((build / "bench.json").read_text())
    except FileNotFoundError:
        print("publish: build/bench.json is not there; run 'make bench'", file=sys.stderr)
        return 2
    try:
        readme.write_text(replace(readme.read_text(), table(found)))
    except Missing as missing:
        print(f"publish: no figure for {missing}; run 'make bench'", file=sys.stderr)
        return 1
    for made, name in (("bench.svg", "benchmarks.svg"), ("rounding.svg", "rounding.svg")):
        shutil.copy(build / made, TOP / "Documentation" / name)
    print("README.md, Documentation/benchmarks.svg, Documentation/rounding.svg")
    return 0


if __name__ == "__main__":
    sys.exit(main())
