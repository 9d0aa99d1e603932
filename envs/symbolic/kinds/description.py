"""What a home adds to a domain, for a person to read and as plain data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from envs.symbolic.domain import FixtureCategory, ObjectCategory
from envs.symbolic.domain.room_kinds import ROOM
from envs.symbolic.kinds.spoken_words import base_of

if TYPE_CHECKING:
    from envs.symbolic.domain import Domain


def own_kinds(domain: Domain, base: Domain | None = None) -> dict[str, list[dict[str, object]]]:
    """Return the kinds that a domain has beyond another one, by default the built-in one, by `things`, `furniture`."""
    base = base or base_of(domain)
    things = [kind for name, kind in domain.objects.items() if base.objects.get(name) != kind]
    furniture = [f for name, f in domain.fixtures.items() if base.fixtures.get(name) != f and not f.is_room]
    return {
        "things": [_thing(kind, domain) for kind in things],
        "furniture": [_piece(piece, domain) for piece in furniture],
    }


def own_words(domain: Domain, base: Domain | None = None) -> dict[str, list[str]]:
    """Return the classes, states and skills that a domain has beyond another one."""
    base = base or base_of(domain)
    return {
        "classes": [word for word in domain.classes if word not in base.classes and word != ROOM],
        "states": [word for word in domain.states if word not in base.states],
        "skills": [skill.text for name, skill in domain.skills.items() if base.skills.get(name) != skill],
    }


def described_kinds(domain: Domain, base: Domain | None = None) -> Iterator[str]:
    """Yield a line for each sort of thing that a home adds: `things: blender (like kettle; smoothie maker)`."""
    for section, kinds in own_kinds(domain, base).items():
        shown = [f"{kind['name']} ({_summary(kind)})" for kind in kinds]
        if shown:
            yield f"{section}: {', '.join(shown)}"
    for section, words in own_words(domain, base).items():
        if words:
            yield f"{section}: {', '.join(words)}"


def _summary(kind: dict[str, object]) -> str:
    size = kind["size_m"]
    assert isinstance(size, tuple)
    look = f"like {kind['like']}" if kind["like"] else f"{kind.get('shape') or kind.get('body')}"
    look += "" if kind["like"] else f", {' x '.join(f'{100 * side:.3g}' for side in size)} cm"
    words = kind["words"]
    assert isinstance(words, tuple)
    return "; ".join(filter(None, (look, ", ".join(words))))


def _thing(kind: ObjectCategory, domain: Domain) -> dict[str, object]:
    return {
        "name": kind.name, "like": kind.like, "words": domain.words.get(kind.name, ()),
        "shape": "mesh" if kind.mesh is not None else kind.shape, "size_m": kind.size, "classes": kind.classes,
        "at": kind.at,
    }  # fmt: skip


def _piece(piece: FixtureCategory, domain: Domain) -> dict[str, object]:
    return {
        "name": piece.name, "like": piece.like, "words": domain.words.get(piece.name, ()), "body": piece.body,
        "size_m": piece.size, "classes": piece.classes, "rooms": piece.rooms,
    }  # fmt: skip
