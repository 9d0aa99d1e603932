"""Exports a plan as three PDDL files in typed STRIPS: domain, problem, and the plan that solves it.

    files = to_strips(goal, actions, start)
    files.domain, files.problem, files.plan
    files.actions(plan_text)  # what another planner wrote, as our actions

The domain has the actions that this goal and this plan need; see `planner/plans/pddl/strips_domain.py` for how they
stand for the home's rules. The plan has one action a line, as Fast Downward and VAL read and write it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from envs.symbolic.actions import Action
from envs.symbolic.goals import Goal, format_goal
from planner.errors import ExportError
from planner.plans.pddl.operators import domain_text, is_typed, needed, predicate, predicates_of, typed_list, words_of
from planner.plans.pddl.strips_domain import home_operators, skill_of
from planner.plans.pddl.strips_facts import (
    NOWHERE,
    described_categories,
    entity_type,
    included_entities,
    initial_facts,
    is_somewhere_else,
    needs_liquid,
)
from planner.plans.pddl.strips_goal import goal_rules
from planner.plans.pddl.strips_plan import plan_steps
from planner.plans.pddl.symbols import comment, symbols

if TYPE_CHECKING:
    from envs.symbolic.actions import State

DOMAIN_NAME = "home"


@dataclass(frozen=True, kw_only=True)
class PddlFiles:
    """A domain, a problem and a plan, and our name for each PDDL name."""

    domain: str
    problem: str
    plan: str
    names: dict[str, str]

    def actions(self, plan: str) -> tuple[Action, ...]:
        """Read a plan, one `(action argument ...)` a line, as our actions; comments and other steps are dropped.

        Raises:
            ExportError: A line is not an action of the domain.
        """
        actions = []
        for line in plan.splitlines():
            words = line.partition(";")[0].strip().lower().strip("()").split()
            if not words:
                continue
            if f"(:action {words[0]}\n" not in self.domain:
                raise ExportError(f"{line!r} is not an action of this home")
            if (skill_and_places := skill_of(words[0])) is None:
                continue
            skill, places = skill_and_places
            args = words[1:]
            if len(args) <= max(places) or any(args[place] not in self.names for place in places):
                raise ExportError(f"{line!r} is not an action of this home")
            actions.append(Action(skill, tuple(self.names[args[place]] for place in places)))
        return tuple(actions)


def to_strips(goal: Goal, actions: Sequence[Action], initial_state: State, *, title: str = "") -> PddlFiles:
    """Write a goal in a home and a plan for it.

    Args:
        goal: The goal.
        actions: The plan; what cannot be executed, and all after it, is left out.
        initial_state: The state in which it begins.
        title: A comment, for example the instruction.

    Raises:
        ExportError: The goal can never hold in this home.
    """
    world = initial_state.world
    home = home_operators(world.domain)
    reserved = {word for each in home for word in (each.name, *map(predicate, (*each.precondition, *each.effect)))}
    names = symbols(world.names, [*reserved, *_TYPE_WORDS, *world.domain.liquids, NOWHERE, DOMAIN_NAME])
    rules = goal_rules(goal, initial_state, names)
    included = included_entities(goal, actions, initial_state)
    shown = [names[i] if i in set(included) else "" for i in range(len(names))]

    types = {names[i]: entity_type(world, i) for i in included}
    types |= {liquid: "liquid" for liquid in world.domain.liquids}
    types |= {word: "tally" for fact in rules.facts for word in words_of(fact)[1:] if _is_number(word)}
    types |= {NOWHERE: "fixture"} if is_somewhere_else(initial_state, included) else {}
    facts = [
        fact
        for fact in (*initial_facts(initial_state, actions, names, included), *rules.facts)
        if all(word in types for word in words_of(fact)[1:])
    ]
    if not _pours(goal, actions, initial_state):
        home = [each for each in home if each.name.partition("-")[0] != "pour"]
    used = {words_of(step)[0] for step in plan_steps(goal, rules, actions, initial_state, shown, ())}
    operators, asked = needed([*home, *rules.operators], facts, rules.atoms, used)
    steps = plan_steps(goal, rules, actions, initial_state, shown, {each.name for each in operators})
    atoms = [atom for each in operators for literal in (*each.precondition, *each.effect)
             for atom in [literal.removeprefix("(not ")] if "?" not in literal]  # fmt: skip
    signatures = predicates_of(operators, (*rules.atoms, *atoms), types)
    facts = [fact for fact in facts if predicate(fact) in asked and is_typed(fact, signatures, types)]
    spoken = {word for fact in facts for word in words_of(fact)[1:]}
    spoken |= {word for text in (*rules.atoms, *steps) for word in words_of(text)[1:]}
    constants = typed_list((name for name in types if name in rules.named), types)
    objects = typed_list((name for name in types if name in spoken and name not in rules.named), types)
    header = "".join(
        f"; {key}: {comment(text)}\n"
        for key, text in (("instruction", title), ("goal", format_goal(goal, world.domain)))
        if text
    )
    problem_name = symbols([world.scene.name or "a home"], [DOMAIN_NAME])[0]
    problem = (
        f"{header}(define (problem {problem_name})\n  (:domain {DOMAIN_NAME})\n"
        f"  (:objects\n    " + "\n    ".join(objects) + ")\n  (:init\n    " + "\n    ".join(facts) + ")\n"
        f"  (:goal (and {' '.join(rules.atoms)})))\n"
    )
    return PddlFiles(
        domain=domain_text(DOMAIN_NAME, operators, signatures, constants), problem=problem,
        plan=header + "".join(f"{step}\n" for step in steps), names={names[i]: world.names[i] for i in included},
    )  # fmt: skip


def _pours(goal: Goal, actions: Sequence[Action], initial_state: State) -> bool:
    """Whether pouring can serve a goal: it is about liquids, or about vessels that one would heat or chill."""
    world = initial_state.world
    fillable = {
        c for c in described_categories(goal, world) if c in world.domain.objects and world.domain.objects[c].fills
    }
    return needs_liquid(goal, world) or bool(fillable) or any(action.skill == "pour" for action in actions)


_TYPE_WORDS = (
    "entity",
    "liquid",
    "tally",
    "fixture",
    "thing",
    "item",
    "vessel",
    "e",
    "f",
    "x",
    "y",
    "v",
    "l",
    "n1",
    "n2",
)


def _is_number(word: str) -> bool:
    return word[:1] == "n" and word[1:].isdecimal()
