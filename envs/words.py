"""What people call what the domain names: `refrigerator` is a fridge. For hints in messages only.

The words are those of `datasets/phrases/words.yaml`, which the corpus is written with, and words for rooms.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[1]  # of the checkout, or the folder that packages are installed in
# A wheel carries the data inside `planner`, which is not imported for it; a checkout has it at its root.
DATA_FOLDERS = (_ROOT / "planner" / "_datasets", _ROOT / "datasets")
TABLES = ("objects", "fixtures", "classes", "liquids", "states")
# The phrase files name no kinds of rooms: an instruction never does, only a home file.
_ROOMS = {
    "living room": ("lounge", "sitting room", "family room", "front room", "drawing room", "parlor", "salon", "den"),
    "bathroom": ("bath", "toilet", "restroom", "rest room", "washroom", "wc", "shower room", "ensuite", "lavatory"),
    "bedroom": ("guest room", "guestroom", "nursery", "kids room", "children's room", "master bedroom", "bed room"),
    "kitchen": ("kitchenette", "cookhouse", "galley"),
    "office": ("study", "workroom", "home office", "work room", "library", "studio"),
    "hall": ("hallway", "corridor", "entrance", "entryway", "entry", "foyer", "lobby", "landing", "vestibule"),
    "laundry room": ("laundry", "utility room", "utility"),
    "dining room": ("dining area", "dinette", "dining hall"),
}


def singulars(word: str) -> tuple[str, ...]:
    """Return a word and what it may be the plural of."""
    return tuple(dict.fromkeys((word, word.removesuffix("s"), word.removesuffix("es"), re.sub("ies$", "y", word))))


def names_by_word() -> dict[str, tuple[str, ...]]:
    """Return the domain's names for each word that people use, the most likely first; none without the data folder."""
    return _names_by_word(TABLES)


def categories_of(word: str, table: str) -> tuple[str, ...]:
    """Return the names of a table that people call by a word, singular or plural.

    Args:
        word: The word or words.
        table: `objects`, `fixtures`, `classes`, `liquids`, `states` or `rooms`.
    """
    plain = re.sub(r"[\s_-]+", " ", word.lower()).strip()
    known = _names_by_word((table,))
    return next((known[form] for form in singulars(plain) if form in known), ())


def words_of(table: str) -> tuple[str, ...]:
    """Return every word of a table, in small letters."""
    return tuple(_names_by_word((table,)))


@lru_cache(maxsize=8)
def _names_by_word(tables: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    ranked: dict[str, list[tuple[int, str]]] = {}
    for table in tables:
        for name, words in _words_by_name(table).items():
            for rank, word in enumerate((name, *words)):  # a name's own word means that name first
                ranked.setdefault(word.lower(), []).append((rank, name))
    return {
        word: tuple(dict.fromkeys(name for _, name in sorted(names, key=lambda pair: pair[0])))
        for word, names in ranked.items()
    }


def _words_by_name(table: str) -> dict[str, tuple[str, ...]]:
    if table == "rooms":
        return _ROOMS
    return {name: tuple(map(str, words)) for name, words in _phrase_words().get(table, {}).items()}


@lru_cache(maxsize=1)
def _phrase_words() -> dict[str, dict[str, list[str]]]:
    import yaml  # only a message needs it

    for folder in DATA_FOLDERS:
        path = folder / "phrases" / "words.yaml"
        if path.is_file():
            tables: dict[str, dict[str, list[str]]] = yaml.load(
                path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader
            )
            return tables
    return {}
