"""What PDDL problems say for skills that a domain adds: kinds, abilities, rooms, and which objects are tools."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from envs.symbolic.actions import Action
from envs.symbolic.domain import BUILT_IN_STATES
from envs.symbolic.domain.achievers import KNOWN_SKILLS, categories_of_kind, own_skills
from planner.plans.formulas.formula import atoms

if TYPE_CHECKING:
    from envs.symbolic.actions import State, World
    from envs.symbolic.domain import Domain
    from planner.plans.formulas.rules import GroundGoal

ABILITIES = {
    "slices": "sliceable", "cooks": "cookable", "folds": "foldable", "cuts": "cuts", "wipes": "wipes",
    "metal": "metal", "fills": "fillable", "joint": "hinged", "switch": "switched", "wipeable": "wipeable",
    "waterable": "waterable",
}  # fmt: skip


def own_tools(goal: GroundGoal, initial_state: State) -> set[int]:
    """Return the objects that own skills look for, if a goal asks for a state that the domain adds."""
    world = initial_state.world
    words = {atom.word for formula in goal.formulas for atom in atoms(formula) if atom.relation == "has"}
    if words <= {*BUILT_IN_STATES}:
        return set()
    parameters = {p.kind for skill in own_skills(world.domain) for p in skill.parameters}
    kinds = [kind for kind in kinds_of(world.domain) if kind not in parameters or kind in world.domain.objects]
    found = {i for kind in kinds for i in members(world, kind) if i >= world.n_fixtures}
    able = {
        a.word
        for s in own_skills(world.domain)
        for p in s.preconditions
        for a in (p.atom,)
        if a.predicate == "holding what"
    }
    for i in range(world.n_fixtures, len(world.names)):
        if any(getattr(world.object_category[i], word, False) for word in able):
            found.add(i)
    for i in list(found):
        holder = initial_state.place[i]
        while holder >= world.n_fixtures:
            found.add(holder)
            holder = initial_state.place[holder]
    return found


def drives_for(domain: Domain, skill: str, names: Sequence[str]) -> list[Action]:
    """Return the driving that a skill needs, which no fact of the problem says: `robot at {fixture}`."""
    needed = [p.atom.terms[0].parameter for p in domain.skills[skill].preconditions if p.atom.predicate == "robot at"]
    is_own = skill not in KNOWN_SKILLS and "go to" in domain.skills
    return [Action("go to", (names[i],)) for i in needed if i is not None and is_own]


def kinds_of(domain: Domain) -> list[str]:
    """Return the kinds that own skills ask for, besides objects, furniture, people and rooms."""
    kinds = dict.fromkeys(
        kind
        for skill in own_skills(domain)
        for kind in (
            *(p.kind for p in skill.parameters),
            *(t.kind for p in skill.preconditions for a in (p.atom, *p.guards) for t in a.terms),
        )
    )
    return [kind for kind in kinds if kind not in ("object", "fixture", "place")]


def kind_predicate(kind: str) -> str:
    """Return the predicate of things of a kind."""
    return "kind-" + re.sub(r"[^a-z0-9]+", "-", kind.lower()).strip("-")


def own_facts(world: World, names: Sequence[str], included: Iterable[int]) -> list[str]:
    """Return the facts that only own skills ask for: kinds, abilities, rooms, liquids."""
    domain, facts = world.domain, list[str]()
    if not own_skills(domain):
        return facts
    rooms = {f.name: i for i, f in enumerate(world.scene.fixtures) if world.domain.fixtures[f.category].is_room}
    kinds = {kind: categories_of_kind(domain, kind) for kind in kinds_of(domain)}
    for i in included:
        facts += [
            f"({kind_predicate(kind)} {names[i]})"
            for kind, names_of in kinds.items()
            if world.categories[i] in names_of
        ]
        fixture, thing = world.fixture_category[i], world.object_category[i]
        if thing is not None and thing.metal:
            facts.append(f"(metal {names[i]})")
        if fixture is not None and fixture.joint is not None:
            facts.append(f"(hinged {names[i]})")
        if i < world.n_fixtures and (room := rooms.get(world.scene.fixtures[i].room)) is not None and room != i:
            facts.append(f"(stands-in {names[i]} {names[room]})")
    return [*facts, *(f"(is-{liquid}-itself {liquid})" for liquid in domain.liquids)]


def members(world: World, kind: str) -> list[int]:
    """Return the entities of a kind, in the order of the home."""
    categories = categories_of_kind(world.domain, kind)
    return [i for i, category in enumerate(world.categories) if category in categories]
