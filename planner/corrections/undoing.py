"""The steps that bring a home back to an earlier state: no GPT is asked, since what was done is known exactly.

What was moved is put back, what was switched or opened is switched and closed again. What no skill can take back (a
loaf is sliced, a cup is full) stays, and is named.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TypeVar

from envs.symbolic.actions import HELD, NOWHERE, ON, OPEN, Action, State, successor, unmet_precondition
from envs.symbolic.goals import Condition, Count, FixtureIs, Goal, Holding, Place, Thing
from planner.goals import grounding

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Undone:
    """How to come back to an earlier state.

    Attributes:
        actions: The steps, in order; each can be done after those before it.
        final: The state after them.
        goal: What they restore, in the goal language; None if there is nothing to restore.
        stays: What they cannot take back, in words: `bread 1 stays sliced`.
    """

    actions: tuple[Action, ...]
    final: State
    goal: Goal | None
    stays: tuple[str, ...]


def undo(before: State, now: State, *, only: frozenset[int] | None = None) -> Undone:
    """Return how to come back from a state to an earlier one of the same home.

    Args:
        before: The earlier state.
        now: The state of now.
        only: Entities to restore; None: all.
    """
    if only is not None:
        before = _for_some(before, now, only)
    restorer = _Restorer(before, now)
    restorer.restore()
    return Undone(
        actions=tuple(restorer.actions),
        final=restorer.state,
        goal=_goal(before, now, restorer.state),
        stays=tuple(_differences(before, restorer.state)),
    )


def _for_some(before: State, now: State, only: frozenset[int]) -> State:
    """Return the state of now with only some entities as they were before."""

    def mixed(old: tuple[T, ...], new: tuple[T, ...]) -> tuple[T, ...]:
        return tuple(a if i in only else b for i, (a, b) in enumerate(zip(old, new, strict=True)))

    return now._replace(
        place=mixed(before.place, now.place), flags=mixed(before.flags, now.flags),
        liquid=mixed(before.liquid, now.liquid), held=before.held if before.held in only else now.held,
    )  # fmt: skip


class _Restorer:
    def __init__(self, before: State, now: State) -> None:
        self.before, self.state, self.world = before, now, now.world
        self.actions: list[Action] = []

    def restore(self) -> None:
        if self.state.held >= self.world.n_fixtures and self.state.held != self.before.held:
            self._put_back(self.state.held)
        waiting = [i for i in range(self.world.n_fixtures, len(self.world.names)) if self._is_moved(i)]
        waiting.sort(key=lambda i: self.before.place[i] == HELD)  # what was held is picked up last
        while waiting:  # what stood in a moved bowl goes back after the bowl, or before it: whatever can be done now
            left = [i for i in waiting if not self._put_back(i)]
            if len(left) == len(waiting):
                break
            waiting = left
        changed = [
            f for f in range(self.world.n_furniture) if (self.state.flags[f] ^ self.before.flags[f]) & (ON | OPEN)
        ]
        for f in changed:
            self._switch(f, ON, "turn off", wanted=False)
        for f in changed:
            self._switch(f, OPEN, "open" if self.before.flags[f] & OPEN else "close", wanted=None)
        for f in changed:
            self._switch(f, ON, "turn on", wanted=True)

    def _is_moved(self, obj: int) -> bool:
        return self.state.place[obj] != self.before.place[obj]

    def _switch(self, fixture: int, bit: int, skill: str, *, wanted: bool | None) -> None:
        then = bool(self.before.flags[fixture] & bit)
        if then != bool(self.state.flags[fixture] & bit) and wanted in (None, then):
            self._all([*self._way(fixture), Action(skill, (self.world.names[fixture],))])

    def _put_back(self, obj: int) -> bool:
        """Bring an object back to where it was; return whether it is there now."""
        place = self.before.place[obj]
        if place == NOWHERE:
            return False
        start, begun = self.state, len(self.actions)
        done = self._reach(obj, place) if self.state.held != obj else True
        if done and place != HELD:
            done = self._bring(obj, place)
        if not done:
            self.state, self.actions = start, self.actions[:begun]
        return done and self.state.place[obj] == place

    def _reach(self, obj: int, place: int) -> bool:
        """Open what must be open, and pick the object up."""
        for fixture in (self._fixture_of(place), self.state.root(obj)):
            if fixture is not None and not self._open(fixture):
                return False
        root = self.state.root(obj)
        return root >= 0 and self._all([*self._way(root), Action("pick up", (self.world.names[obj],))])

    def _bring(self, obj: int, place: int) -> bool:
        """Put the object in the hand where it was; if that is closed, it is put down meanwhile."""
        fixture = self._fixture_of(place)
        if fixture is None:
            return False
        if self.world.enclosed[fixture] and not self.state.flags[fixture] & OPEN:
            surface = grounding.open_surface(self.state, obj)
            if surface is None or not self._all(
                [*self._way(surface), Action("put", (self.world.names[obj], self.world.names[surface]))]
            ):
                return False
            return self._reach(obj, place) and self._bring(obj, place)
        skill = "give" if self.world.relation[place] == "with" else "put"
        return self._all([*self._way(fixture), Action(skill, (self.world.names[obj], self.world.names[place]))])

    def _fixture_of(self, place: int) -> int | None:
        root = self.state.root(place) if place >= self.world.n_fixtures else place
        return root if root >= 0 else None

    def _open(self, fixture: int) -> bool:
        if not self.world.enclosed[fixture] or self.state.flags[fixture] & OPEN:
            return True
        steps = self._way(fixture)
        if self.state.flags[fixture] & ON:
            steps.append(Action("turn off", (self.world.names[fixture],)))
        return self._all([*steps, Action("open", (self.world.names[fixture],))])

    def _way(self, fixture: int) -> list[Action]:
        return [] if self.state.at == fixture else [Action("go to", (self.world.names[fixture],))]

    def _all(self, actions: list[Action]) -> bool:
        """Do the actions if every one can be done; return whether they were."""
        state = self.state
        for action in actions:
            if unmet_precondition(state, action) is not None:
                return False
            state = successor(state, action)
        self.state = state
        self.actions += actions
        return True


def _goal(before: State, now: State, final: State) -> Goal | None:
    """Return what is restored as conditions that held before: `2 mug on desk ; fridge closed`."""
    world = now.world
    numbers: Counter[tuple[str, Place]] = Counter()
    conditions: list[Condition] = []
    for i in range(world.n_fixtures, len(world.names)):
        if now.place[i] != before.place[i] == final.place[i]:
            if before.place[i] == HELD:
                conditions.append(Holding(thing=Thing(word=world.categories[i])))
            else:
                numbers[world.categories[i], _place(before, before.place[i])] += 1
    conditions += [
        Count(number=number, thing=Thing(word=word), place=place) for (word, place), number in numbers.items()
    ]
    for f in range(world.n_furniture):
        for bit, on, off in ((ON, "on", "off"), (OPEN, "open", "closed")):
            if (now.flags[f] ^ before.flags[f]) & bit and not (final.flags[f] ^ before.flags[f]) & bit:
                state = on if before.flags[f] & bit else off
                conditions.append(FixtureIs(fixture=world.categories[f], states=(state,)))
    return Goal(phases=(tuple(dict.fromkeys(conditions)),)) if conditions else None


def _place(state: State, place: int) -> Place:
    world = state.world
    if place >= world.n_fixtures:
        return Place(thing=Thing(word=world.categories[place]))
    person = next((name for name, entity in world.people.items() if entity == place), None)
    return Place(person=person) if person else Place(fixture=world.categories[place])


def _differences(before: State, final: State) -> list[str]:
    """Name what is not as it was; that something has become clean is no harm."""
    world, harmless = final.world, final.world.bits.get("dirty", 0)
    found = []
    for i, name in enumerate(world.names):
        if final.place[i] != before.place[i]:
            found.append(f"{name} cannot be put back")
        changed = final.flags[i] ^ before.flags[i]
        for word, bit in world.bits.items():
            if changed & bit and not (bit == harmless and before.flags[i] & bit):
                found.append(f"{name} {'stays' if final.flags[i] & bit else 'is no longer'} {word}")
        if final.liquid[i] != before.liquid[i]:
            found.append(f"{name} {f'stays full of {final.liquid[i]}' if final.liquid[i] else 'stays empty'}")
    return found
