"""Other objects, furniture, rooms, colors, names and numbers in a sentence and its goal, changed together.

So one sentence becomes a family (data recombination, Jia & Liang 2016, arXiv:1606.03622). An `Exchange` says for one
home what is called what; it is a permutation of the kinds that can be used in the same way, so that the home has as
many kinds as before and everything that could be done can be done. A sentence is changed only if it names, in a known
word, whatever is exchanged in its goal.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from functools import cache

from envs.symbolic.domain import Domain, load_domain
from planner.corpus.free_text.sentences import COLORS, Sentence, Tag
from planner.language.mentions import bare, mentions
from planner.language.named_kinds import kinds_in, liquids_in, with_kinds
from planner.language.realization import NUMBER_WORDS, Realizer
from planner.language.slot_binding import has_affordance
from planner.tasks.random_names import FIRST_NAMES

IDENTITY = 0.35  # share of homes in which no kind is exchanged
GROUP = 0.6  # share of groups of kinds that are exchanged in the others
AFFORDANCES = ("washable", "heatable", "coolable", "cookable", "sliceable", "foldable", "fillable", "wiper")
UNCLEAR = frozenset(["glass", "orange", "paper", "person"])  # also a material, a color, a class, or the speaker


def renamed(words: Sequence[str], tags: Sequence[Tag], start: int, stop: int, name: str) -> tuple[list[str], list[Tag]]:
    """Replace words `start` up to `stop` by a name, which keeps the punctuation; `a` and `an` are fitted."""
    old = " ".join(words[start:stop])
    before, after = old[: old.index(bare(old))], old[old.index(bare(old)) + len(bare(old)) :]
    new = f"{before}{name}{after}".split(" ")
    words, tags = list(words), list(tags)
    if start and words[start - 1] in ("a", "an"):
        words[start - 1] = "an" if name[0] in "aeiou" else "a"
    return [*words[:start], *new, *words[stop:]], [*tags[:start], *[tags[start]] * len(new), *tags[stop:]]


@cache
def _groups(domain: Domain) -> tuple[tuple[str, ...], ...]:
    """Return kinds that can be used in the same way."""
    groups: dict[object, list[str]] = {}
    for name, kind in domain.objects.items():
        key = (
            kind.classes, kind.holds is None, kind.relation, kind.contains is None, kind.cuts,
            *(has_affordance(kind, word) for word in AFFORDANCES),
        )  # fmt: skip
        groups.setdefault(key, []).append(name)
    for name, fixture in domain.fixtures.items():
        if not fixture.underfoot and not fixture.is_room:
            fixture_key = (
                "fixture", fixture.classes, fixture.relation, fixture.joint is None, fixture.switch, fixture.wipeable,
                fixture.waterable, fixture.enclosed, bool(fixture.accepts),
            )  # fmt: skip
            groups.setdefault(fixture_key, []).append(name)
    return tuple(
        members for group in groups.values() if len(members := tuple(k for k in group if k not in UNCLEAR)) > 1
    )


class Exchange:
    """What is called what in one home."""

    def __init__(
        self, rng: random.Random, present: frozenset[str], rooms: Mapping[str, str], people: Sequence[str]
    ) -> None:
        """Draw an exchange.

        Args:
            rng: Source of randomness.
            present: The kinds of the home.
            rooms: The kinds of its rooms, by their names.
            people: Who lives there.
        """
        self.rng, self.rooms = rng, rooms
        domain = load_domain()
        self.kinds: dict[str, str] = {}
        if rng.random() >= IDENTITY:
            for group in _groups(domain):
                if rng.random() < GROUP:
                    shuffled = rng.sample(group, len(group))
                    self.kinds |= {a: b for a, b in zip(group, shuffled, strict=True) if a != b}
        self.present = frozenset(self.kinds.get(kind, kind) for kind in present)
        self.realizer = Realizer(rng, self.present, plainness=0.55)
        self.words: dict[str, str] = {}  # words that stand for themselves in sentence and goal
        if rng.random() < 0.6:
            colors = [color for color in COLORS if color not in UNCLEAR]
            self.words |= dict(zip(colors, rng.sample(colors, len(colors)), strict=True))
        self.people: dict[str, str] = {}
        if rng.random() < 0.7:
            new = rng.sample([name for name in FIRST_NAMES if name not in people], len(people))
            self.people = {old.lower(): name.lower() for old, name in zip(people, new, strict=True)}
            self.words |= self.people
        if len(kinds := {*rooms.values()}) > 1 and rng.random() < 0.4:
            named = sorted(kinds)
            self.words |= dict(zip(named, rng.sample(named, len(named)), strict=True))

    def inventory(self, counts: Mapping[str, int]) -> dict[str, int]:
        """Return how many of each kind the home has under its new names."""
        return {self.kinds.get(kind, kind): count for kind, count in counts.items()}

    def __call__(self, sentence: Sentence) -> Sentence | None:
        """Return the sentence in the home with the new names; None if it cannot be said there."""
        changed = self._kinds(sentence) if sentence.goal else self._mentioned(sentence)
        if changed is None:
            return None
        changed = self._numbers(self._words(changed))
        return changed if self._keeps_rooms(sentence.goal, changed.goal) else None

    def _keeps_rooms(self, goal: str, changed: str) -> bool:
        """Whether rooms with names of their own (`bedroom 2`, `desk area`) are called as before, but for people."""
        for name in self.rooms:
            if name != self.rooms[name] and re.search(rf"\b{re.escape(name.lower())}\b", goal):
                new = " ".join(self.people.get(word, word) for word in name.lower().split(" "))
                if new not in changed:
                    return False
        return True

    def _mentioned(self, sentence: Sentence) -> Sentence | None:
        """A refusal or a question back stays as it is; where it names what is exchanged, it cannot be said."""
        return None if any(True for _ in mentions(sentence.words, frozenset(self.kinds))) else sentence

    def _kinds(self, sentence: Sentence) -> Sentence | None:
        named = frozenset(kinds_in(sentence.goal)).intersection(self.kinds)
        if not named:
            return sentence
        if not named.isdisjoint(liquids_in(sentence.goal)):  # milk, and a glass of milk
            return None
        found = list(mentions(sentence.words, named))
        if {m.kind for m in found} != named or any(kind in UNCLEAR for kind in named):
            return None
        words, tags = list(sentence.words), list(sentence.tags)
        nouns: dict[str, str] = {}
        for mention in reversed(found):
            new = self.kinds[mention.kind]
            noun = nouns.setdefault(new, self.noun(new))
            words, tags = renamed(
                words, tags, mention.start, mention.stop, self.realizer.plural(noun) if mention.is_plural else noun
            )
        return _replaced(sentence, words, tags, with_kinds(sentence.goal, self.kinds))

    def noun(self, kind: str) -> str:
        """Return a word for a kind that is clear in this home."""
        return self.realizer.noun(kind).lower()

    def _words(self, sentence: Sentence) -> Sentence:
        """Exchange colors, names and rooms that both the sentence and its goal say."""
        text = f" {' '.join(map(bare, sentence.words))} ".replace("'s ", " 's ")
        both = {
            old: new
            for old, new in self.words.items()
            if f" {old} " in text and re.search(rf"\b{old}\b", sentence.goal)
        }
        # A color that only the sentence says would become another thing's, and so would a room.
        if not both:
            return sentence
        pattern = re.compile(r"\b(" + "|".join(sorted(map(re.escape, both), key=len, reverse=True)) + r")\b")
        words, tags = list(sentence.words), list(sentence.tags)
        plain = [bare(word).removesuffix("'s") for word in words]
        for old in sorted(both, key=len, reverse=True):
            parts = old.split(" ")
            for start in range(len(plain) - len(parts), -1, -1):
                if plain[start : start + len(parts)] == parts and len(both[old].split(" ")) == len(parts):
                    for offset, part in enumerate(both[old].split(" ")):
                        words[start + offset] = words[start + offset].replace(parts[offset], part, 1)
                        plain[start + offset] = ""  # exchanged
        one_to_one = {old: new for old, new in both.items() if len(new.split(" ")) == len(old.split(" "))}
        goal = pattern.sub(lambda match: one_to_one.get(match[0], match[0]), sentence.goal)
        return _replaced(sentence, words, tags, goal)

    def _numbers(self, sentence: Sentence) -> Sentence:
        """Exchange the only number of a goal, if the sentence says it once."""
        in_goal = re.findall(r"(?<![:\d])\b\d+\b(?!:)", sentence.goal)
        if len(in_goal) != 1 or not 2 <= int(in_goal[0]) <= 9 or self.rng.random() < 0.4:
            return sentence
        old = int(in_goal[0])
        said = [i for i, word in enumerate(sentence.words) if bare(word) in (str(old), NUMBER_WORDS[old])]
        if len(said) != 1 or any(bare(word) in ("both", "pair", "couple", "half") for word in sentence.words):
            return sentence
        new = self.rng.randrange(2, 10)
        word = sentence.words[said[0]]
        name = str(new) if bare(word).isdigit() else NUMBER_WORDS[new]
        words, tags = renamed(sentence.words, sentence.tags, said[0], said[0] + 1, name)
        goal = re.sub(rf"(?<![:\d])\b{old}\b(?!:)", str(new), sentence.goal)
        return _replaced(sentence, words, tags, goal)


def _replaced(sentence: Sentence, words: Sequence[str], tags: Sequence[Tag], goal: str) -> Sentence:
    return Sentence(words=tuple(words), tags=tuple(tags), kind=sentence.kind, goal=goal, say=sentence.say)
