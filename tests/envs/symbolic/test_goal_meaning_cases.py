"""What goals mean, by another hand: `goal_meaning_cases.yaml` was written from the design, not from the code.

The head of that file says what its entries mean. A case marked `doubtful` records what was decided where the design is
silent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from envs.errors import GoalError
from envs.scenes.home_files.reader import parse_home
from envs.symbolic.actions import BIT, HELD, NOWHERE, State, World, apply, parse_action
from envs.symbolic.domain import Domain
from envs.symbolic.goals import (
    Goal,
    Query,
    format_goal,
    format_query,
    parse_goal,
    parse_query,
    parse_rule,
    with_home_rules,
)
from envs.symbolic.obstacles import obstacle
from envs.symbolic.progress import advance, begin, score
from planner.goals.comparison import meaning
from planner.language.answering.answers import answer

Case = dict[str, Any]
TABLE = yaml.safe_load(Path(__file__).with_name("goal_meaning_cases.yaml").read_text(encoding="utf-8"))


def _cases() -> list[Any]:
    return [
        pytest.param({"home": group["home"], **case}, id=f"{group['name']} {number}: {case['goal']}"[:80])
        for group in TABLE["groups"]
        for number, case in enumerate(group["cases"], start=1)
    ]


CASES = _cases()


@cache
def home(name: str) -> State:
    text = yaml.safe_dump(TABLE["homes"][name], sort_keys=False)
    return World(parse_home(text, name, geometry=False)).initial()


def changed(state: State, changes: Mapping[str, Any]) -> State:
    """Return the state in which some things are elsewhere or otherwise, whoever did that."""
    world, place, flags, liquid, held = state.world, state.place, state.flags, state.liquid, state.held
    places, bits, liquids = list(place), list(flags), list(liquid)
    for name, words in changes.items():
        entity = world.index[name]
        for given in words if isinstance(words, list) else [words]:
            word: str = {True: "on", False: "off"}.get(given, given)  # type: ignore[assignment]  # YAML reads a bare on as true
            if word == "hand":
                places[entity], held = HELD, entity
            elif word in world.index:
                places[entity] = world.index[word]
                held = NOWHERE if held == entity else held
            elif word == "empty" or word.startswith("of "):
                liquids[entity] = word.removeprefix("of ").replace("empty", "")
            elif (positive := world.domain.negations.get(word)) is not None:
                bits[entity] &= ~BIT[positive]
            else:
                bits[entity] |= BIT[word]
    return state._replace(place=tuple(places), flags=tuple(bits), liquid=tuple(liquids), held=held)


def read(text: str, state: State) -> Goal | Query:
    scene = state.world.scene
    return (parse_query if text.startswith("?") else parse_goal)(text, state.world.domain, scene=scene)


def meant(text: str, state: State) -> object:
    value = read(text, state)
    return meaning(value) if isinstance(value, Goal) else value


def refusal(text: str, state: State) -> str:
    """Return why a goal makes no sense: it cannot be read, or it can never be reached in this home."""
    try:
        value = read(text, state)
    except GoalError as error:
        return str(error)
    assert isinstance(value, Goal)
    return obstacle(value, state)


def canonical(value: Goal | Query, domain: Domain) -> str:
    return format_goal(value, domain) if isinstance(value, Goal) else format_query(value, domain)


def checked(expected: object, seen: object, case: Case) -> None:
    assert seen == expected, f"{case['goal']}: {case['why']}"


def check_end(case: Case, start: State) -> None:
    scene, domain = start.world.scene, start.world.domain
    goal = with_home_rules(parse_goal(case["goal"], domain, scene=scene), scene)
    rules = [parse_rule(text, domain, scene=scene) for text in case.get("rules", [])]
    goal = replace(goal, rules=(*goal.rules, *rules))
    progress, state = begin(goal, start), start
    broken_at = dict.fromkeys((number for number, _ in progress.broken), 0)
    steps = case.get("do") or case.get("states") or ([case["end"]] if case.get("end") else [])
    for number, step in enumerate(steps, start=1):
        action = parse_action(state.world, step) if isinstance(step, str) else None
        state = apply(state, action) if action is not None else changed(state, step)
        progress = advance(progress, state, action)
        for rule, _ in progress.broken:
            broken_at.setdefault(rule, number)
    result = score(progress)
    if "met" in case:
        checked(case["met"], list(result.met) if isinstance(case["met"], list) else all(result.met), case)
    if "breaks" in case:
        seen = [broken_at.get(number, "never") for number in range(len(goal.rules))]
        checked(case["breaks"], seen if isinstance(case["breaks"], list) else seen[0], case)
        assert result.success == (all(result.met) and not broken_at)


def has_word(words: str | list[str], text: str) -> bool:
    return any(word in text for word in ([words] if isinstance(words, str) else words))


@pytest.mark.parametrize("case", CASES)
def test_a_goal_means_what_the_design_says(case: Case) -> None:
    start = changed(home(case["home"]), case.get("start", {}))
    domain = start.world.domain
    if "error" in case:
        reason = refusal(case["goal"], start)
        assert has_word(case["error"], reason), reason
        if "met" not in case:
            return
    value = read(case["goal"], start)
    assert read(canonical(value, domain), start) == value, f"written as {canonical(value, domain)}"
    if "formats_as" in case:
        checked(case["formats_as"], canonical(value, domain), case)
    if "same_as" in case:
        checked(meant(case["same_as"], start), meant(case["goal"], start), case)
    if "different_from" in case:
        assert meant(case["goal"], start) != meant(case["different_from"], start), case["why"]
    if "says" in case or "says_not" in case:
        assert isinstance(value, Query)
        text = answer(value, start)
        assert all(has_word(words, text) for words in case.get("says", [])), text
        assert not any(has_word(words, text) for words in case.get("says_not", [])), text
    if not {"met", "breaks"}.isdisjoint(case):
        check_end(case, start)
