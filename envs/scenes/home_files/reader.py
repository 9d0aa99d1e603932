"""The text of a home file that a user wrote: YAML in, a `Scene` out, or every problem of the file with its line.

    name: studio
    rooms:
      kitchen:                                 # a kind of room; two of a kind: `bedroom 1`, `bedroom 2`
        - fridge                               # fixtures, numbered in order: fridge 1
        - 3 cabinet
        - {sink: [dirty]}                      # with states
        - countertop: {name: countertop 1, states: [dirty], pose: [1.2, 0.4, 90]}
      bath: {kind: bathroom, rect: [0, 4, 3, 7], fixtures: [toilet, sink]}
    objects:
      cabinet 1: [6 plate, {mug: [dirty]}, {cup: {liquid: coffee, holds: [spoon]}}]
      fridge: [cold milk, 2 apple]             # the only fridge needs no number
      desk 1: [mug of coffee, 3 clean plate]   # words as in goals
    doorways: [[6.3, 2.0, 1.2, y]]             # x, y, width [m], the axis that the wall runs along
    robot: [3.0, 2.0, 0]
    speaker: kitchen                           # a room or a fixture: where the person stands who gives instructions
    people: [Anna, Ben]                        # the first have the `person` fixtures; all can own things
    rules: [never knife with person]           # hold for every plan in this home
    seed: 7                                    # another seed, another automatic floor plan
    include: pets.yaml                         # kinds that several homes share
    things: {blender: {like: kettle}}          # kinds that only this home has (envs/symbolic/kinds/reader.py)
    furniture: {aquarium: {like: side table}}

Only `rooms` is required. `rect` is [x0, y0, x1, y1] [m], for all rooms or for none; `pose` is x [m], y [m], yaw
[degrees], the direction that the front faces (0: +x, 90: +y), and needs the rect. Missing geometry is generated.
Options of a fixture: count, name, states, pose; of an object: count, name, states, liquid, holds; of both: color, size,
material, owner, which may also stand before the name: `red mug`, `Anna's big box`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import yaml

from envs.errors import DomainError, HomeError, nearest
from envs.files.yaml_nodes import HomeFileError, Problem, describe, parse_nodes
from envs.scenes.floor_plan import doorway_problems, fixture_problems, plan_doorways, room_problems
from envs.scenes.furniture_layout import FRONT_M, FixedGeometry, footprint, lay_out
from envs.scenes.home_files.contents import listed
from envs.scenes.home_files.entries import Item
from envs.scenes.home_files.household import HouseholdReader
from envs.scenes.speaker import speaker_of, with_speaker
from envs.symbolic.domain import Domain, load_domain
from envs.symbolic.kinds.reader import KIND_KEYS, KindReader
from envs.symbolic.scene import Doorway, FixtureSpec, Rect, Room, Scene

NOWHERE: Rect = (0.0, 0.0, 0.0, 0.0)
HOME_KEYS = (
    "name", "domain", "seed", "people", "rules", "rooms", "doorways", "robot", "objects", "speaker", *KIND_KEYS,
)  # fmt: skip
_ROBOT_KEYS = ("own skills", "hand", "reach", "without")  # of files that people take for home files
MAX_ROOMS, MAX_DOORWAYS, MAX_FIXTURES = 30, 100, 200


def parse_home(
    text: str,
    name: str = "home",
    *,
    geometry: bool = True,
    notes: list[str] | None = None,
    folder: Path | None = None,
    domain: Domain | None = None,
) -> Scene:
    """Parse the text of a home file.

    Args:
        text: The text.
        name: The home's name, if the file gives none.
        geometry: Whether it gets a floor plan.
        notes: Filled with what is read otherwise than it is written, such as another word for a sofa.
        folder: The folder that the files it includes are relative to.
        domain: What its own kinds are added to, unless the file names a domain; by default the built-in domain.

    Raises:
        HomeFileError: The file is invalid; the error lists every problem.
    """
    reader = _HomeReader(domain or load_domain(), folder)
    scene = reader.home(parse_nodes(text), name)
    if reader.problems:
        raise HomeFileError(reader.problems)
    if notes is not None:
        notes += reader.notes
    if not geometry:
        return scene if reader.speaker_at is None else with_speaker(scene, reader.speaker_at, geometry=False)
    try:
        scene = lay_out(scene, np.random.default_rng(scene.seed), reader.fixed_geometry())
        if reader.speaker_at is None:
            return scene
        scene = with_speaker(scene, reader.speaker_at)
        if speaker_of(scene) is None:
            raise HomeError(f"speaker: there is no free floor for a person at {reader.speaker_at}")
        return scene
    except HomeError as error:
        problems = []
        for line in str(error).splitlines():
            subject = line.partition(":")[0]
            hint = "" if subject in ("robot", "speaker") else f"; it needs {FRONT_M:g} m of free floor in front"
            problems.append(Problem(line=reader.lines.get(subject), text=f"{line}{hint}"))
        raise HomeFileError(problems) from None


class _HomeReader(HouseholdReader):
    def __init__(self, domain: Domain, folder: Path | None) -> None:
        super().__init__(domain)
        self.folder = folder
        self.rooms_with_rect: list[Room] = []  # rooms whose `rect` is valid
        self.doorways: list[Doorway] = []
        self.posed: set[str] = set()
        self.states_of_rooms: dict[str, frozenset[str]] = {}  # of rooms that skills can be about
        self.has_rects = self.has_doorways = self.has_robot = False
        self.speaker_at: str | None = None  # the room or fixture where the speaker stands, if the file says

    def key_hint(self, key: str) -> str:
        """Offer `people` for other words for it; otherwise say that fixtures are a list."""
        if key.lower() in ("persons", "residents", "family", "inhabitants"):
            return "; did you mean 'people'?"
        if key in _ROBOT_KEYS:
            return "; this is said in a file of a robot, which `--robot` takes"
        return super().key_hint(key)

    def fixed_geometry(self) -> FixedGeometry:
        return FixedGeometry(
            rooms=self.has_rects, doorways=self.has_doorways, robot=self.has_robot, fixtures=frozenset(self.posed)
        )

    def home(self, root: yaml.Node, name: str) -> Scene:
        if not isinstance(root, yaml.MappingNode):
            self.problem(root, f"a home has `rooms:` and `objects:`; this file has neither: it is {describe(root)}")
            return _nothing(name)
        parts = self.options(root, "home", HOME_KEYS)
        given_name = self.text(parts["name"], "name") if "name" in parts else None
        seed = self.whole(parts["seed"], "seed", 0, 2**62) if "seed" in parts else None
        if "domain" in parts:
            n_problems = len(self.problems)
            self.read_domain(parts["domain"])
            if len(self.problems) > n_problems:  # what the home says is right or wrong only with its domain
                return _nothing(name)
        kinds = KindReader(self.domain, people=_listed_words(parts.get("people")))
        kinds.problems, kinds.notes = self.problems, self.notes
        self.domain = kinds.read(parts, self.folder)
        self.has_own_kinds = not parts.keys().isdisjoint(("include", "things", "furniture"))
        self.limited_by_like, self.refused = kinds.limited_by_like, kinds.refused
        self.refused |= {name.lower() for name in _names_under_unknown_keys(root)}
        n_problems = len(self.problems)
        if "people" in parts:
            self.people = self.read_people(parts["people"])
        if "rooms" in parts:
            self.read_rooms(parts["rooms"])
        if not self.rooms and len(self.problems) == n_problems:
            self.problem(root, "a home has at least one room, under `rooms:`")
        if "doorways" in parts:
            self.has_doorways = True
            self.read_doorways(parts["doorways"])
        robot = None
        if "robot" in parts:
            robot = self.numbers(parts["robot"], "robot", "[x, y, yaw in degrees]", (100.0, 100.0, 360.0))
            self.has_robot = robot is not None
            self.lines["robot"] = parts["robot"].start_mark.line + 1
        if (self.has_doorways or self.has_robot) and self.rooms and not self.has_rects:
            self.problem(root, "`doorways` and `robot` need the `rect` of every room")
        if "speaker" in parts:
            self.read_speaker(parts["speaker"])
        if "objects" in parts:
            self.read_objects(parts["objects"])
        if self.has_rects:
            self.check_floor()
        x, y, degrees = robot or (0.0, 0.0, 0.0)
        scene = Scene(
            name=given_name or name,
            seed=seed or 0,
            rooms=tuple(self.rooms),
            doorways=tuple(self.doorways),
            fixtures=tuple(self.fixtures),
            objects=tuple(self.objects),
            robot=(x, y, math.radians(degrees)),
            people=self.people,
            domain=self.domain,
        )
        states = self.states_of_rooms
        fixtures = (replace(f, states=states[f.name]) if f.name in states else f for f in scene.fixtures)
        scene = replace(scene, fixtures=tuple(fixtures)) if states else scene
        return replace(scene, rules=self.read_rules(parts["rules"], scene)) if "rules" in parts else scene

    def read_domain(self, node: yaml.Node) -> None:
        """Read the domain that the file names, relative to its folder; `home` is the built-in one."""
        name = self.text(node, "domain")
        if name is None:
            return
        try:
            self.domain = load_domain(None if name == "home" else (self.folder or Path()) / Path(name).expanduser())
        except (DomainError, RuntimeError) as error:  # RuntimeError: there is no such user
            for line in str(error).splitlines():
                self.problem(node, f"domain: {line}")

    # -- rooms and fixtures ------------------------------------------------------------------------------------------

    def read_rooms(self, node: yaml.Node) -> None:
        items: list[tuple[str, Item]] = []
        without_rect: list[str] = []
        pairs = list(self.pairs(node, "rooms"))
        if len(pairs) > MAX_ROOMS:
            self.problem(node, f"{len(pairs)} rooms; a home has at most {MAX_ROOMS}")
        for name, key, value in pairs[:MAX_ROOMS]:
            head, _, number = name.rpartition(" ")
            kind: str | None = head if number.isdigit() else name
            parts: dict[str, yaml.Node] = {"fixtures": value}
            if isinstance(value, yaml.MappingNode):
                states = ("states",) if self.domain.rooms_are_entities else ()
                parts = self.options(value, name, ("kind", "rect", *states, "fixtures"))
            if "kind" in parts:
                kind = self.text(parts["kind"], f"{name}: kind")
            meant = self.names_of(kind or "", "rooms")
            if kind is not None and len(meant) == 1 and kind.lower() not in self.furniture:
                self.note_word(kind, meant[0])
                kind = meant[0]
            if kind is not None and kind not in self.room_kinds:
                known = "known" if "kind" in parts else "another name needs its `kind:`, one of"
                rooms = " or ".join(repr(room) for room in self.names_of(kind, "rooms"))
                hint = f"; did you mean {rooms}? Another name needs its `kind:`" if rooms else ""
                hint = hint or ("" if "'s " in kind else nearest(kind, self.room_kinds))
                hint = hint or f"; {known}: {', '.join(self.room_kinds)}"
                self.problem(parts.get("kind", key), f"unknown room {kind!r}{hint}")
            numbers = None
            if "rect" in parts:
                numbers = self.numbers(parts["rect"], f"{name}: rect", "[x0, y0, x1, y1]", (100.0,) * 4)
            else:
                without_rect.append(name)
            self.lines[name] = key.start_mark.line + 1
            rect = (numbers[0], numbers[1], numbers[2], numbers[3]) if numbers else NOWHERE
            self.rooms.append(Room(name=name, kind=kind or "", rect=rect))
            if numbers:
                self.rooms_with_rect.append(self.rooms[-1])
            if "states" in parts:
                self.states_of_rooms[name] = self.states(
                    key, parts["states"], kind or "", self.possible_states(kind or "")
                )
            if "fixtures" in parts:
                items += [(name, i) for i in self.fixture_items(parts["fixtures"], name)]
        self.has_rects = len(without_rect) < len(self.rooms)
        for name in without_rect if self.has_rects else ():
            self.problem(self.lines[name], f"{name}: give every room a `rect`, or none")
        # A home with the most gets one more: its speaker.
        n_speakers = any(item.category == self.domain.person for _, item in items)
        names = self.name_all([item for _, item in items], MAX_FIXTURES + n_speakers, "fixtures")
        for room, item in items:
            for name in names[id(item)]:
                x, y, degrees = item.pose or (0.0, 0.0, 0.0)
                if item.pose is not None:
                    self.posed.add(name)
                    if not self.has_rects:
                        self.problem(item.line, f"{name}: a pose needs the `rect` of every room")
                yaw, kind = math.radians(degrees), item.category
                fixture = FixtureSpec(name=name, category=kind, room=room, x=x, y=y, yaw=yaw, states=item.states)
                self.fixtures.append(replace(fixture, properties=item.properties))
                self.properties_of[name] = item.properties

    def read_doorways(self, node: yaml.Node) -> None:
        entries = self.sequence(node, "doorways")
        if len(entries) > MAX_DOORWAYS:
            self.problem(node, f"{len(entries)} doorways; a home has at most {MAX_DOORWAYS}")
        for entry in entries[:MAX_DOORWAYS]:
            self.lines[f"doorway {len(self.doorways)}"] = entry.start_mark.line + 1
            if not isinstance(entry, yaml.SequenceNode) or len(entry.value) != 4:
                self.problem(entry, "a doorway: expected [x, y, width, along], along is x or y")
                continue
            numbers = [self.number(n, "a doorway") for n in entry.value[:3]]
            along = self.text(entry.value[3], "a doorway")
            x, y, width = numbers
            if x is None or y is None or width is None or along is None:
                continue
            if along not in ("x", "y"):
                self.problem(entry, f"a doorway: the wall runs along x or y, not {along!r}")
                continue
            self.doorways.append(Doorway(x=x, y=y, width=width, along=along))

    def read_speaker(self, node: yaml.Node) -> None:
        """Read where the person stands who gives the instructions: a room, or the fixture beside which they stand."""
        word = self.text(node, "speaker")
        line = self.lines["speaker"] = node.start_mark.line + 1
        person = next((f for f in self.fixtures if f.category == self.domain.person), None)
        if word is None:
            return
        if self.domain.person is None:
            self.problem(line, "speaker: the domain of this home has no people; leave out `speaker`")
            return
        if person is not None:
            reason = f"{person.name}, the first person, gives the instructions: leave out `speaker` or that person"
            self.problem(line, f"speaker: {reason}")
            return
        rooms = [room.name for room in self.rooms]
        of_kind = [room.name for room in self.rooms if room.kind == word]
        fixtures = [f.name for f in self.fixtures if word in (f.name, f.category)]
        places = [word] if word in rooms else of_kind or fixtures or self.meant_places(word, self.categories)
        if len(places) == 1:
            self.speaker_at = places[0]
        elif places:
            self.problem(line, f"speaker: which {word}? There are {listed(places)}")
        elif any(word.lower() == name.lower() for name in self.people):
            self.problem(
                line, f"speaker: {word} is a person; say where they stand: a room or furniture, as in {rooms[0]!r}"
            )
        else:
            known = [*rooms, *(f.name for f in self.fixtures), *(f.category for f in self.fixtures)]
            hint = nearest(word, dict.fromkeys(known)) or f"; the rooms are: {listed(rooms)}"
            self.problem(line, f"speaker: no room or furniture of this home is called {word!r}{hint}")

    def check_floor(self) -> None:
        problems = room_problems(self.rooms_with_rect)
        if not problems and len(self.rooms_with_rect) == len(self.rooms):
            doorways = self.doorways if self.has_doorways else plan_doorways(self.rooms, np.random.default_rng(0))
            problems += doorway_problems(self.rooms, doorways)
        for name, text in problems:
            self.problem(self.lines.get(name), text)
        valid_rooms = {
            room.name for room in self.rooms_with_rect if room.rect[0] < room.rect[2] and room.rect[1] < room.rect[3]
        }
        fixtures = {f.name: f for f in self.fixtures if f.room in valid_rooms}
        for name, text in fixture_problems(self.rooms_with_rect, list(fixtures.values()), self.posed, self.domain):
            x0, y0, x1, y1 = footprint(fixtures[name], self.domain)
            self.problem(self.lines.get(name), f"{text}; it covers x {x0:.2f} to {x1:.2f}, y {y0:.2f} to {y1:.2f} m")


def _nothing(name: str) -> Scene:
    """Return what is read of a file that says nothing of a home."""
    return Scene(name=name, seed=0, rooms=(), doorways=(), fixtures=(), objects=(), robot=(0.0, 0.0, 0.0))


def _names_under_unknown_keys(root: yaml.MappingNode) -> Iterator[str]:
    """Yield the keys under keys that a home does not have, such as `furnitures`: what they describe is not known."""
    for key, value in root.value:
        if isinstance(value, yaml.MappingNode) and key.value not in HOME_KEYS:
            yield from _scalars(name for name, _ in value.value)


def _listed_words(node: yaml.Node | None) -> list[str]:
    """Return the words of a list that is read later."""
    return list(_scalars(node.value)) if isinstance(node, yaml.SequenceNode) else []


def _scalars(nodes: Iterable[yaml.Node]) -> Iterator[str]:
    return (node.value for node in nodes if isinstance(node, yaml.ScalarNode))
