"""One instruction after another: typed, each answered before the next is read (`--interactive`), or several lines.

Any program can drive the planner as a subprocess: one instruction per line in, and with `--json` one object per line
out. The home stays the same unless plans are executed; then each instruction starts from the last one's final state.
Scheduled plans then hold up nothing: each is done when it is due, at the latest after the last instruction. A rule that
is stated (status `noted`) holds for all instructions after it. What corrects the last answer ("undo", "again", "the
other one", "no, in the dishwasher") is answered as such, and kept as a lesson (planner/corrections).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from envs.errors import GoalError
from envs.symbolic.goals import format_condition, parse_rule
from envs.symbolic.rules import is_true_of
from planner.cli.clarification import plan_from_answer
from planner.cli.plan_display import print_answer, print_plan, print_question
from planner.corrections.conversation import Conversation
from planner.corrections.lessons import keep_lessons
from planner.errors import PlannerError
from planner.io.command import standard_input
from planner.io.terminal import printable
from planner.language.normalization import is_question
from planner.plans.planning_result import ParsedInstruction, Plan
from planner.prompts import text_format
from planner.world_model.open_home import with_rules

if TYPE_CHECKING:
    from envs.simulation.physical_home import PhysicalHome
    from envs.simulation.symbolic_home import SymbolicHome
    from envs.symbolic.actions import State
    from planner.api import Planner
    from planner.cli.execution_flags import ExecutionSettings
    from planner.execution.events import Episode
    from planner.plans.options import Options

MAX_INSTRUCTION = 4000  # characters


class NotedRules:
    """The rules that were stated in a dialogue. One that is broken when it is stated holds as soon as it is kept."""

    def __init__(self) -> None:
        self._texts: dict[str, None] = {}

    def note(self, plan: Plan, *, quiet: bool) -> None:
        """Note the rules of a plan; unless `quiet`, say which of them are broken now."""
        self._texts |= dict.fromkeys(plan.rules)
        for text in plan.rules:
            if not quiet and self._is_broken(text, plan.start):
                print(f"not so now: {printable(text)}; it holds as soon as it is kept", flush=True)

    def applied(self, state: State) -> State:
        """Return the state of the home with the rules that can be kept from now on."""
        return with_rules(state, [text for text in self._texts if not self._is_broken(text, state)])

    @staticmethod
    def _is_broken(text: str, state: State) -> bool:
        return is_true_of(parse_rule(text, scene=state.world.scene), state, state)


def read_lines(stream: TextIO) -> Iterator[str]:
    """Yield the lines of a stream as they arrive; the end of a line that is too long to be read is left out."""
    while line := stream.readline(MAX_INSTRUCTION):
        chunk = line
        while len(chunk) == MAX_INSTRUCTION and not chunk.endswith("\n"):
            chunk = stream.readline(MAX_INSTRUCTION)
        yield line


def ask_user(plan: Plan) -> str | None:
    """Ask the user a plan's question at the terminal; return the answer, or None at the end of standard input."""
    print_question(plan)
    print("answer: ", end="", file=sys.stderr, flush=True)
    try:
        return next(read_lines(standard_input()), None)
    except UnicodeDecodeError:
        raise PlannerError("standard input is not a text (UTF-8)") from None


def converse(
    lines: Iterable[str],
    planner: Planner,
    state: State,
    options: Options,
    settings: ExecutionSettings | None,
    *,
    as_json: bool,
    ask: bool = False,
    typed: bool = True,
    lessons: Path | None = None,
) -> bool:
    """Answer instructions until the input ends; return whether each was settled, and executed if that was asked for.

    Args:
        lines: The instructions, and questions in the goal language (`? where mug`); an empty line is answered too.
        planner: The planner.
        state: The initial state of the home.
        options: Decoding options.
        settings: How verified plans are executed; None: no execution.
        as_json: Whether each answer is one line of JSON.
        ask: Whether the line after a question is its answer.
        typed: Whether a person types the lines and sees them; otherwise each is printed before its answer.
        lessons: Where what was corrected is kept (planner/corrections/lessons.py); None: nowhere.
    """
    home, later, conversation = None, None, Conversation(planner, options)
    if settings is not None:
        from planner.cli.agendas import LaterPlans, outcomes
        from planner.cli.execution_runner import open_home_of

        home = open_home_of(state, settings)
        later = LaterPlans(state, home, settings, planner, options)
    try:
        # Encode the home's inventory while the user types the first instruction.
        planner.prompts.home(text_format.inventory(state) if options.inventory else "")
        if typed and not as_json:
            print(f"ready: {state.world.scene.name}; an instruction a line, end with Ctrl-D", file=sys.stderr)
        plan: Plan | None = None
        rules = NotedRules()
        all_done = True
        for line in lines:
            if not (typed or as_json):
                print(f"instruction: {printable(line.strip())}", flush=True)
            current_state = rules.applied(state if home is None else home.state())
            if is_question(line):
                all_done = _answered(line, current_state, as_json=as_json) and all_done
                continue
            if ask and plan is not None and plan.status == "ask" and line.strip():
                plan = plan_from_answer(plan, line, planner, current_state, options)
                conversation.note_answered(line, plan)
            else:
                plan = conversation.answer(line, current_state)
            if not as_json:
                print_plan(plan)
                if ask and plan.status == "ask":
                    print_question(plan)
            episode, number = None, None
            if settings is not None and home is not None and later is not None:
                if plan.status == "scheduled":
                    number = later.add(plan)
                elif plan.status == "verified":
                    episode = _execute_plan(plan, home, planner, options, settings)
            if as_json:
                kept = {} if number is None else {"agenda": number}
                print(json.dumps(_answer(plan, episode, settings) | kept), flush=True)
            rules.note(plan, quiet=as_json)
            all_done = all_done and plan.is_settled and (episode is None or episode.success)
            if later is not None:
                all_done = later.do(wait=False) and all_done
        if later is not None:
            all_done = later.do(wait=True) and all_done
            if as_json and later.ended:
                print(json.dumps(outcomes(later.ended)), flush=True)
        return all_done
    finally:
        if lessons is not None:
            conversation.end()
            keep_lessons(lessons, conversation.lessons)
        if home is not None and hasattr(home, "close"):
            home.close()


def _answered(line: str, state: State, *, as_json: bool) -> bool:
    """Answer a question in a dialogue, which goes on if it cannot be read; return whether it could be."""
    try:
        print_answer(line, state, as_json=as_json)
    except GoalError as error:
        refused = Plan.declined(ParsedInstruction(instruction=line.strip(), refusal=str(error)), state, 0.0)
        if as_json:
            print(json.dumps(refused.as_dict()), flush=True)
        else:
            print_plan(refused)
        return False
    return True


def _execute_plan(
    plan: Plan, home: PhysicalHome | SymbolicHome, planner: Planner, options: Options, settings: ExecutionSettings
) -> Episode:
    from planner.cli.execution_display import ExecutionDisplay
    from planner.cli.execution_runner import clock_of, print_score
    from planner.execution.executor import run

    assert plan.goal is not None
    display = ExecutionDisplay(quiet=settings.quiet)
    episode = display.show(
        run(
            plan.actions,
            plan.goal,
            home,
            planner=planner,
            options=options,
            max_replans=settings.max_replans,
            clock=clock_of(home, settings),
        )
    )
    assert episode is not None
    if not settings.quiet:
        print_score(episode, [format_condition(c) for c in plan.goal.conditions], settings)
        sys.stdout.flush()
    return episode


def _answer(plan: Plan, episode: Episode | None, settings: ExecutionSettings | None) -> dict[str, object]:
    answer = plan.as_dict()
    if episode is None or settings is None:
        return answer
    from planner.cli.execution_runner import episode_as_dict

    return answer | {"episode": episode_as_dict(episode, settings)}
