"""`python -m planner.demo`: see a home, hear a spoken instruction, plan and execute it.

The planner gets only pictures and sound: no object list and no written instruction. Needs espeak-ng. Writes to
runs/demo/: command.wav, seen.png, demo.mp4 (with sound), result.json.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from planner.errors import PlannerError
from planner.io.command import one_thread, run_command, writable
from planner.io.command_parser import CommandParser
from planner.io.paths import datasets_dir, runs_dir

if TYPE_CHECKING:
    from envs.symbolic.actions import State
    from envs.symbolic.state import Action
    from planner.api import Planner
    from planner.perception.camera_views import Picture
    from planner.perception.hearing import Hearing
    from planner.perception.sight import Seen, Sight
    from planner.plans.planning_result import Plan

PROG = "python -m planner.demo"
SENTENCE = "please set the table for two"


@dataclass(frozen=True, kw_only=True)
class UnderstoodTask:
    """The plan from a seen home and a heard sentence.

    Attributes:
        heard: The transcribed words.
        plan: The plan in the names of the perceived home.
        actions: The plan in the names of the true home; None if it names a missing object.
    """

    heard: str
    plan: Plan
    actions: tuple[Action, ...] | None


def understand_task(
    home: State, pictures_shown: Sequence[Picture], seen: Sequence[Seen], heard: str, planner: Planner
) -> UnderstoodTask:  # fmt: skip
    """Plan from the perceived home and the heard words."""
    from planner.perception.perceived_home import believed_home, match_names, merge_listings, translate_plan

    order = list(dict.fromkeys(picture.fixture for picture in pictures_shown))
    pairs = list(zip(pictures_shown, seen, strict=True))
    listings = [
        merge_listings([view.listing for picture, view in pairs if picture.fixture == fixture]) for fixture in order
    ]
    believed = believed_home(listings)
    plan = planner.plan(heard, believed)
    actions = translate_plan(plan.actions, match_names(believed, order, home)) if plan.is_executable else None
    return UnderstoodTask(heard=heard, plan=plan, actions=actions)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command. Returns 0 if the predicted goal is reached, 1 if not, 2 on wrong input."""
    parser = CommandParser(prog=PROG, description="See a home, hear a sentence, plan, execute, and record a video.")
    add = parser.add_argument
    add("sentence", nargs="?", default=SENTENCE, help=f'spoken instruction (default: "{SENTENCE}")')
    add("--home", help="home file, name of a bundled home, or seed (default: the demo kitchen)")
    add("--robot", metavar="FILE", help="robot file, or panda (default), guide or fetcher")
    add("--out", type=Path, help="output folder (default: runs/demo)")
    add("--no-video", action="store_true", help="record no video (several times faster)")
    args = parser.parse_args(argv)
    return run_command(lambda: _run(args), PROG)


def _run(args: argparse.Namespace) -> int:
    from planner.api import Planner
    from planner.perception.hearing import Hearing
    from planner.perception.sight import Sight
    from planner.world_model.open_home import open_home, with_robot

    if not args.sentence.strip():
        raise PlannerError('the sentence is empty; say something to do, for example "set the table for two"')
    one_thread()
    out = writable(args.out or runs_dir() / "demo")
    home = with_robot(open_home(args.home or datasets_dir() / "demo" / "kitchen.yaml"), args.robot)
    sight, hearing, planner = Sight.load(), Hearing.load(), Planner.load(robot=args.robot)
    return run_demo(home, args.sentence, out, sight, hearing, planner, video=not args.no_video)


def run_demo(
    home: State, sentence: str, out: Path, sight: Sight, hearing: Hearing, planner: Planner, *, video: bool
) -> int:
    """See, hear, plan and execute; returns 0 if the predicted goal is reached or a question answered, otherwise 1."""
    from envs.recording.video import captioned, filmstrip, write_png
    from envs.simulation.physical_home import PhysicalHome
    from envs.symbolic.actions import format_action
    from envs.symbolic.goals import format_condition
    from gpt.files import write_text_atomically
    from planner.cli.execution_flags import ExecutionSettings
    from planner.cli.execution_runner import episode_as_dict, execute_and_report, print_score
    from planner.perception.camera_views import pictures
    from planner.perception.demo_film import introduction, with_sound
    from planner.perception.inputs.recordings import read_recording

    sound = out / "command.wav"
    _write_wav(sound, sentence)
    samples = read_recording(sound)
    heard = hearing.hear(samples).words
    print(f"said:  {sentence}\nheard: {heard}", flush=True)
    physical_home = PhysicalHome(home.world.scene)
    try:
        pictures_shown = list(pictures(physical_home))
    finally:
        physical_home.close()
    seen = sight.see([picture.rgb for picture in pictures_shown])
    captions = [view.listing.text.replace("[SEP]", ": ") for view in seen]
    print("\n".join(f"seen:  {caption}" for caption in captions), flush=True)
    large = [np.repeat(np.repeat(picture.rgb, 2, axis=0), 2, axis=1) for picture in pictures_shown]
    write_png(
        out / "seen.png",
        filmstrip([captioned(image, caption) for image, caption in zip(large, captions, strict=True)], 5),
    )
    task = understand_task(home, pictures_shown, seen, heard, planner)
    plan = task.plan
    print(f"goal:  {plan.goal_text or plan.reason}", flush=True)
    result = {"said": sentence, "heard": heard, "seen": captions, "plan": plan.as_dict()}
    if task.actions is None or plan.goal is None:
        if plan.is_settled and plan.goal is None:
            print(f"{plan.status}: {plan.reason}")
        else:
            print("nothing is done: " + (plan.reason or "the plan names an object that is not where it was seen"))
        write_text_atomically(out / "result.json", json.dumps(result, indent=2) + "\n")
        return 0 if plan.is_settled and plan.goal is None else 1
    for action in task.actions:
        print(f"  {format_action(home.world, action)}")
    execution_film = out / "done.mp4"
    settings = ExecutionSettings(video=execution_film if video else None)
    episode = execute_and_report(task.actions, plan.goal, home, settings, planner=planner)
    print_score(episode, [format_condition(c) for c in plan.goal.conditions], replace(settings, video=None))
    if video:
        introduction_film = out / "first.mp4"
        introduction(introduction_film, [p.rgb for p in pictures_shown], captions, len(samples) / 16_000 + 2.0)
        with_sound(out / "demo.mp4", [introduction_film, execution_film], sound)
        for part in (introduction_film, execution_film):
            part.unlink()
        print(f"film: {out / 'demo.mp4'}")
    result["episode"] = episode_as_dict(episode, settings)
    write_text_atomically(out / "result.json", json.dumps(result, indent=2) + "\n")
    return 0 if episode.success else 1


def _write_wav(path: Path, sentence: str) -> None:
    from scipy.io import wavfile

    from gpt.files import write_atomically
    from planner.perception.espeak import RATE, Voice, speak

    wave = speak(sentence, Voice())
    write_atomically(path, lambda temporary_path: wavfile.write(temporary_path, RATE, wave))  # type: ignore[arg-type]


if __name__ == "__main__":
    sys.exit(main())
