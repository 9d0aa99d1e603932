"""Texts and voices of synthetic speech for training and tests: the project's phrases and espeak-ng's voices."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from typing import Literal

from planner.language.phrase_patterns import load_families, load_words
from planner.language.realization import NUMBER_WORDS, Realizer
from planner.perception.espeak import Voice
from planner.perception.transcript_normalization import words
from planner.tasks.home_splits import SPLITS, sample_home
from planner.tasks.task_sampler import TaskDrawer

MAX_WORDS = 32  # maximum words per utterance

VoiceSplit = Literal["train", "valid", "test"]
ACCENTS: dict[VoiceSplit, tuple[str, ...]] = {
    "train": (
        "gmw/en-US", "gmw/en-US", "gmw/en", "gmw/en", "gmw/en-GB-x-rp", "gmw/en-GB-scotland", "gmw/en-GB-x-gbcwmd",
        "gmw/en-029",
    ),
    "valid": ("gmw/en-US", "gmw/en", "gmw/en-GB-x-rp", "gmw/en-029"),
    "test": ("gmw/en-US-nyc", "gmw/en-GB-x-gbclan", "gmw/en-US", "gmw/en"),  # the first two never occur in training
}  # fmt: skip
VARIANTS: dict[VoiceSplit, tuple[str, ...]] = {
    "valid": ("m3", "Alicia", "paul", "Gene"),
    "test": ("f5", "m6", "Andrea", "Michael", "belinda", "edward", "linda", "victor", "grandma", "Lee", "klatt4"),
    "train": (
        "", "f1", "f2", "f3", "f4", "m1", "m2", "m4", "m5", "m7", "m8", "adam", "Alex", "Andy", "Annie", "antonio",
        "aunty", "benjamin", "boris", "caleb", "david", "Denis", "Diogo", "ed", "gustave", "Henrique", "Hugo", "iven",
        "Jacky", "john", "marcelo", "marco", "Mario", "max", "michel", "miguel", "mike", "Mr", "Nguyen", "pablo",
        "pedro", "quincy", "RicishayMax", "rob", "robert", "sandro", "shelby", "steph", "Storm", "Tweaky", "travis",
        "Zac", "anika", "grandpa", "klatt", "klatt2", "klatt3", "norbert", "croak", "whisper", "whisperf", "kaukovalta",
    ),
}  # fmt: skip


def voice(rng: random.Random, split: VoiceSplit) -> Voice:
    """Draw a voice: accent, variant, speed, pitch, pitch range and pauses."""
    return Voice(
        accent=rng.choice(ACCENTS[split]),
        variant=rng.choice(VARIANTS[split]),
        speed=round(rng.triangular(110, 230, 160)),
        pitch=round(rng.triangular(5, 95, 50)),
        range=round(rng.triangular(5, 95, 50)),
        gap=rng.choice((0, 0, 0, 1, 2, 4)),
    )


class Texts:
    """Draw texts: instructions in training phrasings, and random word sequences.

    Args:
        rng: Random generator.
    """

    def __init__(self, rng: random.Random) -> None:
        """Load the phrases."""
        self.rng = rng
        self.drawer = TaskDrawer(rng, phrases="train", noise=False)
        table = load_words()
        self.nouns = sorted({
            name for part in (table.objects, table.fixtures, table.classes, table.liquids)
            for category, names in part.items() for name in (category, *names)
        })  # fmt: skip
        patterns = " ".join(
            pattern for family in load_families() for pattern in self.drawer.patterns.get(family.name, ())
        )
        without_slots = re.sub(r"\{[^}]*\}", " ", patterns)
        self.other_words = sorted(set(re.findall(r"[a-z][a-z']*[a-z]|[ai]", without_slots.lower())))
        self.realizer = Realizer(rng, None)

    def draw(self) -> Iterator[str]:
        """Yield texts without end."""
        while True:
            start = sample_home(self.rng, SPLITS["train"])
            for _ in range(10):
                task = self._task(start)
                if task and len(task.split()) <= MAX_WORDS:
                    yield task
            for _ in range(4):
                yield self.random_words()

    def _task(self, start: object) -> str | None:
        roll = self.rng.random()
        if roll < 0.04:
            refusal = self.drawer.draw_refusal(start, inventory_known=True)  # type: ignore[arg-type]
            return refusal.instruction if refusal and refusal.family != "gibberish" else None
        if roll < 0.08:
            question = self.drawer.draw_question(start)  # type: ignore[arg-type]
            return question.instruction if question else None
        parts = self.rng.choices((1, 2, 3, 4), (12, 4, 2, 1))[0]
        in_turn = parts > 1 and self.rng.random() < 0.3
        task = self.drawer.draw(start, parts=parts, in_turn=in_turn)  # type: ignore[arg-type]
        return task.instruction if task else None

    def vocabulary(self) -> Iterator[str]:
        """Yield all words, including plurals; some occur several times."""
        for noun in self.nouns:
            yield from words(f"{noun} {self.realizer.plural(noun)}").split()
        yield from (word for text in self.other_words for word in words(text).split())

    def random_words(self) -> str:
        """Return phrase words in random order, so that the model does not memorize word orders."""
        text_words: list[str] = []
        for _ in range(self.rng.randint(1, 5)):
            noun = self.rng.choice(self.nouns)
            if self.rng.random() < 0.3:
                noun = f"{self.rng.choice(NUMBER_WORDS[2:])} {self.realizer.plural(noun)}"
            text_words += [*self.rng.sample(self.other_words, self.rng.randint(0, 3)), noun]
        return " ".join(text_words)
