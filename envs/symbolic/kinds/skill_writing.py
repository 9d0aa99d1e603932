"""Writes a skill in the notation of docs/skills.md, which reads back as the same skill."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

from envs.symbolic.skills.phrases import ABILITIES

if TYPE_CHECKING:
    from envs.symbolic.skills.values import Atom, Effect, Precondition, Skill

_PHRASES: dict[str, str] = {ability: phrase for phrase, ability in reversed(ABILITIES.items())}


def skill_text(skill: Skill) -> str:
    """Return the description of a skill as YAML writes it on one line."""
    options = [f"text: {json.dumps(skill.text)}"]
    if skill.preconditions:
        options.append(f"when: {_list(_need(each, skill) for each in skill.preconditions)}")
    moves = [each for each in skill.effects if each.atom.predicate == "at"]
    others = [each for each in skill.effects if each.atom.predicate != "at"]
    clears = [each for each in others if not each.atom.positive]
    sets = [each for each in others if each.atom.positive]
    if others != [*sets, *clears]:
        sets, clears = others, []
    for key, effects in (("moves", moves), ("sets", sets), ("clears", clears)):
        options += [f"{key}: {_list(_effect(each, skill, key) for each in effects)}"] if effects else []
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
        f"{key}: {_list(json.dumps(_statement(atom, skill, is_cleared=key == 'unless')) for atom in atoms)}"
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


def _list(texts: Iterable[str]) -> str:
    return f"[{', '.join(texts)}]"
