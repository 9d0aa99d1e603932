"""Sample tasks for a home: a family, its slot values, the goal, and the wording of the instruction.

A sampled task is plausible in its home: its objects are present, its goal does not hold yet, and no obvious obstacle
makes it unreachable.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from envs.symbolic.actions import State
from envs.symbolic.domain import Domain, load_domain
from envs.symbolic.goals import Count, Goal, format_condition, format_goal
from envs.symbolic.scoring import holds
from planner.goals.feasibility import is_feasible
from planner.language.domain_phrases import families_of
from planner.language.normalization import normalize
from planner.language.phrase_patterns import Family, is_held_out
from planner.language.realization import Realizer
from planner.language.sequencing import SEQUENCE_FRAMES, TEST_SEQUENCE_FRAMES, join_in_sequence
from planner.language.slot_binding import Binder, options_of
from planner.tasks.task_homes import state_before_goal

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable, Mapping, Sequence

    from envs.symbolic.domain import Domain


@dataclass(frozen=True, kw_only=True)
class Task:
    """An instruction with the correct answer: a goal, the reason of a refusal, or a question to the user.

    `start` is the initial state of the home.
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
        return format_goal(self.goal, self.start.world.domain) if self.goal else ""


def goal_is_held_out(goal: Goal) -> bool:
    """Whether a goal belongs to the test split: one object-at-fixture condition in thirty, by the hash of its text.

    Most goals put one object at a place. Holding out goals of the rarer forms would remove whole task types.
    """
    for condition in goal.conditions:
        if isinstance(condition, Count) and condition.number == 1 and condition.place and condition.place.fixture:
            text = format_condition(condition)
            if int.from_bytes(hashlib.blake2b(text.encode(), digest_size=4).digest(), "big") % 30 == 0:
                return True
    return False


class TaskDrawer:
    """Sample tasks for homes.

    Args:
        rng: Random generator.
        phrases: Which phrase patterns to use: `train`, the held-out `test`, or `all`.
        folders: Phrase folders of `datasets/`.
        families: Names of the families to draw from; None: all.
        noise: Whether to add typos and to drop articles and punctuation.
        domain: The domain of the homes; None: the default domain.
    """

    def __init__(
        self,
        rng: random.Random,
        *,
        phrases: str = "train",
        folders: Iterable[str] = ("phrases",),
        families: Iterable[str] | None = None,
        noise: bool = True,
        domain: Domain | None = None,
    ) -> None:
        """Load and select the phrase patterns."""
        self.rng = rng
        self.noise = noise
        self.domain = domain or load_domain()
        self.in_turn = TEST_SEQUENCE_FRAMES if phrases == "test" else SEQUENCE_FRAMES
        self.binder = Binder(rng)
        names = set(families) if families is not None else None
        all_families = [
            f for folder in folders for f in families_of(self.domain, folder) if names is None or f.name in names
        ]
        self.patterns = {
            f.name: [p for p in f.phrases if phrases == "all" or is_held_out(f.name, p) == (phrases == "test")]
            for f in all_families
        }
        self.families = [f for f in all_families if f.goals and self.patterns[f.name]]
        self.refusals = [f for f in all_families if f.refuse and self.patterns[f.name]]
        self.questions = [f for f in all_families if f.ask and self.patterns[f.name]]
        # A family with many patterns is drawn more often, because there is more to learn.
        self.weights, self.refusal_weights, self.question_weights = (
            [f.weight * (1 + len(f.phrases) / 25) for f in families]
            for families in (self.families, self.refusals, self.questions)
        )

    def draw(self, start: State, *, parts: int = 1, inventory_known: bool = True, in_turn: bool = False) -> Task | None:
        """Draw a task of several parts for a home; None if the drawn parts do not fit it.

        Args:
            start: The state of the home.
            parts: Number of joined tasks.
            inventory_known: Whether the prompt lists the home's objects; only then are misleading synonyms avoided.
            in_turn: Whether the parts are sequential.
        """
        present = set(start.world.categories)
        realizer = Realizer(self.rng, present if inventory_known else None, domain=start.world.domain)
        goals, texts, names = [], [], []
        for family in self.rng.choices(self.families, self.weights, k=parts):
            drawn = self._draw_one(family, start, realizer)
            if drawn is None:
                return None
            text, goal, start = drawn
            if parts > 1 and len(goal.phases) > 1:
                return None
            goals.append(goal)
            texts.append(text)
            names.append(family.name)
        merged = goals[0]
        if parts > 1:
            all_conditions = [c for g in goals for c in g.conditions]
            if (
                len(set(all_conditions)) < len(all_conditions)
                or sum(type(c).__name__ == "Holding" for c in all_conditions) > 1
            ):
                return None
            merged = Goal(phases=tuple(g.phases[0] for g in goals) if in_turn else (tuple(all_conditions),))
        if all(holds(start, c, start) for c in merged.phases[-1]) or not is_feasible(merged, start):
            return None
        joined = join_in_sequence(self.rng, texts, self.in_turn) if in_turn else realizer.join(texts)
        return Task(
            instruction=self._finish_instruction(realizer, joined), start=start, goal=merged, family="+".join(names)
        )

    def _finish_instruction(self, realizer: Realizer, text: str) -> str:
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
        start = state_before_goal(start, goal, self.rng)
        if all(holds(start, c, start) for phase in goal.phases for c in phase):
            return None
        pattern = self.rng.choice(self.patterns[family.name])
        return realizer.realize(family, pattern, binding, count), goal, start

    def draw_refusal(self, start: State, *, inventory_known: bool) -> Task | None:
        """Draw an instruction to refuse: not a task, gibberish, unsafe, or about a missing object."""
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
        drawn = self._draw_from_family(family, start)
        if drawn is None:
            return None
        text, binding = drawn
        reason = _fill_template(family.refuse or "", binding)
        return Task(instruction=text, start=start, goal=None, family=family.name, refuse=reason)

    def draw_question(self, start: State) -> Task | None:
        """Draw an instruction that needs a question: it omits the object or place, or has an ambiguous word."""
        if self.questions and self.rng.random() < 0.5:
            (family,) = self.rng.choices(self.questions, self.question_weights)
            drawn = self._draw_from_family(family, start)
            if drawn is None:
                return None
            text, binding = drawn
            return Task(
                instruction=text,
                start=start,
                goal=None,
                family=family.name,
                ask=_fill_template(family.ask or "", binding),
            )
        return self._ambiguous(start)

    def _draw_from_family(self, family: Family, start: State) -> tuple[str, dict[str, str]] | None:
        binding = self.binder.bind(family, start) or {}
        if set(family.slots) - set(binding):
            return None
        realizer = Realizer(self.rng, set(start.world.categories), domain=start.world.domain)
        text = realizer.realize(family, self.rng.choice(self.patterns[family.name]), binding, 1)
        return self._finish_instruction(realizer, text), binding

    def _ambiguous(self, start: State) -> Task | None:
        """Draw an instruction with a word that names several categories of this home, so that the goal is ambiguous."""
        present = frozenset(start.world.categories)
        realizer = Realizer(self.rng, present, domain=start.world.domain)
        ambiguous = {
            word: matching
            for word, meanings in realizer.words.ambiguous.items()
            if len(matching := tuple(c for c in meanings if c in present)) > 1 and word not in present
        }
        if not ambiguous:
            return None
        word = self.rng.choice(sorted(ambiguous))
        meanings = ambiguous[word]
        family = self.rng.choices(self.families, self.weights)[0]
        slot = self._slot_for(family, meanings, start.world.domain)
        binding = self.binder.bind(family, start, {slot: self.rng.choice(meanings)})
        if binding is None or len(set(binding.values()) & set(meanings)) != 1:
            return None
        if meanings[0] in start.world.domain.fixtures and len(binding) > 1:
            return None  # an object examined under "the lamp" may be under any lamp
        if self.binder.goal(family, binding, 1, start.world.domain) is None:
            return None
        slot = next(s for s, w in binding.items() if w in meanings)
        pattern = self.rng.choice(self.patterns[family.name])
        if "{the " + slot + "}" not in pattern and "{to " + slot + "}" not in pattern:
            return None
        text = realizer.realize(family, pattern, binding, 1, {slot: word})
        if not re.search(rf"\b(the|that|my) {re.escape(word)}\b", text):
            return None
        return Task(
            instruction=self._finish_instruction(realizer, text),
            start=start,
            goal=None,
            family="ambiguous",
            ask=which_question(word, meanings),
        )

    @staticmethod
    def _slot_for(family: Family, meanings: tuple[str, ...], domain: Domain) -> str:
        fixtures = meanings[0] in domain.fixtures
        slot_types = ("fixture", "receptacle") if fixtures else ("object", "container")
        return next((s for s, slot_type in family.slots.items() if slot_type.startswith(slot_types)), "")

    def _missing(self, start: State) -> Task | None:
        """Draw an instruction about a category that this home does not have, by words with no other meaning here."""
        world = start.world
        present = set(world.categories)
        family = self.rng.choices(self.families, self.weights)[0]
        if (
            any(slot_type.startswith(("class", "fixtures")) for slot_type in family.slots.values())
            or "anything" in family.goals[0]
        ):
            return None
        binding = self.binder.bind(family, start)
        goal_text = " ".join(family.goals)
        slots = [
            s
            for s, slot_type in family.slots.items()
            if not slot_type.startswith(("liquid", "class")) and "{" + s + "}" in goal_text
        ]
        if binding is None or not slots:
            return None
        slot = self.rng.choice(slots)
        slot_type = family.slots[slot]
        options = [
            c
            for c in options_of(slot_type, set(world.domain.objects) | set(world.domain.fixtures), world.domain)
            if c not in present
        ]
        if not options:
            return None
        binding[slot] = self.rng.choice(options)
        realizer = Realizer(self.rng, None, plainness=0.7, domain=world.domain)
        nouns = realizer.nouns(binding[slot])
        present_words = {noun for category in present for noun in realizer.nouns(category)}
        if set(nouns[:4]) & present_words:
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
            instruction=self._finish_instruction(realizer, text),
            start=start,
            goal=None,
            family="missing",
            refuse=f"there is no {binding[slot]} here",
        )


GIBBERISH = "I did not understand that"


def which_question(word: str, meanings: Sequence[str]) -> str:
    """Return the question about a word that names several categories."""
    named = [f"the {category}" for category in sorted(meanings, key=str.lower)]
    return f"Which {word} do you mean: {', '.join(named[:-1])} or {named[-1]}?"


def _fill_template(template: str, binding: Mapping[str, str]) -> str:
    for slot, word in binding.items():
        template = template.replace("{" + slot + "}", word)
    return template
