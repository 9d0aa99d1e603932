"""What has to be looked for before a goal can be planned on what is known.

A condition wants things that are not known, the tools that its changes need, a look at every place that `every` and
`no` are about, and a look at the fixtures whose states it would otherwise only suppose.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from envs.symbolic.goals import Condition, Count, Every, FixtureIs, Holding, No, Place, Thing
from envs.symbolic.scoring import fixtures_of, holds, matching_objects, quantified_objects
from planner.goals import grounding

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from envs.symbolic.actions import State
    from planner.world_model.belief import Belief


@dataclass(frozen=True, kw_only=True)
class InformationNeed:
    """Something to look for.

    Attributes:
        label: As a person says it: `mug`, `dirty plate`, `something to cut with`.
        words: Categories, any of which will do; empty if a look at fixtures is wanted.
        states: What must be true of it already, because the robot cannot make it so.
        number: How many more.
        have: How many are known that would do.
        every: All there are: no place where one may be is left out.
        only_in: The only kind of fixture to look at; empty: all.
        fixtures: Fixtures to look at, if that is what is wanted.
    """

    label: str
    words: tuple[str, ...] = ()
    states: frozenset[str] = frozenset()
    number: int = 1
    have: int = 0
    every: bool = False
    only_in: str = ""
    fixtures: frozenset[str] = frozenset()


def information_needs(
    condition: Condition, belief: Belief, *, avoid: frozenset[str] = frozenset()
) -> tuple[InformationNeed, ...]:
    """Return what a condition needs that is not known, the things before the tools.

    An `every` or `no` always wants all there are: whether a place is left to look at is for `planner.exploration.search_order`.

    Args:
        condition: What is to hold.
        belief: What is known.
        avoid: Things not to use.
    """
    state, first = belief.states()
    index = state.world.index
    found = _Wants(state, first, belief, frozenset(index[name] for name in avoid if name in index))
    return tuple(found.of(condition))


def without_doubles(found: Sequence[InformationNeed]) -> list[InformationNeed]:
    """Leave out what is wanted twice, and one of a kind of which all are looked for."""
    everything = {word for want in found if want.every and not want.only_in for word in want.words}
    kept = [w for w in found if w.every or not set(w.words) <= everything]
    return list(dict.fromkeys(kept))


class _Wants:
    def __init__(self, state: State, first: State, belief: Belief, avoid: frozenset[int]) -> None:
        self.state, self.first, self.belief, self.avoid = state, first, belief, avoid
        self.domain = state.world.domain

    def of(self, condition: Condition) -> Iterator[InformationNeed]:
        if isinstance(condition, FixtureIs):
            yield from self.fixture(condition)
        elif isinstance(condition, Every):
            yield self.all_of(condition.thing, "every", "")
            about = quantified_objects(self.first, condition)
            if not about:
                yield self.one(condition.thing, 1)
            elif not holds(self.state, condition, self.first):
                yield from self.tools(condition.become, about)
            yield from self.container(condition.place)
        elif isinstance(condition, No):
            place = condition.place
            yield self.all_of(condition.thing, "any", (place.fixture or "") if place is not None else "")
        elif not holds(self.state, condition, self.first):
            place = condition.place if isinstance(condition, Count) else None
            number = condition.number if isinstance(condition, Count) else 1
            yield from self.some(condition, place, number)

    def some(self, condition: Count | Holding, place: Place | None, number: int) -> Iterator[InformationNeed]:
        thing = condition.thing
        ready = matching_objects(self.state, thing, place)
        able = ready + grounding.candidates(self.state, thing, place, avoid=self.avoid)
        if len(able) < number:
            yield self.one(thing, number - len(able), have=len(able))
        yield from self.tools(thing.states, able, kinds=self.domain.resolve(thing.word))
        if thing.liquid is not None and not ready:
            yield from self.liquid(thing, able)
        yield from self.container(place)

    def one(self, thing: Thing, number: int, have: int = 0) -> InformationNeed:
        made = {*grounding.MAKERS, *self.domain.negations}
        fixed = frozenset(s for s in thing.states if s not in made)
        words = tuple(w for w in self.domain.resolve(thing.word) if self.can_be(w, thing))
        return InformationNeed(
            label=" ".join([*sorted(fixed), thing.word]), words=words, states=fixed, number=number, have=have
        )

    def can_be(self, word: str, thing: Thing) -> bool:
        kind = self.domain.objects[word]
        able = {"sliced": kind.slices, "cooked": kind.cooks, "folded": kind.folds}
        holds_it = thing.liquid is None or kind.fills or kind.contains == thing.liquid
        return holds_it and all(able.get(s, True) for s in thing.states)

    def all_of(self, thing: Thing, quantifier: str, only_in: str) -> InformationNeed:
        label = " ".join([quantifier, *thing.states, thing.word])
        return InformationNeed(label=label, words=self.domain.resolve(thing.word), every=True, only_in=only_in)

    def tools(self, states: Sequence[str], able: Sequence[int], kinds: Sequence[str] = ()) -> Iterator[InformationNeed]:
        objects = self.domain.objects
        lacks = {s for s in states if not able or not all(self.state.has(i, s) for i in able)}
        if "sliced" in lacks and grounding.tool(self.state, "cuts") is None:
            words = tuple(n for n, k in objects.items() if k.cuts)
            yield InformationNeed(label="something to cut with", words=words)
        if "cooked" in lacks and not self.cooks(able, kinds):
            yield InformationNeed(label="pan or pot", words=("pan", "pot"))

    def cooks(self, able: Sequence[int], kinds: Sequence[str]) -> bool:
        """Whether there is something to cook in, or nothing needed."""
        if able:
            return any(grounding.maker(self.state, "cooked", i) is not None for i in able)
        there = set(self.state.world.categories[: self.state.world.n_fixtures])
        if "oven" in there or ("toaster" in there and tuple(kinds) == ("bread",)):
            return True
        return any(c in ("pan", "pot") for c in self.state.world.categories)

    def liquid(self, thing: Thing, able: Sequence[int]) -> Iterator[InformationNeed]:
        assert thing.liquid is not None
        if any(grounding.source(self.state, thing.liquid, i) is not None for i in able):
            return
        world = self.state.world
        makers = [p for p in world.process[: world.n_fixtures] if p is not None and p.fill == thing.liquid]
        if not able and (makers or thing.liquid in self.state.liquid):
            return
        words = tuple(n for n, k in self.domain.objects.items() if k.contains == thing.liquid)
        yield InformationNeed(label=thing.liquid, words=words)

    def container(self, place: Place | None) -> Iterator[InformationNeed]:
        if place is None or place.thing is None:
            return
        if grounding.choose_container(self.state, place, []) is None:
            words = tuple(w for w in self.domain.resolve(place.thing.word) if self.domain.objects[w].holds is not None)
            yield InformationNeed(label=place.thing.word, words=words)
        yield from self.container(place.inside)

    def fixture(self, condition: FixtureIs) -> Iterator[InformationNeed]:
        state, names = self.state, self.state.world.names
        named = fixtures_of(state, condition)
        unseen = [i for i in named if names[i] not in self.belief.inspected]
        if condition.quantifier == "some":
            if any(state.has(i, condition.state) for i in named if i not in unseen):
                return
            unseen = [i for i in unseen if state.has(i, condition.state)]  # only supposed to be so
        if unseen:
            label = f"whether a {condition.fixture} is {condition.state}"
            yield InformationNeed(label=label, every=True, fixtures=frozenset(names[i] for i in unseen))
        if holds(state, condition, self.first):
            return
        objects = self.domain.objects
        if grounding.needs_wiping(condition) and grounding.tool(state, "wipes") is None:
            yield InformationNeed(label="something to wipe with", words=tuple(n for n, k in objects.items() if k.wipes))
        if condition.state == "watered" and grounding.tool(state, "waters") is None:
            vessels = ("watering can", "glass", "cup", "mug", "kettle", "pot", "bowl")
            yield InformationNeed(label="something to water with", words=vessels)
