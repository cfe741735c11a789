# SPDX-License-Identifier: GPL-2.0-only
"""Run rows in user-mode Linux and see where its time goes, with perf's clock.

There a kernel is a process, so perf on this machine samples it like any other, with
the CPU clock where there are no counters. What perf does not know, the modules, is
looked up in the guest's own table of symbols.
"""

import base64
import bisect
import gzip
import os
import subprocess
from collections import Counter
from pathlib import Path

import report

TOP = Path(__file__).resolve().parents[2]

# Long enough for some thousand samples of a row.
ENV = {"BENCH_ROUNDS": "64", "BENCH_ROUND_US": "30000", "CPUS": "2"}
PER_SECOND = "5000"


def symbols(text):
    """The guest's functions as sorted addresses, and their names."""
    packed = "".join(
        line.split()[2] for line in text.splitlines() if line.strip().startswith("# symbols ")
    )
    table = []
    for line in gzip.decompress(base64.b64decode(packed)).decode().splitlines():
        address, _, name, *module = line.split()
        table.append((int(address, 16), " ".join([name, *module])))
    table.sort()
    return [address for address, _ in table], [name for _, name in table]


def functions(samples, text):
    """How often each function was met, in the process that is the kernel."""
    addresses, names = symbols(text)
    met = Counter()
    for line in samples.splitlines():
        command, address = line.split()[:2]
        place = bisect.bisect_right(addresses, int(address, 16)) - 1
        if command == "linux" and 0 <= place < len(addresses) - 1:
            met[names[place]] += 1
    return met


def run(kernel, row):
    """The exit status, the kernel's name, what was met, and (strata, rival) in ns."""
    data = TOP / "build/bench/perf.data"
    data.parent.mkdir(parents=True, exist_ok=True)
    env = {**os.environ, **ENV, "APPEND": "init_on_alloc=0", "BENCH_ROWS": row}
    env.update(RUN_NAME="profile-ns", BENCH_SYMBOLS="1")
    perf = ["perf", "record", "-q", "-e", "cpu-clock", "-F", PER_SECOND, "-o", data, "--"]
    status = subprocess.run(
        [*perf, TOP / "tools/vm/run", "bench", kernel], env=env, check=False
    ).returncode
    logs = sorted(
        (TOP / "build/log").glob("bench-*-profile-ns/report.ktap"),
        key=lambda path: path.stat().st_mtime,
    )
    if status or not logs:
        return status or 2, "", Counter(), (0, 0)
    text = logs[-1].read_text(errors="replace")
    release = text.split("# bench on ", 1)[1].split()[0]
    script = ["perf", "script", "-i", data, "-F", "comm,ip"]
    samples = subprocess.run(script, check=True, capture_output=True, text=True).stdout
    measured = report.read_measured(text)
    both = tuple(sum(measured[row, s]) / len(measured[row, s]) for s in ("strata", "rival"))
    return 0, release, functions(samples, text), both
