# SPDX-License-Identifier: GPL-2.0-only
"""Run rows in a guest and count what they execute there, with the plugin."""

import os
import subprocess
from pathlib import Path

import blocks

TOP = Path(__file__).resolve().parents[2]


def run(leg, kernel, env, names):
    """The exit status, the kernel's name and what was executed, by (row, side)."""
    build = TOP / "build/bench"
    plugin, out = blocks.build(build), build / f"{leg}.blocks"
    env = {**os.environ, **env, "RUN_NAME": leg, "BENCH_SYMBOLS": "1"}
    env["BENCH_ROWS"] = " ".join(sorted(names))
    env["PLUGIN"] = f"{plugin},out={out}"
    status = subprocess.run(
        [TOP / "tools/vm/run", "bench", kernel], env=env, check=False
    ).returncode
    logs = sorted(
        (TOP / "build/log").glob(f"bench-*-{leg}/report.ktap"),
        key=lambda path: path.stat().st_mtime,
    )
    if status or not logs:
        return status or 2, "", {}
    text = logs[-1].read_text(errors="replace")
    release = text.split("# bench on ", 1)[1].split()[0]
    return 0, release, blocks.read(text, out.read_text().splitlines())
