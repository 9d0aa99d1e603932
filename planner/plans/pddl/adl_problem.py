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
from dataclasses import dataclass
from typing import TYPE_CHECKING

from envs.symbolic.actions import Action
from envs.symbolic.goals import Condition, Count, Every, Goal, Holding, No, format_goal
from planner.errors import ExportError
from planner.plans.export.phases import check_sayable
from planner.plans.pddl.adl_domain import DOMAIN_NAME, domain_text, process_effects
from planner.plans.pddl.adl_goal import NEXT_PHASE, goal_text
from planner.plans.pddl.symbols import comment, symbols

if TYPE_CHECKING:
    from envs.symbolic.actions import State, World

# By prefix of the PDDL action's name: our skill, and the number of PDDL arguments that our action keeps.
SKILLS = {
    "pick-up": ("pick up", 1), "put-": ("put", 2), "give": ("give", 2), "open": ("open", 1), "close-": ("close", 1),
    "turn-on-": ("turn on", 1), "turn-off": ("turn off", 1), "slice": ("slice", 1), "wipe": ("wipe", 1),
    "fold": ("fold", 1), "pour-": ("pour", 2),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class PddlTask:
    """A domain and a problem, and our name for each PDDL name."""

    domain: str
    problem: str
    names: dict[str, str]

    def __str__(self) -> str:
        """Return both texts, the domain first; planners expect each in a separate file."""
        return f"{self.domain}\n{self.problem}"

    def actions(self, plan: str) -> tuple[Action, ...]:
        """Read a plan, one `(action argument ...)` a line, as our actions; comments and pseudo-actions are dropped.

        Raises:
            ExportError: A line is not an action of the domain.
        """
        actions = []
        for line in plan.splitlines():
            words = line.partition(";")[0].strip().lower().strip("()").split()
            if not words or words[0].startswith(NEXT_PHASE):
                continue
            skill, n_args = next(
                (skill_and_arity for prefix, skill_and_arity in SKILLS.items() if words[0].startswith(prefix)), ("", 0)
            )
            args = words[1 : 1 + n_args]
            if not skill or len(args) < n_args or any(argument not in self.names for argument in args):
                raise ExportError(f"{line!r} is not an action of this home")
            actions.append(Action(skill, tuple(self.names[argument] for argument in args)))
        return tuple(actions)


def to_pddl(goal: Goal, initial_state: State, *, title: str = "") -> PddlTask:
    """Write a goal in a home as a PDDL task.

    Args:
        goal: The goal.
        initial_state: The initial state.
        title: A comment, for example the instruction.

    Raises:
        ExportError: The goal can never hold in this home.
    """
    check_sayable(goal, initial_state, "PDDL", plain=True)
    world = initial_state.world
    names = symbols(world.names)
    pddl_goal = goal_text(goal, initial_state, names)
    included = [
        *range(world.n_fixtures),
        *(i for i in _objects(world) if i == initial_state.held or _is_relevant(world, i, goal)),
    ]
    included_set = set(included)
    facts = [
        *_constant_facts(initial_state, names, included, pddl_goal.watched),
        *_initial_facts(initial_state, names, included_set),
        *pddl_goal.facts,
    ]
    # The domain must declare the entities that its axioms name.
    mentioned = set(re.findall(r"[\w-]+", " ".join(pddl_goal.rules)))
    constants = _typed(world, names, [i for i in included if names[i] in mentioned])
    objects = "\n    ".join(_typed(world, names, [i for i in included if names[i] not in mentioned]))
    header = "".join(f"; {key}: {comment(text)}\n" for key, text in
                   (("instruction", title), ("goal", format_goal(goal, world.domain))) if text)  # fmt: skip
    problem = (
        f"{header}(define (problem {symbols([world.scene.name or 'a home'])[0]})\n  (:domain {DOMAIN_NAME})\n"
        f"  (:objects\n    {objects})\n  (:init\n    " + "\n    ".join(facts) + f")\n  (:goal {pddl_goal.condition}))\n"
    )
    domain = domain_text(world.domain, pddl_goal.rules, pddl_goal.predicates, constants)
    return PddlTask(domain=domain, problem=problem, names={names[i]: world.names[i] for i in included})


def _objects(world: World) -> range:
    return range(world.n_fixtures, len(world.names))


def _is_relevant(world: World, i: int, goal: Goal) -> bool:
    category = world.object_category[i]
    assert category is not None
    if category.cuts or category.wipes or category.fills or category.contains or world.relation[i]:
        return True
    words = {word for c in goal.conditions for word in _object_words(c)}
    return any(category.name == word or category.name in world.domain.members.get(word, ()) for word in words)


def _object_words(condition: Condition) -> list[str]:
    if isinstance(condition, Count | Every | No):
        return [condition.thing.word]  # an object used as a place is a vessel, and all vessels are included
    return [condition.thing.word] if isinstance(condition, Holding) else []


def _pddl_type(world: World, i: int) -> str:
    if i < world.n_fixtures:
        return "appliance" if world.rule[i] else "furniture"
    return "vessel" if world.relation[i] else "item"


def _typed(world: World, names: Sequence[str], entities: Sequence[int]) -> list[str]:
    by_type: dict[str, list[str]] = {}
    for i in entities:
        by_type.setdefault(_pddl_type(world, i), []).append(names[i])
    return [f"{' '.join(names_of_type)} - {type_name}" for type_name, names_of_type in by_type.items()]


def _constant_facts(
    initial_state: State, names: Sequence[str], included: Sequence[int], watched: frozenset[int]
) -> list[str]:
    """Return the facts that never change."""
    world, facts = initial_state.world, list[str]()
    effect_names = process_effects(world.domain)
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
    for i in included:
        if i < world.n_fixtures:
            continue
        for p in included:
            if world.relation[p] is None or p == i or not world.fits(i, p):
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
