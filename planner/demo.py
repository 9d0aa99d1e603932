"""`python -m planner.demo`: a home is looked at, a sentence is spoken, and the robot does what it understood.

From the pictures and the sound alone: no list of what is there, no written instruction. Needs espeak-ng. Writes to
runs/demo/: command.wav, seen.png, demo.mp4 (with the sound), result.json.
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
class Understood:
    """What a home and a sentence came to.

    Attributes:
        heard: The words.
        plan: In the names of the home that was believed in.
        actions: The same in those of the true home; None if it names what is not there.
    """

    heard: str
    plan: Plan
    actions: tuple[Action, ...] | None


def understand(
    home: State, shown: Sequence[Picture], seen: Sequence[Seen], heard: str, planner: Planner
) -> Understood:  # fmt: skip
    """Plan from what was seen and heard."""
    from planner.perception.perceived_home import believed_home, joined, names_of, translated

    order = list(dict.fromkeys(picture.fixture for picture in shown))
    listings = [
        joined([s.listing for p, s in zip(shown, seen, strict=True) if p.fixture == name]) for name in order
    ]  # fmt: skip
    believed = believed_home(listings)
    plan = planner.plan(heard, believed)
    actions = translated(plan.actions, names_of(believed, order, home)) if plan.is_executable else None
    return Understood(heard=heard, plan=plan, actions=actions)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command. Returns 0 if the goal that was understood is reached, 1 if not, 2 on wrong input."""
    parser = argparse.ArgumentParser(prog=PROG, description="Look, listen, plan, and do, and film it.")
    add = parser.add_argument
    add("sentence", nargs="?", default=SENTENCE, help=f'what is spoken (default: "{SENTENCE}")')
    add("--home", help="a home file, the name of a bundled one, or a seed (default: the demonstration's kitchen)")
    add("--out", type=Path, help="folder (default: runs/demo)")
    add("--no-video", action="store_true", help="no film (several times faster)")
    args = parser.parse_args(argv)
    return run_command(lambda: _run(args), PROG)


def _run(args: argparse.Namespace) -> int:
    from planner.api import Planner
    from planner.perception.hearing import Hearing
    from planner.perception.sight import Sight
    from planner.world_model.open_home import open_home

    if not args.sentence.strip():
        raise PlannerError('the sentence is empty; say something to do, for example "set the table for two"')
    one_thread()
    out = writable(args.out or runs_dir() / "demo")
    home = open_home(args.home or datasets_dir() / "demo" / "kitchen.yaml")
    sight, hearing, planner = Sight.load(), Hearing.load(), Planner.load()
    return show(home, args.sentence, out, sight, hearing, planner, video=not args.no_video)


def show(
    home: State, sentence: str, out: Path, sight: Sight, hearing: Hearing, planner: Planner, *, video: bool
) -> int:
    """Look, listen, plan and do; returns 0 if the goal that was understood is reached."""
    from envs.recording.video import captioned, filmstrip, write_png
    from envs.simulation.physical_home import PhysicalHome
    from envs.symbolic.actions import format_action
    from envs.symbolic.goals import format_condition
    from gpt.files import write_text_atomically
    from planner.cli.execution_flags import ExecutionSettings
    from planner.cli.execution_runner import episode_as_dict, execute_and_report, print_score
    from planner.perception.camera_views import pictures
    from planner.perception.demo_film import introduction, with_sound
    from planner.perception.wav import read_wav

    sound = out / "command.wav"
    _write_wav(sound, sentence)
    samples = read_wav(sound)
    heard = hearing.hear(samples).words
    print(f"said:  {sentence}\nheard: {heard}", flush=True)
    looked = PhysicalHome(home.world.scene)
    try:
        shown = list(pictures(looked))
    finally:
        looked.close()
    seen = sight.see([picture.rgb for picture in shown])
    captions = [one.listing.text.replace("[SEP]", ": ") for one in seen]
    print("\n".join(f"seen:  {caption}" for caption in captions), flush=True)
    large = [np.repeat(np.repeat(picture.rgb, 2, axis=0), 2, axis=1) for picture in shown]
    write_png(out / "seen.png", filmstrip([captioned(f, c) for f, c in zip(large, captions, strict=True)], 5))
    understood = understand(home, shown, seen, heard, planner)
    plan = understood.plan
    print(f"goal:  {plan.goal_text or plan.reason}", flush=True)
    result = {"said": sentence, "heard": heard, "seen": captions, "plan": plan.as_dict()}
    if understood.actions is None or plan.goal is None:
        print("nothing is done: " + (plan.reason or "the plan names what is not where it was seen"))
        write_text_atomically(out / "result.json", json.dumps(result, indent=2) + "\n")
        return 1
    for action in understood.actions:
        print(f"  {format_action(home.world, action)}")
    done = out / "done.mp4"
    stage = ExecutionSettings(video=done if video else None)
    episode = execute_and_report(understood.actions, plan.goal, home, stage, planner=planner)
    print_score(episode, [format_condition(c) for c in plan.goal.conditions], replace(stage, video=None))
    if video:
        first = out / "first.mp4"
        introduction(first, [p.rgb for p in shown], captions, len(samples) / 16_000 + 2.0)
        with_sound(out / "demo.mp4", [first, done], sound)
        for part in (first, done):
            part.unlink()
        print(f"film: {out / 'demo.mp4'}")
    result["episode"] = episode_as_dict(episode, stage)
    write_text_atomically(out / "result.json", json.dumps(result, indent=2) + "\n")
    return 0 if episode.success else 1


def _write_wav(path: Path, sentence: str) -> None:
    from scipy.io import wavfile

    from gpt.files import write_atomically
    from planner.perception.espeak import RATE, Voice, speak

    wave = speak(sentence, Voice())
    write_atomically(path, lambda beside: wavfile.write(beside, RATE, wave))  # type: ignore[arg-type]


if __name__ == "__main__":
    sys.exit(main())
