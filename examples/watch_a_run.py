"""Carry a plan out in an environment, told of each event; somebody else is at work in the home, too.

    python examples/watch_a_run.py              # the home as rules
    python examples/watch_a_run.py physics      # a robot in PyBullet

`planner.run` takes a Gymnasium environment of ours as well: `gymnasium.make("HomePhysics-v0", home=…)`, after `reset`.
"""

from __future__ import annotations

import sys

from envs.simulation.disturbed_home import DisturbedHome
from planner import Begun, Disturbed, Done, Ended, Planner, Replanned, SymbolicHome
from planner.world_model.open_home import open_home

start = open_home("family_house")
if "physics" in sys.argv[1:]:
    from envs.simulation.physical_home import PhysicalHome

    home = DisturbedHome(PhysicalHome(start.world.scene), probability=0.3, seed=8)
else:
    home = DisturbedHome(SymbolicHome(start), probability=0.3, seed=8)

planner = Planner.load()  # the released weights
plan = planner.plan("bring a plate and a fork to the coffee table", home)
print(plan)
for event in planner.run(plan, home):
    match event:
        case Begun(number=number, of=of, subtask=subtask):
            print(f"[{number}/{of}] {subtask}: ", end="")
        case Done(step=step):
            print(step.status + (f": {step.reason}" if step.reason else ""))
        case Disturbed(what=what):
            print("disturbed:", what)
        case Replanned(plan=plan):
            print("replanning:", *plan.steps, sep="\n    ")
        case Ended(episode=episode):
            print("success:", episode.success, f"in {episode.simulated_s:.0f} s of simulated time")
