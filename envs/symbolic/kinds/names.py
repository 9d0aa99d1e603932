"""What a kind of one's own may be called: a name that goals, plans and home files read as nothing else."""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import cached_property
from typing import TYPE_CHECKING

from envs.errors import quoted
from envs.symbolic.domain.reading import default_domain
from envs.words import plurals

if TYPE_CHECKING:
    from envs.symbolic.domain.domain import Domain

MAX_NAME = 60  # characters
NAME_WORD = re.compile(r"(?=\w*[^\W\d_])[^\W_]+(?:-[^\W_]+)*")  # letters, also with digits and hyphens: 3D, T-shirt
GRAMMAR = frozenset(
    ["after", "all", "and", "any", "anything", "beside", "by", "each", "every", "exactly", "except", "from", "half",
     "holding", "how", "if", "in", "into", "is", "many", "most", "never", "no", "not", "of", "on", "onto", "or", "some",
     "than", "that", "the", "then", "to", "what", "where", "whether", "while", "with"]
)  # fmt: skip
TIMES = frozenset(
    ["day", "evening", "hour", "morning", "night", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday",
     "sunday"]
)  # fmt: skip
_QUOTES = "'’‘`\"“”"  # noqa: RUF001 (these are the point)


class KindNames:
    """Checks names against everything that a domain and a home call something."""

    def __init__(self, domain: Domain, people: Collection[str] = ()) -> None:
        self.domain = domain
        self.people = {name.lower(): name for name in people}
        self.skills = tuple(domain.skills)  # also those that the home adds

    def problem(self, name: str, *, is_override: bool = False) -> str:
        """Return what is wrong with the name of a kind of object or furniture; empty if it may be called so.

        Args:
            name: The name, with single spaces.
            is_override: Whether it is meant to change the built-in kind of that name.
        """
        if malformed := self.malformed(name):
            return malformed
        low = name.lower()
        if low in self.kinds:
            if is_override and self.kinds[low] == name:
                return ""
            return self._built_in(name, self.kinds[low])
        if low in self.plurals_of_kinds:
            return f"{name!r} is the plural of the built-in kind {self.plurals_of_kinds[low]!r}; choose another name"
        if low in self.taken:
            return f"{name!r} is {self.taken[low]}, which goals and plans would mistake it for; choose another name"
        if (skill := self.skill(low)) is not None:
            return f"{name!r} begins a step of plans ({skill!r}), which would mistake it for that; choose another name"
        if low in TIMES:
            return f"{name!r} is a time, which goals would mistake it for; choose another name"
        if low in self.people:
            return f"{name!r} is also {self.people[low]} of `people`; choose another name"
        return ""

    def word_problem(self, word: str) -> str:
        """Return what is wrong with another word for a kind; words of goals and apostrophes may be in it."""
        if malformed := self.malformed(plain_name(word)):
            return malformed.replace(repr(plain_name(word)), repr(word))
        low = word.lower()
        if low in self.kinds or low in self.plurals_of_kinds:
            kind = self.kinds.get(low) or self.plurals_of_kinds[low]
            return f"{word!r} means the built-in kind {kind!r}; choose another word"
        if low in self.taken or self.skill(low) is not None:
            return f"{word!r} is {self.taken.get(low, 'the beginning of a step')}; choose another word"
        return ""

    def malformed(self, name: str) -> str:
        """Return what is wrong with the letters and words of a name; empty if nothing."""
        if len(name) > MAX_NAME:
            return f"{quoted(name[:40] + '…')} has {len(name)} characters; a name has at most {MAX_NAME}"
        words = name.split()
        if quote := next((c for c in name if c in _QUOTES), ""):
            plain = " ".join(re.sub(rf"[{_QUOTES}]", "", name).split())
            hint = f"; write {plain!r}" if plain and not self.malformed(plain) else ""
            return f"{name!r} has a quote ({quote}); a name has letters, digits, spaces and hyphens only{hint}"
        if character := next((c for c in name if not (c.isalnum() or c in " -")), ""):
            plain = " ".join(re.sub(r"[^\w -]|_", " ", name).split())
            hint = f"; write {plain!r}" if plain and not self.malformed(plain) else ""
            return f"{quoted(name)} has {character!r}; a name has letters, digits, spaces and hyphens only{hint}"
        if words[0].isdigit():
            return f"{name!r} begins with a number, which would be read as a count; choose another name"
        if number := next((word for word in words if not any(c.isalpha() for c in word)), ""):
            return f"{name!r} has the number {number!r}, as names of single things do; write it as a word"
        if word := next((word for word in words if not NAME_WORD.fullmatch(word)), ""):
            return f"{name!r}: {word!r} is no word; a name has letters, digits, spaces and hyphens only"
        if keyword := next((word for word in words if word.lower() in GRAMMAR), ""):
            return f"{name!r} has {keyword!r}, a word that goals are made with; choose a name without it"
        return ""

    def _built_in(self, name: str, kind: str) -> str:
        if kind != name:
            return f"{name!r} is spelled like the built-in kind {kind!r}; choose another name"
        return (
            f"{name!r} is a built-in kind; choose another name, or, to change what {name!r} means in this home, write "
            f"`{name}: {{like: {name}, …}}`"
        )

    @cached_property
    def kinds(self) -> dict[str, str]:
        """The built-in kinds by their names in small letters."""
        return {name.lower(): name for name in (*self.domain.fixtures, *self.domain.objects)}

    @cached_property
    def plurals_of_kinds(self) -> dict[str, str]:
        """The built-in kinds by their plurals."""
        return {form: name for low, name in self.kinds.items() for form in plurals(low)}

    @cached_property
    def taken(self) -> dict[str, str]:
        """What each word of the domain is that no kind may be called."""
        domain = self.domain
        taken = dict.fromkeys(("object", "fixture", "place", "room"), "a word of the notation of skills")
        taken |= {word: "a kind of room" for word in domain.rooms}
        taken |= {word: "a class of things" for word in (*domain.classes, *domain.members, *domain.fixture_members)}
        taken |= {word: "a liquid" for word in domain.liquids}
        taken |= {word: f"a {group}" for word, group in domain.property_group.items()}
        taken |= {word: "a state" for word in (*domain.states, *domain.negations)}
        return {word.lower(): what for word, what in taken.items()}

    def skill(self, low: str) -> str | None:
        """Return the built-in skill whose first words a name is, or None.

        A skill of one's own may be called as its tool is (`mop {room}` takes a mop): a step begins with a skill, and
        what follows is a name.
        """
        return next((s for s in default_domain().skills if low == s or low == s.split()[0]), None)


def plain_name(name: str, skills: Collection[str] = ()) -> str:
    """Return a name as goals can say it: without apostrophes, and joined if it has or begins with words of goals.

    `potter's wheel` is called `potters wheel`, `ball of yarn` is `ball-of-yarn`; what people write is a word for it.
    """
    plain = re.sub(r"(?<=\w)['’](?=\w)|(?<=s)['’](?= )", "", name)
    words = plain.split()
    if len(words) > 1 and words[0].lower() in TIMES:  # "every night light" begins as a time does
        words = [words[0] + words[1], *words[2:]]
    plain = " ".join(words)
    has_keyword = any(word.lower() in GRAMMAR for word in words)
    begins_a_step = any(plain.lower().startswith(f"{skill} ") for skill in skills)  # "never open shelf on desk"
    return "-".join(words) if len(words) > 1 and (has_keyword or begins_a_step) else plain
