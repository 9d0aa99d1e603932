"""What is wrong with the objects that a plan uses: dirty ones, ones from a bin, doors left open, and its time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from itertools import pairwise
from typing import TYPE_CHECKING

from envs.symbolic.actions import DIRTY, OPEN
from planner.goals.choice import BINS, UNWASHED, way_s
from planner.verification.plan_verification import replay

if TYPE_CHECKING:
    from envs.symbolic.actions import Action, State


@dataclass(frozen=True, kw_only=True)
class UsedObjects:
    """Counts over one plan or several.

    Attributes:
        plans: Verified plans.
        picks: Subtasks that pick something up.
        dirty: Of these, dirty objects that end elsewhere than where things are washed or thrown away, while a clean
            one of the same category is not used.
        from_bin: Of these, objects from a bin, while one of the same category that is in no bin is not used.
        doors: Doors that the plan opened.
        left_open: Of these, doors that are open at its end.
        skills_s: Typical duration of all subtasks [s].
        way_s: Estimated time of the way between their places [s].
    """

    plans: int = 0
    picks: int = 0
    dirty: int = 0
    from_bin: int = 0
    doors: int = 0
    left_open: int = 0
    skills_s: float = 0.0
    way_s: float = 0.0


def total(counts: Iterable[UsedObjects]) -> UsedObjects:
    """Return the sums."""
    each = list(counts)
    return UsedObjects(**{f.name: sum(getattr(c, f.name) for c in each) for f in fields(UsedObjects)})


def used_objects(start: State, actions: Sequence[Action]) -> UsedObjects:
    """Count what a plan uses; every action must be applicable."""
    world, states = start.world, replay(start, actions).states
    end = states[-1]
    used = {world.index[name] for action in actions for name in action.args}
    picked = list(dict.fromkeys(world.index[a.args[0]] for a in actions if a.skill == "pick up"))
    opened = {world.index[a.args[0]] for a in actions if a.skill == "open"}
    stops = [state.at for state in states]
    return UsedObjects(
        plans=1,
        picks=len(picked),
        dirty=sum(_is_dirty(start, i) and _is_kept(end, i) and _has_better(start, i, used, _is_dirty) for i in picked),
        from_bin=sum(_is_binned(start, i) and _has_better(start, i, used, _is_binned) for i in picked),
        doors=len(opened),
        left_open=sum(bool(end.flags[i] & OPEN) for i in opened),
        skills_s=sum(world.domain.skills[action.skill].duration_s for action in actions),
        way_s=sum(way_s(world, a, b) for a, b in pairwise(stops) if min(a, b) >= 0 and a != b),
    )


def _root_category(state: State, entity: int) -> str:
    root = state.root(entity)
    return state.world.categories[root] if root >= 0 else ""


def _is_dirty(state: State, entity: int) -> bool:
    return bool(state.flags[entity] & DIRTY) or _root_category(state, entity) == UNWASHED


def _is_binned(state: State, entity: int) -> bool:
    return _root_category(state, entity) in BINS


def _is_kept(state: State, entity: int) -> bool:
    """Whether an object ends elsewhere than where things are washed or thrown away."""
    category = _root_category(state, entity)
    process = state.world.domain.process_at.get(category)
    return category not in (*BINS, UNWASHED) and not (process and "dirty" in process.clear)


def _has_better(state: State, entity: int, used: set[int], is_worse: object) -> bool:
    """Whether an object of the same category is free of a flaw and not used."""
    assert callable(is_worse)
    others = state.world.objects_of(state.world.categories[entity])
    return any(i not in used and not is_worse(state, i) and not state.children(i) for i in others)
