"""Carrying a plan out before a person's eyes: progress lines, score, video and picture; shared by `plan` and `run`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from envs.goals import Goal
from envs.state import Action, State, format_action
from planner.errors import writable
from planner.execute import Episode, Home, OutcomeLike, Step, SymbolicHome, execute

if TYPE_CHECKING:
    import argparse

    from envs.sim import PhysicalHome
    from envs.video import Video
    from planner.answer import Options, Plan
    from planner.decode import Planner

Backend = Literal["physics", "symbolic"]
View = Literal["room", "overhead", "robot"]
FRAME = (480, 360)  # width, height [px]
FPS = 12
SPEED = 6.0  # simulated seconds per second of the video: drawing a frame costs more than the physics between two
PICTURE = (1280, 960)
LAST_FRAMES = 18


@dataclass(frozen=True, kw_only=True)
class Stage:
    """How a performance is to be shown.

    Attributes:
        backend: Which world.
        grasp: How the physical robot holds things: `assisted` or `physical`.
        view: The video's camera.
        video: Where the MP4 is written; None records nothing.
        picture: Where the PNG of the final home is written.
        gui: Whether a window is opened.
        quiet: Print nothing on the way.
    """

    backend: Backend = "physics"
    grasp: Literal["assisted", "physical"] = "assisted"
    view: View = "room"
    video: Path | None = None
    picture: Path | None = None
    gui: bool = False
    quiet: bool = False


def add_stage_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags that `stage_of` reads."""
    group = parser.add_argument_group("execution")
    group.add_argument(
        "--backend", choices=("physics", "symbolic"), default="physics", help="which world (default: physics)"
    )
    group.add_argument(
        "--grasp", choices=("assisted", "physical"), default="assisted", help="how the robot holds things"
    )
    group.add_argument("--view", choices=("room", "overhead", "robot"), default="room", help="the video's camera")
    group.add_argument(
        "--no-video", action="store_true", help="record no video and take no picture (several times faster)"
    )
    group.add_argument("--gui", action="store_true", help="open a window")
    group.add_argument("--out", type=Path, help="folder for video and picture (default: a folder in runs/)")


def stage_of(args: argparse.Namespace, folder: Path) -> Stage:
    """Read the flags; the folder is made when something will be written to it."""
    filming = args.backend == "physics" and not args.no_video
    if filming:
        folder = writable(args.out or folder)
    return Stage(
        backend=args.backend,
        grasp=args.grasp,
        view=args.view,
        video=folder / "video.mp4" if filming else None,
        picture=folder / "home.png" if filming else None,
        gui=args.gui,
        quiet=args.json,
    )


def perform(
    actions: Sequence[Action],
    goal: Goal,
    state: State,
    stage: Stage,
    *,
    planner: Planner | None = None,
    options: Options | None = None,
) -> Episode:
    """Carry a plan out from `state` and show it as `stage` says.

    Raises:
        PhysicsError: The physical home cannot be built.
    """
    if stage.backend == "symbolic":
        return _execute(actions, goal, SymbolicHome(state), stage, planner, options)
    from envs.sim import PhysicalHome

    home = PhysicalHome(state.world.scene, grasp=stage.grasp, gui=stage.gui)
    try:
        if stage.video is None or stage.picture is None:
            return _execute(actions, goal, home, stage, planner, options)
        from envs.video import Video, write_png

        with Video(stage.video, home, size=FRAME, view=stage.view, fps=FPS, speed=SPEED) as video:
            episode = _execute(actions, goal, _Filmed(home, video), stage, planner, options)
            video.caption = "done" if episode.success else "not reached"
            video.add(home.render(*FRAME, view=stage.view), repeat=LAST_FRAMES)
        write_png(stage.picture, home.render(*PICTURE, view="overhead"))
        return episode
    finally:
        home.close()


class _Filmed:
    """A physical home that is recorded while it executes."""

    def __init__(self, home: PhysicalHome, video: Video) -> None:
        self._home = home
        self._video = video

    def state(self) -> State:
        """Return what is true now."""
        return self._home.state()

    def execute(self, action: Action) -> OutcomeLike:
        """Carry an action out on film."""
        self._video.caption = format_action(self._home.world, action)
        return self._home.execute(action, on_tick=self._video.tick)


def _execute(
    actions: Sequence[Action],
    goal: Goal,
    home: Home,
    stage: Stage,
    planner: Planner | None,
    options: Options | None,
) -> Episode:
    def before(number: int, of: int, subtask: str) -> None:
        if not stage.quiet:
            print(f"  [{number:2}/{of:2}] {subtask:<42}", end="", flush=True)

    def after(step: Step) -> None:
        if not stage.quiet:
            print(
                f" {step.status} {step.duration_s:5.1f} s" + (f"  ({step.reason})" if step.reason else ""), flush=True
            )

    def anew(plan: Plan) -> None:
        if not stage.quiet:
            print(f"  planning anew: {' → '.join(plan.subtasks)}", flush=True)

    return execute(
        actions, goal, home, planner=planner, options=options, on_step=before, on_outcome=after, on_replan=anew
    )


def print_score(episode: Episode, goal_texts: Sequence[str], stage: Stage) -> None:
    """Print the score of an episode."""
    mode = f"physics, grasp {stage.grasp}" if stage.backend == "physics" else "symbolic"
    speed = (
        f", {episode.simulated_s / episode.real_s:.1f} x real time"
        if stage.backend == "physics" and episode.real_s
        else ""
    )
    print(f"success: {'yes' if episode.success else 'no'} ({mode})")
    print(f"goal conditions: {sum(episode.met)} of {len(episode.met)} ({episode.rate:.0%})")
    for text, met in zip(goal_texts, episode.met, strict=True):
        if not met:
            print(f"  not reached: {text}")
    failed = sum(s.status != "done" for s in episode.steps)
    print(
        f"steps: {len(episode.steps)}"
        + (f", {failed} failed, {episode.replans} re-plans" if failed or episode.replans else "")
    )
    print(f"simulated: {episode.simulated_s:.1f} s, real: {episode.real_s:.1f} s{speed}")
    for name, path in (("video", stage.video), ("picture", stage.picture)):
        if path is not None:
            print(f"{name}: {path}")


def episode_as_dict(episode: Episode, stage: Stage) -> dict[str, object]:
    """Plain data for programs."""
    data = asdict(episode)
    data |= {"backend": stage.backend, "grasp": stage.grasp if stage.backend == "physics" else None}
    data |= {
        "video": str(stage.video) if stage.video else None,
        "picture": str(stage.picture) if stage.picture else None,
    }
    return data


def fail(message: str, prog: str) -> int:
    """Say on stderr why a plan failed; the exit code for that."""
    print(f"{prog}: {message}", file=sys.stderr)
    return 1
