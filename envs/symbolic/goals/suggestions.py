"""What a person probably meant to type: other wordings of a text that is no goal, for the hint of its error message.

People half remember the grammar: `all mugs into the sink, fan off after 10 minutes`. The changes in `rewordings.py`
bring such words into those of the grammar, and `_Speller` into the names of the domain. `reading.py` offers the first
wording that can be read; it never takes one for what was said.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Collection, Iterator, Sequence
from difflib import get_close_matches
from functools import lru_cache

from envs.symbolic.domain import Domain
from envs.symbolic.goals.rewordings import END, QUESTIONS, rewordings
from envs.symbolic.goals.values import Condition, Count, FixtureIs
from envs.symbolic.kinds.spoken_words import spoken_words as domain_words
from envs.words import singulars

MAX_LENGTH = 300  # characters; longer texts get no suggestion
MAX_WORDINGS = 120
MAX_WORDS_JOINED = 7  # of a text in which a missing `in` is looked for
MAX_EXACT = 3  # letters of a word that is not taken for a misspelled one
MAX_CHANGES = 3  # optional changes that are combined
_NAMES_AT_MOST = 3  # words of a name; in a home whose own kinds have longer names, more
_VERBS = frozenset(
    ["put", "move", "bring", "place", "take", "carry", "get", "set", "leave", "make", "give", "keep", "turn", "switch",
     "close", "open", "wash", "hold", "please", "empty", "where", "what", "who", "is", "are"]
)  # fmt: skip
_NEGATORS = "no|not|do not|don't|must not|may not|should not|avoid|forbidden|without|never ever|never never"
_AFTER_NAMES = "on|in|with|beside|from|by|then|while|is|and|has|gets|or|if|except"


def wordings(text: str, domain: Domain, people: Sequence[str], vocabulary: Sequence[str]) -> Iterator[str]:
    """Yield other wordings of a text, the likeliest first.

    Args:
        text: The text.
        domain: The domain.
        people: Names of the people of the home; without any, other words that begin with a capital letter are names.
        vocabulary: Names and keywords of the language, in small letters.
    """
    if len(text) > MAX_LENGTH:
        return
    said = text
    speller = _Speller(domain, people, vocabulary)
    speller.first = text.partition(" ")[0]
    people = people or [word for word in re.findall(r"\b[A-Z][a-z]+\b", text) if speller.is_name(word)]
    text = _about_people(text, people)
    always = rewordings(domain).always
    changes = (*QUESTIONS, *always) if re.match(r"\?|(?:where|what|how many|is|are)\b", text, re.I) else always
    for pattern, replacement in changes:
        text = _compiled(pattern, re.IGNORECASE).sub(replacement, text)
    text = speller.every_fixture(speller.room_first.sub(r"\2 in \1", text))
    queue = deque([(text, 0)])
    seen, yielded = set[str](), {said}
    while queue and len(seen) < MAX_WORDINGS:
        changed, n_changes = queue.popleft()
        wording = speller.spell(changed)
        if wording in seen:
            continue
        seen.add(wording)
        if wording not in yielded:
            yielded.add(wording)
            yield wording
        if n_changes < MAX_CHANGES and len(queue) < MAX_WORDINGS:
            queue.extend((other, n_changes + 1) for other in _changed(wording, domain, speller.guessed))


def rule_wordings(text: str, domain: Domain, people: Sequence[str], vocabulary: Sequence[str]) -> Iterator[str]:
    """Yield other wordings of a text that should be a rule; the arguments are those of `wordings`."""
    context = "fan on while "
    text = re.sub(r"^(?:while|always|keep|make sure(?: that)?)\b:? *", "", text, flags=re.IGNORECASE)
    text = re.sub(rf"^(?:{_NEGATORS})\b:? *(?:to )?", "never ", text, flags=re.IGNORECASE)
    if "never" not in text.lower() and re.search(rf"\b{rewordings(domain).states}$", text, re.IGNORECASE) is None:
        text = f"never {text}"
    yield text
    for wording in wordings(context + text, domain, people, vocabulary):
        if wording.startswith(context):
            yield wording.removeprefix(context)


def may_be_meant(condition: Condition, domain: Domain) -> bool:
    """Whether a person may mean this: it says more than that something exists, and does not contradict itself."""
    if isinstance(condition, FixtureIs):
        return not _is_contradiction(condition.states, domain)
    thing, place = condition.thing, getattr(condition, "place", None)
    is_said = place is not None or thing.states or thing.liquid
    if isinstance(condition, Count) and condition.amount == "at least" and not is_said:
        return False
    holders = [thing.origin.thing.word] if thing.origin is not None and thing.origin.thing is not None else []
    while place is not None:
        holders += [place.thing.word] if place.thing is not None and not place.beside else []
        place = place.inside
    for word in holders:
        kinds = domain.class_members(word) or (word,)
        if word == thing.word or not any(domain.relation(kind) for kind in kinds):
            return False
    return not any(_is_contradiction(states, domain) for states in (thing.states, getattr(condition, "become", ())))


def _is_contradiction(states: Sequence[str], domain: Domain) -> bool:
    positive = [domain.negations.get(state, state) for state in states]
    return len({*positive}) < len(states) or any({*pair} <= {*states} for pair in domain.exclusive)


@lru_cache(maxsize=4096)
def _compiled(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """Compile a pattern once: those of all changes are more than `re` keeps."""
    return re.compile(pattern, flags)


def _changed(text: str, domain: Domain, guessed: Collection[str]) -> Iterator[str]:
    for pattern, replacement in rewordings(domain).optional:
        other = _compiled(pattern).sub(replacement, text)
        if other != text:
            yield other
    words = text.split()
    if len(words) <= MAX_WORDS_JOINED and not any(name in text for name in guessed):
        yield from (" ".join([*words[:i], "in", *words[i:]]) for i in range(1, len(words)))
    if words and words[0] == "if" and ":" not in words:
        yield from (" ".join([*words[:i], ":", *words[i:]]) for i in range(3, len(words)))


def _about_people(text: str, people: Sequence[str]) -> str:
    """Return a text with names of people where the grammar has them: `Anna's phone`, `apple with Anna`."""
    for name in people:
        for pattern, replacement in (
            (rf"\b{name}s?'(?!s)", f"{name}'s"),
            (rf"\b{name}s\b", f"{name}'s"),
            (rf"(?:\bperson |@){name}\b", name),
            (rf"\b(\w+) (?:of|owned by|belonging to) {name}(?:'s)?\b", rf"{name}'s \1"),
            (rf"\b(?:give|bring|hand|get) {name} ([^;:]+?){END}", rf"\1 with {name}"),
            (rf"\b{name} (?:has|gets|with) ([^;:]+?){END}", rf"\1 with {name}"),
            (rf"\b(?:to|for|at) {name}\b", f"with {name}"),
            (rf"\b{name} (?!(?:{_AFTER_NAMES})\b)(?=\w)", f"{name}'s "),
        ):
            text = re.sub(pattern, replacement, text, flags=re.IGNORECASE)
    return text


class _Speller:
    """Writes words as the domain does: singular, its own name for a thing, the nearest spelling."""

    def __init__(self, domain: Domain, people: Sequence[str], vocabulary: Sequence[str]) -> None:
        names = (*domain.objects, *domain.members, *domain.fixtures, *domain.fixture_members, *domain.states)
        names = (*names, *domain.negations, *domain.liquids, *domain.rooms, *domain.property_group, *domain.all_skills)
        self.names = {name.lower(): name for name in (*names, *people, *vocabulary)}
        self.domain, self.people = domain, people
        self.called = domain_words(domain).names_by_word
        self.words = {word for name in self.names for word in name.split()}
        self.joined = {name.replace(" ", ""): name for name in self.names}
        self.fixtures = {*domain.fixtures, *domain.fixture_members}
        fixtures = "|".join(map(re.escape, sorted(self.fixtures, key=len, reverse=True)))
        self.room_first = re.compile(rf"\b({'|'.join(domain.rooms)}) ((?:{fixtures})s?)\b", re.IGNORECASE)
        self.attributes = {*domain.property_group, *domain.states, *domain.negations}
        self.known: dict[tuple[str, bool], str | None] = {}
        self.first = ""  # the first word of the text, whose capital letter says nothing
        self.words_at_most = max(_NAMES_AT_MOST, *(len(name.split()) for name in self.names))
        self.guessed = set[str]()  # names that misspelled words were taken for

    def is_name(self, word: str) -> bool:
        """Whether a word with a capital letter may be somebody's name."""
        plain = word.lower()
        forms = {*singulars(plain)}
        return forms.isdisjoint(self.words) and forms.isdisjoint(self.called) and plain not in _VERBS

    def every_fixture(self, text: str) -> str:
        """Write `every window closed` for `windows closed`."""

        def written(match: re.Match[str]) -> str:
            words = match[2].split()
            for length in range(len(words), 0, -1):
                noun = " ".join(words[:length])
                if noun.lower() not in self.fixtures and (name := self.name(noun, length)) in self.fixtures:
                    is_plural = noun.endswith("s") and not (name or "").endswith("s")
                    return f"{match[1]}every {match[2]}" if is_plural else match[0]
            return match[0]

        states = rewordings(self.domain).states
        return re.sub(rf"(^|[;:] |then )((?!every\b|no\b|\d|if\b)[^;:]+? {states}(?: in [^;:]+?)?){END}", written, text)

    def spell(self, text: str) -> str:
        tokens = re.findall(r"'s\b|[\w.:'-]*\w|[^\w\s]", text)
        written = list[str]()
        while tokens:
            for length in range(min(self.words_at_most, len(tokens)), 0, -1):
                phrase = " ".join(tokens[:length])
                are_several = written[-1:] in (["every"], ["no"])
                if (phrase, are_several) not in self.known:
                    self.known[phrase, are_several] = self.name(phrase, length, are_several=are_several)
                if (name := self.known[phrase, are_several]) is not None:
                    break
            written.append(name if name is not None else phrase)
            del tokens[:length]
        return " ".join(written)

    def name(self, phrase: str, length: int, *, are_several: bool = False) -> str | None:
        """Return the name of the language that a phrase of so many words may be meant for, or None.

        The lights are lamps of any kind, and so is every light; a light is one kind of them.
        """
        plain = phrase.lower()
        if (known := plain if plain in self.names else self.joined.get(plain.replace(" ", ""))) is not None:
            return self.names[known]
        if not re.fullmatch(r"[^\W\d][\w' -]*", plain):
            return phrase if length == 1 else None
        first, _, rest = plain.partition(" ")
        if rest and first in self.attributes:  # "glass bowls" are bowls, of glass; but red wine is wine
            called = [name for name in self.called.get(plain, ()) if name in self.domain.liquids]
            return called[0] if called and first in self.domain.property_group else None
        forms = (*singulars(plain), re.sub("ves$", "fe", plain), re.sub("ves$", "f", plain), f"{plain}es", f"{plain}s")
        exact = [name for name in self.called.get(plain, ()) if name.lower() in self.names]
        if exact and not are_several:
            return exact[0]
        if (form := next((form for form in forms if form in self.names), None)) is not None:
            return self.names[form]
        forms = (f"{plain}s", *forms) if are_several else forms
        called = [name for form in forms for name in self.called.get(form, ()) if name.lower() in self.names]
        if called:
            return called[0]
        if plain.endswith("'s"):
            return f"{next(iter(get_close_matches(phrase[:-2], self.people, n=1, cutoff=0.7)), phrase[:-2])}'s"
        if length > 1 or plain in self.words:
            return phrase if length == 1 else None
        name = self.nearest(phrase)
        if name is not None and name != phrase:
            self.guessed.add(name)
        return name

    def nearest(self, word: str) -> str | None:
        """Return the name that a misspelled word may be meant for, or None."""
        plain = word.lower()
        if word[0].isupper():
            if self.people:
                close = get_close_matches(word, self.people, n=1, cutoff=0.7)
                if close:
                    return close[0]
                if word.istitle() and word != self.first:  # the name of somebody else
                    return None
            elif self.is_name(word):
                return word
        close = [name for name in self.words if sorted(name) == sorted(plain)]  # two letters swapped
        if not close and len(plain) > MAX_EXACT:
            close = get_close_matches(plain, [*self.names, *self.words], n=3, cutoff=0.75)
            close = [name for name in close if name[0] == plain[0]]
        if close:
            return self.names.get(close[0], close[0])
        called = get_close_matches(plain, self.called, n=1, cutoff=0.85) if len(plain) > MAX_EXACT else []
        return next((name for word in called for name in self.called[word] if name.lower() in self.names), None)
