"""What must hold for every answer to any input: for plans, printed output and error messages."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from xml.etree import ElementTree

from envs.symbolic.actions import State, apply, format_action, parse_action, unmet_precondition
from envs.symbolic.goals import parse_goal
from envs.symbolic.progress import advance, begin, score
from planner.cli import dialogue
from planner.language.normalization import normalize
from planner.plans.export import ExportError
from planner.plans.planning_result import Plan
from planner.prompts.sessions import Prompts

MAX_MESSAGE = 20_000  # characters: a home file may have a hundred problems, a line each


def check_plan(plan: Plan, state: State) -> None:
    """Check that a plan is executable, reaches its goal exactly if it says so, and can be exported in every format."""
    assert plan.status in ("verified", "unverified", "refused", "ask")
    assert (plan.goal is None) == (plan.status in ("refused", "ask"))
    assert plan.reason or plan.status == "verified"
    assert _reaches(plan, state) == (plan.status == "verified")
    output = io.StringIO()
    with redirect_stdout(output):
        dialogue.print_plan(plan)
    assert output.getvalue().count("\n") == (1 if plan.goal is None else 3)
    check_shown(output.getvalue())
    assert read_json(plan.export("json"))["status"] == plan.status
    if plan.goal is None:
        return
    ElementTree.fromstring(plan.export("bt", unverified=True))
    check_shown(plan.export("mermaid", unverified=True))
    try:
        problem = plan.export("pddl", unverified=True)
    except ExportError:  # the goal can never hold
        return
    without_comments = "\n".join(line.partition(";")[0] for line in problem.splitlines())
    assert without_comments.count("(") == without_comments.count(")")


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


def check_ordinary(instruction: str, prompts: Prompts) -> None:
    """Check that the instruction has no special tokens but the two that the program puts around it."""
    before, *ids, behind = prompts.heading(normalize(instruction))
    assert before == behind == prompts.special_ids["[SEP]"]
    encodable = instruction.encode("utf-8", "replace").decode()
    assert prompts.stops.isdisjoint(ids) and prompts.stops.isdisjoint(prompts.tokenizer.encode(encodable))
    assert prompts.tokenizer.decode(ids) == " " + normalize(instruction) or not ids


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
