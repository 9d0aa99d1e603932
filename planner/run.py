"""`python -m planner.run PLAN`: execute a given plan in the simulated home, and score it.

PLAN is the text that `planner.plan` prints (`... → open cabinet 2 → ...`), one step a line, or the JSON of
`planner.plan --json`; or a file with any of these; - is standard input. see planner/plans/plan_text.py.

A goal with times is waited for, and planned anew when its time comes, so that PLAN may be left out; `--agenda FILE`
does what `planner.plan --agenda FILE` has kept.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from planner.cli.execution_flags import add_home_arguments, home_named, read_domain
from planner.errors import PlannerError
from planner.io.command import run_command, standard_input, typed_argument
from planner.io.command_parser import CommandParser
from planner.io.paths import runs_dir
from planner.io.terminal import printable
from planner.world_model.open_home import open_home, with_robot, with_rules

if TYPE_CHECKING:
    from collections.abc import Sequence

    from envs.symbolic.goals import Goal
    from envs.symbolic.scene import Scene
    from planner.plans.plan_text import PlanText

PROG = "python -m planner.run"
MAX_SHOWN = 300  # characters of a file name in a message


def _parser() -> argparse.ArgumentParser:
    from planner.cli.execution_flags import add_execution_arguments, add_observe_arguments, add_rule_argument

    parser = CommandParser(
        prog=PROG,
        usage=f"{PROG} [options] [plan]",
        description="Execute a plan in a simulated home. Exit code: 0 success, 1 failure, 2 usage.",
    )
    parser.add_argument(
        "plan", nargs="?", help="subtasks joined by →, a file of them or of plan's JSON, or - for standard input"
    )
    parser.add_argument("--goal", help="goal to score (default: that of the JSON)")
    add_rule_argument(parser)
    add_home_arguments(parser)
    parser.add_argument("--replan", action="store_true", help="replan after a failure (implied by --observe)")
    parser.add_argument("--leave-open", action="store_true", help="for speed: a new plan closes nothing")
    parser.add_argument("--model", help="model folder of the GPT (default: the released weights)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument(
        "--days", type=int, metavar="N", help="how often a daily goal is done (1; --clock real: no end)"
    )
    parser.add_argument("--agenda", type=Path, metavar="FILE", help="do the scheduled plans in this file")
    parser.add_argument("--list", action="store_true", help="list the agenda instead")
    parser.add_argument("--cancel", type=int, metavar="N", help="cancel number N of the agenda instead")
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
    if args.days is not None and args.days < 1:
        raise PlannerError(f"--days must be at least 1, found {args.days}")
    if args.agenda is not None:
        return _run_agenda(args)
    if args.list or args.cancel is not None:
        raise PlannerError(f"--{'list' if args.list else 'cancel'} needs --agenda FILE")
    from envs.symbolic.actions import format_action
    from envs.symbolic.goals import format_condition
    from planner.cli.execution_flags import load_planner, read_belief, read_execution_settings
    from planner.cli.execution_runner import episode_as_dict, execute_and_report, print_score
    from planner.plans.options import Options
    from planner.plans.plan_text import PlanText
    from planner.plans.typed_steps import TypedPlan, read_steps

    plan_text = PlanText(steps=()) if args.plan is None else read_plan(args.plan)
    domain = read_domain(args)
    home = home_named(args, domain)
    state = with_rules(open_home(home, geometry=args.backend == "physics", domain=domain), args.rule)
    state = with_robot(state, args.robot)
    goal = _read_goal(args, plan_text, state.world.scene)
    belief = read_belief(args, state)
    believed_state = state
    if belief is not None:
        from planner.exploration.belief_planning import with_named_objects

        believed_state, plan_text = with_named_objects(belief, plan_text)
    world = believed_state.world
    has_steps = bool(plan_text.steps) or not goal.is_timed
    plan = read_steps(believed_state, plan_text) if has_steps else TypedPlan(actions=(), instruction="")
    options = Options(close_doors=not args.leave_open)
    settings = read_execution_settings(args, runs_dir() / "run")
    planner = None
    if args.replan or belief is not None or goal.is_timed:
        planner, belief = load_planner(args, state, belief)
    if plan.instruction:
        print(f"instruction: {printable(plan.instruction)}", file=sys.stderr if args.json else sys.stdout, flush=True)
    actions = plan.actions
    if planner is not None and belief is None and not has_steps:
        proposed = planner.plan_for_goal(goal, state, options)
        if not proposed.is_proven:
            print(f"{PROG}: {proposed.status}: {printable(proposed.reason)}", file=sys.stderr)
            return 1
        if not args.json:
            from planner.cli.plan_display import print_idle_phases

            print_idle_phases(proposed)
        actions = proposed.actions
    if planner is not None and _is_repeated(goal, args):
        from planner.cli.agendas import run_and_report
        from planner.scheduling.agenda import Agenda

        agenda = Agenda(state)
        agenda.add_goal(goal, [format_action(world, action) for action in actions])
        done = run_and_report(agenda, state, settings, planner, days=_days(args), options=options, as_json=args.json)
        return 0 if done else 1
    episode = execute_and_report(actions, goal, state, settings, planner=planner, options=options, belief=belief)
    if args.json:
        print(json.dumps(episode_as_dict(episode, settings)))
    else:
        print_score(episode, [format_condition(c) for c in goal.conditions], settings)
    if args.memory is not None and episode.search is not None:
        from planner.world_model.memory import keep

        keep(args.memory, episode.search.belief)
    return 0 if episode.success else 1


def _read_goal(args: argparse.Namespace, plan_text: PlanText, scene: Scene) -> Goal:
    """Return the goal to score, with the rules of the home.

    Raises:
        PlannerError: There is none, or the flags do not suit it.
        GoalError: It does not parse.
    """
    from envs.symbolic.goals import daily_part, parse_goal, with_home_rules

    goal_text = plan_text.goal if args.goal is None else args.goal
    if not goal_text:
        raise PlannerError("there is nothing to score: give --goal, for example --goal 'plate on dining table'")
    goal = with_home_rules(parse_goal(goal_text, scene=scene), scene)
    if args.plan is None and not goal.is_timed:
        raise PlannerError(f"there is no plan; python -m planner.plan --goal {goal_text!r} --execute makes one")
    if args.days is not None and daily_part(goal) is None:
        raise PlannerError("--days needs a goal that is done every day, such as 'every day at 07:00 : no window open'")
    if args.observe and _is_repeated(goal, args):
        raise PlannerError("--observe does a daily goal once; give --days 1")
    return goal


def _is_repeated(goal: Goal, args: argparse.Namespace) -> bool:
    from envs.symbolic.goals import daily_part

    return daily_part(goal) is not None and _days(args) != 1


def _days(args: argparse.Namespace) -> int | None:
    """Return how often a daily goal is done; None: without end."""
    return args.days if args.days is not None else 1 if args.clock == "fast" else None


def _run_agenda(args: argparse.Namespace) -> int:
    """List, cancel or do what is on an agenda."""
    from planner.cli.agendas import cancel_entry, print_agenda, run_and_report
    from planner.cli.execution_flags import load_planner, read_execution_settings
    from planner.plans.options import Options
    from planner.scheduling.agenda import Agenda

    _check_agenda_flags(args)
    only_read = args.list or args.cancel is not None
    domain = read_domain(args)
    geometry = args.backend == "physics" and not only_read
    state = with_rules(open_home(home_named(args, domain), geometry=geometry, domain=domain), args.rule)
    state = with_robot(state, args.robot)
    agenda = Agenda(state, args.agenda)
    if args.list:
        print_agenda(agenda, as_json=args.json)
        return 0
    if args.cancel is not None:
        cancel_entry(agenda, args.cancel, as_json=args.json)
        return 0
    options = Options(close_doors=not args.leave_open)
    settings = read_execution_settings(args, runs_dir() / "run")
    planner, _ = load_planner(args, state, None)
    done = run_and_report(agenda, state, settings, planner, days=_days(args), options=options, as_json=args.json)
    return 0 if done else 1


def _check_agenda_flags(args: argparse.Namespace) -> None:
    """Check that no flag is without effect for an agenda.

    Raises:
        PlannerError: One is, or there is no agenda.
    """
    from planner.cli.execution_flags import execution_flags_given

    if args.plan is not None:
        raise PlannerError("--agenda says what is to be done; it cannot be combined with a plan")
    flags = ["goal", "observe", "replan", "tell", "memory"]
    if args.list and args.cancel is not None:
        raise PlannerError("give either --list or --cancel")
    given = [f"--{flag}" for flag in flags if getattr(args, flag)]
    if given:
        raise PlannerError(f"--agenda says what is to be done; it cannot be combined with {given[0]}")
    if args.list or args.cancel is not None:
        given = [f"--{flag}" for flag in ("days", "model", "adapter") if getattr(args, flag) is not None]
        given += ["--rule"] * bool(args.rule) + ["--leave-open"] * args.leave_open + execution_flags_given(args)
        if given:
            raise PlannerError(f"{given[0]} has no effect with --{'list' if args.list else 'cancel'}")
    if not args.agenda.exists():
        keeps = f"python -m planner.plan --goal 'every day at 07:00 : every ceiling light on' --agenda {args.agenda}"
        raise PlannerError(f"there is no agenda {args.agenda}; this makes one: {keeps}")


if __name__ == "__main__":
    sys.exit(main())
