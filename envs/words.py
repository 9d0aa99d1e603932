"""What people call the things that the domain names: `refrigerator` is a fridge. For hints in messages only.

The words are those of `datasets/phrases/words.yaml`, which the corpus is written with.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

PACKAGE_DIR = Path(__file__).resolve().parent
TABLES = ("objects", "fixtures", "classes", "liquids", "states")


@lru_cache(maxsize=1)
def names_by_word() -> dict[str, tuple[str, ...]]:
    """Return the domain's names for each word that people use, the most likely first; none without the data folder."""
    import yaml  # only a message needs it

    # A wheel carries the data inside `planner`; a checkout has it at its root.
    for folder in (PACKAGE_DIR.parent / "planner" / "_datasets", PACKAGE_DIR.parent / "datasets"):
        path = folder / "phrases" / "words.yaml"
        if path.is_file():
            return _inverted(yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader))
    return {}


def _inverted(tables: dict[str, dict[str, list[str]]]) -> dict[str, tuple[str, ...]]:
    ranked: dict[str, list[tuple[int, str]]] = {}
    for table in TABLES:
        for name, words in tables[table].items():
            for rank, word in enumerate(words):
                ranked.setdefault(word.lower(), []).append((rank, name))
    return {
        word: tuple(dict.fromkeys(name for _, name in sorted(names, key=lambda pair: pair[0])))
        for word, names in ranked.items()
    }
