"""`python -m planner.home`: validate a home file, sample a home from a seed, or list a home's contents.

python -m planner.home check my_home.yaml
python -m planner.home sample --seed 7 --rooms 3 > my_home.yaml
python -m planner.home show family_house
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence

from envs.errors import HomeError, HomeNameError
from envs.files.yaml_nodes import HomeFileError
from envs.scenes.home_file import dump_home, load_home
from envs.scenes.scene_sampler import sample_scene
from envs.scenes.speaker import speaker_of
from envs.symbolic.scene import ObjectSpec, Scene
from planner.io.command import run_command
from planner.io.command_parser import CommandParser
from planner.io.terminal import printable


def check(path: str, as_json: bool) -> int:
    """Print whether a home file is valid, or all its problems. Returns 0 if it is valid, otherwise 1."""
    try:
        scene = load_home(path)
    except HomeNameError:
        raise
    except HomeError as error:
        if as_json:
            problem_nodes = error.problems if isinstance(error, HomeFileError) else ()
            problems: list[dict[str, int | str | None]] = [
                {"line": problem.line, "problem": problem.text} for problem in problem_nodes
            ]
            print(json.dumps({"ok": False, "problems": problems or [{"line": None, "problem": str(error)}]}, indent=2))
        else:
            print(printable(str(error)))
        return 1
    counts = {"rooms": len(scene.rooms), "fixtures": len(scene.fixtures), "objects": len(scene.objects)}
    speaker = speaker_of(scene)
    if as_json:
        print(json.dumps({"ok": True, "name": scene.name, **counts, "speaker": speaker}, indent=2))
    else:
        print(f"ok: {scene.name}, {', '.join(f'{number} {noun}' for noun, number in counts.items())}")
        print(f"instructions come from: {speaker or 'nobody; there is no floor for a person to stand'}")
    return 0


def sample(seed: int, rooms: int | None, objects: int | None) -> int:
    """Print a sampled home as a home file."""
    sys.stdout.write(dump_home(sample_scene(seed, rooms=rooms, n_objects=objects)))
    return 0


def show(name: str, as_json: bool) -> int:
    """Print the contents of a home, room by room."""
    try:
        scene = load_home(name, speaker=True)
    except HomeNameError:
        raise
    except HomeError as error:
        print(printable(str(error)), file=sys.stderr)
        return 1
    if as_json:
        print(json.dumps(_as_data(scene), indent=2))
    else:
        print("\n".join(listing(scene)))
    return 0


def listing(scene: Scene) -> Iterator[str]:
    """Yield the lines of a plain list: rooms, their fixtures, and the objects in or on each."""
    yield f"{scene.name}: {len(scene.rooms)} rooms, {len(scene.fixtures)} fixtures, {len(scene.objects)} objects"
    contents_of: dict[str, list[ObjectSpec]] = {}
    for item in scene.objects:
        contents_of.setdefault(item.place, []).append(item)
    for room in scene.rooms:
        x0, y0, x1, y1 = room.rect
        room_type = "" if room.name.startswith(room.kind) else f", a {room.kind}"
        yield f"\n{room.name}{room_type} ({x1 - x0:.1f} x {y1 - y0:.1f} m)"
        for fixture in scene.fixtures:
            if fixture.room == room.name:
                states = f" ({', '.join(sorted(fixture.states))})" if fixture.states else ""
                contents = ", ".join(_words(item, contents_of) for item in contents_of.get(fixture.name, []))
                yield f"  {fixture.name}{states}{': ' if contents else ''}{contents}"


def _words(item: ObjectSpec, contents_of: dict[str, list[ObjectSpec]]) -> str:
    text = " ".join((*sorted(item.states), item.name))
    if item.liquid is not None and item.liquid not in item.category:
        text += f" of {item.liquid}"
    contents = ", ".join(_words(inner, contents_of) for inner in contents_of.get(item.name, []))
    return f"{text} [{contents}]" if contents else text


def _as_data(scene: Scene) -> dict[str, object]:
    return {
        "name": scene.name,
        "rooms": [{"name": r.name, "kind": r.kind, "rect_m": r.rect} for r in scene.rooms],
        "doorways": [{"x_m": d.x, "y_m": d.y, "width_m": d.width, "along": d.along} for d in scene.doorways],
        "fixtures": [
            {"name": f.name, "room": f.room, "x_m": f.x, "y_m": f.y, "yaw_rad": f.yaw, "states": sorted(f.states)}
            for f in scene.fixtures
        ],
        "objects": [
            {"name": o.name, "place": o.place, "states": sorted(o.states), "liquid": o.liquid} for o in scene.objects
        ],
        "robot": {"x_m": scene.robot[0], "y_m": scene.robot[1], "yaw_rad": scene.robot[2]},
    }


def _parser() -> argparse.ArgumentParser:
    parser = CommandParser(prog="python -m planner.home", description="Check, sample and list homes.")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="{check,sample,show}")
    checks = verbs.add_parser(
        "check", help="validate a home file (if invalid: exit code 1 and every problem with its line)"
    )
    samples = verbs.add_parser("sample", help="print a random home as a home file")
    shows = verbs.add_parser("show", help="list what a home has, room by room")
    checks.add_argument("file", help="a home file (YAML; datasets/homes/README.md), or the name of a bundled home")
    shows.add_argument("home", help="a home file, the name of a bundled home, or a seed")
    for verb in (checks, shows):
        verb.add_argument("--json", action="store_true", help="print JSON")
    samples.add_argument("--seed", type=_seed, default=0, help="seed of the home (default: 0)")
    samples.add_argument("--rooms", type=int, choices=range(1, 9), metavar="1-8", help="rooms (default: 2 to 4)")
    samples.add_argument("--objects", type=_seed, metavar="N", help="objects (default: 20 to 45)")
    return parser


def _seed(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or int(text[:20]) >= 2**62:
        raise argparse.ArgumentTypeError(f"{text!r} is not a non-negative integer")
    return int(text)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command."""
    args = _parser().parse_args(argv)
    return run_command(lambda: _run(args), "python -m planner.home")


def _run(args: argparse.Namespace) -> int:
    if args.verb == "check":
        return check(args.file, args.json)
    if args.verb == "show":
        return show(args.home, args.json)
    return sample(args.seed, args.rooms, args.objects)


if __name__ == "__main__":
    sys.exit(main())
