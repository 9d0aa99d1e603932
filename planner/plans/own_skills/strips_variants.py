"""The variants of a skill as STRIPS actions: how their variables are found in a state, and which one a subtask is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

from planner.plans.own_skills.pddl_facts import members

if TYPE_CHECKING:
    from envs.symbolic.actions import Action, State
    from envs.symbolic.skills.values import Skill
    from planner.plans.pddl.operators import Operator

Binding = Mapping[str, int | str]
"""The entity, or the liquid, of each variable."""
Test = Callable[["State", Binding], bool]


@dataclass(frozen=True, kw_only=True)
class Variant:
    """One STRIPS action of a skill.

    Attributes:
        operator: The action.
        skill: The skill.
        roles: How each variable is found: a role and what it is about (`_entity`).
        tests: What is true where it is applicable.
        attends: The variable of a nested object that the robot must attend, with the step that begins to; or nothing.
    """

    operator: Operator
    skill: Skill
    roles: tuple[tuple[str, tuple[str, str]], ...]
    tests: tuple[Test, ...]
    attends: tuple[str, str] | None


def variant_of(
    state: State, action: Action, variants: Sequence[Variant]
) -> tuple[Variant, dict[str, int | str]] | None:
    """Return the variant that a subtask is in a state, with the entity or liquid of each of its variables."""
    for variant in variants:
        if variant.skill.name != action.skill:
            continue
        bindings = list(_bindings(state, action, variant))
        for binding in bindings:
            if all(test(state, binding) for test in variant.tests):
                return variant, binding
    return None


def _bindings(state: State, action: Action, variant: Variant) -> Iterator[dict[str, int | str]]:
    """Yield what the variables of a variant may be: something found may be one of several."""
    binding: dict[str, int | str] = {}
    for variable, (role, about) in variant.roles:
        if role == "argument":
            binding[variable] = state.world.index[action.args[int(about)]]
        elif role == "held":
            binding[variable] = state.held
    found = [(variable, about) for variable, (role, about) in variant.roles if role == "found"]
    choices = [members(state.world, kind) for _, kind in found]
    for chosen in product(*choices):
        each = binding | dict(zip((variable for variable, _ in found), chosen, strict=True))
        for variable, (role, about) in variant.roles:
            if role == "place":
                each[variable] = state.place[int(each[about])] if int(each[about]) >= 0 else -1
            elif role == "liquid":
                each[variable] = state.liquid[int(each[about])]
            elif role == "word":
                each[variable] = about
        yield each


def is_sort(variable: str, letter: str) -> Test:
    """Test that a variable is an object (`x`) or furniture (`f`)."""
    return lambda state, b: (int(b[variable]) < state.world.n_fixtures) == (letter == "f")


def is_able(variable: str, ability: str) -> Test:
    """Test that the category of a variable has an ability."""

    def test(state: State, b: Binding) -> bool:
        entity = int(b[variable])
        category = state.world.object_category[entity] or state.world.fixture_category[entity]
        return getattr(category, ability, None) not in (None, False)

    return test


def has(variable: str, word: str, *, positive: bool) -> Test:
    """Test that a variable has a state, or has it not."""
    return lambda state, b: state.has(int(b[variable]), word) == positive


def runs_closed(variable: str, *, is_so: bool) -> Test:
    """Test that a fixture has a process that runs only while it is closed, or has none."""

    def test(state: State, b: Binding) -> bool:
        process = state.world.process[int(b[variable])]
        return (process is not None and "closed" in process.when) == is_so

    return test


def stands_in(variable: str, room: str) -> Test:
    """Test that furniture stands in a room."""

    def test(state: State, b: Binding) -> bool:
        fixture = int(b[variable])
        return fixture >= 0 and state.world.scene.fixtures[fixture].room == state.world.names[int(b[room])]

    return test


def is_on(variable: str, place: str) -> Test:
    """Test that an object is directly in or on a place."""
    return lambda state, b: state.place[int(b[variable])] == b[place]


def stands_on_furniture(variable: str) -> Test:
    """Test that an object is directly in or on furniture."""
    return lambda state, b: 0 <= state.place[int(b[variable])] < state.world.n_fixtures


def is_in_vessel(variable: str) -> Test:
    """Test that an object is directly in or on another object."""
    return lambda state, b: state.place[int(b[variable])] >= state.world.n_fixtures
