"""Names that every PDDL parser accepts, made from names that people write.

A PDDL name is a letter followed by letters, digits, `_` and `-`; case does not count. Some parsers also want an object
to be called differently from each type, predicate, action and variable, and none takes a keyword.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Sequence

# Words of the language itself, and the types that every domain has.
# fmt: off
KEYWORDS = frozenset({
    "define", "domain", "problem", "requirements", "types", "constants", "predicates", "functions", "action",
    "parameters", "precondition", "effect", "derived", "objects", "init", "goal", "metric", "and", "or", "not",
    "imply", "implies", "iff", "when", "forall", "exists", "oneof", "either", "object", "number", "assign",
    "increase", "decrease", "minimize", "maximize", "strips", "typing", "adl", "equality", "fluents", "preferences",
    "constraints", "always", "sometime", "within", "at", "over", "all", "start", "end", "time", "duration",
    "condition", "undefined", "true", "false",
})
# fmt: on


def symbols(names: Sequence[str], reserved: Collection[str] = ()) -> list[str]:
    """Return a unique PDDL name for each of our names, of lower-case letters, digits and `_`.

    Accents are dropped and `&` is spelled out; a name that a keyword or a `reserved` word already has ends with `_`.
    """
    taken = dict.fromkeys((*KEYWORDS, *reserved))
    symbol_names = []
    for name in names:
        word = _plain(name)
        while word in taken:
            word += "_"
        taken[word] = None
        symbol_names.append(word)
    return symbol_names


def comment(text: str) -> str:
    """Return user text as what may follow a `;`: one line of ASCII, since some parsers read no other encoding."""
    line = "".join(c for c in " ".join(text.split()) if c.isprintable())
    return line.encode("ascii", "backslashreplace").decode("ascii")


def _plain(name: str) -> str:
    text = unicodedata.normalize("NFKD", name.casefold().replace("&", " and "))
    text = "".join(c for c in text if not unicodedata.combining(c) and c not in "'’`")
    word = re.sub(r"[^a-z0-9]+", "_", text).strip("_")
    return word if word[:1].isalpha() else f"n_{word}".rstrip("_")
