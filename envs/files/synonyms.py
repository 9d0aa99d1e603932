"""What people call things: from a word to the categories that it may mean, for hints in messages."""

from __future__ import annotations

import re
from functools import cache

from envs.errors import EnvsError
from envs.files import safe_yaml
from envs.files.bounded_files import read_text
from envs.files.data_folder import data_folder

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
_TABLES = ("objects", "fixtures", "liquids", "states")


def categories_of(word: str, table: str) -> tuple[str, ...]:
    """Return the categories of a table that people call by a word, in small letters, singular or plural.

    Args:
        word: The word or words.
        table: `objects`, `fixtures`, `liquids`, `states` or `rooms`.
    """
    plain = re.sub(r"[\s_-]+", " ", word.lower()).strip()
    known = _categories()[table]
    for form in (plain, plain.removesuffix("s"), plain.removesuffix("es"), re.sub("ies$", "y", plain)):
        if form in known:
            return known[form]
    return ()


def words_of(table: str) -> tuple[str, ...]:
    """Return every word of a table, in small letters."""
    return tuple(_categories()[table])


@cache
def _categories() -> dict[str, dict[str, tuple[str, ...]]]:
    tables: dict[str, dict[str, tuple[str, ...]]] = {table: {} for table in (*_TABLES, "rooms")}
    try:
        raw = safe_yaml.load(read_text(data_folder() / "phrases" / "words.yaml", safe_yaml.MAX_BYTES))
    except (EnvsError, OSError):  # no hints then
        raw = {}
    content = raw if isinstance(raw, dict) else {}
    for table, entries in (*((table, content.get(table, {})) for table in _TABLES), ("rooms", _ROOMS)):
        for category, synonyms in entries.items():
            for word in (str(category).lower(), *(str(synonym).lower() for synonym in synonyms)):
                if category not in tables[table].get(word, ()):
                    tables[table][word] = (*tables[table].get(word, ()), str(category))
    for by_word in tables.values():  # a category's own name means that category first
        for category in {c for categories in by_word.values() for c in categories}:
            by_word[category.lower()] = (category,)
    return tables
