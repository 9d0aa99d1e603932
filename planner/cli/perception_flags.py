"""The flags `--audio`, `--listen` and `--image` of `planner.plan`. Without them nothing of the senses is loaded."""

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

MOST_PICTURES = 64
LARGEST = 50_000_000  # bytes of a picture's file
FORMATS = ("PNG", "JPEG", "BMP", "WEBP", "TIFF")


def add_sense_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags."""
    add = parser.add_argument
    add("--audio", type=Path, metavar="WAV", help="the instruction is spoken in this file")
    add("--listen", action="store_true", help="it is spoken into the microphone (extra: hearing)")
    add("--image", type=Path, nargs="+", metavar=("FILE", ""), help="the home is what these pictures show")


def check_senses(args: argparse.Namespace, home: str) -> None:
    """Check that the flags go with the others.

    Raises:
        PlannerError: They do not.
    """
    spoken = "--audio" if args.audio else "--listen" if args.listen else ""
    if args.audio and args.listen:
        raise PlannerError("--audio and --listen are two ways to say the instruction; use one")
    if spoken and args.instruction is not None:
        raise PlannerError(f"{spoken} goes without a written instruction")
    if spoken and args.interactive:
        raise PlannerError(f"{spoken} goes without --interactive")
    if not args.image:
        return
    if args.home != home:
        raise PlannerError("--image goes without --home: what the pictures show is the home")
    for flag in ("execute", "observe", "memory", "tell"):
        if getattr(args, flag):
            raise PlannerError(f"--image goes without --{flag}: there is nothing but pictures of the home")
    if len(args.image) > MOST_PICTURES:
        raise PlannerError(f"--image: {len(args.image)} pictures; {MOST_PICTURES} are seen at most")


def hear(args: argparse.Namespace) -> Heard | None:
    """Return what was said, if it was.

    Raises:
        PlannerError: There is no recording, nothing in it, or no hearing.
    """
    if not (args.audio or args.listen):
        return None
    from planner.perception.hearing import Hearing
    from planner.perception.microphone import listen
    from planner.perception.wav import read_wav

    hearing = Hearing.load(None if args.model is None else Path(args.model))
    return hearing.hear(listen() if args.listen else read_wav(args.audio))


def see(args: argparse.Namespace) -> tuple[State, tuple[Seen, ...]] | None:
    """Return the home that pictures show, and what is seen in each, if there are any.

    Raises:
        PlannerError: A picture cannot be read, or there is no sight.
    """
    if not args.image:
        return None
    from planner.perception.perceived_home import believed_home
    from planner.perception.sight import Sight

    sight = Sight.load(None if args.model is None else Path(args.model))
    seen = sight.see([read_picture(path) for path in args.image])
    return believed_home([one.listing for one in seen]), seen


def read_picture(path: Path) -> npt.NDArray[np.uint8]:
    """Read a picture of any size: its middle, as large as fits, in 192 x 192 pixels.

    Raises:
        PlannerError: It is missing or no picture.
    """
    import warnings

    import numpy as np
    from PIL import Image

    from planner.perception.image_labels import SIZE

    try:
        if path.stat().st_size > LARGEST:
            raise PlannerError(f"{path}: {path.stat().st_size / 1e6:.0f} MB; that is no small picture")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of files that are damaged where it does not matter
            with Image.open(path, formats=FORMATS) as image:
                side = min(image.size)
                left, top = (image.size[0] - side) // 2, (image.size[1] - side) // 2
                square = image.convert("RGB").crop((left, top, left + side, top + side))
                return np.array(square.resize((SIZE, SIZE), Image.Resampling.BILINEAR), np.uint8)
    except PlannerError:
        raise
    except Exception as error:  # it raises whatever a damaged file leads to
        reason = " ".join(str(error).split())[:160]
        raise PlannerError(f"{path}: no picture that can be read ({reason})") from None


def as_dict(heard: Heard | None, seen: tuple[Seen, ...] | None, files: list[Path] | None) -> dict[str, object]:
    """Return what the senses add to a JSON answer."""
    found: dict[str, object] = {}
    if heard is not None:
        found["heard"] = {"words": heard.words, "alternatives": list(heard.alternatives)}
    if seen is not None and files is not None:
        found["seen"] = [
            {
                "file": str(file), "furniture": one.listing.furniture, "states": list(one.listing.states),
                "things": [item.words for item in one.listing.things], "sure": round(one.sure, 3),
            }
            for file, one in zip(files, seen, strict=True)
        ]  # fmt: skip
    return found


def as_text(heard: Heard | None, seen: tuple[Seen, ...] | None) -> str:
    """Return what is printed before the plan; "" if nothing was heard or seen."""
    lines = [] if heard is None else [f"heard: {heard.words}"]
    for one in seen or ():
        where, _, things = one.listing.text.partition("[SEP]")
        lines.append(f"seen: {where}: {things}")
    return "\n".join(lines)
