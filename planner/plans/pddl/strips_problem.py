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
from envs.symbolic.goals import MAX_NUMBER, Goal, format_goal
from planner.errors import ExportError
from planner.plans.export.phases import check_sayable
from planner.plans.pddl.operators import (
    SUPERTYPE,
    Operator,
    domain_text,
    is_typed,
    needed,
    predicate,
    predicates_of,
    problem_text,
    typed_list,
    words_of,
)
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
NUMBERS = tuple(f"n{number}" for number in range(MAX_NUMBER + 1))  # what `count-…` counts with


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
    check_sayable(goal, initial_state, "PDDL", plain=True)
    world = initial_state.world
    home = home_operators(world.domain)
    if not _pours(goal, actions, initial_state):
        home = [each for each in home if each.name.partition("-")[0] != "pour"]
    names = symbols(world.names, _taken(home, world.domain.liquids))
    rules = goal_rules(goal, initial_state, names)
    included = set(included_entities(goal, actions, initial_state))
    shown = [name if i in included else "" for i, name in enumerate(names)]

    types = {names[i]: entity_type(world, i) for i in sorted(included)}
    types |= {liquid: "liquid" for liquid in world.domain.liquids} | {number: "tally" for number in NUMBERS}
    types |= {NOWHERE: "fixture"} if is_somewhere_else(initial_state, sorted(included)) else {}
    facts = [
        fact
        for fact in (*initial_facts(initial_state, actions, names, sorted(included)), *rules.facts)
        if all(word in types for word in words_of(fact)[1:])
    ]
    used = {words_of(step)[0] for step in plan_steps(goal, rules, actions, initial_state, shown, ())}
    operators, asked = needed([*home, *rules.operators], facts, rules.atoms, used)
    steps = plan_steps(goal, rules, actions, initial_state, shown, {each.name for each in operators})
    ground = [word for each in operators for word in (*each.precondition, *each.effect) if "?" not in word]
    signatures = predicates_of(operators, (*rules.atoms, *ground), types)
    facts = [fact for fact in facts if predicate(fact) in asked and is_typed(fact, signatures, types)]
    header = "".join(
        f"; {key}: {comment(text)}\n"
        for key, text in (("instruction", title), ("goal", format_goal(goal, world.domain)))
        if text
    )
    constants = typed_list((name for name in types if name in rules.named), types)
    spoken = {word for text in (*facts, *rules.atoms, *steps) for word in words_of(text)[1:]} - rules.named
    objects = typed_list((name for name in types if name in spoken), types)
    problem_name = symbols([world.scene.name or "a home"], [DOMAIN_NAME])[0]
    return PddlFiles(
        domain=domain_text(DOMAIN_NAME, operators, signatures, constants),
        problem=header + problem_text(problem_name, DOMAIN_NAME, objects, facts, rules.atoms),
        plan=header + "".join(f"{step}\n" for step in steps),
        names={names[i]: world.names[i] for i in sorted(included)},
    )


def _taken(operators: Sequence[Operator], liquids: Sequence[str]) -> set[str]:
    """Return the words of a domain, which no entity may be called."""
    words = {word for each in operators for text in (*each.precondition, *each.effect) for word in words_of(text)}
    words |= {each.name for each in operators} | {variable for each in operators for variable in each.parameters}
    return {word.lstrip("?") for word in words} | {*SUPERTYPE, *liquids, *NUMBERS, NOWHERE, DOMAIN_NAME}


def _pours(goal: Goal, actions: Sequence[Action], initial_state: State) -> bool:
    """Whether pouring can serve a goal: it is about liquids, or about vessels that one would heat or chill."""
    world = initial_state.world
    fillable = {
        c for c in described_categories(goal, world) if c in world.domain.objects and world.domain.objects[c].fills
    }
    return needs_liquid(goal, world) or bool(fillable) or any(action.skill == "pour" for action in actions)
