"""Writes what a home adds to a domain as the sections of a home file, which read back as the same domain.

Skills are written in the notation of docs/skills.md.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

import yaml

from envs.symbolic.domain.categories import FixtureCategory, ObjectCategory, Process
from envs.symbolic.domain.room_kinds import ROOM
from envs.symbolic.kinds.furniture import FIXTURE_FLAGS, body_examples, scaled_space
from envs.symbolic.kinds.spoken_words import base_of
from envs.symbolic.kinds.things import COLOR, FLAGS
from envs.symbolic.kinds.values import scaled_region, shape_examples
from envs.symbolic.skills.phrases import ABILITIES

if TYPE_CHECKING:
    from envs.symbolic.domain.categories import Region
    from envs.symbolic.domain.domain import Domain
    from envs.symbolic.skills.values import Atom, Effect, Precondition, Skill

_PHRASES: dict[str, str] = {ability: phrase for phrase, ability in reversed(ABILITIES.items())}
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


# -- skills ------------------------------------------------------------------------------------------------------------


def skill_text(skill: Skill) -> str:
    """Return the description of a skill as YAML writes it on one line."""
    options = [f"text: {json.dumps(skill.text)}"]
    if skill.preconditions:
        options.append(f"when: {_joined_texts(_need(each, skill) for each in skill.preconditions)}")
    moves = [each for each in skill.effects if each.atom.predicate == "at"]
    others = [each for each in skill.effects if each.atom.predicate != "at"]
    clears = [each for each in others if not each.atom.positive]
    sets = [each for each in others if each.atom.positive]
    if others != [*sets, *clears]:
        sets, clears = others, []
    for key, effects in (("moves", moves), ("sets", sets), ("clears", clears)):
        options += [f"{key}: {_joined_texts(_effect(each, skill, key) for each in effects)}"] if effects else []
    options += [f"at: {json.dumps(f'{{{skill.parameters[skill.at].name}}}')}", f"duration_s: {skill.duration_s!r}"]
    return f"{{{', '.join(options)}}}"


def _need(need: Precondition, skill: Skill) -> str:
    guards = _guards(need.guards, skill)
    message = [f"else: {json.dumps(need.message, ensure_ascii=False)}"] if need.message else []
    text = json.dumps(_statement(need.atom, skill))
    return f"{{{', '.join((*guards, f'need: {text}', *message))}}}" if guards or message else text


def _effect(effect: Effect, skill: Skill, key: str) -> str:
    guards = _guards(effect.guards, skill)
    text = json.dumps(_statement(effect.atom, skill, is_cleared=key == "clears", is_move=key == "moves"))
    return f"{{{', '.join((*guards, f'{key[:-1]}: {text}'))}}}" if guards else text


def _guards(guards: Iterable[Atom], skill: Skill) -> list[str]:
    """Return the conditions of a statement; what has no word for its opposite stands under `unless`."""
    guards = list(guards)
    has_not = ("state", "filled", "at", "kind", "able")
    unless = [atom for atom in guards if not atom.positive and atom.predicate not in has_not]
    groups = {"if": [atom for atom in guards if atom not in unless], "unless": unless}
    return [
        f"{key}: {_joined_texts(json.dumps(_statement(atom, skill, is_cleared=key == 'unless')) for atom in atoms)}"
        for key, atoms in groups.items()
        if atoms
    ]


def _statement(atom: Atom, skill: Skill, *, is_cleared: bool = False, is_move: bool = False) -> str:
    """Return an atom in words; `is_cleared`: the opposite of what it says."""
    names = [f"{{{skill.parameters[t.parameter].name if t.parameter is not None else t.kind}}}" for t in atom.terms]
    first, second = (*names, "", "")[:2]
    no = "" if atom.positive or is_cleared else "not "
    plain = {
        "hand empty": "hand empty", "holding": f"holding {first}", "reachable": f"{first} reachable",
        "accessible": f"{first} accessible", "in the open": f"{first} in the open", "robot at": f"robot at {first}",
        "holds things": f"{first} holds things", "runs closed": f"{first} runs closed",
        "fits": f"{first} fits {second}", "has room": f"{second} has room for {first}",
        "filled from": f"{first} filled from {second}", "at": f"{first} {no}in {second}",
        "state": f"{first} {no}{atom.word}", "holding what": f"holding what {_PHRASES.get(atom.word, '')}",
        "filled": f"{first} {no}filled{f' with {atom.word}' if atom.word else ''}",
    }  # fmt: skip
    if is_move:
        return f"{first} to {second}"
    if atom.predicate == "kind":
        kind = atom.terms[0].kind
        return f"{first} is {no}{'an' if kind[0] in 'aeiou' else 'a'} {kind}"
    if atom.predicate == "able":
        verb, _, rest = _PHRASES[atom.word].partition(" ")
        return f"{first} {verb} {no}{rest}"
    return plain[atom.predicate]


def _joined_texts(texts: Iterable[str]) -> str:
    return f"[{', '.join(texts)}]"
