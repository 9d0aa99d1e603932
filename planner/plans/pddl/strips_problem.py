"""Exports a plan as three PDDL files in typed STRIPS: domain, problem, and the plan that solves it.

    files = to_strips(goal, actions, start)
    files.domain, files.problem, files.plan
    files.actions(plan_text)  # what another planner wrote, as our actions

The domain has the actions that this goal and this plan need; see `planner/plans/pddl/strips_domain.py` for how they
stand for the home's rules. The plan has one action a line, as Fast Downward and VAL read and write it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from envs.symbolic.actions import Action
from envs.symbolic.goals import Goal, format_goal
from planner.errors import ExportError
from planner.plans.formulas.rules import GroundGoal, ground_goal
from planner.plans.own_skills.pddl_facts import drives_for, own_facts, own_tools
from planner.plans.own_skills.strips import own_variants
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
    entity_type,
    fills_something,
    included_entities,
    initial_facts,
    is_somewhere_else,
    needs_liquid,
)
from planner.plans.pddl.strips_goal import REACHING_A_PLACE, RESUME, WORDS, goal_rules
from planner.plans.pddl.strips_plan import plan_steps
from planner.plans.pddl.symbols import comment, symbols

if TYPE_CHECKING:
    from envs.symbolic.actions import State
    from envs.symbolic.domain import Domain

DOMAIN_NAME = "home"
LANGUAGE = "PDDL"


@dataclass(frozen=True, kw_only=True)
class PddlFiles:
    """A domain, a problem and a plan, and our name for each PDDL name."""

    domain: str
    problem: str
    plan: str
    names: dict[str, str]
    home: Domain = field(repr=False, compare=False)

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
            if (skill_and_places := skill_of(words[0], self.home)) is None:
                continue
            skill, places = skill_and_places
            args = words[1:]
            if len(args) <= max(places) or any(args[place] not in self.names for place in places):
                raise ExportError(f"{line!r} is not an action of this home")
            names = tuple(self.names[args[place]] for place in places)
            actions += [*drives_for(self.home, skill, names), Action(skill, names)]
        return tuple(actions)


def to_strips(goal: Goal, actions: Sequence[Action], initial_state: State, *, title: str = "") -> PddlFiles:
    """Write a goal in a home and a plan for it.

    Args:
        goal: The goal.
        actions: The plan; what cannot be executed, and all after it, is left out.
        initial_state: The state in which it begins.
        title: A comment, for example the instruction.

    Raises:
        ExportError: PDDL cannot say the goal, or it can never hold in this home.
    """
    world = initial_state.world
    ground = ground_goal(goal, initial_state, LANGUAGE)
    variants, unsayable = own_variants(world.domain)
    for action in actions:
        if action.skill in unsayable:
            reason = f"the skill {action.skill!r} ({unsayable[action.skill]})"
            raise ExportError(f"cannot be said in {LANGUAGE}: {reason}")
    home = [*home_operators(world.domain), *(variant.operator for variant in variants)]
    if not _pours(ground, actions, initial_state):
        home = [each for each in home if each.name.partition("-")[0] != "pour"]
    numbers = [f"n{number}" for number in range(len(world.names) + 2)]  # what `count-…` counts with
    names = symbols(world.names, {*_taken(home, world.domain.liquids), *numbers})
    included = included_entities(ground, actions, initial_state)
    included = sorted({*included, *own_tools(ground, initial_state)})
    rules = goal_rules(ground, initial_state, names, home, included)
    shown = [name if i in set(included) else "" for i, name in enumerate(names)]
    off_limits = [names[i] for ban in ground.bans for i in ban.entities or () if ban.skill == "go to"]

    types = {names[i]: entity_type(world, i) for i in included}
    types |= {liquid: "liquid" for liquid in world.domain.liquids} | {number: "tally" for number in numbers}
    types |= {NOWHERE: "fixture"} if is_somewhere_else(initial_state, included) else {}
    facts = [
        fact
        for fact in (
            rules.begins_with,
            *initial_facts(initial_state, actions, names, included),
            *own_facts(world, names, included),
            *rules.facts,
        )
        if all(word in types for word in words_of(fact)[1:])
        and not (predicate(fact) in REACHING_A_PLACE and words_of(fact)[1] in off_limits)
    ]
    used = {words_of(step)[0] for step in plan_steps(goal, rules, actions, initial_state, shown, (), variants)}
    used |= {each.name for each in rules.operators if each.name.startswith(RESUME)}
    operators, asked = needed(rules.operators, facts, rules.atoms, used)
    steps = plan_steps(goal, rules, actions, initial_state, shown, {each.name for each in operators}, variants)
    signatures = predicates_of(operators, rules.atoms, types)
    literals = (literal for each in operators for literal in (*each.precondition, *each.effect))
    named = {word for literal in literals for word in words_of(literal)[1:] if not word.startswith("?")}
    facts = [fact for fact in facts if predicate(fact) in asked and is_typed(fact, signatures, types)]
    header = "".join(
        f"; {key}: {comment(text)}\n"
        for key, text in (("instruction", title), ("goal", format_goal(goal, world.domain)))
        if text
    )
    constants = typed_list((name for name in types if name in named), types)
    spoken = {word for text in (*facts, *rules.atoms, *steps) for word in words_of(text)[1:]} - named
    objects = typed_list((name for name in types if name in spoken), types)
    problem_name = symbols([world.scene.name or "a home"], [DOMAIN_NAME])[0]
    return PddlFiles(
        domain=domain_text(DOMAIN_NAME, operators, signatures, constants),
        problem=header + problem_text(problem_name, DOMAIN_NAME, objects, facts, rules.atoms),
        plan=header + "".join(f"{step}\n" for step in steps),
        names={names[i]: world.names[i] for i in included},
        home=world.domain,
    )


def _taken(operators: Sequence[Operator], liquids: Sequence[str]) -> set[str]:
    """Return the words of a domain, which no entity may be called."""
    words = {word for each in operators for text in (*each.precondition, *each.effect) for word in words_of(text)}
    words |= {each.name for each in operators} | {variable for each in operators for variable in each.parameters}
    return {word.lstrip("?") for word in words} | {*SUPERTYPE, *liquids, *WORDS, NOWHERE, DOMAIN_NAME}


def _pours(goal: GroundGoal, actions: Sequence[Action], initial_state: State) -> bool:
    """Whether pouring can serve a goal: it is about liquids, or about vessels that one would heat or chill."""
    return (
        needs_liquid(goal)
        or fills_something(goal, initial_state.world)
        or any(action.skill == "pour" for action in actions)
    )
