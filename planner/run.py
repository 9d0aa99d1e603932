"""`python -m planner.run PLAN`: execute a given plan in the simulated home, and score it.

PLAN is the text that `planner.plan` prints (`... → open cabinet 2 → ...`), one step a line, or the JSON of
`planner.plan --json`; or a file with any of these; - is standard input. see planner/plans/plan_text.py.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from planner.cli.execution_flags import DEFAULT_HOME
from planner.errors import PlannerError
from planner.io.command import one_thread, run_command, standard_input, typed_argument
from planner.io.command_parser import CommandParser
from planner.io.paths import runs_dir
from planner.io.terminal import printable
from planner.world_model.open_home import open_home

if TYPE_CHECKING:
    from collections.abc import Sequence

    from planner.plans.plan_text import PlanText

PROG = "python -m planner.run"
MAX_SHOWN = 300  # characters of a file name in a message


def _parser() -> argparse.ArgumentParser:
    from planner.cli.execution_flags import add_execution_arguments, add_observe_arguments

    parser = CommandParser(
        prog=PROG,
        usage=f"{PROG} [options] plan",
        description="Execute a plan in a simulated home. Exit code: 0 success, 1 failure, 2 wrong usage.",
    )
    parser.add_argument("plan", help="subtasks joined by →, a file of them or of plan's JSON, or - for standard input")
    parser.add_argument("--goal", help="goal to score, in the goal language (default: the JSON's goal)")
    parser.add_argument(
        "--home", default=DEFAULT_HOME, help="YAML file, name in datasets/homes/, or a seed (default: family_house)"
    )
    parser.add_argument(
        "--replan", action="store_true", help="let the GPT replan after a failure (implied by --observe)"
    )
    parser.add_argument("--leave-open", action="store_true", help="for speed: a new plan closes nothing")
    parser.add_argument("--model", help="model folder of the GPT (default: the released weights)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    add_observe_arguments(parser)
    add_execution_arguments(parser)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command."""
    args = _parser().parse_args(argv)
    return run_command(lambda: _run(args), PROG)


def read_plan(source: str) -> PlanText:
    """Return the steps and, if the source has one, the goal of a plan: a text, a file, or - for standard input.

    Raises:
        PlannerError: The source is not a plan.
    """
    from envs.files.bounded_files import ReadError, read_text
    from planner.plans.plan_text import MAX_PLAN, split_plan

    try:
        if source == "-":
            text = standard_input().read(MAX_PLAN + 1)
        elif _is_file(source):
            text = read_text(source, MAX_PLAN)
        else:
            text = typed_argument(source)
    except UnicodeDecodeError:
        raise PlannerError("standard input is not a text (UTF-8)") from None
    except ReadError as error:
        raise PlannerError(f"cannot be read as a plan: {error}") from None
    if text == source and re.fullmatch(r"\S*(?:/|\.(?:txt|json|jsonl|md|plan))\S*", source):
        raise PlannerError(f"there is no plan file {source[:MAX_SHOWN]!r}")
    return split_plan(text)


def _is_file(source: str) -> bool:
    try:
        return Path(source).is_file()
    except (OSError, ValueError):  # too long for a file name, or no possible one: it is the plan itself
        return False


def _run(args: argparse.Namespace) -> int:
    from envs.symbolic.goals import format_condition, parse_goal, with_home_rules
    from planner.cli.execution_flags import read_belief, read_execution_settings
    from planner.cli.execution_runner import episode_as_dict, execute_and_report, print_score
    from planner.plans.options import Options
    from planner.plans.typed_steps import read_steps

    plan_text = read_plan(args.plan)
    goal_text = plan_text.goal if args.goal is None else args.goal
    if not goal_text:
        raise PlannerError("there is nothing to score: give --goal, for example --goal 'plate on dining table'")
    state = open_home(args.home, geometry=args.backend == "physics")
    goal = with_home_rules(parse_goal(goal_text, scene=state.world.scene), state.world.scene)
    belief = read_belief(args, state)
    world = state.world
    if belief is not None:
        from planner.exploration.belief_planning import with_named_objects

        believed_state, plan_text = with_named_objects(belief, plan_text)
        world = believed_state.world
    plan = read_steps(world, plan_text)
    options = Options(close_doors=not args.leave_open)
    settings = read_execution_settings(args, runs_dir() / "run")
    planner = None
    if args.replan or belief is not None:
        from planner.api import Planner
        from planner.exploration.learned_prior import check_home, with_habits

        one_thread()
        planner = Planner.load(args.model, adapter=args.adapter)
        check_home(planner, state.world.scene)
        if belief is not None:
            belief = with_habits(belief, planner)
    if plan.instruction:
        print(f"instruction: {printable(plan.instruction)}", file=sys.stderr if args.json else sys.stdout, flush=True)
    episode = execute_and_report(
        list(plan.actions), goal, state, settings, planner=planner, options=options, belief=belief
    )
    if args.json:
        print(json.dumps(episode_as_dict(episode, settings)))
    else:
        print_score(episode, [format_condition(c) for c in goal.conditions], settings)
    if args.memory is not None and episode.search is not None:
        from planner.world_model.memory import keep

        keep(args.memory, episode.search.belief)
    return 0 if episode.success else 1


if __name__ == "__main__":
    sys.exit(main())
