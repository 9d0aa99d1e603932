"""The flags `--audio`, `--listen` and `--image` of `planner.plan`. Perception models load only if a flag is given."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from planner.errors import InputError, PlannerError
from planner.io.input_bytes import is_standard_input, shown
from planner.io.terminal import printable

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    import numpy as np
    import numpy.typing as npt

    from envs.symbolic.actions import State
    from planner.perception.hearing import Heard
    from planner.perception.sight import Seen

MAX_IMAGES = 64


def add_perception_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the perception flags."""
    add = parser.add_argument
    add("--audio", type=Path, metavar="FILE", help="read the instruction from this recording (- is stdin)")
    add("--listen", action="store_true", help="listen to the microphone (extra: hearing)")
    add(
        "--image",
        type=Path,
        nargs="+",
        metavar=("FILE", ""),
        help="plan in the home that these pictures show (- is stdin)",
    )


def check_perception_arguments(args: argparse.Namespace) -> None:
    """Check that the perception flags can be combined with the other flags.

    Raises:
        PlannerError: They cannot.
    """
    speech_flag = "--audio" if args.audio else "--listen" if args.listen else ""
    if args.audio and args.listen:
        raise PlannerError("--audio and --listen cannot be combined; use one")
    if speech_flag and args.instruction is not None:
        raise PlannerError(f"{speech_flag} cannot be combined with a written instruction")
    if speech_flag and args.interactive:
        raise PlannerError(f"{speech_flag} cannot be combined with --interactive")
    _check_standard_input(args)
    if not args.image:
        return
    if args.home is not None:
        raise PlannerError("--image cannot be combined with --home: the pictures define the home")
    for flag in ("execute", "observe", "memory", "tell"):
        if getattr(args, flag):
            raise PlannerError(f"--image cannot be combined with --{flag}: only pictures of the home are available")
    if len(args.image) > MAX_IMAGES:
        raise PlannerError(f"--image: {len(args.image)} pictures; the maximum is {MAX_IMAGES}")


def _check_standard_input(args: argparse.Namespace) -> None:
    """Check that standard input is read for one purpose.

    Raises:
        PlannerError: It is not.
    """
    uses = [f"--{name}" for name in ("interactive", "ask") if getattr(args, name)]
    uses += ["the instruction -"] if args.instruction == "-" else []
    inputs = ["--audio -"] if args.audio and is_standard_input(args.audio) else []
    inputs += ["--image -" for path in args.image or () if is_standard_input(path)]
    uses += inputs
    if inputs and len(uses) > 1:
        raise PlannerError(f"{uses[0]} and {uses[1]} cannot be combined: both read standard input")


def hear(args: argparse.Namespace) -> Heard | None:
    """Transcribe the spoken instruction; None if no flag asks for speech.

    Raises:
        PlannerError: The recording is missing or contains no speech, or the speech model is missing.
    """
    if not (args.audio or args.listen):
        return None
    from planner.perception.hearing import Hearing
    from planner.perception.inputs.microphone import listen
    from planner.perception.inputs.recordings import read_recording

    hearing = Hearing.load(None if args.model is None else Path(args.model))
    return hearing.hear(listen() if args.listen else read_recording(args.audio))


def see(args: argparse.Namespace) -> tuple[State, dict[Path, Seen]] | None:
    """Return the home that the pictures show, and the view of each file; None without pictures.

    A picture that shows nothing that sight knows, or the same as another one, is named on stderr and left out.

    Raises:
        PlannerError: A picture cannot be read, none is left, or the vision model is missing.
    """
    if not args.image:
        return None
    from planner.perception.inputs.pictures import read_picture
    from planner.perception.perceived_home import believed_home
    from planner.perception.sight import Sight

    first_with: dict[bytes, Path] = {}
    pictures: dict[Path, npt.NDArray[np.uint8]] = {}
    left_out: list[str] = []
    for path in args.image:
        picture = read_picture(path)
        first = first_with.setdefault(picture.tobytes(), path)
        if first is path:
            pictures[path] = picture
        else:
            left_out.append(f"{shown(path)}: the same picture as {shown(first)}")
    sight = Sight.load(None if args.model is None else Path(args.model))
    seen = dict(zip(pictures, sight.see(list(pictures.values())), strict=True))
    left_out += [f"{shown(path)}: {view.doubt}" for path, view in seen.items() if view.doubt]
    views = {path: view for path, view in seen.items() if not view.doubt}
    if not views:
        raise InputError(f"no picture can be planned with: {'; '.join(left_out)}")
    for line in left_out:
        print(printable(f"not planned with: {line}"), file=sys.stderr)
    return believed_home([view.listing for view in views.values()]), views


def as_dict(heard: Heard | None, seen: Mapping[Path, Seen] | None) -> dict[str, object]:
    """Return the perception entries of a JSON answer."""
    record: dict[str, object] = {}
    if heard is not None:
        record["heard"] = {"words": heard.words, "alternatives": list(heard.alternatives)}
    if seen is not None:
        record["seen"] = [
            {
                "file": str(file), "furniture": view.listing.furniture, "states": list(view.listing.states),
                "things": [item.words for item in view.listing.things], "sure": round(view.sure, 3),
            }
            for file, view in seen.items()
        ]  # fmt: skip
    return record


def as_text(heard: Heard | None, seen: Mapping[Path, Seen] | None) -> str:
    """Return the text printed before the plan; empty if nothing was heard or seen."""
    lines = [] if heard is None else [f"heard: {heard.words}"]
    for view in (seen or {}).values():
        furniture, _, things = view.listing.text.partition("[SEP]")
        lines.append(f"seen: {furniture}: {things}")
    return "\n".join(lines)
