"""Drawing tasks for a home: a family, what its slots stand for, the goal, and the words of the instruction.

A drawn task is one that a person could ask in this home: its things are there, its goal is not yet true, and nothing
obvious keeps it from being reached.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from envs.domain import Domain, ObjectCategory
from envs.errors import GoalError
from envs.goals import Count, Every, FixtureIs, Goal, Holding, No, format_condition, format_goal, parse_goal
from envs.scoring import holds
from envs.state import BIT, DIRTY, State
from planner.feasible import is_feasible
from planner.language import Realiser, normalise
from planner.phrases import Family, is_held_out, load_families

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable

USUAL = 0.3  # of places are drawn from where a thing is usually kept

_WASHED = {"dishes", "cutlery", "cookware", "clothing", "linen", "fruit", "vegetable", "toy", "tool"}
_WASHED_TOO = ("soap bar", "egg", "basket", "tray")
_AFFORDANCE: dict[str, Callable[[ObjectCategory], bool]] = {
    "washable": lambda k: bool(_WASHED & set(k.classes)) or k.wipes or k.fills or k.name in _WASHED_TOO,
    "heatable": lambda k: bool({"food", "dishes", "cookware"} & set(k.classes)) or k.contains is not None,
    "coolable": lambda k: bool({"food", "drink", "dishes", "cookware"} & set(k.classes)) or k.fills,
    "cookable": lambda k: k.cooks,
    "sliceable": lambda k: k.slices,
    "foldable": lambda k: k.folds,
    "fillable": lambda k: k.fills,
    "wiper": lambda k: k.wipes,
}


@dataclass(frozen=True, kw_only=True)
class Task:
    """An instruction with the right answer: a goal, or a refusal's reason. `start` is the home it is meant for."""

    instruction: str
    start: State
    goal: Goal | None
    family: str
    refuse: str | None = None

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
    """

    def __init__(
        self,
        rng: random.Random,
        *,
        phrases: str = "train",
        folders: Iterable[str] = ("phrases",),
        families: Iterable[str] | None = None,
    ) -> None:
        """Choose the patterns."""
        self.rng = rng
        wanted = set(families) if families is not None else None
        found = [f for folder in folders for f in load_families(folder) if wanted is None or f.name in wanted]
        self.patterns = {
            f.name: [p for p in f.phrases if phrases == "all" or is_held_out(f.name, p) == (phrases == "test")]
            for f in found
        }
        self.families = [f for f in found if f.goals and self.patterns[f.name]]
        self.refusals = [f for f in found if f.refuse and self.patterns[f.name]]
        self.weights = [f.weight * (1 + len(f.phrases) / 25) for f in self.families]

    def draw(self, start: State, *, parts: int = 1, inventory_known: bool = True) -> Task | None:
        """Draw a task of several parts for a home, or None if the attempt does not fit it."""
        present = set(start.world.categories)
        realiser = Realiser(self.rng, present if inventory_known else None)
        conditions, texts, names = [], [], []
        for family in self.rng.choices(self.families, self.weights, k=parts):
            drawn = self._draw_one(family, start, realiser)
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
            merged = Goal(phases=(tuple(every),))
        if all(holds(start, c, start) for c in merged.phases[-1]) or not is_feasible(merged, start):
            return None
        text = realiser.noise(realiser.polite(realiser.join(texts)))
        return Task(instruction=normalise(text), start=start, goal=merged, family="+".join(names))

    def _draw_one(self, family: Family, start: State, realiser: Realiser) -> tuple[str, Goal, State] | None:
        count = self.rng.choice(family.counts)
        binding = self._bind(family, start)
        if binding is None:
            return None
        goal = self._goal(family, binding, count, start.world.domain)
        if goal is None:
            return None
        start = self._undone(goal, start)
        if all(holds(start, c, start) for phase in goal.phases for c in phase):
            return None
        pattern = self.rng.choice(self.patterns[family.name])
        return realiser.realise(family, pattern, binding, count), goal, start

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
                instruction=normalise(" ".join(words)), start=start, goal=None, family="gibberish", refuse=GIBBERISH
            )
        family = self.rng.choice(self.refusals)
        binding = self._bind(family, start) or {}
        if set(family.slots) - set(binding):
            return None
        realiser = Realiser(self.rng, None)
        text = realiser.realise(family, self.rng.choice(self.patterns[family.name]), binding, 1)
        return Task(instruction=normalise(text), start=start, goal=None, family=family.name, refuse=family.refuse)

    def _missing(self, start: State) -> Task | None:
        """Ask for a category that this home does not have, by words that mean nothing else here."""
        world = start.world
        present = set(world.categories)
        family = self.rng.choices(self.families, self.weights)[0]
        if any(kind.startswith("class") for kind in family.slots.values()) or "anything" in family.goals[0]:
            return None
        binding = self._bind(family, start)
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
            for c in self._options(kinds, set(world.domain.objects) | set(world.domain.fixtures), world.domain)
            if c not in present
        ]
        if not options:
            return None
        binding[slot] = self.rng.choice(options)
        realiser = Realiser(self.rng, None, plainness=0.7)
        nouns = realiser.words.objects.get(binding[slot]) or realiser.words.fixtures.get(binding[slot], ())
        others = {
            w
            for table in (realiser.words.objects, realiser.words.fixtures)
            for c, ws in table.items()
            if c in present
            for w in ws
        }
        if set(nouns[:4]) & others or not nouns:
            return None
        text = realiser.realise(
            family, self.rng.choice(self.patterns[family.name]), binding, self.rng.choice(family.counts)
        )
        if not any(
            re.search(rf"\b{re.escape(form)}\b", text.lower())
            for n in nouns
            for form in (n.lower(), realiser.plural(n).lower())
        ):
            return None  # the pattern does not name the slot
        text = realiser.noise(realiser.polite(text))
        return Task(
            instruction=normalise(text),
            start=start,
            goal=None,
            family="missing",
            refuse=f"there is no {binding[slot]} here",
        )

    def _bind(self, family: Family, start: State) -> dict[str, str] | None:
        domain = start.world.domain
        present = set(start.world.categories)
        binding: dict[str, str] = {}
        if family.numbers:
            binding["n"] = str(self.rng.choice(family.numbers))
        for slot, kind in family.slots.items():
            options = self._options(kind, present, domain)
            if slot in ("p", "c", "q", "t") and "x" in binding and not kind.startswith("class"):
                options = [o for o in options if self._fits(binding["x"], o, domain)]
            if slot == "p" and "c" in binding and binding["c"] in domain.objects:
                options = [o for o in options if domain.fits(binding["c"], o)]
            if slot == "p" and binding.get("c") in domain.members:
                members = [m for m in domain.members[binding["c"]] if m in present]
                options = [o for o in options if all(self._fits(m, o, domain) for m in members)]
            options = [o for o in options if o not in binding.values()]
            if not options:
                return None
            usual = domain.objects[binding["x"]].at if slot == "p" and binding.get("x") in domain.objects else ()
            likely = [o for o in options if o in usual]
            binding[slot] = self.rng.choice(likely if likely and self.rng.random() < USUAL else options)
        return binding

    @staticmethod
    def _fits(thing: str, place: str, domain: Domain) -> bool:
        return place not in domain.members and thing in domain.objects and domain.fits(thing, place)

    def _options(self, kind: str, present: set[str], domain: Domain) -> list[str]:
        head, _, listed = kind.partition("=")
        if listed:
            names = [n.strip() for n in listed.strip("[] ").split(",")]
            if head == "class":
                return [n for n in names if any(m in present for m in domain.members.get(n, ()))]
            return [n for n in names if n in present or head == "liquid"]
        head, _, filters = kind.partition(":")
        wanted = [f.strip() for f in filters.split("&") if f.strip()]
        if head == "class":
            return [
                c for c, members in domain.members.items() if c != "anything" and sum(m in present for m in members) > 1
            ]
        if head == "liquid":
            return list(domain.liquids)
        if head in ("object", "container"):
            kinds = [domain.objects[c] for c in domain.objects if c in present]
            kinds = [k for k in kinds if all(self._is(k, f) for f in wanted)]
            return [k.name for k in kinds if head == "object" or k.holds is not None]
        found = []
        for name, fixture in domain.fixtures.items():
            if name not in present or (head == "receptacle" and fixture.relation not in ("on", "in")):
                continue
            able = {
                "surface": fixture.relation == "on",
                "container": fixture.enclosed,
                "openable": fixture.joint is not None,
                "switchable": fixture.switch,
                "cleanable": fixture.wipeable,
                "waterable": fixture.waterable,
            }
            if all(able.get(f, f in fixture.classes) for f in wanted):
                found.append(name)
        return found

    @staticmethod
    def _is(kind: ObjectCategory, word: str) -> bool:
        return _AFFORDANCE[word](kind) if word in _AFFORDANCE else word in kind.classes

    def _goal(self, family: Family, binding: dict[str, str], count: int, domain: Domain) -> Goal | None:
        template = self.rng.choice(family.goals)
        if count > 1 and "{n}" not in template and not template.startswith(("every", "no ")):
            head, _, tail = template.partition(" ; ")
            if "{x}" in head:
                template = f"{count} {head}" + (f" ; {tail}" if tail else "")
        text = template
        for slot, word in binding.items():
            text = text.replace("{" + slot + "}", word)
        text = text.replace("{rel}", "in")
        try:
            return parse_goal(text, domain)
        except GoalError:
            return None

    def _undone(self, goal: Goal, start: State) -> State:
        """Undo what a goal wants: dirty what is to be clean, open what is to be closed, so that there is work to do."""
        flags = list(start.flags)
        world = start.world
        for condition in goal.conditions:
            if isinstance(condition, FixtureIs):
                word = world.domain.negations.get(condition.state, condition.state)
                bit = BIT[word]
                lacks = (condition.state == word) == (condition.quantifier == "no")  # it has to begin with the state
                named = [i for i in range(world.n_fixtures) if world.categories[i] == condition.fixture]
                for i in named if condition.quantifier == "some" else self.rng.sample(named, k=(len(named) + 1) // 2):
                    flags[i] = flags[i] | bit if lacks else flags[i] & ~bit
            elif not isinstance(condition, Every | No) and "clean" in condition.thing.states:
                self._soil(condition, start, flags)
        return start._replace(flags=tuple(flags))

    @staticmethod
    def _soil(condition: Count | Holding, start: State, flags: list[int]) -> None:
        world = start.world
        words = world.domain.resolve(condition.thing.word)
        for i in range(world.n_fixtures, len(world.names)):
            if world.categories[i] in words:
                flags[i] |= DIRTY


GIBBERISH = "I did not understand that"
