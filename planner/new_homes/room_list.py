"""A list of rooms as people write it: "kitchen, 2 bedrooms, study", "den = living room"."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable

from envs.errors import nearest
from envs.symbolic.domain import Domain
from envs.symbolic.kinds.spoken_words import spoken_words
from envs.symbolic.scene import Room
from envs.words import singulars
from planner.errors import InputError

MAX_ROOMS = 30
MAX_NAME = 60
_NUMBERS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_ENTRY = re.compile(r"(?:(\d+|" + "|".join(_NUMBERS) + r"|a|an|the)\s+)?(.+)", re.IGNORECASE)
_NAMED = re.compile(r"(.+?)\s*(?:=|\bas an?\b|\bis an?\b)\s*(.+)|(.+?)\s*\((.+)\)", re.IGNORECASE)

AskKind = Callable[[str], str]


def room_kind(word: str, domain: Domain) -> str | None:
    """Return the kind of room that a word means if it can mean one only, in the plural too."""
    joined = {kind.replace(" ", ""): kind for kind in domain.rooms}
    for form in singulars(" ".join(word.lower().split())):
        if (kind := joined.get(form.replace(" ", ""))) is not None:  # bath room, livingroom
            return kind
        names = spoken_words(domain).names_of(form, "rooms")
        if len(names) == 1:
            return names[0]
    return None


def read_rooms(text: str, domain: Domain, ask_kind: AskKind | None = None) -> list[Room]:
    """Return the rooms that a text lists, without a place on the floor.

    Args:
        text: The rooms, separated by commas, semicolons, lines or `and`.
        domain: The domain, whose kinds of rooms are known.
        ask_kind: Returns the kind of a room whose name is none.

    Raises:
        InputError: A room is of no known kind, the list is empty, or it is too long.
    """
    named: list[tuple[str, str]] = []  # name (empty: the kind, numbered) and kind
    for part in re.split(r"[,;\n]|\band\b", text):
        words = " ".join(part.split())
        if not words:
            continue
        match = _NAMED.fullmatch(words)
        if match:
            name, kind_words = (match[1] or match[3]).strip(), (match[2] or match[4]).strip()
            kind = room_kind(kind_words, domain)
            if kind is None:
                raise InputError(f"{name}: {_unknown(kind_words, domain)}")
            named.append((_checked(name), kind))
            continue
        number_text, noun = _ENTRY.fullmatch(words).groups()  # type: ignore[union-attr] # any text matches
        number = _number(number_text)
        if not 1 <= number <= MAX_ROOMS:
            raise InputError(f"{words!r}: a number of rooms is from 1 to {MAX_ROOMS}")
        base = re.sub(r" \d+$", "", noun)
        kind = room_kind(noun, domain) or room_kind(base, domain)
        if kind is None:
            if ask_kind is None:
                raise InputError(_unknown(noun, domain))
            kind = ask_kind(_checked(noun))
        is_kind = kind.replace(" ", "") in (form.replace(" ", "") for form in singulars(noun.lower()))
        named += [("" if is_kind else noun.lower() if base.lower() == kind else noun, kind)] * number
    if not named:
        raise InputError("no room is listed; write, for example: kitchen, living room, 2 bedrooms")
    if len(named) > MAX_ROOMS:
        raise InputError(f"{len(named)} rooms; a home has at most {MAX_ROOMS}")
    return [Room(name=name, kind=kind, rect=(0.0,) * 4) for name, kind in _numbered(named)]


def _numbered(named: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Give each room a name of its own: its kind, numbered if there are several."""
    total = Counter(name or kind for name, kind in named)
    reserved = {name for name, _ in named if total[name] == 1}
    used: Counter[str] = Counter()
    names: dict[str, str] = {}
    for name, kind in named:
        base = unique = name or kind
        while total[base] > 1 and (unique == base or unique in names or unique in reserved):
            used[base] += 1
            unique = f"{base} {used[base]}"
        names[unique] = kind
    return list(names.items())


def _number(text: str | None) -> int:
    if text is None or text.lower() in ("a", "an", "the"):
        return 1
    return int(text[:6]) if text.isdecimal() else _NUMBERS.index(text.lower()) + 1


def _checked(name: str) -> str:
    if len(name) > MAX_NAME or not name.isprintable():
        raise InputError(f"{name[:MAX_NAME]!r}: the name of a room has up to {MAX_NAME} letters")
    return name


def _unknown(word: str, domain: Domain) -> str:
    shown = word if len(word) <= MAX_NAME else f"{word[:MAX_NAME]}…"
    hint = nearest(word, domain.rooms) or f"; known: {', '.join(domain.rooms)}"
    return f"{shown!r} is no kind of room{hint}; another name is written with its kind: den = living room"
