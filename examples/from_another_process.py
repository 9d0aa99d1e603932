"""Drive the planner from any program: a line in, a line of JSON out. Here with a home of one's own.

    python examples/from_another_process.py

A program in another language does the same: start the command once, write an instruction and a newline, read a line.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

HOME = """\
name: workshop
rooms:
  kitchen:
    - countertop
    - cabinet
    - sink
  living room:
    - desk
objects:
  cabinet: [mug, dirty plate]
  desk: [pencil, laptop]
"""

with tempfile.TemporaryDirectory() as folder:
    file = Path(folder) / "workshop.yaml"
    file.write_text(HOME, encoding="utf-8")
    command = [sys.executable, "-m", "planner.plan", "--interactive", "--json", "--home", str(file)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as planner:
        assert planner.stdin is not None and planner.stdout is not None
        for instruction in ("bring the mug to the desk", "fetch the teddy bear", "put the clean plate on the counter"):
            print(instruction, file=planner.stdin, flush=True)
            answer = json.loads(planner.stdout.readline())
            print(f"{instruction}: {answer['status']}", *answer["plan"] or [answer["reason"]], sep="\n    ")
        planner.stdin.close()
