"""Rooms as entities: in a domain with a skill about rooms (`vacuum {room}`), each kind of room is a kind of fixture."""

from __future__ import annotations

from typing import Any

from envs.symbolic.domain.categories import FixtureCategory
from envs.symbolic.domain.skill import Skill

ROOM = "room"  # the class of these fixtures, and their body: none


def with_room_kinds(values: dict[str, Any]) -> dict[str, Any]:
    """Return the values of a domain with the kinds of rooms as fixtures, or without them if no skill is about rooms."""
    fixtures: dict[str, FixtureCategory] = {n: f for n, f in values["fixtures"].items() if not f.is_room}
    classes = tuple(word for word in values["classes"] if word != ROOM)
    kinds = sorted({room for fixture in fixtures.values() for room in fixture.rooms})
    skills: tuple[Skill, ...] = (*values["skills"].values(), *values.get("lacking", {}).values())
    if any(_is_about_rooms(skill, kinds) for skill in skills):
        classes = (*classes, ROOM)
        for kind in kinds:
            fixtures.setdefault(
                kind, FixtureCategory(name=kind, body=ROOM, size=(0.0, 0.0, 0.0), rooms=(kind,), classes=(ROOM,))
            )
    elif len(fixtures) == len(values["fixtures"]):
        return values
    return {**values, "fixtures": fixtures, "classes": classes}


def _is_about_rooms(skill: Skill, kinds: list[str]) -> bool:
    atoms = [atom for p in skill.preconditions for atom in (p.atom, *p.guards)]
    atoms += [atom for e in skill.effects for atom in (e.atom, *e.guards)]
    terms = (term for atom in atoms for term in atom.terms)
    return any(
        kind == ROOM or kind in kinds for kind in (*(p.kind for p in skill.parameters), *(t.kind for t in terms))
    )
