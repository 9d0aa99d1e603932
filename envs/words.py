"""What people call the things that the domain names: `refrigerator` is a fridge. For hints in messages only.

The words are those of `datasets/phrases/words.yaml`, which the corpus is written with.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import Any

from envs.data_folder import data_folder

TABLES = ("objects", "fixtures", "classes", "liquids", "states")
# An instruction names no kind of room, so the phrase files have no words for one; home files name them.
ROOMS = {
    "living room": ["lounge", "sitting room", "family room", "front room", "drawing room", "parlor", "salon", "den"],
    "bathroom": ["bath", "toilet", "restroom", "rest room", "washroom", "wc", "shower room", "ensuite", "lavatory"],
    "bedroom": ["guest room", "guestroom", "nursery", "kids room", "children's room", "master bedroom", "bed room"],
    "kitchen": ["kitchenette", "galley"],
    "office": ["study", "workroom", "home office", "work room", "library", "studio"],
    "hall": ["hallway", "corridor", "entrance", "entryway", "entry", "foyer", "lobby", "landing", "vestibule"],
    "laundry room": ["laundry", "utility room", "utility"],
    "dining room": ["dining area", "dinette", "dining hall"],
}
# Properties are no words of the phrase files either: instructions of the released corpus name none.
PROPERTIES = {
    "red": ["crimson", "scarlet", "maroon", "ruby", "reddish"],
    "orange": ["amber", "apricot"],
    "yellow": ["golden", "gold", "mustard", "lemon yellow"],
    "green": ["olive", "lime", "mint", "emerald", "turquoise", "teal", "light green", "dark green"],
    "blue": ["navy", "azure", "cyan", "turquoise", "teal", "light blue", "dark blue", "sky blue"],
    "purple": ["violet", "lilac", "lavender", "mauve"],
    "pink": ["rose", "magenta", "salmon"],
    "brown": ["beige", "tan", "chestnut", "chocolate brown"],
    "black": ["dark", "ebony"],
    "white": ["cream", "ivory", "off-white", "light"],
    "gray": ["grey", "silver", "light gray", "dark gray", "light grey", "dark grey", "charcoal"],
    "big": ["large", "huge", "giant", "bigger", "biggest", "larger", "largest", "xl"],
    "small": ["little", "tiny", "mini", "smaller", "smallest"],
    "wooden": ["wood", "timber", "oak", "pine", "bamboo"],
    "plastic": ["plastics", "melamine"],
    "glass": ["glassy", "crystal"],
    "metal": ["steel", "iron", "aluminum", "aluminium", "stainless steel", "silver", "copper", "tin", "metallic"],
    "paper": ["cardboard", "carton"],
    "ceramic": ["porcelain", "china", "clay", "stoneware", "earthenware"],
}
# Classes of objects that are not counted ("2 pieces of food"), and those that are plurals already.
MASS_CLASSES = frozenset(["food", "fruit", "cutlery", "cookware", "clothing", "linen", "electronics", "trash", "paper"])
PLURAL_CLASSES = frozenset(["dishes", "groceries", "toiletries", "valuables"])
# Plurals that no rule gives, of nouns that no built-in kind is called but kinds of a home may be.
IRREGULAR = {
    "child": "children", "die": "dice", "foot": "feet", "goose": "geese", "man": "men", "mouse": "mice", "ox": "oxen",
    "tooth": "teeth", "woman": "women", "sheep": "sheep", "fish": "fish", "deer": "deer",
}  # fmt: skip
_SINGULAR_ENDINGS = ("ss", "us", "is", "lens", "canvas", "atlas", "gas", "bus")  # of nouns in s that are no plurals


def plural(noun: str, *, is_counted: bool = False) -> str:
    """Return the plural of a name of the domain: knives, red mugs; milk, scissors and dishes stay as they are.

    Args:
        noun: The name, with words before it or not.
        is_counted: Whether a number stands before it: "2 cartons of milk".
    """
    if noun == "anything":
        return "things"
    tables = _tables()
    unchanged = {*tables.get("mass", ()), *tables.get("plural_only", ()), *MASS_CLASSES, *PLURAL_CLASSES}
    if (noun in unchanged and not is_counted) or is_unlisted_plural(noun):
        return noun
    return pluralized(noun, {**IRREGULAR, **tables.get("plurals", {})}, unchanged)


def pluralized(noun: str, irregular: Mapping[str, str], unchanged: Collection[str]) -> str:
    """Return the plural of a noun phrase.

    Args:
        noun: The noun phrase, such as `slice of bread`.
        irregular: Plurals that no rule gives, by noun or by its last word.
        unchanged: Nouns that have no other form.
    """
    if noun in irregular:
        return irregular[noun]
    if noun in unchanged:
        return noun
    head_noun, separator, rest = noun.partition(" of ")
    if separator:
        return f"{pluralized(head_noun, irregular, unchanged)} of {rest}"
    prefix, _, last_word = noun.rpartition(" ")
    if last_word.endswith("shelf"):
        return noun[:-1] + "ves"
    if last_word in irregular:
        return f"{prefix} {irregular[last_word]}".strip()
    if last_word.endswith(("s", "x", "ch", "sh")):
        return noun + "es"
    if last_word.endswith("y") and last_word[-2:-1] not in "aeiou":
        return noun[:-1] + "ies"
    return noun + "s"


def is_unlisted_plural(noun: str) -> bool:
    """Whether a noun that is not of the domain's own words is a plural already, by its ending: `dog treats`."""
    head = noun.partition(" of ")[0]
    return head.endswith("s") and not head.endswith(_SINGULAR_ENDINGS) and noun.lower() not in _listed()


def singulars(word: str) -> tuple[str, ...]:
    """Return a word and what it may be the plural of."""
    return tuple(dict.fromkeys((word, word.removesuffix("s"), word.removesuffix("es"), re.sub("ies$", "y", word))))


def names_by_word() -> dict[str, tuple[str, ...]]:
    """Return the domain's names for each word that people use, the most likely first; none without the data folder."""
    return _inverted(*TABLES)


def names_of(word: str, table: str) -> tuple[str, ...]:
    """Return the names of one table that people call by a word, in any case, singular or plural.

    Args:
        word: The word or words.
        table: One of `TABLES`, `rooms` or `properties`.
    """
    plain = re.sub(r"[\s_-]+", " ", word.lower()).strip()
    names = _inverted(table)
    if (name := _own_names(table).get(plain)) is not None:
        return (name,)
    return next((names[form] for form in singulars(plain) if form in names), ())


def is_plural(word: str, table: str) -> bool:
    """Whether a word that means names of a table is a plural: not listed itself, as `keys` and `scissors` are."""
    plain = word.lower()
    listed = (*_inverted(table), *(name.lower() for name in _tables().get(table, {})))
    return plain.endswith("s") and plain not in listed


def plurals(name: str) -> tuple[str, ...]:
    """Return what the plural of a name may be."""
    stem = re.sub("fe?$", "", name)
    return (f"{name}s", f"{name}es", *((f"{stem}ves",) if stem != name else ()))


def words_of(table: str) -> tuple[str, ...]:
    """Return every word of a table, in small letters."""
    return tuple(_inverted(table))


class SpokenWords:
    """What people call the things of one home or domain: the words above, and those for kinds of its own.

    Args:
        objects: Other words for each kind of object of its own; none for most.
        fixtures: The same of furniture.
        known: The names of each table that the domain has, if it lacks built-in ones.
    """

    def __init__(
        self,
        objects: Mapping[str, Sequence[str]],
        fixtures: Mapping[str, Sequence[str]],
        known: Mapping[str, Collection[str]] | None = None,
    ) -> None:
        self.own = {"objects": _forms(objects), "fixtures": _forms(fixtures)}
        self.listed = {
            table: {form.lower() for name, words in kinds.items() for form in (name, *words)}
            for table, kinds in (("objects", objects), ("fixtures", fixtures))
        }
        self.known = known or {}

    def names_of(self, word: str, table: str) -> tuple[str, ...]:
        """Return the names of one table that people call by a word, as the function of that name does."""
        own, word = self.own.get(table), word.replace("’", "'")
        if own and (name := own.get(re.sub(r"[\s_-]+", " ", word.lower()).strip(), own.get(word.lower()))) is not None:
            return (name,)
        names = names_of(word, table)
        return tuple(name for name in names if name in self.known[table]) if table in self.known else names

    def is_own(self, text: str) -> bool:
        """Whether a text names a kind of its own, also in the plural or by another word."""
        low = text.lower().replace("’", "'")
        return low in self.own["objects"] or low in self.own["fixtures"]

    def is_plural(self, word: str, table: str) -> bool:
        """Whether a word that means names of a table is a plural."""
        low = word.lower().replace("’", "'")
        if low in self.own.get(table, {}):
            return low not in self.listed[table]
        return is_plural(word, table)

    def words_of(self, table: str) -> tuple[str, ...]:
        """Return every word of a table that means something here, in small letters."""
        words = words_of(table)
        if table in self.known:
            words = tuple(word for word in words if self.names_of(word, table))
        return (*self.own.get(table, ()), *words)

    @cached_property
    def names_by_word(self) -> dict[str, tuple[str, ...]]:
        """The names for each word that people use, the most likely first; words for kinds of its own mean those."""
        own = {form: (name,) for table in self.own.values() for form, name in table.items() if form != name.lower()}
        return {**names_by_word(), **own}


def _forms(kinds: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Return the kinds by all that means one: its name, other words, their plurals; a name means itself first."""
    irregular = {**IRREGULAR, **_tables().get("plurals", {})}
    names = {name.lower(): name for name in kinds}
    words = {word.lower(): name for name, others in kinds.items() for word in others}
    singular = {**words, **names}
    many = {form: name for low, name in singular.items() for form in (pluralized(low, irregular, ()), *plurals(low))}
    return {**many, **singular}


@lru_cache(maxsize=1)
def _tables() -> dict[str, Any]:
    import yaml  # only a message needs it

    try:
        text = (data_folder() / "phrases" / "words.yaml").read_text(encoding="utf-8")
    except FileNotFoundError:
        return {"rooms": ROOMS, "properties": PROPERTIES}
    return {**yaml.load(text, Loader=yaml.CSafeLoader), "rooms": ROOMS, "properties": PROPERTIES}


@lru_cache(maxsize=1)
def _listed() -> frozenset[str]:
    """Return every name and word of the built-in tables, in small letters."""
    tables = [_tables().get(table, {}) for table in TABLES]
    names = {str(form).lower() for table in tables for name, words in table.items() for form in (name, *words)}
    return frozenset(names | {*MASS_CLASSES, *PLURAL_CLASSES, *map(str, _tables().get("plurals", {}).values())})


@lru_cache(maxsize=8)
def _own_names(table: str) -> dict[str, str]:
    """Return the names of a table by themselves and by their plurals, in small letters: a name means itself first."""
    names = {name.lower(): name for name in _tables().get(table, {})}
    return {**{form: name for low, name in names.items() for form in plurals(low)}, **names}


@lru_cache(maxsize=8)
def _inverted(*names_of_tables: str) -> dict[str, tuple[str, ...]]:
    ranked: dict[str, list[tuple[int, str]]] = {}
    for table in names_of_tables:
        for name, words in _tables().get(table, {}).items():
            for rank, word in enumerate(words):
                ranked.setdefault(word.lower(), []).append((rank, name))
    return {
        word: tuple(dict.fromkeys(name for _, name in sorted(names, key=lambda pair: pair[0])))
        for word, names in ranked.items()
    }
