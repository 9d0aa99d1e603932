"""Instructions one after another, each answered before the next is read: what `--interactive` does.

Any program can drive the planner so, as a subprocess: a line in, with `--json` one object a line out. The home is the
same for each instruction, unless plans are carried out in it; then each begins where the one before ended.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, TextIO

from envs.symbolic.goals import format_condition
from planner.cli.clarification import answered, choices
from planner.errors import PlannerError
from planner.io.terminal import printable
from planner.prompts import text_format

if TYPE_CHECKING:
    from envs.simulation.physical_home import PhysicalHome
    from envs.simulation.symbolic_home import SymbolicHome
    from envs.symbolic.actions import State
    from planner.api import Planner
    from planner.cli.execution_flags import ExecutionSettings
    from planner.execution.events import Episode
    from planner.plans.options import Options
    from planner.plans.planning_result import Plan

MAX_INSTRUCTION = 4000  # characters


def print_plan(plan: Plan) -> None:
    """Print goal, plan, confidence and status for a person, a line each."""
    if plan.goal is not None:
        print(f"goal: {plan.goal_text}")
        done = plan.status == "verified" and not plan.actions
        print("nothing to do: the goal holds already" if done else f"plan: {printable(str(plan))}")
    reason = printable(" ".join(plan.reason.split()))
    sure = f", {100 * plan.confidence.plan:.0f} % sure" if plan.confidence is not None else ""
    print(f"{plan.status}" + (f": {reason}" if reason else "") + f" ({plan.seconds:.2f} s{sure})", flush=True)


def lines_of(stream: TextIO) -> Iterator[str]:
    """Yield the lines of a stream as they come; what is longer than an instruction may be is passed over unread."""
    while line := stream.readline(MAX_INSTRUCTION):
        more = line
        while len(more) == MAX_INSTRUCTION and not more.endswith("\n"):
            more = stream.readline(MAX_INSTRUCTION)
        yield line


def asked(plan: Plan) -> str | None:
    """Put a plan's question to the person at the terminal; returns the answer, None where standard input ends."""
    print_question(plan)
    print("answer: ", end="", file=sys.stderr, flush=True)
    try:
        return next(lines_of(sys.stdin), None)
    except UnicodeDecodeError:
        raise PlannerError("standard input is not a text (UTF-8)") from None


def print_question(plan: Plan) -> None:
    """Print a question with its options, numbered, beside the answers that a program may read."""
    print(printable(plan.reason), file=sys.stderr)
    for number, choice in enumerate(choices(plan), start=1):
        print(f"  {number}. {choice}", file=sys.stderr, flush=True)


def converse(
    lines: Iterable[str],
    planner: Planner,
    state: State,
    options: Options,
    stage: ExecutionSettings | None,
    *,
    as_json: bool,
    ask: bool = False,
) -> None:
    """Answer instructions until there are no more.

    Args:
        lines: The instructions; an empty line is answered, too.
        planner: Plans.
        state: The home.
        options: How to decode.
        stage: Where verified plans are carried out; None carries none out.
        as_json: Whether each answer is one line of JSON.
        ask: Whether the line after a question is its answer.
    """
    home = None if stage is None else _opened(state, stage)
    try:
        planner.prompts.home(
            text_format.inventory(state) if options.inventory else ""
        )  # read while the first is being typed
        if not as_json:
            print(f"ready: {state.world.scene.name}; an instruction a line, end with Ctrl-D", file=sys.stderr)
        plan: Plan | None = None
        for line in lines:
            now = state if home is None else home.state()
            if ask and plan is not None and plan.status == "ask" and line.strip():
                plan = answered(plan, line, planner, now, options)
            else:
                plan = planner.plan(line, now, options)
            if not as_json:
                print_plan(plan)
                if ask and plan.status == "ask":
                    print_question(plan)
            episode = None
            if stage is not None and home is not None and plan.goal is not None and plan.status == "verified":
                episode = _carried_out(plan, home, planner, options, stage)
            if as_json:
                print(json.dumps(_answer(plan, episode, stage)), flush=True)
    finally:
        if home is not None and hasattr(home, "close"):
            home.close()


def _opened(state: State, stage: ExecutionSettings) -> PhysicalHome | SymbolicHome:
    if stage.backend == "symbolic":
        from envs.simulation.symbolic_home import SymbolicHome

        return SymbolicHome(state)
    from envs.simulation.physical_home import PhysicalHome

    return PhysicalHome(state.world.scene, grasp=stage.grasp, gui=stage.gui)


def _carried_out(
    plan: Plan, home: PhysicalHome | SymbolicHome, planner: Planner, options: Options, stage: ExecutionSettings
) -> Episode:
    from planner.cli.execution_display import ExecutionDisplay
    from planner.cli.execution_runner import print_score
    from planner.execution.executor import run

    assert plan.goal is not None
    show = ExecutionDisplay(quiet=stage.quiet)
    episode = show.tell(
        run(plan.actions, plan.goal, home, planner=planner, options=options, max_replans=stage.max_replans)
    )
    if not stage.quiet:
        print_score(episode, [format_condition(c) for c in plan.goal.conditions], stage)
        sys.stdout.flush()
    return episode


def _answer(plan: Plan, episode: Episode | None, stage: ExecutionSettings | None) -> dict[str, object]:
    answer = plan.as_dict()
    if episode is None or stage is None:
        return answer
    from planner.cli.execution_runner import episode_as_dict

    return answer | {"episode": episode_as_dict(episode, stage)}
