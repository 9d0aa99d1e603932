"""From a household instruction to a short plan that is verified before it is shown.

    from planner import Planner

    planner = Planner.load()
    plan = planner.plan("set the table", "family_house")
    print(plan.status, plan.goal, plan.steps)
    print(plan.export("mermaid"))

`python -m planner.plan "set the table"` is the quickest start. Importing this package imports nothing else: each name
below is loaded on first use, and torch and the physics engine only where they are needed.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

__all__ = [
    "Begun",
    "Belief",
    "Disturbed",
    "Done",
    "Ended",
    "Episode",
    "Event",
    "Looked",
    "Looking",
    "Missed",
    "Options",
    "Plan",
    "Planner",
    "PlannerError",
    "Replanned",
    "Search",
    "SymbolicHome",
    "Waiting",
    "keep",
    "know",
]
__version__ = "0.1.0"

_WHERE = {
    "planner.plans.options": ("Options",),
    "planner.plans.planning_result": ("Plan",),
    "planner.api": ("Planner",),
    "planner.execution.events": (
        "Begun", "Disturbed", "Done", "Ended", "Episode", "Event", "Looked", "Looking", "Missed", "Replanned", "Search",
        "Waiting",
    ),
    "planner.errors": ("PlannerError",),
    "envs.simulation.symbolic_home": ("SymbolicHome",),
    "planner.world_model.belief": ("Belief",),
    "planner.world_model.memory": ("keep", "know"),
}  # fmt: skip
_MODULE = {name: module for module, names in _WHERE.items() for name in names}

if TYPE_CHECKING:
    from envs.simulation.symbolic_home import SymbolicHome
    from planner.api import Planner
    from planner.errors import PlannerError
    from planner.execution.events import (
        Begun,
        Disturbed,
        Done,
        Ended,
        Episode,
        Event,
        Looked,
        Looking,
        Missed,
        Replanned,
        Search,
        Waiting,
    )  # fmt: skip
    from planner.plans.options import Options
    from planner.plans.planning_result import Plan
    from planner.world_model.belief import Belief
    from planner.world_model.memory import keep, know
else:  # hidden from type checkers, which would otherwise accept any name

    def __getattr__(name: str) -> object:
        module = _MODULE.get(name)
        if module is None:
            raise AttributeError(f"module 'planner' has no attribute {name!r}; it has {', '.join(__all__)}")
        return getattr(import_module(module), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
