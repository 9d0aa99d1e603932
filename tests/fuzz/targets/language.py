"""Text that a person types: instructions, dialogues, goals, statements about a home, plans, and names of homes."""

from __future__ import annotations

import io
import re
import sys
from contextlib import contextmanager, redirect_stdout
from random import Random
from typing import TYPE_CHECKING
from unittest import mock

from envs.errors import GoalError
from envs.symbolic.actions import Action, applicable, format_action, successor
from envs.symbolic.goals import format_goal, parse_goal
from envs.symbolic.progress import begin, score
from planner import plan as plan_command
from planner import run as run_command
from planner.cli import dialogue
from planner.errors import PlannerError
from planner.goals.feasibility import is_feasible, missing, shortage
from planner.plans.options import Options
from planner.plans.plan_text import split_plan
from planner.plans.typed_steps import read_steps
from planner.world_model.belief import Belief
from planner.world_model.memory import parse_statement
from planner.world_model.open_home import open_home
from tests.fuzz.inputs import files, texts
from tests.fuzz.soundness import (
    called,
    check_belief,
    check_message,
    check_ordinary,
    check_plan,
    check_shown,
    read_json,
)
from tests.fuzz.targets.contract import (
    SMALL_HOMES,
    only_our_errors,
    opened,
    planners,
    released_weights_loaded,
    some_state,
)

if TYPE_CHECKING:
    from collections.abc import Iterator


def instructions(rng: Random) -> None:
    """An instruction in a home: the answer to any text is sound."""
    planner, state = rng.choice(planners())
    instruction = texts.instruction(rng, state)
    options = Options(
        samples=rng.choice((0, 0, 1, 4)),
        temperature=rng.choice((0.0, 0.0, 0.0, 1.0)),
        error_rate=rng.choice((None, None, None, 0.6)),  # the released weights can keep it
        seed=rng.randrange(2**31),
    )
    check_ordinary(instruction, planner.prompts)
    check_plan(planner.plan(instruction, state, options), state, exports=rng.randrange(8) == 0)


def sentences(rng: Random) -> None:
    """A sentence of other people with odd additions, planned greedily: the answer is sound."""
    planner, state = rng.choice(planners())
    instruction = texts.sentence(rng, state)
    check_ordinary(instruction, planner.prompts)
    check_plan(planner.plan(instruction, state, Options(samples=0)), state, exports=rng.randrange(20) == 0)


def dialogues(rng: Random) -> None:
    """Bytes on the standard input of `--interactive --json`: the output is one complete JSON object per line."""
    planner, state = rng.choice(planners())
    lines = [texts.instruction(rng, state) for _ in range(rng.randrange(3))]
    raw = files.damaged("\n".join(lines).encode("utf-8", "replace"), rng)
    stdin = io.TextIOWrapper(io.BytesIO(raw), encoding="utf-8", errors="replace")
    output = io.StringIO()
    ask = rng.randrange(2) == 0
    with redirect_stdout(output):
        dialogue.converse(
            dialogue.read_lines(stdin), planner, state, Options(samples=0), None, as_json=True, ask=ask
        )  # fmt: skip
    for line in output.getvalue().splitlines():
        assert set(read_json(line)) >= {"instruction", "status", "plan", "home"}
    assert len(output.getvalue().splitlines()) <= raw.count(b"\n") + raw.count(b"\r") + 1


def goals(rng: Random) -> None:
    """A text in or near the goal language: parsed, formatted and scored, or refused with a message."""
    state = some_state(rng)
    try:
        goal = parse_goal(texts.goal(rng, state))
    except GoalError as error:
        check_message(str(error))
        return
    assert parse_goal(format_goal(goal)) == goal
    check_shown(format_goal(goal))
    result = score(begin(goal, state))
    assert len(result.met) == len(goal.conditions)
    if missing(goal, state) is None and shortage(goal, state) is None:
        is_feasible(goal, state)


def statements(rng: Random) -> None:
    """What `--tell` says of a home: a belief that can hold, or a message."""
    state = some_state(rng)
    belief = Belief.of_map(state.world.scene)
    if rng.randrange(2):
        belief = belief.observe(state)
    for _ in range(rng.choice((1, 1, 2, 4))):
        with only_our_errors("told"):
            belief = parse_statement(belief, [texts.statement(rng, state)])
            check_belief(belief)


def plans(rng: Random) -> None:
    """A user's plan for `planner.run`: executed as far as possible, or refused with a message."""
    name = rng.choice(SMALL_HOMES)
    state = opened(name)
    plan, goal = texts.plan(rng, state), texts.goal(rng, state)
    flags = ["--json"] * rng.randrange(2) + [f"--goal={goal}"] * rng.randrange(2)
    where = ["--home", name, "--backend", "symbolic", *flags, "--"]
    if plan == "-" or rng.randrange(3) == 0:
        with _standard_input(files.damaged(plan.encode("utf-8", "surrogatepass"), rng)):
            code, output = called(run_command.main, [*where, "-"])
    else:
        code, output = called(run_command.main, [*where, plan])
    if "--json" in flags and code != 2:
        read_json(output)


def steps(rng: Random) -> None:
    """A plan in any way of writing lists: the same steps; with a name that no object has: an error."""
    now = state = some_state(rng)
    actions: list[Action] = []
    for _ in range(rng.randrange(1, 7)):
        actions.append(rng.choice(applicable(now)))
        now = successor(now, actions[-1])
    written = [format_action(state.world, action) for action in actions]
    text = texts.listed(rng, written)
    assert read_steps(state, split_plan(text)).actions == tuple(actions), text
    at = rng.randrange(min(1, len(written) - 1), len(written))  # a first one may be an instruction
    written[at] = rng.choice(
        (re.sub(r"\d+$", "99", written[at]), written[at] + " 7", written[at].replace(" ", "  x", 1))
    )
    try:
        read = read_steps(state, split_plan(texts.listed(rng, written))).actions
    except PlannerError as error:
        check_message(str(error))
    else:
        raise AssertionError(f"{written[at]!r} was read: {read}")


def piped(rng: Random) -> None:
    """Bytes on the standard input of `planner.plan -` and of `--ask`: one answer, in the format that was asked for."""
    name = rng.choice(SMALL_HOMES)
    lines = [texts.instruction(rng, opened(name)) for _ in range(rng.choice((1, 1, 2)))]
    raw = files.damaged("\n".join(lines).encode("utf-8", "surrogatepass"), rng)
    form: tuple[str, ...] = rng.choice(((), ("--json",), ("--format", "bt"), ("--format", "mermaid")))
    flags = ["--home", name, "--samples", "0", *form]
    with released_weights_loaded(), _standard_input(raw):
        if rng.randrange(3) == 0 and lines[0] != "-":
            code, output = called(plan_command.main, [*flags, "--ask", "--", lines[0]])
        else:
            code, output = called(plan_command.main, [*flags, "-"])
    if "--json" in flags and code != 2:
        for line in output.splitlines():  # several lines are several instructions
            assert set(read_json(line)) >= {"instruction", "status", "plan", "home"}


@contextmanager
def _standard_input(raw: bytes) -> Iterator[None]:
    with mock.patch.object(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw), encoding="utf-8")):
        yield


def names(rng: Random) -> None:
    """The value of --home: a home or an error, and never a bundled name that leads to another file."""
    name = rng.choice(("", "studio", "..", "7")) + texts.odd(rng) * rng.choice((1, 1, 200))
    with only_our_errors():
        open_home(name, geometry=False)
