"""Which appliances make an object clean, cooked, hot or cold, or what else processes of a domain set."""

from __future__ import annotations

from typing import TYPE_CHECKING

from envs.symbolic.state import DIRTY
from planner.goals.means.kinds import fixtures_called

if TYPE_CHECKING:
    from collections.abc import Iterable

    from envs.symbolic.actions import State, World

# States that the robot can bring about, in the order in which it does so, each with the kinds of fixtures that cause
# it, the preferred one first.
APPLIANCES: dict[str, tuple[str, ...]] = {
    "sliced": (),
    "clean": ("sink", "dishwasher", "washing machine"),
    "cooked": ("stove burner", "oven"),
    "hot": ("microwave", "oven", "stove burner", "kettle base"),
    "cold": ("fridge", "freezer"),
    "folded": (),
}
STATE_ORDER = tuple(APPLIANCES)
SPECIAL = ("toaster", "coffee machine")  # for bread and for drinks: nothing else is heated there
_KNOWN = frozenset((*(kind for kinds in APPLIANCES.values() for kind in kinds), *SPECIAL))


def appliances_for(state: State, word: str, thing: int, *, common_sense: bool = False) -> list[list[int]]:
    """Return the appliances that give an object a state, in groups of those that are alike, the best group first."""
    world = state.world
    kinds = APPLIANCES.get(word, ())
    kind, category = world.kinds[thing], world.object_category[thing]
    if word == "clean" and category and set(category.classes) & {"clothing", "linen"}:
        kinds = ("washing machine", "sink", "dishwasher")
    elif kind == "bread" and word in ("cooked", "hot"):
        kinds = ("toaster", *kinds) if word == "cooked" else (*kinds, "toaster")
    elif common_sense and word == "hot" and kind == "kettle":
        kinds = ("kettle base", "stove burner", *kinds)
    groups = [fixtures_called(world, kind) for kind in kinds]
    return [group for group in (*groups, *_others(world, word)) if group]


def _others(world: World, word: str) -> Iterable[list[int]]:
    """Return the fixtures with a process of their own that sets a state, by category."""
    groups: dict[str, list[int]] = {}
    for f in range(world.n_fixtures):
        if world.kinds[f] not in _KNOWN and f not in world.hidden and sets(world, f, word):
            groups.setdefault(world.categories[f], []).append(f)
    return groups.values()


def is_appliance_for(world: World, fixture: int, word: str) -> bool:
    """Whether a fixture is one of those that are used to give things a state."""
    kind = world.kinds[fixture]
    return kind in APPLIANCES.get(word, ()) or (kind not in _KNOWN and sets(world, fixture, word))


def sets(world: World, fixture: int, word: str) -> bool:
    """Whether the process of a fixture, if it has one, gives things a state."""
    rule = world.rule[fixture]
    if rule is None:
        return False
    if word == "clean":
        return bool(rule.clear & DIRTY)
    if word == "cooked":
        return rule.cook
    positive = world.domain.negations.get(word)
    bits = world.domain.bits
    return bool(rule.clear & bits[positive]) if positive else bool(rule.set & bits.get(word, 0))


def all_appliances(world: World) -> list[int]:
    """Return the fixtures that are used to give things states."""
    words = [*world.domain.states, *world.domain.negations]
    used = _KNOWN - {"coffee machine"}
    return [
        f
        for f in range(world.n_fixtures)
        if world.kinds[f] in used or (world.kinds[f] not in _KNOWN and any(sets(world, f, word) for word in words))
    ]
