"""The flags `--audio`, `--listen` and `--image` of `planner.plan`. Perception models load only if a flag is given."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from planner.errors import PlannerError

if TYPE_CHECKING:
    import argparse

    import numpy as np
    import numpy.typing as npt

    from envs.symbolic.actions import State
    from planner.perception.hearing import Heard
    from planner.perception.sight import Seen

MAX_IMAGES = 64
MAX_IMAGE_BYTES = 50_000_000  # file size of a picture
FORMATS = ("PNG", "JPEG", "BMP", "WEBP", "TIFF")


def add_perception_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the perception flags."""
    add = parser.add_argument
    add("--audio", type=Path, metavar="WAV", help="read the spoken instruction from this file")
    add("--listen", action="store_true", help="listen to the microphone (extra: hearing)")
    add("--image", type=Path, nargs="+", metavar=("FILE", ""), help="plan in the home that these pictures show")


def check_perception_arguments(args: argparse.Namespace, default_home: str) -> None:
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
    if not args.image:
        return
    if args.home != default_home:
        raise PlannerError("--image cannot be combined with --home: the pictures define the home")
    for flag in ("execute", "observe", "memory", "tell"):
        if getattr(args, flag):
            raise PlannerError(f"--image cannot be combined with --{flag}: only pictures of the home are available")
    if len(args.image) > MAX_IMAGES:
        raise PlannerError(f"--image: {len(args.image)} pictures; the maximum is {MAX_IMAGES}")


def hear(args: argparse.Namespace) -> Heard | None:
    """Transcribe the spoken instruction; None if no flag asks for speech.

    Raises:
        PlannerError: The recording is missing or contains no speech, or the speech model is missing.
    """
    if not (args.audio or args.listen):
        return None
    from planner.perception.hearing import Hearing
    from planner.perception.microphone import listen
    from planner.perception.wav import read_wav

    hearing = Hearing.load(None if args.model is None else Path(args.model))
    return hearing.hear(listen() if args.listen else read_wav(args.audio))


def see(args: argparse.Namespace) -> tuple[State, tuple[Seen, ...]] | None:
    """Return the home that the pictures show, and the view of each picture; None without pictures.

    Raises:
        PlannerError: A picture cannot be read, or the vision model is missing.
    """
    if not args.image:
        return None
    from planner.perception.perceived_home import believed_home
    from planner.perception.sight import Sight

    sight = Sight.load(None if args.model is None else Path(args.model))
    seen = sight.see([read_picture(path) for path in args.image])
    return believed_home([view.listing for view in seen]), seen


def read_picture(path: Path) -> npt.NDArray[np.uint8]:
    """Read a picture of any size: crop the central square and resize it to 192 x 192 pixels.

    Raises:
        PlannerError: The file is missing, too large or not a picture.
    """
    import warnings

    import numpy as np
    from PIL import Image

    from planner.perception.image_labels import SIZE

    try:
        if path.stat().st_size > MAX_IMAGE_BYTES:
            raise PlannerError(
                f"{path}: {path.stat().st_size / 1e6:.0f} MB; the maximum is {MAX_IMAGE_BYTES / 1e6:.0f} MB"
            )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about minor damage to the file
            with Image.open(path, formats=FORMATS) as image:
                side = min(image.size)
                left, top = (image.size[0] - side) // 2, (image.size[1] - side) // 2
                square = image.convert("RGB").crop((left, top, left + side, top + side))
                return np.array(square.resize((SIZE, SIZE), Image.Resampling.BILINEAR), np.uint8)
    except PlannerError:
        raise
    except Exception as error:  # a damaged file may raise any exception
        reason = " ".join(str(error).split())[:160]
        raise PlannerError(f"{path}: cannot be read as a picture ({reason})") from None


def as_dict(heard: Heard | None, seen: tuple[Seen, ...] | None, files: list[Path] | None) -> dict[str, object]:
    """Return the perception entries of a JSON answer."""
    record: dict[str, object] = {}
    if heard is not None:
        record["heard"] = {"words": heard.words, "alternatives": list(heard.alternatives)}
    if seen is not None and files is not None:
        record["seen"] = [
            {
                "file": str(file), "furniture": view.listing.furniture, "states": list(view.listing.states),
                "things": [item.words for item in view.listing.things], "sure": round(view.sure, 3),
            }
            for file, view in zip(files, seen, strict=True)
        ]  # fmt: skip
    return record


def as_text(heard: Heard | None, seen: tuple[Seen, ...] | None) -> str:
    """Return the text printed before the plan; empty if nothing was heard or seen."""
    lines = [] if heard is None else [f"heard: {heard.words}"]
    for view in seen or ():
        furniture, _, things = view.listing.text.partition("[SEP]")
        lines.append(f"seen: {furniture}: {things}")
    return "\n".join(lines)
