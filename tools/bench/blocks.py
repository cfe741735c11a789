# SPDX-License-Identifier: GPL-2.0-only
"""What was executed in the measured rounds, by function.

Knows the plugin of QEMU beside this file, and the guest's list of its symbols, which a
run with BENCH_SYMBOLS=1 has in its report. Every instruction between the marks of a
round counts, those of interrupts that came in there, too.
"""

import base64
import bisect
import collections
import gzip
import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import report

HERE = Path(__file__).resolve().parent
CASE = re.compile(r"    (?:not )?ok \d+ (\S+)$")
SYMBOLS = "    # symbols "

# Functions that take a lock, each of which counts once when it is entered. What is
# waited for is entered besides.
TAKES_LOCK = re.compile(r"_raw_(spin|read|write)_(try)?lock")
WAITS = re.compile(r"(native|__pv)_queued_spin_lock_slowpath$|queued_(read|write)_lock_slowpath$")


@dataclass
class Executed:
    """Of one side of a row, for each operation."""

    instructions: float = 0.0
    locks: float = 0.0
    waits: float = 0.0
    locked: float = 0.0
    functions: collections.Counter = field(default_factory=collections.Counter)


def build(out):
    """Compile the plugin."""
    plugin = out / "profile.so"
    out.mkdir(parents=True, exist_ok=True)
    command = ["gcc", "-O2", "-Wall", "-shared", "-fPIC", "-fvisibility=hidden"]
    subprocess.run([*command, "-o", plugin, HERE / "profile.c"], check=True)
    return plugin


class Symbols:
    """Functions by their addresses."""

    def __init__(self, lines):
        found = {}
        for line in lines:
            address, _, name, *module = line.split()
            # Of several names for an address the first, unless it is a mere mark.
            if int(address, 16) not in found or found[int(address, 16)].startswith("__pfx_"):
                found[int(address, 16)] = " ".join([name, *module])
        self.addresses = sorted(found)
        self.names = [found[address] for address in self.addresses]

    def at(self, address):
        """The function at an address, and whether it begins there."""
        i = bisect.bisect_right(self.addresses, address) - 1
        if i < 0:
            return f"{address:x}", False
        return self.names[i], self.addresses[i] == address


def read_symbols(text):
    """The guest's symbols out of its report."""
    packed = "".join(
        line[len(SYMBOLS) :].strip() for line in text.splitlines() if line.startswith(SYMBOLS)
    )
    if not packed:
        raise report.Wrong("the report has no symbols")
    return Symbols(gzip.decompress(base64.b64decode(packed)).decode().splitlines())


def operations(text):
    """How many operations all rounds of a row were, by (row, side)."""
    found = {}
    for line in text.splitlines():
        measured = report.MEASURED.match(line.rstrip())
        if measured:
            n, *rounds = (int(word) for word in measured["figures"].split())
            found[measured["row"], measured["side"]] = n * len(rounds)
    return found


def read(text, lines):
    """What was executed, by (row, side): of a report and the plugin's lines."""
    symbols, divisors = read_symbols(text), operations(text)
    rows = [match[1] for match in map(CASE.match, text.splitlines()) if match]
    executed = collections.defaultdict(Executed)
    for line in lines:
        words = line.split()
        row, side = rows[int(words[0])], ("strata", "rival")[int(words[1])]
        if (row, side) not in divisors:
            continue
        address, size = int(words[2], 16), int(words[3])
        times = int(words[4]) / divisors[row, side]
        name, entered = symbols.at(address)
        one = executed[row, side]
        one.instructions += size * times
        one.functions[name] += size * times
        one.locked += int(words[5]) * times
        if entered:
            one.locks += times if TAKES_LOCK.match(name) else 0
            one.waits += times if WAITS.match(name) else 0
    return executed
