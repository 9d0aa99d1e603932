"""`plan --observe`: its flags, and what the command does with them.

Nothing heavy is imported here, so that `-h` is quick.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from planner.errors import PlannerError

if TYPE_CHECKING:
    import argparse

    from envs.state import State
    from planner.answer import Options
    from planner.belief import Belief
    from planner.decode import Planner
    from planner.stage import Stage


def add_observe_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags that are read here."""
    add = parser.add_argument_group("partial observability").add_argument
    add("--observe", action="store_true", help="the robot knows the map and what it has seen; it looks for the rest")
    add("--tell", action="append", default=[], metavar="FACT", help="tell it: 'mug 1 in cabinet 3' (repeatable)")
    add("--memory", type=Path, metavar="JSON", help="remember what was seen in this file, from run to run")


def check_observe(args: argparse.Namespace) -> None:
    """See to it that the flags go together.

    Raises:
        PlannerError: They do not.
    """
    needs = [name for name in ("tell", "memory") if getattr(args, name)]
    if needs and not args.observe:
        raise PlannerError(f"--{needs[0]} goes with --observe; without it, all of the home is known")
    if args.observe and args.interactive:
        raise PlannerError("--observe goes without --interactive; --memory FILE remembers from run to run")


def answer_observing(
    args: argparse.Namespace, instruction: str, planner: Planner, options: Options, state: State, stage: Stage | None
) -> int:
    """Answer an instruction in a home that is known in part, and carry it out if that is asked for.

    Returns:
        The exit code: 0 reached, or proven without a look; 1 not, or not before something is found.
    """
    from planner.dialogue import print_plan
    from planner.expect import expect
    from planner.memory import keep

    belief = _known(args, state)
    expected = expect(planner, instruction, belief, options)
    plan = expected.plan
    answer = expected.as_dict() | {"home": state.world.scene.name}
    if not args.json:
        print_plan(plan)
    code = 0 if plan.status == "verified" else 1
    if stage is not None and plan.goal is not None and (plan.status == "verified" or expected.guesses):
        from envs.goals import format_condition
        from planner.perform import episode_as_dict, perform, print_score
        from planner.seek import Sought

        if not args.json:
            print(f"executing ({stage.backend}):", flush=True)
        episode = perform((), plan.goal, state, stage, planner=planner, options=options, belief=belief)
        assert isinstance(episode, Sought)
        belief = episode.belief
        code = 0 if episode.success else 1
        answer |= {"episode": episode_as_dict(episode, stage)}
        if not args.json:
            print_score(episode, [format_condition(c) for c in plan.goal.conditions], stage)
    if args.json:
        print(json.dumps(answer))
    if args.memory is not None:
        keep(args.memory, belief)
    return code


def _known(args: argparse.Namespace, state: State) -> Belief:
    from planner.belief import Belief
    from planner.memory import remember, tell

    belief = Belief.of_map(state.world.scene)
    if args.memory is not None:
        belief = remember(args.memory, belief)
    return tell(belief, args.tell).observe(state)
