"""What must hold of every answer, whatever was asked: of a plan, of what is shown, of an error's message."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from xml.etree import ElementTree

from envs.symbolic.actions import State, apply, format_action, parse_action, unmet_precondition
from envs.symbolic.goals import parse_goal
from envs.symbolic.scoring import advance, score
from planner.cli import dialogue
from planner.language.normalization import normalize
from planner.plans.export import ExportError
from planner.plans.planning_result import Plan
from planner.prompts.sessions import Prompts

LONGEST_MESSAGE = 20_000  # characters: a home file may have a hundred problems, a line each


def check_plan(plan: Plan, state: State) -> None:
    """A plan can be carried out, reaches its goal exactly if it says so, and can be shown in every format."""
    assert plan.status in ("verified", "unverified", "refused", "ask")
    assert (plan.goal is None) == (plan.status in ("refused", "ask"))
    assert plan.reason or plan.status == "verified"
    assert _reaches(plan, state) == (plan.status == "verified")
    shown = io.StringIO()
    with redirect_stdout(shown):
        dialogue.print_plan(plan)
    assert shown.getvalue().count("\n") == (1 if plan.goal is None else 3)
    check_shown(shown.getvalue())
    assert read_json(plan.export("json"))["status"] == plan.status
    if plan.goal is None:
        return
    ElementTree.fromstring(plan.export("bt"))
    check_shown(plan.export("mermaid"))
    try:
        problem = plan.export("pddl")
    except ExportError:  # the goal can never hold
        return
    bare = "\n".join(line.partition(";")[0] for line in problem.splitlines())
    assert bare.count("(") == bare.count(")")


def _reaches(plan: Plan, state: State) -> bool:
    if plan.goal is None:
        assert not plan.actions and not plan.subtasks
        return False
    assert parse_goal(plan.goal_text) == plan.goal
    now, phase = state, advance(plan.goal, 0, state, state)
    for subtask, action in zip(plan.subtasks, plan.actions, strict=True):
        assert parse_action(state.world, subtask) == action and format_action(state.world, action) == subtask
        assert unmet_precondition(now, action) is None, f"{subtask}: {unmet_precondition(now, action)}"
        now = apply(now, action)
        phase = advance(plan.goal, phase, now, state)
    return score(plan.goal, phase, now, state).success


def check_ordinary(said: str, prompts: Prompts) -> None:
    """No token of what was said is a special one: those stand before and behind it, where this program put them."""
    before, *ids, behind = prompts.heading(normalize(said))
    assert before == behind == prompts.special_ids["[SEP]"]
    whole = said.encode("utf-8", "replace").decode()
    assert prompts.stops.isdisjoint(ids) and prompts.stops.isdisjoint(prompts.tokenizer.encode(whole))
    assert prompts.tokenizer.decode(ids) == " " + normalize(said) or not ids


def called(main: Callable[[list[str]], int], argv: list[str]) -> tuple[int, str]:
    """Call a command; its exit code, and what it printed."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2))
    with redirect_stdout(out), redirect_stderr(err):
        code = main(argv)
    shown, said = _text(out), _text(err)
    assert code in (0, 1, 2), code
    check_shown(shown)
    check_shown(said)
    check_message(said)
    assert (code == 2) <= bool(said)
    assert "Warning" not in said and "Traceback" not in said, said
    return code, shown


def _text(stream: io.TextIOWrapper) -> str:
    stream.flush()
    raw = stream.buffer
    assert isinstance(raw, io.BytesIO)
    return raw.getvalue().decode("utf-8")


def check_shown(shown: str) -> None:
    """Nothing in it moves a cursor, changes colors or turns the direction of writing around."""
    bad = [c for c in shown if not c.isprintable() and c != "\n"]
    assert not bad, bad


def check_message(said: str) -> None:
    """It says something, and not without end."""
    assert len(said) <= LONGEST_MESSAGE, f"{len(said)} characters: {said[:200]}"


def read_json(line: str) -> dict[str, object]:
    """A JSON object, without what JavaScript alone takes for JSON."""

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    found = json.loads(line, parse_constant=refuse)
    assert isinstance(found, dict)
    return found
