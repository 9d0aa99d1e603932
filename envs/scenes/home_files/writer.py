"""Write a scene as the YAML home file that reads back as the same scene."""

from __future__ import annotations

import math
import os
from collections import Counter
from collections.abc import Iterable

from envs.errors import HomeError
from envs.symbolic.domain import Domain, load_domain
from envs.symbolic.kinds.writing import kinds_text, word
from envs.symbolic.scene import FixtureSpec, ObjectSpec, Scene

MAX_WIDTH = 110
OWNERSHIP = "'s"


def dump_home(scene: Scene, domain_file: str | os.PathLike[str] | None = None) -> str:
    """Return the text of a home file; `parse_home` reads it back as the same scene, up to the order of objects.

    Args:
        scene: The home.
        domain_file: The file of its domain, as the home file names it; None for the built-in domain.

    Raises:
        HomeError: The home is of another domain than the home, and no file is named.
        DomainError: The domain's file is wrong.
    """
    if domain_file is None and not scene.domain.speech.of_home:
        raise HomeError(f"{scene.name}: a home of another domain is written with the file of that domain")
    has_floor_plan = any(room.rect != (0.0, 0.0, 0.0, 0.0) for room in scene.rooms)
    lines = [f"domain: {word(os.fspath(domain_file))}"] if domain_file is not None else []
    lines += [f"name: {word(scene.name)}", f"seed: {scene.seed}"]
    lines += [f"people: [{', '.join(map(word, scene.people))}]"] if scene.people else []
    lines += kinds_text(scene.domain, load_domain(domain_file))
    lines += ["rules:", *(f"  - {word(rule)}" for rule in scene.rules)] if scene.rules else []
    lines.append("rooms:")
    domain = scene.domain
    by_room: dict[str, list[FixtureSpec]] = {room.name: [] for room in scene.rooms}
    states_of = {}  # of rooms that skills can be about
    for fixture in scene.fixtures:
        if domain.fixtures[fixture.category].is_room:
            states_of[fixture.name] = fixture.states
        else:
            by_room[fixture.room].append(fixture)
    numbered = _numbered_in_order([f for fixtures in by_room.values() for f in fixtures])
    for room in scene.rooms:
        lines += [f"  {word(room.name)}:", f"    kind: {word(room.kind)}"]
        if has_floor_plan:
            lines.append(f"    rect: {_numbers(room.rect)}")
        if states_of.get(room.name):
            lines.append(f"    states: {_states(states_of[room.name])}")
        lines.append("    fixtures:" + ("" if by_room[room.name] else " []"))
        lines += [f"      - {_fixture(f, domain, f.category in numbered, has_floor_plan)}" for f in by_room[room.name]]
    if has_floor_plan:
        lines.append("doorways:" + ("" if scene.doorways else " []"))
        lines += [f"  - [{_numbers((d.x, d.y, d.width))[1:-1]}, {word(d.along)}]" for d in scene.doorways]
        x, y, yaw = scene.robot
        lines.append(f"robot: {_numbers((x, y, math.degrees(yaw)))}")
    lines.append("objects:" + ("" if scene.objects else " {}"))
    contents: dict[str, list[ObjectSpec]] = {}
    for obj in scene.objects:
        contents.setdefault(obj.place, []).append(obj)
    order: list[ObjectSpec] = []
    waiting = [obj for fixture in scene.fixtures for obj in contents.get(fixture.name, [])]
    while waiting:
        obj = waiting.pop(0)
        order.append(obj)
        waiting[:0] = contents.get(obj.name, [])
    numbered = _numbered_in_order(order)
    for fixture in scene.fixtures:
        if fixture.name in contents:
            lines += _listed(fixture.name, [_object(o, domain, contents, numbered) for o in contents[fixture.name]])
    return "\n".join(lines) + "\n"


def _numbered_in_order(items: Iterable[FixtureSpec | ObjectSpec]) -> set[str]:
    """Return the categories whose names are numbered from 1 in this order."""
    count: Counter[str] = Counter()
    misnumbered: set[str] = set()
    for item in items:
        count[item.category] += 1
        if item.name != f"{item.category} {count[item.category]}":
            misnumbered.add(item.category)
    return set(count) - misnumbered


def _fixture(fixture: FixtureSpec, domain: Domain, numbered: bool, has_floor_plan: bool) -> str:
    options = [] if numbered else [f"name: {word(fixture.name)}"]
    if fixture.states:
        options.append(f"states: {_states(fixture.states)}")
    options += _properties(fixture.properties, domain)
    if has_floor_plan:
        options.append(f"pose: {_numbers((fixture.x, fixture.y, math.degrees(fixture.yaw)))}")
    return f"{word(fixture.category)}: {{{', '.join(options)}}}" if options else word(fixture.category)


def _object(obj: ObjectSpec, domain: Domain, contents: dict[str, list[ObjectSpec]], numbered: set[str]) -> str:
    options = [] if obj.category in numbered else [f"name: {word(obj.name)}"]
    if obj.states:
        options.append(f"states: {_states(obj.states)}")
    if obj.liquid is not None and obj.liquid != domain.objects[obj.category].contains:
        options.append(f"liquid: {word(obj.liquid)}")
    options += _properties(obj.properties, domain)
    if obj.name in contents:
        options.append(f"holds: [{', '.join(_object(o, domain, contents, numbered) for o in contents[obj.name])}]")
    return f"{{{word(obj.category)}: {{{', '.join(options)}}}}}" if options else word(obj.category)


def _properties(properties: Iterable[str], domain: Domain) -> list[str]:
    group_of = domain.property_group
    return [
        f"{group_of[name]}: {name}" if name in group_of else f"owner: {word(name.removesuffix(OWNERSHIP))}"
        for name in properties
    ]


def _listed(place: str, entries: list[str]) -> list[str]:
    line = f"  {word(place)}: [{', '.join(entries)}]"
    if len(line) <= MAX_WIDTH:
        return [line]
    return [f"  {word(place)}:", *(f"    - {entry}" for entry in entries)]


def _states(states: Iterable[str]) -> str:
    return f"[{', '.join(word(s) for s in sorted(states))}]"


def _numbers(numbers: Iterable[float]) -> str:
    """Write numbers with 12 significant digits, which is far below a micrometer."""
    return f"[{', '.join(f'{number:.12g}' for number in numbers)}]"
