"""Exports a goal in a home as a PDDL task for other planners, and reads their plans.

    task = to_pddl(goal, start)
    task.actions(plan_text)  # what a planner wrote, as our actions: one step, one subtask

Objects that the goal is not about and that are neither tools, vessels nor drinks are left out: no plan needs them. They
still take up space: `fits` holds for an object and a place that suit each other by size and category, if there is space
for it besides the initial contents. A plan may therefore put too much into one place, which replay detects
(`planner.verification.plan_verification`); and a place that is full at the start counts as full even after it is
emptied.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from envs.symbolic.actions import Action
from envs.symbolic.embodiment.hand_limits import all_out_of_reach, never_held
from envs.symbolic.goals import Goal, format_goal
from planner.errors import ExportError
from planner.plans.own_skills.adl import own_actions, own_constants, own_holders, own_needs, own_predicates
from planner.plans.own_skills.pddl_facts import drives_for
from planner.plans.pddl.adl_domain import DOMAIN_NAME, domain_text, entity_type, home_actions, process_effects
from planner.plans.pddl.adl_goal import PSEUDO_ACTIONS, goal_text, skills_of
from planner.plans.pddl.symbols import comment, symbols

if TYPE_CHECKING:
    from envs.symbolic.actions import State, World
    from envs.symbolic.domain import Domain


@dataclass(frozen=True, kw_only=True)
class PddlTask:
    """A domain and a problem, and our name for each PDDL name."""

    domain: str
    problem: str
    names: dict[str, str]
    home: Domain = field(repr=False, compare=False)

    def __str__(self) -> str:
        """Return both texts, the domain first; planners expect each in a separate file."""
        return f"{self.domain}\n{self.problem}"

    def actions(self, plan: str) -> tuple[Action, ...]:
        """Read a plan, one `(action argument ...)` a line, as our actions; comments and pseudo-actions are dropped.

        Raises:
            ExportError: A line is not an action of the domain.
        """
        actions, skills = list[Action](), skills_of(self.home)
        for line in plan.splitlines():
            words = line.partition(";")[0].strip().lower().strip("()").split()
            if not words or words[0].startswith(PSEUDO_ACTIONS):
                continue
            skill, n_args = next(
                (skill_and_arity for prefix, skill_and_arity in skills.items() if words[0].startswith(prefix)), ("", 0)
            )
            args = words[1 : 1 + n_args]
            if not skill or len(args) < n_args or any(argument not in self.names for argument in args):
                raise ExportError(f"{line!r} is not an action of this home")
            names = tuple(self.names[argument] for argument in args)
            actions += [*drives_for(self.home, skill, names), Action(skill, names)]
        return tuple(actions)


def to_pddl(goal: Goal, initial_state: State, *, title: str = "") -> PddlTask:
    """Write a goal in a home as a PDDL task.

    Args:
        goal: The goal.
        initial_state: The initial state.
        title: A comment, for example the instruction.

    Raises:
        ExportError: PDDL cannot say the goal, or it can never hold in this home.
    """
    world = initial_state.world
    names = symbols(world.names)
    own, _ = own_actions(world.domain)
    own = [action.needing(*(f"(not (off-limits {f}))" for f in action.fixtures)) for action in own]
    pddl_goal = goal_text(goal, initial_state, names, [*home_actions(world.domain), *own])
    about = pddl_goal.entities | own_needs(world)
    included = [
        *range(world.n_fixtures),
        *(i for i in _objects(world) if i == initial_state.held or _is_relevant(world, i, about)),
    ]
    included_set = set(included)
    facts = [
        *_constant_facts(initial_state, names, included, pddl_goal.watched | own_holders(world)),
        *own_constants(world, names, included),
        *_initial_facts(initial_state, names, included_set),
        *pddl_goal.facts,
    ]
    # The domain must declare the entities that its axioms name.
    mentioned = set(re.findall(r"[\w-]+", " ".join(map(str, (*pddl_goal.actions, *pddl_goal.axioms)))))
    constants = _typed(world, names, [i for i in included if names[i] in mentioned])
    objects = "\n    ".join(_typed(world, names, [i for i in included if names[i] not in mentioned]))
    header = "".join(f"; {key}: {comment(text)}\n" for key, text in
                   (("instruction", title), ("goal", format_goal(goal, world.domain))) if text)  # fmt: skip
    problem = (
        f"{header}(define (problem {symbols([world.scene.name or 'a home'])[0]})\n  (:domain {DOMAIN_NAME})\n"
        f"  (:objects\n    {objects})\n  (:init\n    " + "\n    ".join(facts) + f")\n  (:goal {pddl_goal.condition}))\n"
    )
    predicates = (*own_predicates(world.domain), *pddl_goal.predicates)
    domain = domain_text(world.domain, pddl_goal.actions, pddl_goal.axioms, predicates, constants)
    called = {names[i]: world.names[i] for i in included}
    return PddlTask(domain=domain, problem=problem, names=called, home=world.domain)


def _objects(world: World) -> range:
    return range(world.n_fixtures, len(world.names))


def _is_relevant(world: World, i: int, about: frozenset[int]) -> bool:
    category = world.object_category[i]
    assert category is not None
    is_tool = category.cuts or category.wipes or category.fills or bool(category.contains)
    return i in about or is_tool or world.relation[i] is not None


def _typed(world: World, names: Sequence[str], entities: Sequence[int]) -> list[str]:
    by_type: dict[str, list[str]] = {}
    for i in entities:
        by_type.setdefault(entity_type(world, i), []).append(names[i])
    return [f"{' '.join(names_of_type)} - {type_name}" for type_name, names_of_type in by_type.items()]


def _constant_facts(
    initial_state: State, names: Sequence[str], included: Sequence[int], watched: frozenset[int]
) -> list[str]:
    """Return the facts that never change."""
    world, facts = initial_state.world, list[str]()
    effect_names, fixed = process_effects(world.domain), never_held(initial_state)
    for i in included:
        fixture, thing, process = world.fixture_category[i], world.object_category[i], world.process[i]
        properties = {"watched": i in watched or process is not None}
        if fixture is not None:
            properties |= {
                "encloses": world.enclosed[i], "hides": world.enclosed[i] or world.relation[i] == "with",
                "person": world.relation[i] == "with", "hinged": fixture.joint is not None,
                "switched": fixture.switch, "wipeable": fixture.wipeable, "waterable": fixture.waterable,
            }  # fmt: skip
        if thing is not None:
            properties |= {
                "cuts": thing.cuts, "wipes": thing.wipes, "sliceable": thing.slices, "cookable": thing.cooks,
                "foldable": thing.folds, "fillable": thing.fills, "reservoir": bool(thing.contains),
                "liftable": world.domain.hand is not None and i not in fixed,
            }  # fmt: skip
        if process is not None:
            active_effects = {*(f"makes-{s}" for s in process.set), *(f"ends-{s}" for s in process.clear)}
            active_effects |= {"cooks"} if process.cook else set()
            active_effects |= {f"fills-{process.fill}"} if process.fill else set()
            properties |= {"needs-on": "on" in process.when, "needs-closed": "closed" in process.when}
            properties |= {power: power in active_effects for power in effect_names}
        facts += [f"({word} {names[i]})" for word, is_true in properties.items() if is_true]
    return facts + _fit_facts(initial_state, names, included)


def _fit_facts(initial_state: State, names: Sequence[str], included: Sequence[int]) -> list[str]:
    world, facts = initial_state.world, list[str]()
    contents = [initial_state.children(p) if world.relation[p] else [] for p in range(len(names))]
    beyond = all_out_of_reach(world)
    for i in included:
        if i < world.n_fixtures:
            continue
        for p in included:
            if world.relation[p] is None or p == i or not world.fits(i, p) or initial_state.root(p) in beyond:
                continue
            other_units = [world.units[j] for j in contents[p] if j != i]
            is_person = world.relation[p] == "with"  # a person accepts any number of objects
            if is_person or not other_units or world.units[i] + sum(other_units) <= world.capacity[p]:
                facts.append(f"(fits {names[i]} {names[p]})")
    return facts


def _initial_facts(initial_state: State, names: Sequence[str], included: set[int]) -> list[str]:
    """Return the changeable facts that are true in the initial state."""
    world, facts = initial_state.world, list[str]()
    for i in sorted(included):
        facts += [f"({word} {names[i]})" for word in world.domain.states if initial_state.has(i, word)]
        if i < world.n_fixtures:
            continue
        if initial_state.place[i] >= 0:
            facts.append(f"(at {names[i]} {names[initial_state.place[i]]})")
        thing = world.object_category[i]
        if initial_state.liquid[i]:
            facts.append(f"(filled {names[i]} {initial_state.liquid[i]})")
        elif thing is not None and thing.fills:
            facts.append(f"(empty {names[i]})")
    facts.append(f"(held {names[initial_state.held]})" if initial_state.held >= 0 else "(hand-free)")
    return facts
