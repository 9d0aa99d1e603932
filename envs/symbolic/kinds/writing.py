"""Writes what a home adds to a domain as the sections of a home file, which read back as the same domain."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

import yaml

from envs.symbolic.domain.categories import FixtureCategory, ObjectCategory, Process
from envs.symbolic.domain.room_kinds import ROOM
from envs.symbolic.kinds.furniture import FIXTURE_FLAGS, body_examples, scaled_space
from envs.symbolic.kinds.skill_writing import skill_text
from envs.symbolic.kinds.spoken_words import base_of
from envs.symbolic.kinds.things import COLOR, FLAGS, scaled_region, shape_examples

if TYPE_CHECKING:
    from envs.symbolic.domain.categories import Region
    from envs.symbolic.domain.domain import Domain

PLAIN_WORDS = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[ -][A-Za-z0-9]+)*")
YAML_KEYWORDS = frozenset(("on", "off", "yes", "no", "true", "false", "null", "y", "n", "none"))


def word(text: str) -> str:
    """Return a text as YAML writes it: in quotes only if it needs them."""
    if PLAIN_WORDS.fullmatch(text) and text.lower() not in YAML_KEYWORDS:
        return text
    return yaml.safe_dump(text, default_style='"', width=10**6).strip()


def kinds_text(domain: Domain, base: Domain | None = None) -> list[str]:
    """Return the lines of what a domain has beyond another one, by default the built-in one."""
    base = base or base_of(domain)
    if domain is base:
        return []
    processes = [process for process in domain.processes if process not in base.processes]
    own = {process.name: process for process in processes if process.at == (process.name,)}
    things = {n: _thing(k, domain, base) for n, k in domain.objects.items() if base.objects.get(n) != k}
    furniture = {
        name: _piece(kind, domain, base, own)
        for name, kind in domain.fixtures.items()
        if base.fixtures.get(name) != kind and not kind.is_room
    }
    states = [state for state in domain.states if state not in base.states]
    classes = [name for name in domain.classes if name not in base.classes and name != ROOM]
    negations = {name: state for name, state in domain.negations.items() if name not in base.negations}
    others = {p.name: _process(p, at=True) for p in processes if p.name not in furniture or p.name not in own}
    lines = [f"classes: {_words(classes)}"] if classes else []
    lines += [f"states: {_words(states)}"] if states else []
    lines += _section("negations", {name: word(state) for name, state in negations.items()})
    lines += _section("furniture", furniture)
    lines += _section("things", things)
    lines += _section("processes", others)
    skills = {name: skill_text(skill) for name, skill in domain.skills.items() if base.skills.get(name) != skill}
    return lines + _section("skills", skills)


def _section(name: str, entries: dict[str, str]) -> list[str]:
    return [f"{name}:", *(f"  {word(key)}: {text}" for key, text in entries.items())] if entries else []


def _thing(kind: ObjectCategory, domain: Domain, base: Domain) -> str:
    """Return a kind of object: what differs from the kind that it is like, or all of it."""
    start = base.objects.get(kind.like or kind.name)
    if start is not None:
        options = [f"like: {word(start.name)}"]
        options += [f"shape: {word(kind.shape)}"] if kind.shape != start.shape else []
    else:
        example = shape_examples()[kind.shape]
        start = ObjectCategory(
            name=kind.name, shape=kind.shape, size=example.size, color=COLOR, classes=(), at=(), holds=example.holds,
            relation=example.relation, fills=example.fills,
        )  # fmt: skip
        options = [f"shape: {word(kind.shape)}"]
    if kind.mesh is not None and kind.mesh != start.mesh:
        options.append(f"mesh: {{file: {word(kind.mesh.path)}, up: {word(kind.mesh.up)}}}")
        start = start if kind.like else replace(start, holds=None, relation=None)
    if kind.size != start.size or start.name not in base.objects:
        options.append(f"size: {_numbers(kind.size)}")
        start = replace(start, holds=scaled_region(start.holds, start.size, kind.size))
    options += [f"color: {_color(kind, base)}"] if kind.color != start.color else []
    options += [f"classes: {_words(kind.classes)}"] if kind.classes != start.classes else []
    options += [f"at: {_words(kind.at)}"] if kind.at != start.at or kind.size != start.size else []
    options += _other_words(kind.name, domain)
    if (kind.holds, kind.relation) != (start.holds, start.relation):
        options.append(f"holds: {_holds(kind.holds, kind.relation or 'in')}")
    if kind.contains != start.contains:
        options.append(f"contains: {word(kind.contains) if kind.contains else 'none'}")
    options += [f"{flag}: {_flag(value)}" for flag in FLAGS if (value := getattr(kind, flag)) != getattr(start, flag)]
    options += [f"mass_kg: {kind.mass_kg!r}"] if kind.mass_kg != start.mass_kg and kind.mass_kg is not None else []
    return f"{{{', '.join(options)}}}"


def _piece(kind: FixtureCategory, domain: Domain, base: Domain, own: dict[str, Process]) -> str:
    """Return a kind of furniture, as `_thing` does."""
    start = base.fixtures.get(kind.like or kind.name)
    if start is not None:
        options = [f"like: {word(start.name)}"]
        options += [f"body: {word(kind.body)}"] if kind.body != start.body else []
    else:
        example = body_examples()[kind.body]
        start = FixtureCategory(
            name=kind.name, body=kind.body, size=example.size, rooms=(), region=example.region,
            relation=example.relation, joint=example.joint,
        )  # fmt: skip
        options = [f"body: {word(kind.body)}"]
    if kind.size != start.size:
        options.append(f"size: {_numbers(kind.size)}")
        start = replace(start, region=scaled_space(start.region, start.size, kind.size))
    if kind.region is None and start.region is not None:
        options.append("region: none")
    elif (kind.region, kind.relation) != (start.region, start.relation) and kind.region is not None:
        x = f", x: {kind.region.x!r}" if kind.region.x else ""
        options.append(f"region: {{z: {kind.region.z!r}, size: {_numbers(kind.region.size)}{x}}}")
        options += [f"relation: {_relation(kind.relation)}"] if kind.relation != start.relation else []
    options += [
        f"{flag}: {_flag(value)}" for flag in FIXTURE_FLAGS if (value := getattr(kind, flag)) != getattr(start, flag)
    ]
    for key in ("rooms", "accepts", "classes"):
        options += [f"{key}: {_words(value)}"] if (value := getattr(kind, key)) != getattr(start, key) else []
    options += _other_words(kind.name, domain)
    options += [f"process: {_process(own[kind.name])}"] if kind.name in own else []
    return f"{{{', '.join(options)}}}"


def _process(process: Process, *, at: bool = False) -> str:
    options = [f"at: {_words(process.at)}"] if at else []
    options += [f"{key}: {_words(value)}" for key in ("when", "set", "clear") if (value := getattr(process, key))]
    options += [f"fill: {word(process.fill)}"] if process.fill else []
    options += ["cook: true"] if process.cook else []
    return f"{{{', '.join(options)}}}" if options else "none"


def _other_words(name: str, domain: Domain) -> list[str]:
    return [f"words: {_words(domain.words[name])}"] if domain.words.get(name) else []


def _holds(region: Region | None, relation: str) -> str:
    if region is None:
        return "none"
    z = f", z: {region.z!r}" if region.z else ""
    return f"{{relation: {_relation(relation)}, size: {_numbers(region.size)}{z}}}"


def _relation(relation: str | None) -> str:
    return word(relation or "none")


def _color(kind: ObjectCategory, base: Domain) -> str:
    named = next((name for name, look in base.properties.get("color", {}).items() if look[:3] == kind.color), None)
    return named or _numbers(kind.color)


def _flag(value: bool) -> str:
    return "true" if value else "false"


def _words(words: Iterable[str]) -> str:
    return f"[{', '.join(map(word, words))}]"


def _numbers(numbers: Iterable[float]) -> str:
    return f"[{', '.join(map(repr, numbers))}]"
