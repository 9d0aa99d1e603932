"""`python -m planner.plan "set the table"`: print the goal and the verified plan; `--execute` executes it."""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, cast

from planner.errors import PlannerError
from planner.io.command import run_command, standard_input, typed_argument
from planner.io.command_parser import CommandParser
from planner.io.paths import runs_dir
from planner.plans.export import FORMATS
from planner.world_model.open_home import open_home, with_robot, with_rules

if TYPE_CHECKING:
    from collections.abc import Sequence

    from envs.symbolic.state import State
    from planner.api import Planner
    from planner.cli.execution_flags import ExecutionSettings
    from planner.plans.export import Format
    from planner.plans.options import Options
    from planner.plans.planning_result import Plan
    from planner.world_model.belief import Belief

__all__ = ["main", "open_home"]

PROG = "python -m planner.plan"
MAX_INPUT = 1_000_000  # characters on standard input


def _parser() -> argparse.ArgumentParser:
    from planner.cli.execution_flags import (
        add_execution_arguments,
        add_home_arguments,
        add_observe_arguments,
        add_rule_argument,
    )
    from planner.cli.perception_flags import add_perception_arguments

    parser = CommandParser(
        prog=PROG, usage=f"{PROG} [options] [instruction]",
        description='Plan "set the table"; - is standard input. Exit: 0 done, 1 no plan, 2 usage.',
    )  # fmt: skip
    add = parser.add_argument
    add("instruction", nargs="?", help=argparse.SUPPRESS)  # the description tells of it
    add("--goal", help="plan for this goal; `? where mug` asks a question")
    add_rule_argument(parser)
    add_home_arguments(parser)
    add("--interactive", action="store_true", help="answer each line of standard input until it ends")
    add(
        "--lessons",
        type=Path,
        metavar="FILE",
        help="with --interactive: keep corrections here (default: runs/lessons.jsonl)",
    )
    add("--ask", action="store_true", help="read the user's answer to each clarifying question")
    add("--error-rate", type=float, metavar="A", help="max. rate of wrong goals: ask if unsure (default: act)")
    add("--execute", action="store_true", help="execute the plan in the simulated home")
    add("--model", help="model folder (default: the released weights)")
    add("--samples", type=int, default=4, metavar="N", help="more plans to sample if the first fails (default: 4)")
    add("--leave-open", action="store_true", help="for speed: do not close again what the plan opened")
    add("--temperature", type=float, default=0.0, metavar="T", help="decoding temperature (default: 0, greedy)")
    add("--top-k", type=int, metavar="K", help="sample from the K most likely tokens (default: all)")
    add("--top-p", type=float, metavar="P", help="nucleus sampling: probability mass (default: 1)")
    add("--seed", type=int, default=0, help="sampling seed (default: 0)")
    add("--json", action="store_true", help="print one JSON object per instruction (--format json)")
    add("--format", choices=FORMATS, metavar="NAME", help=", ".join(FORMATS))
    add("--unverified", action="store_true", help="with --format: even if the plan misses its goal")
    add("--agenda", type=Path, metavar="FILE", help="keep a scheduled plan in this file, for planner.run")
    add_perception_arguments(parser)
    add_observe_arguments(parser)
    add_execution_arguments(parser)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command."""
    args = _parser().parse_args(argv)
    return run_command(lambda: _run(args), PROG)


def _answer(args: argparse.Namespace, question: str, state: State) -> int:
    """Answer a question about the home; with `--observe`, from what is known of it."""
    from planner.cli.execution_flags import read_belief
    from planner.cli.plan_display import print_answer

    if args.execute:
        raise PlannerError("a question cannot be combined with --execute: there is nothing to execute")
    if args.out is not None or args.format not in (None, "text", "json"):
        raise PlannerError("a question cannot be combined with --format or --out: its answer is no plan; use --json")
    if args.agenda is not None:
        raise PlannerError("--agenda keeps a plan for later; a question is answered now")
    print_answer(question, state, read_belief(args, state), as_json=args.json)
    return 0


def _run(args: argparse.Namespace) -> int:
    from planner.cli import perception_flags
    from planner.cli.execution_flags import (
        home_named,
        load_planner,
        read_belief,
        read_domain,
        read_execution_settings,
    )
    from planner.language.normalization import is_question
    from planner.plans.options import Options

    export_format = _exported_format(args)
    instructions = _checked_instructions(args)
    options = Options(
        temperature=args.temperature, top_k=args.top_k, top_p=args.top_p, samples=args.samples, seed=args.seed,
        error_rate=args.error_rate, close_doors=not args.leave_open,
    )  # fmt: skip
    heard, seen = perception_flags.hear(args), perception_flags.see(args)
    if heard is not None:
        instructions = _instructions(heard.words)
    views = None if seen is None else seen[1]
    domain = read_domain(args)
    home = home_named(args, domain) if seen is None else seen[0].world.scene  # who asks is there, seen or not
    state = with_rules(open_home(home, geometry=args.execute, domain=domain), args.rule)
    state = with_robot(state, args.robot)
    texts = instructions if args.goal is None else [args.goal]
    if len(texts) == 1 and is_question(texts[0]):
        return _answer(args, texts[0], state)
    belief = read_belief(args, state)
    settings = read_execution_settings(args, runs_dir() / "plan") if args.execute else None
    planner, belief = load_planner(args, state, belief)
    if options.error_rate is not None:
        planner.calibrated(options.error_rate)  # report an invalid rate before reading any input
    perceived = perception_flags.as_text(heard, views)
    if perceived and not args.json and export_format is None:
        print(perceived, flush=True)
    from planner.cli.dialogue import ask_user, converse, read_lines
    from planner.corrections.lessons import FILE_NAME

    if args.interactive:
        lines = read_lines(standard_input(errors="replace"))
        lessons = args.lessons or runs_dir() / FILE_NAME
        converse(lines, planner, state, options, settings, as_json=args.json, ask=args.ask, lessons=lessons)
        return 0
    if len(instructions) > 1:
        done = converse(instructions, planner, state, options, settings, as_json=args.json, typed=False)
        return 0 if done else 1
    known = state if belief is None else belief
    if args.goal is not None:
        plan = planner.plan_goal(args.goal, known, options)
    else:
        plan = planner.plan(instructions[0], known, options)
    from planner.cli.plan_display import what_was_done

    if args.ask:
        from planner.cli.clarification import resolve_questions

        plan = resolve_questions(plan, planner, state, options, ask_user)
    if export_format is not None:
        from planner.cli.plan_export import export_plan

        return export_plan(plan, export_format, PROG, unverified=args.unverified, out=args.out)
    answer = _shown(args, plan) | perception_flags.as_dict(heard, views)
    if settings is not None and plan.goal is not None and plan.is_executable:
        return _execute(args, plan, answer, state, settings, planner, options, belief)
    if args.json:
        print(json.dumps(answer))
    if settings is not None and plan.is_settled:
        print(f"{PROG}: there is nothing to execute: {what_was_done(plan)}", file=sys.stderr)
    if plan.rules:
        flags = " ".join(f"--rule {shlex.quote(rule)}" for rule in plan.rules)
        print(f"{PROG}: to keep it, give {flags} from now on, or add it to `rules:` of the home", file=sys.stderr)
    return 0 if plan.is_settled else 1


def _shown(args: argparse.Namespace, plan: Plan) -> dict[str, object]:
    """Print a plan, and keep it for later if that was asked for; return the answer as plain data."""
    from planner.cli.plan_display import print_plan, what_was_done

    if not args.json:
        print_plan(plan)
    if args.agenda is not None and not plan.is_proven:
        print(f"{PROG}: nothing was added to {args.agenda}: {what_was_done(plan)}", file=sys.stderr)
    if args.agenda is None or not plan.is_proven:
        return plan.as_dict()
    from planner.cli.agendas import keep_plan

    return plan.as_dict() | {"agenda": keep_plan(plan, args.agenda, quiet=args.json)}


def _execute(
    args: argparse.Namespace, plan: Plan, answer: dict[str, object], state: State, settings: ExecutionSettings,
    planner: Planner, options: Options, belief: Belief | None,
) -> int:  # fmt: skip
    from envs.symbolic.goals import format_condition
    from planner.cli.execution_runner import episode_as_dict, execute_and_report, print_score
    from planner.world_model.memory import keep

    assert plan.goal is not None
    if not args.json:
        print(f"executing ({settings.backend}):", flush=True)
    episode = execute_and_report(
        plan.actions, plan.goal, state, settings, planner=planner, options=options, belief=belief
    )
    if args.json:
        print(json.dumps(answer | {"episode": episode_as_dict(episode, settings)}))
    else:
        print_score(episode, [format_condition(c) for c in plan.goal.conditions], settings)
    if args.memory is not None and episode.search is not None:
        keep(args.memory, episode.search.belief)
    return 0 if episode.success else 1


def _checked_instructions(args: argparse.Namespace) -> list[str]:
    """Return the instructions that were typed, after checking that the flags go together.

    Raises:
        PlannerError: They do not, or there is no instruction.
    """
    from planner.cli import perception_flags
    from planner.cli.execution_flags import check_execution_is_asked_for

    if not args.execute:
        check_execution_is_asked_for(args)
    if args.agenda is not None and (
        args.execute or args.observe or args.image or args.format not in (None, "text", "json")
    ):
        raise PlannerError(
            "--agenda keeps a plan for later; it cannot be combined with --execute, --observe, --image or --format"
        )
    perception_flags.check_perception_arguments(args)
    spoken = bool(args.audio or args.listen)
    if args.goal is not None and (args.instruction is not None or args.interactive or spoken or args.ask):
        raise PlannerError("--goal stands in place of an instruction; it cannot be combined with one")
    instructions = [] if args.interactive or spoken or args.goal is not None else _instructions(args.instruction)
    if args.interactive:
        _check_dialogue(args, "--interactive")
    elif len(instructions) > 1:
        _check_dialogue(args, "several instructions")
    elif args.observe and (args.ask or args.error_rate is not None):
        raise PlannerError("--ask and --error-rate cannot be combined with --observe: they need a fully known home")
    elif args.ask and args.instruction == "-":
        raise PlannerError("--ask reads answers from standard input; give the instruction as an argument")
    return instructions


def _exported_format(args: argparse.Namespace) -> Format | None:
    """Return the format to export; None if the plan is printed as text or JSON, after setting `args.json` accordingly.

    Raises:
        PlannerError: The format cannot be combined with another flag.
    """
    if args.unverified and args.format is None:
        raise PlannerError("--unverified needs --format, for example --format pddl")
    to_screen = args.out is None or args.execute  # with --execute, --out is where the video goes
    if args.format is None or (
        args.format in ("text", "json")
        and to_screen and not args.unverified and not (args.json and args.format == "text")
    ):  # fmt: skip
        args.json = args.json or args.format == "json"
        return None
    for flag in ("json", "execute", "interactive", "observe"):
        if getattr(args, flag):
            raise PlannerError(f"--format {args.format} cannot be combined with --{flag}")
    return cast("Format", args.format)


def _instructions(argument: str | None) -> list[str]:
    """Return the instructions, one a line; `-` reads them from standard input.

    Raises:
        PlannerError: There is none, one is too long, or standard input is not UTF-8.
    """
    from planner.cli.dialogue import MAX_INSTRUCTION

    try:
        text = standard_input().read(MAX_INPUT + 1) if argument == "-" else typed_argument(argument or "")
    except UnicodeDecodeError:
        raise PlannerError("standard input is not a text (UTF-8)") from None
    if len(text) > MAX_INPUT:
        raise PlannerError(f"the instructions have more than {MAX_INPUT} characters; give fewer")
    lines = [line for line in text.splitlines() if any(c.isprintable() and not c.isspace() for c in line)]
    if not lines:
        raise PlannerError('the instruction is empty; say what to do, for example "set the table"')
    for number, line in enumerate(lines, start=1):
        if len(line) > MAX_INSTRUCTION:
            name = "the instruction" if len(lines) == 1 else f"instruction {number}"
            raise PlannerError(f"{name} has more than {MAX_INSTRUCTION} characters; shorten it")
    return lines


def _check_dialogue(args: argparse.Namespace, what: str) -> None:
    """Check that the flags suit more than one instruction, and record no video.

    Raises:
        PlannerError: A flag is given that only a single instruction supports.
    """
    single = (
        "agenda",
        "video",
        "filmstrip",
        "rerun",
        "out",
        "disturb",
        "observe",
        *(("ask",) if not args.interactive else ()),
    )
    unsupported = [f"--{name}" for name in single if getattr(args, name)]
    if args.format not in (None, "text", "json"):
        unsupported.insert(0, f"--format {args.format}")
    if args.interactive and args.instruction is not None:
        unsupported.insert(0, "an instruction")
    if unsupported:
        raise PlannerError(f"{what} cannot be combined with {unsupported[0]}")
    args.no_video = True


if __name__ == "__main__":
    sys.exit(main())
