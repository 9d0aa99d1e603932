"""What must hold for every answer to any input: for plans, printed output and error messages."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr, redirect_stdout, suppress
from typing import get_args

from envs.symbolic.actions import Action, State, apply, format_action, parse_action, unmet_precondition
from envs.symbolic.domain import load_domain
from envs.symbolic.goals import Goal, parse_goal
from envs.symbolic.progress import advance, begin, score
from planner.cli import plan_display
from planner.language.normalization import normalize
from planner.plans.export import PLAN_FORMATS, ExportError, PlanFormat
from planner.plans.pddl.strips_problem import PddlFiles, to_strips
from planner.plans.planning_result import Plan, Status
from planner.prompts.sessions import Prompts
from planner.world_model.belief import GROUND, HAND, Belief
from tests.planner.plans.export import btcpp
from tests.planner.plans.pddl import strips_checks

MERMAID_LINE = re.compile(r'    (\w+ --> \w+|\w+(\(\["[^"]*"\]\)|\["[^"]*"\]|\{\{"[^"]*"\}\}))')
MAX_MESSAGE = 20_000  # characters: a home file may have a hundred problems, a line each


def check_plan(plan: Plan, state: State, *, exports: bool = True) -> None:
    """Check that a plan is executable, reaches its goal exactly if it says so, and can be exported in every format."""
    assert plan.status in get_args(Status)
    assert (plan.status == "scheduled") == bool(plan.waits)
    assert (plan.goal is None) == (plan.status in ("refused", "ask", "answered", "noted"))
    assert (plan.status == "noted") == bool(plan.rules)
    assert plan.reason or plan.status == "verified"
    assert _reaches(plan, state) == plan.is_proven
    output = io.StringIO()
    with redirect_stdout(output):
        plan_display.print_plan(plan)
    lines = [line for line in output.getvalue().splitlines() if not line.startswith("words: ")]
    proof = plan.report.proof if plan.report is not None else None
    n_lines = 3 if plan.goal is not None else 2 if plan.status == "answered" else 1
    assert len(lines) >= n_lines
    if len(lines) > n_lines:  # what an unverified plan does for each condition
        assert proof is not None and plan.status == "unverified"
        assert len(lines) <= n_lines + len(proof.conditions) + len(proof.rules)
        assert all(line.startswith("  ") for line in lines[n_lines:])
    check_shown(output.getvalue())
    assert read_json(plan.export("json"))["status"] == plan.status
    if plan.goal is None or not exports:
        return
    for name in PLAN_FORMATS:
        with suppress(ExportError):  # in PDDL: the goal can never hold
            check_export(name, plan.export(name, unverified=True))
    with suppress(ExportError):
        check_strips(plan.goal, plan.actions, state, title=plan.instruction)


def check_export(name: PlanFormat, text: str) -> None:
    """Check that an exported plan is valid in its format."""
    check_shown(text)
    if name == "bt":
        btcpp.check(text)
    elif name == "mermaid":
        head, *lines = text.splitlines()
        assert head == "flowchart TD"
        assert all(MERMAID_LINE.fullmatch(line) for line in lines), text


def check_strips(goal: Goal, actions: Sequence[Action], start: State, *, title: str) -> PddlFiles:
    """Check that the plan in PDDL does what ours does; return its files."""
    files = to_strips(goal, actions, start, title=title)
    final, progress = start, begin(goal, start)
    for action in actions:
        final = apply(final, action)
        progress = advance(progress, final, action)
    strips_checks.check_plan(files, final, reached=score(progress).success)
    return files


def _reaches(plan: Plan, state: State) -> bool:
    if plan.goal is None:
        assert not plan.actions and not plan.subtasks
        return False
    assert parse_goal(plan.goal_text) == plan.goal
    now, progress = state, begin(plan.goal, state)
    for subtask, action in zip(plan.subtasks, plan.actions, strict=True):
        assert parse_action(state.world, subtask) == action and format_action(state.world, action) == subtask
        assert unmet_precondition(now, action) is None, f"{subtask}: {unmet_precondition(now, action)}"
        now = apply(now, action)
        progress = advance(progress, now, action)
    return score(progress).success


def check_belief(belief: Belief) -> None:
    """Check that a home can be as it is believed to be: with names, places and states that its objects can have."""
    domain = load_domain()
    fixtures = {spec.name: domain.fixtures[spec.category] for spec in belief.scene.fixtures}
    for name, known in belief.things.items():
        category, _, number = name.rpartition(" ")
        assert category == known.category, name
        assert number.isascii() and number.isdecimal() and number[0] != "0" and len(number) < 10, name
        if known.place not in (HAND, GROUND):
            place = belief.things[known.place] if known.place in belief.things else fixtures[known.place]
            place_category = place.name if hasattr(place, "name") else place.category
            assert domain.fits(category, place_category), f"{name} in {known.place}"
        assert known.states <= domain.objects[category].possible_states, f"{name}: {sorted(known.states)}"
        assert not known.states >= {"hot", "cold"}, name
        kind = domain.objects[category]
        assert not known.liquid or kind.fills or kind.contains == known.liquid, f"{name} of {known.liquid}"
    assert sum(known.place == HAND for known in belief.things.values()) <= 1
    for fixture, states in belief.fixtures.items():
        assert all(fixtures[fixture].can_be(word) for word in states), f"{fixture}: {sorted(states)}"
    assert (belief.looked | belief.remembered) <= fixtures.keys()
    for state in belief.states():
        assert len(set(state.world.names)) == len(state.world.names)
        assert all(state.root(i) < state.world.n_fixtures for i in range(len(state.world.names)))


def check_ordinary(instruction: str, prompts: Prompts) -> None:
    """Check that the instruction has no special tokens but the two that the program puts around it."""
    normalized = normalize(instruction)
    assert normalize(normalized) == normalized and normalized.isprintable()
    before, *ids, behind = prompts.heading(normalized)
    assert before == behind == prompts.special_ids["[SEP]"]
    encodable = instruction.encode("utf-8", "replace").decode()
    assert prompts.stops.isdisjoint(ids) and prompts.stops.isdisjoint(prompts.tokenizer.encode(encodable))
    assert prompts.tokenizer.decode(ids) == " " + normalized or not ids


def called(main: Callable[[list[str]], int], argv: list[str]) -> tuple[int, str]:
    """Call a command; return its exit code and what it printed."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2))
    with redirect_stdout(out), redirect_stderr(err):
        code = main(argv)
    output, messages = _text(out), _text(err)
    assert code in (0, 1, 2), code
    check_shown(output)
    check_shown(messages)
    check_message(messages)
    assert (code == 2) <= bool(messages)
    assert "Warning" not in messages and "Traceback" not in messages, messages
    return code, output


def _text(stream: io.TextIOWrapper) -> str:
    stream.flush()
    raw = stream.buffer
    assert isinstance(raw, io.BytesIO)
    return raw.getvalue().decode("utf-8")


def check_shown(text: str) -> None:
    """Check that nothing in the text moves the cursor, changes colors or reverses the writing direction."""
    unprintable = [c for c in text if not c.isprintable() and c != "\n"]
    assert not unprintable, unprintable


def check_message(message: str) -> None:
    """Check that a message is not too long."""
    assert len(message) <= MAX_MESSAGE, f"{len(message)} characters: {message[:200]}"


def read_json(line: str) -> dict[str, object]:
    """Parse a JSON object; NaN and Infinity, which only JavaScript accepts, are errors."""

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    content = json.loads(line, parse_constant=refuse)
    assert isinstance(content, dict)
    return content
