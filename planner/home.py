"""`python -m planner.home`: validate a home file, make one, sample a home from a seed, or show what a home has.

python -m planner.home check my_home.yaml
python -m planner.home new
python -m planner.home new --rooms "kitchen, living room, 2 bedrooms" --out my_home.yaml
python -m planner.home from-seen photos/ --out my_home.yaml
python -m planner.home sample --seed 7 --rooms 3 > my_home.yaml
python -m planner.home show family_house
python -m planner.home show family_house --picture plan.png
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from envs.drawing.floor_plan import floor_plan
from envs.drawing.picture_file import check_picture_path, write_picture
from envs.errors import HomeError, HomeNameError
from envs.files.yaml_nodes import HomeFileError
from envs.scenes.home_file import dump_home, load_home
from envs.scenes.scene_sampler import sample_scene
from envs.scenes.speaker import speaker_of
from envs.symbolic.domain import Domain, load_domain
from envs.symbolic.kinds.description import described_kinds, own_kinds, own_words
from envs.symbolic.kinds.reader import load_kinds
from envs.symbolic.scene import FixtureSpec, ObjectSpec, Scene
from planner.io.command import run_command
from planner.io.command_parser import CommandParser
from planner.io.terminal import printable
from planner.new_homes.commands import add_from_seen_arguments, add_new_arguments, from_seen, new

OWNED = re.compile(r"\w['’]s ")  # a room that is called after a person: "Mia's room"
MAX_LISTED = 4  # names that one entry of a line shows


def check(path: str, as_json: bool, domain: Domain) -> int:
    """Print whether a home file is valid, or all its problems. Returns 0 if it is valid, otherwise 1."""
    notes: list[str] = []
    try:
        scene = load_home(path, notes=notes, domain=domain)
    except HomeNameError:
        raise
    except HomeError as error:
        if as_json:
            problem_nodes = error.problems if isinstance(error, HomeFileError) else ()
            problems: list[dict[str, int | str | None]] = [
                {**({"file": problem.file} if problem.file else {}), "line": problem.line, "problem": problem.text}
                for problem in problem_nodes
            ]
            print(json.dumps({"ok": False, "problems": problems or [{"line": None, "problem": str(error)}]}, indent=2))
        else:
            print(printable(str(error)))
        return 1
    counts = {"rooms": len(scene.rooms), "fixtures": len(furniture_of(scene)), "objects": len(scene.objects)}
    if as_json:
        people = {"speaker": speaker_of(scene), "people": scene.people, "owners": _owned(scene)}
        household = {**people, "properties": _properties(scene), "rules": scene.rules}
        answer = {"ok": True, "name": scene.name, **counts, **household, **own_parts(scene), "notes": notes}
        print(json.dumps(answer, indent=2))
    else:
        print(f"ok: {scene.name}, {_counted(scene)}")
        print("\n".join((*_household(scene), *([f"notes: {'; '.join(notes)}"] if notes else []))))
    return 0


def _household(scene: Scene) -> Iterator[str]:
    """Yield who lives in a home, what they own, what tells things apart, and what must never happen."""
    speaker = speaker_of(scene)
    persons = _persons(scene)
    name = next((name for name, person in persons.items() if person.name == speaker), None)
    nobody = "nobody; there is no floor for a person to stand" if scene.domain.person else "nobody in it"
    who = f"{name} ({speaker})" if name else speaker or nobody
    yield f"instructions come from: {who}"
    if scene.people:
        places = [f"{name} in {'' if OWNED.search(p.room) else 'the '}{p.room}" for name, p in persons.items()]
        named = " and ".join(filter(None, (", ".join(places[:-1]), *places[-1:])))
        yield f"people: {', '.join(scene.people)}" + (f"; things can be given to {named}" if named else "")
    lines = {"owners": _owned(scene), **{f"{group}s": words for group, words in _properties(scene).items()}}
    for subject, words in lines.items():
        if words:
            yield f"{subject}: " + ", ".join(f"{word} ({_listed(names)})" for word, names in words.items())
    if scene.rules:
        yield f"rules: {'; '.join(scene.rules)}"
    yield from described_kinds(scene.domain)


def furniture_of(scene: Scene) -> list[FixtureSpec]:
    """Return the furniture of a home, without the rooms that skills can be about."""
    return [fixture for fixture in scene.fixtures if not scene.domain.fixtures[fixture.category].is_room]


def own_parts(scene: Scene) -> dict[str, object]:
    """Return what only this home has: kinds, classes, states, skills; nothing for most homes."""
    parts = {**own_kinds(scene.domain), **own_words(scene.domain)}
    return {key: values for key, values in parts.items() if values}


def _counted(scene: Scene) -> str:
    counts = {"room": len(scene.rooms), "fixture": len(furniture_of(scene)), "object": len(scene.objects)}
    return ", ".join(f"{number} {noun}{'' if number == 1 else 's'}" for noun, number in counts.items())


def _persons(scene: Scene) -> dict[str, FixtureSpec]:
    """Return the people who have a place in the home, by name."""
    return dict(zip(scene.people, (f for f in scene.fixtures if f.category == scene.domain.person), strict=False))


def _listed(names: Sequence[str]) -> str:
    rest = f" and {len(names) - MAX_LISTED} more" if len(names) > MAX_LISTED else ""
    return ", ".join(names[:MAX_LISTED]) + rest


def _owned(scene: Scene) -> dict[str, list[str]]:
    """Return what each person owns who owns anything."""
    specs: list[FixtureSpec | ObjectSpec] = [*scene.fixtures, *scene.objects]
    owned = {name: [spec.name for spec in specs if f"{name}'s" in spec.properties] for name in scene.people}
    return {name: things for name, things in owned.items() if things}


def _properties(scene: Scene) -> dict[str, dict[str, list[str]]]:
    """Return the fixtures and objects that have each size, color and material."""
    specs: list[FixtureSpec | ObjectSpec] = [*scene.fixtures, *scene.objects]
    groups = {
        group: {word: [spec.name for spec in specs if word in spec.properties] for word in words}
        for group, words in scene.domain.properties.items()
    }
    groups = {group: {word: names for word, names in words.items() if names} for group, words in groups.items()}
    return {group: words for group, words in groups.items() if words}


def sample(seed: int, rooms: int | None, objects: int | None, domain_file: Path | None, kinds: str | None) -> int:
    """Print a sampled home as a home file; one of another domain names its file, relative to the current folder.

    Of the kinds of a file that homes include, the home has each at least once.
    """
    base = load_domain(domain_file)
    try:
        domain = base if kinds is None else load_kinds(kinds, base)
    except HomeFileError as error:
        print(printable(str(error)), file=sys.stderr)
        return 1
    own = own_kinds(domain, base)
    scene = sample_scene(
        seed, rooms=rooms, n_objects=objects, domain=domain,
        need_objects={str(kind["name"]): 1 for kind in own["things"]},
        need_fixtures={str(kind["name"]): 1 for kind in own["furniture"]},
    )  # fmt: skip
    sys.stdout.write(dump_home(scene, domain_file))
    return 0


def show(name: str, as_json: bool, picture: Path | None, domain: Domain) -> int:
    """Print the contents of a home, room by room, or draw its floor plan as a PNG or SVG file."""
    if picture is not None:
        check_picture_path(picture)
    try:
        scene = load_home(name, speaker=True, domain=domain)
    except HomeNameError:
        raise
    except HomeError as error:
        print(printable(str(error)), file=sys.stderr)
        return 1
    if picture is not None:
        write_picture(floor_plan(scene), picture)
        print(f"floor plan: {picture}", file=sys.stderr if as_json else sys.stdout)
    if as_json:
        print(json.dumps(_as_data(scene), indent=2))
    elif picture is None:
        print("\n".join(listing(scene)))
    return 0


def listing(scene: Scene) -> Iterator[str]:
    """Yield the lines of a plain list: rooms, their fixtures, and the objects in or on each."""
    yield f"{scene.name}: {_counted(scene)}"
    yield from (f"people: {', '.join(scene.people)}",) if scene.people else ()
    yield from (f"rules: {'; '.join(scene.rules)}",) if scene.rules else ()
    yield from described_kinds(scene.domain)
    contents_of: dict[str, list[ObjectSpec]] = {}
    for item in scene.objects:
        contents_of.setdefault(item.place, []).append(item)
    named = {person.name: name for name, person in _persons(scene).items()}
    furniture = furniture_of(scene)
    for room in scene.rooms:
        x0, y0, x1, y1 = room.rect
        article = "an" if room.kind[0] in "aeiou" else "a"
        room_type = "" if room.name.lower().startswith(room.kind) else f", {article} {room.kind}"
        of_room = sorted(next((f.states for f in scene.fixtures if f.name == room.name), ()))
        so = f" ({', '.join(of_room)})" if of_room else ""
        yield f"\n{room.name}{room_type} ({x1 - x0:.1f} x {y1 - y0:.1f} m){so}"
        for fixture in furniture:
            if fixture.room == room.name:
                states = f" ({', '.join(sorted(fixture.states))})" if fixture.states else ""
                contents = ", ".join(_words(item, contents_of) for item in contents_of.get(fixture.name, []))
                who = f", {named[fixture.name]}" if fixture.name in named else ""
                yield f"  {_described(fixture)}{who}{states}{': ' if contents else ''}{contents}"


def _words(item: ObjectSpec, contents_of: dict[str, list[ObjectSpec]]) -> str:
    owner = next((word for word in item.properties if word.endswith("'s")), "")
    looks = (word for word in item.properties if word != owner)
    text = " ".join(filter(None, (owner, *sorted(item.states), *looks, item.name)))
    if item.liquid is not None and item.liquid not in item.category:
        text += f" of {item.liquid}"
    contents = ", ".join(_words(inner, contents_of) for inner in contents_of.get(item.name, []))
    return f"{text} [{contents}]" if contents else text


def _described(spec: FixtureSpec | ObjectSpec) -> str:
    return " ".join((*spec.properties, spec.name))


def _as_data(scene: Scene) -> dict[str, object]:
    return {
        "name": scene.name,
        "people": scene.people,
        "rules": scene.rules,
        **own_parts(scene),
        "rooms": [{"name": r.name, "kind": r.kind, "rect_m": r.rect} for r in scene.rooms],
        "doorways": [{"x_m": d.x, "y_m": d.y, "width_m": d.width, "along": d.along} for d in scene.doorways],
        "fixtures": [
            {
                "name": f.name,
                "room": f.room,
                "x_m": f.x,
                "y_m": f.y,
                "yaw_rad": f.yaw,
                "states": sorted(f.states),
                "properties": f.properties,
            }
            for f in furniture_of(scene)
        ],
        "objects": [
            {
                "name": o.name,
                "place": o.place,
                "states": sorted(o.states),
                "liquid": o.liquid,
                "properties": o.properties,
            }
            for o in scene.objects
        ],
        "robot": {"x_m": scene.robot[0], "y_m": scene.robot[1], "yaw_rad": scene.robot[2]},
    }


def _parser() -> argparse.ArgumentParser:
    parser = CommandParser(prog="python -m planner.home", description="Check, make, sample and show homes.")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="{check,new,from-seen,sample,show}")
    checks = verbs.add_parser(
        "check", help="validate a home file (if invalid: exit code 1 and every problem with its line)"
    )
    news = verbs.add_parser("new", help="ask what a home is like and write its file; or furnish a list of rooms")
    seen = verbs.add_parser("from-seen", help="write the file of a home from the names of pictures")
    samples = verbs.add_parser("sample", help="print a random home as a home file")
    shows = verbs.add_parser("show", help="list what a home has, room by room")
    checks.add_argument("file", help="a home file (YAML; datasets/homes/README.md), or the name of a bundled home")
    shows.add_argument("home", help="a home file, the name of a bundled home, or a seed")
    shows.add_argument("--picture", type=Path, metavar="FILE", help="draw the floor plan instead: a .png or .svg file")
    for verb in (checks, shows):
        verb.add_argument("--json", action="store_true", help="print JSON")
    for verb in (checks, news, seen, samples, shows):
        verb.add_argument("--domain", type=Path, metavar="FILE", help="domain of the home (default: the home's own)")
    add_new_arguments(news)
    news.add_argument(
        "--seed", type=_seed, default=0, help="another seed offers other furniture and things (default: 0)"
    )
    add_from_seen_arguments(seen)
    samples.add_argument("--seed", type=_seed, default=0, help="seed of the home (default: 0)")
    samples.add_argument("--rooms", type=int, choices=range(1, 9), metavar="1-8", help="rooms (default: 2 to 4)")
    samples.add_argument("--objects", type=_seed, metavar="N", help="objects (default: 20 to 45)")
    samples.add_argument("--kinds", metavar="FILE", help="with the kinds of a file that homes include (or its name)")
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
        return check(args.file, args.json, load_domain(args.domain))
    if args.verb == "new":
        return new(args)
    if args.verb == "from-seen":
        return from_seen(args)
    if args.verb == "show":
        return show(args.home, args.json, args.picture, load_domain(args.domain))
    return sample(args.seed, args.rooms, args.objects, args.domain, args.kinds)


if __name__ == "__main__":
    sys.exit(main())
