"""Write a scene as the YAML home file that reads back as the same scene."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable

import yaml

from envs.symbolic.domain import load_domain
from envs.symbolic.scene import FixtureSpec, ObjectSpec, Scene

PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9]*( [A-Za-z0-9]+)*")
NOT_WORDS = frozenset(("on", "off", "yes", "no", "true", "false", "null", "y", "n"))
WIDTH = 110


def dump_home(scene: Scene) -> str:
    """Return the text of a home file; `parse_home` makes the same scene of it, but for the order of things."""
    laid_out = any(room.rect != (0.0, 0.0, 0.0, 0.0) for room in scene.rooms)
    lines = [f"name: {_word(scene.name)}", f"seed: {scene.seed}", "rooms:"]
    by_room = {room.name: [f for f in scene.fixtures if f.room == room.name] for room in scene.rooms}
    numbered = _numbered_in_order([f for fixtures in by_room.values() for f in fixtures])
    for room in scene.rooms:
        lines += [f"  {_word(room.name)}:", f"    kind: {_word(room.kind)}"]
        if laid_out:
            lines.append(f"    rect: {_numbers(room.rect)}")
        lines.append("    fixtures:" + ("" if by_room[room.name] else " []"))
        lines += [f"      - {_fixture(f, f.category in numbered, laid_out)}" for f in by_room[room.name]]
    if laid_out:
        lines.append("doorways:" + ("" if scene.doorways else " []"))
        lines += [f"  - [{_numbers((d.x, d.y, d.width))[1:-1]}, {_word(d.along)}]" for d in scene.doorways]
        x, y, yaw = scene.robot
        lines.append(f"robot: {_numbers((x, y, math.degrees(yaw)))}")
    lines.append("objects:" + ("" if scene.objects else " {}"))
    held: dict[str, list[ObjectSpec]] = {}
    for thing in scene.objects:
        held.setdefault(thing.place, []).append(thing)
    order: list[ObjectSpec] = []
    waiting = [thing for fixture in scene.fixtures for thing in held.get(fixture.name, [])]
    while waiting:
        thing = waiting.pop(0)
        order.append(thing)
        waiting[:0] = held.get(thing.name, [])
    numbered = _numbered_in_order(order)
    for fixture in scene.fixtures:
        if fixture.name in held:
            lines += _listed(fixture.name, [_object(o, held, numbered) for o in held[fixture.name]])
    return "\n".join(lines) + "\n"


def _numbered_in_order(things: Iterable[FixtureSpec | ObjectSpec]) -> set[str]:
    """Return the categories whose names are what numbering from 1 in this order gives."""
    count: Counter[str] = Counter()
    odd: set[str] = set()
    for thing in things:
        count[thing.category] += 1
        if thing.name != f"{thing.category} {count[thing.category]}":
            odd.add(thing.category)
    return set(count) - odd


def _fixture(fixture: FixtureSpec, numbered: bool, laid_out: bool) -> str:
    options = [] if numbered else [f"name: {_word(fixture.name)}"]
    if fixture.states:
        options.append(f"states: {_states(fixture.states)}")
    if laid_out:
        options.append(f"pose: {_numbers((fixture.x, fixture.y, math.degrees(fixture.yaw)))}")
    return f"{fixture.category}: {{{', '.join(options)}}}" if options else fixture.category


def _object(thing: ObjectSpec, held: dict[str, list[ObjectSpec]], numbered: set[str]) -> str:
    options = [] if thing.category in numbered else [f"name: {_word(thing.name)}"]
    if thing.states:
        options.append(f"states: {_states(thing.states)}")
    if thing.liquid is not None and thing.liquid != load_domain().objects[thing.category].contains:
        options.append(f"liquid: {_word(thing.liquid)}")
    if thing.name in held:
        options.append(f"holds: [{', '.join(_object(o, held, numbered) for o in held[thing.name])}]")
    return f"{{{thing.category}: {{{', '.join(options)}}}}}" if options else thing.category


def _listed(place: str, entries: list[str]) -> list[str]:
    short = f"  {place}: [{', '.join(entries)}]"
    if len(short) <= WIDTH:
        return [short]
    return [f"  {place}:", *(f"    - {entry}" for entry in entries)]


def _states(states: Iterable[str]) -> str:
    return f"[{', '.join(_word(s) for s in sorted(states))}]"


def _numbers(numbers: Iterable[float]) -> str:
    """Write numbers without needless digits: 12 significant ones are far below a micrometre."""
    return f"[{', '.join(f'{number:.12g}' for number in numbers)}]"


def _word(text: str) -> str:
    if PLAIN.fullmatch(text) and text.lower() not in NOT_WORDS:
        return text
    return yaml.safe_dump(text, default_style='"', width=10**6).strip()
