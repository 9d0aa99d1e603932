"""What the name of a picture tells: `bedroom 2/white_desk_01.jpg` shows a white desk in bedroom 2."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import takewhile
from typing import Literal

from envs.symbolic.domain import Domain
from envs.symbolic.kinds.spoken_words import spoken_words
from envs.words import singulars
from planner.new_homes.entries import Table
from planner.new_homes.room_list import room_kind

MAX_SPAN = 5  # words of a name
MAX_COUNT = 20
NUMBERS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
# Words of names of pictures that tell nothing of the home.
NOISE = frozenset(
    """
    a an and another around at back behind below by close closeup copy corner crop cropped detail edited entire final
    from front full has here home house img image in inside inner into left max middle mobile my near new next of old
    on onto or our over overview part photo photos pic pics picture pictures pxl dsc dscn dscf dcim right scan
    screenshot shot side small snapshot some that the this to top up view wa whatsapp whole wide with jpg png night
    morning evening day flat apartment untitled dji gopr vid mvimg signal telegram room rooms listing list
    """.split()  # noqa: SIM905 - a table of words
)
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_LETTERS_AND_DIGITS = re.compile(r"(?<=[A-Za-z])(?=\d)|(?<=\d)(?=[A-Za-z])")


@dataclass(frozen=True, kw_only=True)
class Mention:
    """A thing or a piece of furniture that a name tells of.

    Attributes:
        meanings: The kinds that the word may mean, the likeliest first.
        table: Whether they are furniture or objects.
        properties: Colors and the like before it.
        states: States before it, or behind it at the end of a name.
        number: The number behind it that tells it from others of its kind; 0 if there is none.
        count: How many there are.
    """

    meanings: tuple[str, ...]
    table: Table
    properties: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    number: int = 0
    count: int = 1


@dataclass(kw_only=True)
class Told:
    """What a name tells.

    Attributes:
        room: The name of the room; empty if it tells none.
        kind: The kind of that room.
        is_own_room: Whether it is another room than one of its kind that is called otherwise: a folder, a guest room.
        mentions: What it shows, in order.
        unknown: Words of its name that tell something unknown.
        unknown_folders: Words of its folders that tell something unknown.
    """

    room: str = ""
    kind: str = ""
    is_own_room: bool = False
    mentions: list[Mention] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    unknown_folders: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Word:
    kind: Literal["room", "fixtures", "objects", "property", "state", "noise", "number", "unknown"]
    text: str
    meanings: tuple[str, ...] = ()
    is_plural: bool = False


def told_by(path: str, domain: Domain) -> Told:
    """Return what the path of a picture tells: its folders from the outermost, then its name."""
    *folders, name = [part for part in re.split(r"[/\\]", path) if part not in ("", ".", "..", "~")] or [path]
    told = Told()
    for folder in folders:
        _read(_words(folder, domain, rooms_first=True), told, domain, is_folder=True)
    stem = os.path.splitext(name)[0]
    _read(_words(stem, domain, rooms_first=not told.room), told, domain, is_folder=False)
    return told


def tokens(text: str) -> list[str]:
    """Return the words and numbers of a name: `bedRoom2_white-desk (3)` is bed, room, 2, white, desk."""
    text = re.sub(r"\(\d+\)|\[\d+\]", " ", text)  # a copy
    parts = re.split(r"[^\w']+|_", _CAMEL.sub(" ", text.replace("’", "'")))
    return [word.lower() for part in parts for word in _LETTERS_AND_DIGITS.split(part) if word.strip("'")]


def _words(text: str, domain: Domain, *, rooms_first: bool) -> list[_Word]:
    """Return the words of a name, the longest first that mean something."""
    parts = tokens(text)
    words: list[_Word] = []
    i = 0
    while i < len(parts):
        for length in range(min(MAX_SPAN, len(parts) - i), 0, -1):
            word = _meaning(" ".join(parts[i : i + length]), domain, rooms_first)
            if word is not None:
                words.append(word)
                i += length
                break
        else:
            words.append(_alone(parts[i], domain))
            i += 1
    return words


@lru_cache(maxsize=20_000)
def _meaning(phrase: str, domain: Domain, rooms_first: bool) -> _Word | None:
    """Return what a phrase means as a room, furniture or object; None if it means none of them."""
    if phrase in NOISE or phrase.isdecimal():
        return None
    names = spoken_words(domain)
    phrase = _spaced(domain).get(phrase, phrase)
    forms = [form for form in singulars(phrase) if form]
    kind = room_kind(phrase, domain)
    room_word = _Word("room", phrase, (kind,)) if kind else None
    is_kind = kind is not None and kind.replace(" ", "") in (form.replace(" ", "") for form in forms)
    exact = next(
        ((t, f) for f in forms for t, k in (("fixtures", domain.fixtures), ("objects", domain.objects)) if f in k), None
    )
    if room_word is not None and (is_kind or (rooms_first and exact is None)):
        return room_word
    tables: tuple[Table, ...] = ("fixtures", "objects")
    for table in tables:
        if exact is not None and exact[0] == table:
            return _Word(table, phrase, (exact[1],), is_plural=exact[1] != phrase)
    for table in tables:
        meanings = names.names_of(phrase, table)
        if meanings:
            return _Word(table, phrase, meanings, is_plural=names.is_plural(phrase, table))
    return room_word


def _alone(word: str, domain: Domain) -> _Word:
    if word.isdecimal() or word in NUMBERS:
        return _Word("number", word)
    names = spoken_words(domain)
    if word in domain.property_group:
        return _Word("property", word, (word,))
    if word in (*domain.states, *domain.negations) and word not in ("on", "off"):
        return _Word("state", word, (word,))
    if word in NOISE or len(word) < 3:
        return _Word("noise", word)
    for table, kind in (("properties", "property"), ("states", "state")):
        meanings = names.names_of(word, table)
        if len(meanings) == 1:
            return _Word("property" if kind == "property" else "state", word, meanings)
    return _Word("unknown", word)


@lru_cache(maxsize=8)
def _spaced(domain: Domain) -> dict[str, str]:
    """Return names of several words by how they are written as one: `livingroom`, `coffeetable`."""
    names = spoken_words(domain)
    phrases = [*domain.rooms, *domain.fixtures, *domain.objects]
    phrases += [word for table in ("rooms", "fixtures", "objects") for word in names.words_of(table)]
    whole = {phrase.lower() for phrase in phrases}
    spaced = {"".join(phrase.lower().split()): phrase.lower() for phrase in phrases if " " in phrase}
    return {word: phrase for word, phrase in spaced.items() if word not in whole}


def _read(words: Sequence[_Word], told: Told, domain: Domain, *, is_folder: bool) -> None:
    properties: list[str] = []
    states: list[str] = []
    count = 0
    for k, word in enumerate(words):
        following = words[k + 1] if k + 1 < len(words) else None
        number = _instance(following)
        if word.kind == "room" and (is_folder or not told.room):
            kind = word.meanings[0]
            joined = kind.replace(" ", "")
            base = kind if word.text.replace(" ", "") in (joined, f"{joined}s") else word.text
            told.room, told.kind = f"{base} {number}" if number else base, kind
            told.is_own_room = is_folder or bool(number) or (" " in base and base != told.kind)
        elif word.kind in ("fixtures", "objects"):
            table: Table = "fixtures" if word.kind == "fixtures" else "objects"
            if not told.room and (room := _room_before(word.text, domain)):  # a kitchen table
                told.room = told.kind = room
            if word.meanings[0] not in (word.text, *singulars(word.text)):  # people call a shelf a white shelf
                properties += takewhile(domain.property_group.__contains__, word.text.split()[:-1])
            told.mentions.append(
                Mention(
                    meanings=word.meanings, table=table, properties=tuple(properties), states=tuple(states),
                    number=0 if count > 1 else number, count=min(max(count, 2 if word.is_plural else 1), MAX_COUNT),
                )
            )  # fmt: skip
        elif word.kind == "number":
            is_count = following is not None and following.kind in ("fixtures", "objects") and following.is_plural
            count = (int(word.text[:3]) if word.text.isdecimal() else NUMBERS.index(word.text) + 1) if is_count else 0
            continue
        elif word.kind == "property":
            properties += word.meanings
            continue
        elif word.kind == "state":
            if k > 0 and not (states or properties) and _is_said_of_last(words[k - 1 :], told, domain):
                last = told.mentions[-1]
                told.mentions[-1] = replace(last, states=(*last.states, *word.meanings))
            else:
                states += word.meanings
            continue
        elif word.kind == "unknown" and following == _Word("noise", "room") and word.text.endswith("'s"):
            if is_folder or not told.room:  # Tom's room
                told.room = f"{word.text.capitalize()} room"
                told.kind = "bedroom" if "bedroom" in domain.rooms else domain.rooms[0]
                told.is_own_room = True
        elif word.kind == "unknown":
            (told.unknown_folders if is_folder else told.unknown).append(word.text)
        properties, states, count = [], [], 0


def _is_said_of_last(words: Sequence[_Word], told: Told, domain: Domain) -> bool:
    """Whether a state, the second of some words, is that of what stands before it: `fridge open 01`."""
    before, state, *rest = words
    if before.kind not in ("fixtures", "objects", "state") or not told.mentions:
        return False
    if any(word.kind not in ("number", "noise", "state") for word in rest):  # "table dirty plate"
        return False
    return any(domain.can_be(name, state.meanings[0]) for name in told.mentions[-1].meanings)


def _room_before(phrase: str, domain: Domain) -> str | None:
    """Return the kind of room that a phrase begins with: `kitchen table`."""
    return next((kind for kind in domain.rooms if phrase.startswith(f"{kind} ")), None)


def _instance(word: _Word | None) -> int:
    """Return the number that tells one of several apart: 2 of `desk 2`; `01` and `20260501` number pictures."""
    is_number = word is not None and word.kind == "number" and word.text.isdecimal()
    return int(word.text) if is_number and word is not None and re.fullmatch("[1-9]", word.text) else 0
