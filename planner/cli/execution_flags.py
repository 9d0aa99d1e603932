"""Command-line flags of `plan` and `run`: display and disturbance of an execution, and knowledge of the home.

Nothing heavy is imported here, so that `-h` is fast.
"""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from planner.errors import PlannerError
from planner.io.command import one_thread, writable_file
from planner.plans.options import MAX_REPLANS, MAX_REPLANS_DISTURBED

if TYPE_CHECKING:
    from envs.symbolic.actions import State
    from envs.symbolic.domain import Domain
    from planner.api import Planner
    from planner.world_model.belief import Belief

DEFAULT_HOME = "family_house"

Backend = Literal["physics", "symbolic"]
View = Literal["room", "overhead", "robot", "split"]


@dataclass(frozen=True, kw_only=True)
class ExecutionSettings:
    """Settings of an execution: backend, recording and disturbances.

    Attributes:
        backend: Which simulation executes the plan.
        grasp: How the physical robot holds objects: `assisted` or `physical`.
        view: The video's camera; `split` shows the overhead and the robot's view side by side.
        video: Path of the MP4 video; None: not recorded.
        picture: Path of the PNG of the final state.
        filmstrip: Path of the PNG with a still for each action.
        rerun: Path of the Rerun recording.
        gui: Whether to open a window.
        quiet: Whether to print no progress.
        disturb: Probability of a disturbance before each action, in [0, 1].
        disturb_seed: Seed of the disturbances.
        max_replans: Maximum number of replans.
        clock: How a goal with times waits: `fast` lets the simulated clock jump, `real` sleeps.
        start_time: Time of day at the start, of the simulated clock; None: the home's default.
    """

    backend: Backend = "physics"
    grasp: Literal["assisted", "physical"] = "assisted"
    view: View = "room"
    video: Path | None = None
    picture: Path | None = None
    filmstrip: Path | None = None
    rerun: Path | None = None
    gui: bool = False
    quiet: bool = False
    disturb: float = 0.0
    disturb_seed: int = 0
    max_replans: int = MAX_REPLANS
    clock: Literal["fast", "real"] = "fast"
    start_time: str | None = None

    @property
    def files(self) -> dict[str, Path]:
        """The output files, by name."""
        paths = {"video": self.video, "picture": self.picture, "filmstrip": self.filmstrip, "rerun": self.rerun}
        return {name: path for name, path in paths.items() if path is not None}


def add_execution_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags that `read_execution_settings` reads."""
    group = parser.add_argument_group("execution")
    add = group.add_argument
    add(
        "--backend", choices=("physics", "symbolic"), default="physics", metavar="WORLD",
        help="world: physics (default) or symbolic",
    )  # fmt: skip
    add(
        "--grasp", choices=("assisted", "physical"), default="assisted", metavar="HOW",
        help="robot holds: assisted (default) or physical",
    )  # fmt: skip
    add("--video", type=Path, metavar="MP4", help="video file (default: video.mp4 in the output folder)")
    add(
        "--view", choices=("room", "overhead", "robot", "split"), default="room", metavar="VIEW",
        help="camera: room (default), overhead, robot, or split",
    )  # fmt: skip
    add("--filmstrip", type=Path, metavar="PNG", help="filmstrip (default: filmstrip.png next to the video)")
    add("--no-video", action="store_true", help="no video, no final picture (several times faster)")
    add("--rerun", type=Path, metavar="RRD", help="recording for the Rerun viewer (extra: rerun)")
    add("--gui", action="store_true", help="open a window")
    add("--out", type=Path, metavar="DIR", help="folder of these files (in runs/), or of --format's")
    add("--disturb", type=float, default=0.0, metavar="P", help="probability of a disturbance before a subtask")
    add("--disturb-seed", type=int, default=0, metavar="N", help="seed of the disturbances (default: 0)")
    add(
        "--max-replans", type=int, metavar="N",
        help=f"maximum replans (default: {MAX_REPLANS}, with --disturb {MAX_REPLANS_DISTURBED})",
    )  # fmt: skip
    add(
        "--clock", choices=("fast", "real"), default="fast", metavar="HOW",
        help="waits for times: fast jumps (default), real sleeps",
    )  # fmt: skip
    add("--start-time", metavar="HH:MM", help="time of day at the start, simulated (default: 08:00)")


def add_home_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare `--home` and `--domain`, which `read_domain` and `home_named` read, and `--robot`."""
    add = parser.add_argument
    add("--home", help="YAML file, bundled name or seed, of the --domain FILE")
    add("--domain", type=Path, metavar="FILE", help=argparse.SUPPRESS)  # `--home` tells of it: -h fits a screen
    add("--robot", metavar="FILE", help="robot file, or panda (default), guide or fetcher")


def read_domain(args: argparse.Namespace) -> Domain:
    """Return the domain of `--domain`, otherwise that of the model.

    Raises:
        DomainError: The file is wrong.
    """
    from envs.symbolic.domain import load_domain
    from planner.api import domain_of

    return load_domain(args.domain) if args.domain is not None else domain_of(getattr(args, "model", None))


def home_named(args: argparse.Namespace, domain: Domain) -> str:
    """Return what `--home` names; without it, a bundled home, or the first sampled one of another domain."""
    from envs.symbolic.domain import load_domain

    if args.home is not None:
        return str(args.home)
    return DEFAULT_HOME if domain is load_domain() else "0"


def add_rule_argument(parser: argparse.ArgumentParser) -> None:
    """Declare `--rule`, which `planner.world_model.open_home.with_rules` reads."""
    parser.add_argument(
        "--rule", action="append", default=[], metavar="RULE",
        help="must not happen: 'never open oven' (repeatable)",
    )  # fmt: skip


def add_observe_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags about partial observability."""
    add = parser.add_argument
    add("--observe", action="store_true", help="the robot searches for what it has not seen")
    add("--tell", action="append", default=[], metavar="FACT", help="tell the robot: 'mug 1 in cabinet 3' (repeatable)")
    add("--memory", type=Path, metavar="JSON", help="memory file: keeps what was seen between runs")
    add("--adapter", type=Path, metavar="FILE", help="adapter trained on this home (planner.improve --home)")


def read_belief(args: argparse.Namespace, state: State) -> Belief | None:
    """Return the initial belief that the flags describe; None for full observability.

    Raises:
        PlannerError: The flags contradict each other, or a statement is invalid.
    """
    needs_observe = [f"--{name}" for name in ("tell", "memory") if getattr(args, name)]
    if needs_observe and not args.observe:
        raise PlannerError(f"{needs_observe[0]} needs --observe; without it, the whole home is known")
    if not args.observe:
        return None
    from planner.world_model.memory import know

    return know(state, memory=args.memory, told=args.tell)


def load_planner(args: argparse.Namespace, state: State, belief: Belief | None) -> tuple[Planner, Belief | None]:
    """Load the planner of `--model` and `--adapter`, and return it with the belief that has the habits of its home.

    Raises:
        PlannerError: The adapter is for another home.
        GPTError: There is no such model, or it is damaged.
    """
    from planner.api import Planner
    from planner.exploration.learned_prior import check_home, with_habits

    one_thread()
    planner = Planner.load(args.model, adapter=args.adapter)
    check_home(planner, state.world.scene)
    return planner, None if belief is None else with_habits(belief, planner)


def execution_flags_given(args: argparse.Namespace) -> list[str]:
    """Return the flags that describe an execution, such as `--video`."""
    defaults = ExecutionSettings()
    names = ("video", "filmstrip", "rerun", "gui", "backend", "grasp", "view", "disturb", "disturb_seed", "clock")
    changed = [name for name in names if getattr(args, name) != getattr(defaults, name)]
    changed += ["out"] if args.out is not None and getattr(args, "format", None) is None else []
    changed += ["max_replans"] if args.max_replans is not None else []
    changed += ["no_video"] if args.no_video else []
    changed += ["start_time"] if args.start_time is not None else []
    return [f"--{name.replace('_', '-')}" for name in changed]


def check_execution_is_asked_for(args: argparse.Namespace) -> None:
    """Check that no flag describes an execution where none is asked for.

    Raises:
        PlannerError: One does.
    """
    if given := execution_flags_given(args):
        raise PlannerError(f"{given[0]} needs --execute; without it, nothing is executed")


def read_execution_settings(args: argparse.Namespace, folder: Path) -> ExecutionSettings:
    """Convert the flags to settings, and create the folders that will be written to.

    Raises:
        PlannerError: The flags contradict each other, or something they need is missing.
    """
    _check_arguments(args)
    physics = args.backend == "physics"
    records_video = physics and not args.no_video
    video = picture = filmstrip = None
    if physics:
        folder = args.out or (args.video.parent if args.video else folder)
        if records_video:
            video, picture = args.video or folder / "video.mp4", folder / "home.png"
        filmstrip = args.filmstrip or (video.parent if video else folder) / "filmstrip.png"
        for path in (video, picture, filmstrip, args.rerun):
            if path is not None:
                writable_file(path)
    replans = MAX_REPLANS_DISTURBED if args.disturb else MAX_REPLANS
    return ExecutionSettings(
        backend=args.backend,
        grasp=args.grasp,
        view=args.view,
        video=video,
        picture=picture,
        filmstrip=filmstrip,
        rerun=args.rerun,
        gui=args.gui,
        quiet=args.json,
        disturb=args.disturb,
        disturb_seed=args.disturb_seed,
        max_replans=replans if args.max_replans is None else args.max_replans,
        clock=args.clock,
        start_time=args.start_time,
    )


def _check_arguments(args: argparse.Namespace) -> None:
    if args.start_time is not None:
        from envs.symbolic.goals import parse_time

        parse_time(args.start_time)
        if args.clock == "real":
            raise PlannerError("--start-time sets the simulated clock; --clock real takes the time from the machine")
    if not 0.0 <= args.disturb <= 1.0 or args.disturb_seed < 0 or (args.max_replans or 0) < 0:
        raise PlannerError(
            "--disturb must be a probability in [0, 1], --disturb-seed and --max-replans at least 0; "
            f"seen {args.disturb}, {args.disturb_seed} and {args.max_replans}"
        )
    display_flags = [f"--{name}" for name in ("video", "filmstrip", "rerun", "gui") if getattr(args, name)]
    if args.backend == "symbolic" and display_flags:
        raise PlannerError(
            f"{' and '.join(display_flags)}: only the physical home can be displayed; omit --backend symbolic"
        )
    if args.no_video and args.video:
        raise PlannerError("--video and --no-video contradict each other")
    for name, suffix in (("video", ".mp4"), ("filmstrip", ".png"), ("rerun", ".rrd")):
        path = getattr(args, name)
        if path is not None and path.suffix.lower() != suffix:
            raise PlannerError(f"--{name}: the file name must end in {suffix}, not {path}")
    if args.gui and sys.platform == "linux" and not os.environ.get("DISPLAY"):
        raise PlannerError("--gui opens a window, but there is no display (DISPLAY is not set); use --video")
    if args.rerun:
        from envs.recording.rerun_recording import check_installed

        check_installed()
