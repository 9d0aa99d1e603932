"""`python -m planner.plan "set the table"`: instruction in, goal and proven plan out; `--execute` carries it out."""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING

from planner.errors import PlannerError, reported
from planner.paths import runs_dir
from planner.perform import add_stage_arguments, stage_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from envs.state import State

PROG = "python -m planner.plan"
DEFAULT_HOME = "family_house"
MAX_INSTRUCTION = 4000  # characters


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=PROG, description="Plan a household task. Exit code: 0 done, 1 no plan reaches the goal, 2 wrong usage."
    )
    parser.add_argument("instruction", help='for example "set the table for two"; - reads it from standard input')
    parser.add_argument(
        "--home", default=DEFAULT_HOME, help="YAML file, name in datasets/homes/, or a seed (default: family_house)"
    )
    parser.add_argument("--execute", action="store_true", help="carry the plan out in the simulated home")
    parser.add_argument("--model", help="model folder (default: the released weights)")
    parser.add_argument("--samples", type=int, default=4, help="further plans to try if the first fails (default: 4)")
    parser.add_argument("--temperature", type=float, default=0.0, help="of decoding (default: 0, the likeliest)")
    parser.add_argument("--seed", type=int, default=0, help="of sampling")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    add_stage_arguments(parser)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command."""
    args = _parser().parse_args(argv)
    return reported(lambda: _run(args), PROG)


def open_home(name: str) -> State:
    """Return the start of a home: a YAML file, the name of a bundled one, or a seed.

    Raises:
        PlannerError: There is no such home.
        HomeError: The file is not a valid home.
    """
    from envs.state import World
    from planner.home import scene_named

    return World(scene_named(name)).initial()


def _run(args: argparse.Namespace) -> int:
    try:
        instruction = sys.stdin.read(MAX_INSTRUCTION + 1) if args.instruction == "-" else args.instruction
    except UnicodeDecodeError:
        raise PlannerError("standard input is not a text (UTF-8)") from None
    if not instruction.strip():
        raise PlannerError('the instruction is empty; say what to do, for example "set the table"')
    if len(instruction) > MAX_INSTRUCTION:
        raise PlannerError(f"the instruction has more than {MAX_INSTRUCTION} characters; say it in fewer")
    if args.samples < 0 or not 0 <= args.temperature <= 5:
        raise PlannerError(
            f"--samples is at least 0 and --temperature in [0, 5]; seen {args.samples} and {args.temperature}"
        )
    state = open_home(args.home)
    stage = stage_of(args, runs_dir() / "plan") if args.execute else None

    import torch

    from envs.goals import format_condition
    from planner.answer import Options
    from planner.decode import Planner
    from planner.perform import episode_as_dict, perform, print_score

    torch.set_num_threads(1)  # a small model decodes no faster on two, and far slower on a busy machine
    planner = Planner.load(args.model)
    options = Options(temperature=args.temperature, samples=args.samples, seed=args.seed)
    plan = planner.plan(instruction, state, options)
    answer = plan.as_dict() | {"home": state.world.scene.name}
    if not args.json:
        if plan.goal is not None:
            print(f"goal: {plan.goal_text}")
            done = plan.status == "verified" and not plan.actions
            print("nothing to do: the goal holds already" if done else f"plan: {plan}")
        print(f"{plan.status}" + (f": {plan.reason}" if plan.reason else "") + f" ({plan.seconds:.2f} s)", flush=True)
    if stage is None or plan.goal is None or plan.status != "verified":
        if args.json:
            print(json.dumps(answer))
        return 0 if plan.status == "verified" else 1
    if not args.json:
        print(f"executing ({stage.backend}):", flush=True)
    episode = perform(plan.actions, plan.goal, state, stage, planner=planner, options=options)
    if args.json:
        print(json.dumps(answer | {"episode": episode_as_dict(episode, stage)}))
    else:
        print_score(episode, [format_condition(c) for c in plan.goal.conditions], stage)
    return 0 if episode.success else 1


if __name__ == "__main__":
    sys.exit(main())
