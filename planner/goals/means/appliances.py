"""Which appliances make an object clean, cooked, hot or cold, or what else processes of a domain set."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from envs.symbolic.domain.achievers import gives
from envs.symbolic.domain.reading import default_domain
from planner.goals.means.kinds import fixtures_called

if TYPE_CHECKING:
    from envs.symbolic.actions import State, World
    from envs.symbolic.domain import Domain

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
    groups = [[f for f in fixtures_called(world, kind) if _is_usual(world, f, word)] for kind in kinds]
    return [group for group in (*groups, *_others(world, word)) if group]


def _others(world: World, word: str) -> list[list[int]]:
    """Return the fixtures with a process of their own that sets a state, by category."""
    seen = world.entities_by_category
    return [list(seen[name]) for name in _other_categories(world.domain, word) if name in seen]


@lru_cache(maxsize=512)
def _other_categories(domain: Domain, word: str) -> tuple[str, ...]:
    """Return the categories of furniture with a process of their own that sets a state."""
    at, usual = domain.process_at, APPLIANCES.get(word, ())
    return tuple(
        name
        for name in at
        if domain.kind_of[name] not in usual
        and gives(at[name], domain, word)
        and not (domain.kind_of[name] in _KNOWN and _runs_as_its_kind(domain, name))
    )


@lru_cache(maxsize=512)
def _runs_as_its_kind(domain: Domain, name: str) -> bool:
    """Whether the same happens in furniture as in the built-in kind that it is like: a steamer may be no microwave."""
    own, built_in = domain.process_at.get(name), default_domain().process_at.get(domain.kind_of[name])
    return (
        own is not None and built_in is not None and replace(own, name="", at=()) == replace(built_in, name="", at=())
    )


def _is_usual(world: World, fixture: int, word: str) -> bool:
    """Whether a fixture of a usual kind gives things a state: what is like it may have another process."""
    category, process = world.categories[fixture], world.process[fixture]
    is_as_built = world.domain is default_domain() or _runs_as_its_kind(world.domain, category)
    return is_as_built or (process is not None and gives(process, world.domain, word))


def is_appliance_for(world: World, fixture: int, word: str) -> bool:
    """Whether a fixture is one of those that are used to give things a state."""
    is_usual = world.kinds[fixture] in APPLIANCES.get(word, ())
    return (is_usual and _is_usual(world, fixture, word)) or world.categories[fixture] in _other_categories(
        world.domain, word
    )


def all_appliances(world: World) -> list[int]:
    """Return the fixtures that are used to give things states."""
    used, others = _KNOWN - {"coffee machine"}, set[str]()
    for word in (*world.domain.states, *world.domain.negations):
        others.update(_other_categories(world.domain, word))
    return [f for f in range(world.n_fixtures) if world.kinds[f] in used or world.categories[f] in others]
