# SPDX-License-Identifier: GPL-2.0-only
"""What several processors at once cost each other: results, and a table of them.

Of time only the ratio is shown: the machine may have fewer processors than the guest,
and each is emulated. What is counted for each operation does not depend on that.
"""

import re

import report

# What is counted, as (unit, its name in blocks.Executed).
COUNTS = [
    ("instructions", "instructions"),
    ("locks taken", "locks"),
    ("locks waited for", "waits"),
    ("locked instructions", "locked"),
]
WITH = re.compile(r"(?P<kernel>.*) with (?P<n>\d+) CPUs?$")


def label(release, n):
    """What kernel and shape a result is of."""
    return f"{release} with {n} CPU{'s' if n != 1 else ''}"


def results(kernel, rows, executed):
    """All that was counted of rows, for each operation."""
    found = []
    for unit, name in COUNTS:
        for row in rows:
            strata, rival = executed[row.name, "strata"], executed[row.name, "rival"]
            if not strata.instructions or not rival.instructions:
                raise report.Wrong(f"{row.name}: nothing was counted")
            sides = getattr(strata, name), getattr(rival, name)
            found.append(report.Result(kernel, row, unit, *sides, None))
    return found


def number(value):
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 1 else f"{value:.4f}"


def cell(one):
    if one.unit == "ns":
        return f"{one.ratio:.3f}"
    return f"{number(one.strata)} / {number(one.rival)}"


def line(name, unit, cells):
    return f"  {name:14} {unit:20} " + " ".join(f"{text:>17}" for text in cells).rstrip()


def table(found):
    """The results with the numbers of processors side by side."""
    cells, lines = {}, []
    for one in found:
        match = WITH.match(one.kernel)
        key = match["kernel"], one.row.name, one.unit
        cells.setdefault(key, {})[int(match["n"])] = cell(one)
    for kernel in dict.fromkeys(key[0] for key in cells):
        mine = {key[1:]: row for key, row in cells.items() if key[0] == kernel}
        heads = sorted({n for row in mine.values() for n in row})
        lines += ["", f"{kernel}: of an operation, strata / rival; of ns the ratio"]
        lines.append(line("row", "CPUs", [str(n) for n in heads]))
        lines += [
            line(name, unit, [row.get(n, "") for n in heads])
            for (name, unit), row in sorted(mine.items(), key=lambda one: one[0][0])
        ]
    return "\n".join(lines) + "\n" if lines else ""
