"""Drawing tasks for a home: a family, what its slots stand for, the goal, and the words of the instruction.

A drawn task is one that a person could ask in this home: its things are there, its goal is not yet true, and nothing
obvious keeps it from being reached.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from envs.symbolic.actions import State
from envs.symbolic.domain import load_domain
from envs.symbolic.goals import Count, Goal, format_condition, format_goal
from envs.symbolic.scoring import holds
from planner.goals.feasibility import is_feasible
from planner.language.normalization import normalize
from planner.language.phrase_patterns import Family, is_held_out, load_families
from planner.language.realization import Realizer
from planner.language.sequencing import SEQUENCE_FRAMES, TEST_SEQUENCE_FRAMES, join_in_sequence
from planner.language.slot_binding import Binder
from planner.tasks.task_homes import undone_state

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable, Mapping, Sequence


@dataclass(frozen=True, kw_only=True)
class Task:
    """An instruction with the right answer: a goal, a refusal's reason, or a question to the person.

    `start` is the home it is meant for.
    """

    instruction: str
    start: State
    goal: Goal | None
    family: str
    refuse: str | None = None
    ask: str | None = None

    @property
    def goal_text(self) -> str:
        """The goal in its canonical wording."""
        return format_goal(self.goal) if self.goal else ""


def goal_is_held_out(goal: Goal) -> bool:
    """Whether a goal belongs to the test split: one thing-at-fixture condition in thirty, by the hash of its text.

    Goals about one thing at a place are the many; held out among the few others would be whole kinds of task.
    """
    for condition in goal.conditions:
        if isinstance(condition, Count) and condition.number == 1 and condition.place and condition.place.fixture:
            text = format_condition(condition)
            if int.from_bytes(hashlib.blake2b(text.encode(), digest_size=4).digest(), "big") % 30 == 0:
                return True
    return False


class TaskDrawer:
    """Draws tasks for homes.

    Args:
        rng: Draws everything.
        phrases: Which patterns may be used: the `train` lines, or the held-out `test` lines.
        folders: Phrase folders of `datasets/`.
        families: Names of the only families to draw from.
        noise: Whether typos, lost articles and lost punctuation are added.
    """

    def __init__(
        self,
        rng: random.Random,
        *,
        phrases: str = "train",
        folders: Iterable[str] = ("phrases",),
        families: Iterable[str] | None = None,
        noise: bool = True,
    ) -> None:
        """Choose the patterns."""
        self.rng = rng
        self.noise = noise
        self.in_turn = TEST_SEQUENCE_FRAMES if phrases == "test" else SEQUENCE_FRAMES
        self.binder = Binder(rng)
        wanted = set(families) if families is not None else None
        found = [f for folder in folders for f in load_families(folder) if wanted is None or f.name in wanted]
        self.patterns = {
            f.name: [p for p in f.phrases if phrases == "all" or is_held_out(f.name, p) == (phrases == "test")]
            for f in found
        }
        self.families = [f for f in found if f.goals and self.patterns[f.name]]
        self.refusals = [f for f in found if f.refuse and self.patterns[f.name]]
        self.questions = [f for f in found if f.ask and self.patterns[f.name]]
        # A family of many patterns is drawn more often: there is more to learn of it.
        self.weights, self.refusal_weights, self.question_weights = (
            [f.weight * (1 + len(f.phrases) / 25) for f in of] for of in (self.families, self.refusals, self.questions)
        )

    def draw(self, start: State, *, parts: int = 1, inventory_known: bool = True, in_turn: bool = False) -> Task | None:
        """Draw a task of several parts for a home, or None if the attempt does not fit it.

        Args:
            start: The home.
            parts: How many tasks are joined.
            inventory_known: Whether the planner will see what the home has; else no synonym is avoided that misleads.
            in_turn: Whether one part is to be done after the other.
        """
        present = set(start.world.categories)
        realizer = Realizer(self.rng, present if inventory_known else None)
        conditions, texts, names = [], [], []
        for family in self.rng.choices(self.families, self.weights, k=parts):
            drawn = self._draw_one(family, start, realizer)
            if drawn is None:
                return None
            text, goal, start = drawn
            if parts > 1 and len(goal.phases) > 1:
                return None
            conditions.append(goal)
            texts.append(text)
            names.append(family.name)
        merged = conditions[0]
        if parts > 1:
            every = [c for g in conditions for c in g.conditions]
            if len(set(every)) < len(every) or sum(type(c).__name__ == "Holding" for c in every) > 1:
                return None
            merged = Goal(phases=tuple(g.phases[0] for g in conditions) if in_turn else (tuple(every),))
        if all(holds(start, c, start) for c in merged.phases[-1]) or not is_feasible(merged, start):
            return None
        said = join_in_sequence(self.rng, texts, self.in_turn) if in_turn else realizer.join(texts)
        return Task(instruction=self._spoken(realizer, said), start=start, goal=merged, family="+".join(names))

    def _spoken(self, realizer: Realizer, text: str) -> str:
        text = realizer.polite(text)
        return normalize(realizer.noise(text) if self.noise else text)

    def _draw_one(self, family: Family, start: State, realizer: Realizer) -> tuple[str, Goal, State] | None:
        count = self.rng.choice(family.counts)
        binding = self.binder.bind(family, start)
        if binding is None:
            return None
        goal = self.binder.goal(family, binding, count, start.world.domain)
        if goal is None:
            return None
        start = undone_state(start, goal, self.rng)
        if all(holds(start, c, start) for phase in goal.phases for c in phase):
            return None
        pattern = self.rng.choice(self.patterns[family.name])
        return realizer.realize(family, pattern, binding, count), goal, start

    def draw_refusal(self, start: State, *, inventory_known: bool) -> Task | None:
        """Draw something that is not to be done: no task, nonsense, unsafe, or about a thing that is not there."""
        if inventory_known and self.rng.random() < 0.45:
            return self._missing(start)
        if self.rng.random() < 0.12 or not self.refusals:
            letters = "abcdefghijklmnopqrstuvwxyz" if self.rng.random() < 0.7 else "0123456789#$%&*+=/<>[]{}?!"
            words = [
                "".join(self.rng.choices(letters, k=self.rng.randint(2, 9))) for _ in range(self.rng.randint(1, 6))
            ]
            return Task(
                instruction=normalize(" ".join(words)), start=start, goal=None, family="gibberish", refuse=GIBBERISH
            )
        (family,) = self.rng.choices(self.refusals, self.refusal_weights)
        said = self._of_family(family, start)
        if said is None:
            return None
        text, binding = said
        reason = _filled(family.refuse or "", binding)
        return Task(instruction=text, start=start, goal=None, family=family.name, refuse=reason)

    def draw_question(self, start: State) -> Task | None:
        """Draw something to ask about: nothing says what or where, or a word stands for several things of this home."""
        if self.questions and self.rng.random() < 0.5:
            (family,) = self.rng.choices(self.questions, self.question_weights)
            said = self._of_family(family, start)
            if said is None:
                return None
            text, binding = said
            return Task(
                instruction=text, start=start, goal=None, family=family.name, ask=_filled(family.ask or "", binding)
            )
        return self._ambiguous(start)

    def _of_family(self, family: Family, start: State) -> tuple[str, dict[str, str]] | None:
        binding = self.binder.bind(family, start) or {}
        if set(family.slots) - set(binding):
            return None
        realizer = Realizer(self.rng, set(start.world.categories))
        text = realizer.realize(family, self.rng.choice(self.patterns[family.name]), binding, 1)
        return self._spoken(realizer, text), binding

    def _ambiguous(self, start: State) -> Task | None:
        """Name one thing by a word for several categories of this home, which would make different goals."""
        present = frozenset(start.world.categories)
        realizer = Realizer(self.rng, present)
        several = {
            word: found
            for word, meant in realizer.words.ambiguous.items()
            if len(found := tuple(c for c in meant if c in present)) > 1 and word not in present
        }
        if not several:
            return None
        word = self.rng.choice(sorted(several))
        meant = several[word]
        family = self.rng.choices(self.families, self.weights)[0]
        binding = self.binder.bind(family, start, {self._slot_of(family, meant): self.rng.choice(meant)})
        if binding is None or len(set(binding.values()) & set(meant)) != 1:
            return None
        if meant[0] in start.world.domain.fixtures and len(binding) > 1:
            return None  # what is looked at under "the lamp" may be so under any
        if self.binder.goal(family, binding, 1, start.world.domain) is None:
            return None
        slot = next(s for s, w in binding.items() if w in meant)
        pattern = self.rng.choice(self.patterns[family.name])
        if "{the " + slot + "}" not in pattern and "{to " + slot + "}" not in pattern:
            return None
        text = realizer.realize(family, pattern, binding, 1, {slot: word})
        if not re.search(rf"\b(the|that|my) {re.escape(word)}\b", text):
            return None
        return Task(
            instruction=self._spoken(realizer, text), start=start, goal=None, family="ambiguous", ask=which(word, meant)
        )

    @staticmethod
    def _slot_of(family: Family, meant: tuple[str, ...]) -> str:
        fixtures = meant[0] in load_domain().fixtures
        wanted = ("fixture", "receptacle") if fixtures else ("object", "container")
        return next((s for s, kind in family.slots.items() if kind.startswith(wanted)), "")

    def _missing(self, start: State) -> Task | None:
        """Ask for a category that this home does not have, by words that mean nothing else here."""
        world = start.world
        present = set(world.categories)
        family = self.rng.choices(self.families, self.weights)[0]
        if (
            any(kind.startswith(("class", "fixtures")) for kind in family.slots.values())
            or "anything" in family.goals[0]
        ):
            return None
        binding = self.binder.bind(family, start)
        named = " ".join(family.goals)
        slots = [
            s for s, kind in family.slots.items() if not kind.startswith(("liquid", "class")) and "{" + s + "}" in named
        ]
        if binding is None or not slots:
            return None
        slot = self.rng.choice(slots)
        kinds = family.slots[slot]
        options = [
            c
            for c in self.binder.options(kinds, set(world.domain.objects) | set(world.domain.fixtures), world.domain)
            if c not in present
        ]
        if not options:
            return None
        binding[slot] = self.rng.choice(options)
        realizer = Realizer(self.rng, None, plainness=0.7)
        nouns = realizer.words.objects.get(binding[slot]) or realizer.words.fixtures.get(binding[slot], ())
        others = {
            w
            for table in (realizer.words.objects, realizer.words.fixtures)
            for c, ws in table.items()
            if c in present
            for w in ws
        }
        if set(nouns[:4]) & others or not nouns:
            return None
        text = realizer.realize(
            family, self.rng.choice(self.patterns[family.name]), binding, self.rng.choice(family.counts)
        )
        if not any(
            re.search(rf"\b{re.escape(form)}\b", text.lower())
            for n in nouns
            for form in (n.lower(), realizer.plural(n).lower())
        ):
            return None  # the pattern does not name the slot
        return Task(
            instruction=self._spoken(realizer, text),
            start=start,
            goal=None,
            family="missing",
            refuse=f"there is no {binding[slot]} here",
        )


GIBBERISH = "I did not understand that"


def which(word: str, meant: Sequence[str]) -> str:
    """Return the question about a word that stands for several things."""
    named = [f"the {category}" for category in sorted(meant, key=str.lower)]
    return f"Which {word} do you mean: {', '.join(named[:-1])} or {named[-1]}?"


def _filled(template: str, binding: Mapping[str, str]) -> str:
    for slot, word in binding.items():
        template = template.replace("{" + slot + "}", word)
    return template
