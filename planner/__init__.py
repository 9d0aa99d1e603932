"""From a household instruction to a short plan that was checked before it is shown.

    from planner import Planner

    planner = Planner.load()
    plan = planner.plan("set the table", "family_house")
    print(plan.status, plan.goal, plan.steps)
    print(plan.export("mermaid"))

`python -m planner.plan "set the table"` is the shortest way in. Importing this package imports nothing else: each name
below is loaded when it is first used, and torch and the physics engine only where they are needed.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from planner.answer import Options as Options
    from planner.answer import Plan as Plan
    from planner.decode import Planner as Planner
    from planner.episode import Begun as Begun
    from planner.episode import Disturbed as Disturbed
    from planner.episode import Done as Done
    from planner.episode import Ended as Ended
    from planner.episode import Episode as Episode
    from planner.episode import Event as Event
    from planner.episode import Looked as Looked
    from planner.episode import Looking as Looking
    from planner.episode import Missed as Missed
    from planner.episode import Replanned as Replanned
    from planner.episode import Search as Search
    from planner.errors import PlannerError as PlannerError
    from planner.execute import SymbolicHome as SymbolicHome
    from planner.unseen.belief import Belief as Belief
    from planner.unseen.memory import keep as keep
    from planner.unseen.memory import know as know

__version__ = "0.1.0"

_WHERE = {
    "planner.answer": ("Options", "Plan"),
    "planner.decode": ("Planner",),
    "planner.episode": (
        "Begun", "Disturbed", "Done", "Ended", "Episode", "Event", "Looked", "Looking", "Missed", "Replanned", "Search",
    ),
    "planner.errors": ("PlannerError",),
    "planner.execute": ("SymbolicHome",),
    "planner.unseen.belief": ("Belief",),
    "planner.unseen.memory": ("keep", "know"),
}  # fmt: skip
_MODULE = {name: module for module, names in _WHERE.items() for name in names}


def __getattr__(name: str) -> object:
    module = _MODULE.get(name)
    if module is None:
        raise AttributeError(f"module 'planner' has no attribute {name!r}; it has {', '.join(sorted(_MODULE))}")
    return getattr(import_module(module), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_MODULE])
