"""Plan an instruction in a bundled home, and write the plan for a behavior tree engine.

    python examples/plan_and_export.py "put a cold apple on the desk"

Without an instruction it sets the table. Other formats are `json`, `pddl`, `py_trees` and `mermaid`.
"""

from __future__ import annotations

import sys

from planner import Planner

instruction = sys.argv[1] if len(sys.argv) > 1 else "set the table"
planner = Planner.load()
plan = planner.plan(instruction, "family_house")

print("status:", plan.status, plan.reason)
print("goal:  ", plan.goal)
for number, step in enumerate(plan.steps, start=1):
    print(f"{number:5}. {step}")
if plan.status == "verified":
    print(plan.export("bt"))
