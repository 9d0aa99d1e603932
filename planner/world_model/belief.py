"""What the robot knows of a home: what it has seen, what it was told, what it remembers.

The map is known: rooms, fixtures and where they stand. All else is not, until it is seen (`envs/symbolic/visibility.py`). What was
seen stays believed until it is contradicted: a thing that is not where it was is no longer known to be anywhere. What
of a fixture was never seen is taken to be usual: closed, off, clean.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from envs.symbolic.actions import BIT, HELD, NOWHERE, Action, State, World, successor, unmet_precondition
from envs.symbolic.scene import ObjectSpec
from envs.symbolic.visibility import in_sight, start_room
from planner.world_model.location_prior import COMMON

if TYPE_CHECKING:
    from collections.abc import Iterable

    from envs.symbolic.scene import Scene
    from planner.world_model.location_prior import Habits

HAND, GROUND = "hand", ""  # places that are no fixture

Source = Literal["seen", "told", "remembered", "imagined"]


@dataclass(frozen=True, kw_only=True)
class Known:
    """What is believed of one movable thing.

    Attributes:
        category: What it is.
        place: The fixture or thing that it is in or on, `HAND` or `GROUND`.
        states: What is true of it.
        liquid: What it holds; empty for nothing.
        source: How that is known.
    """

    category: str
    place: str
    states: frozenset[str] = frozenset()
    liquid: str = ""
    source: Source = "seen"


@dataclass(frozen=True, kw_only=True)
class Belief:
    """What the robot knows.

    Attributes:
        scene: The map: a home without things, its fixtures as usual.
        things: The things that are believed to be there, by name.
        first: Things as they were when they were first seen in this episode, lost ones too; else as they were told.
        fixtures: The states of the fixtures that were seen, ever.
        inspected: Fixtures whose states were seen in this episode.
        looked: Fixtures whose contents were seen in this episode.
        remembered: Fixtures whose contents were seen before it, or before something turned out to have been moved.
        at: The fixture that the robot stands at; empty at the start.
        habits: What is taken to be likely where nothing was seen.
    """

    scene: Scene
    things: Mapping[str, Known] = field(default_factory=dict)
    first: Mapping[str, Known] = field(default_factory=dict)
    fixtures: Mapping[str, frozenset[str]] = field(default_factory=dict)
    inspected: frozenset[str] = frozenset()
    looked: frozenset[str] = frozenset()
    remembered: frozenset[str] = frozenset()
    at: str = ""
    habits: Habits = field(default=COMMON, compare=False, repr=False)

    @classmethod
    def of_map(cls, scene: Scene) -> Belief:
        """Know the map of a home and nothing of what is in it."""
        fixtures = tuple(replace(spec, states=frozenset()) for spec in scene.fixtures)
        return cls(scene=replace(scene, fixtures=fixtures, objects=()))

    def root(self, name: str) -> str:
        """The fixture that a known thing is believed to be in or on, through containers, or `HAND` or `GROUND`."""
        seen: set[str] = set()
        while name in self.things and name not in seen:
            seen.add(name)
            name = self.things[name].place
        return name

    def observe(self, truth: State) -> Belief:
        """Return what is known after a look around from where the robot is."""
        sight, world = in_sight(truth), truth.world
        seen = {world.names[i]: _known(truth, i) for i in sight.objects}
        places = {world.names[i] for i in sight.places}
        # What was in a container whose place is in sight is lost with it, if neither is seen.
        lost = {n for n in self.things if n not in seen and self.root(n) in places | {HAND, GROUND}}
        known_now = {n: k for n, k in self.things.items() if n not in lost} | seen
        looked, remembered = self.looked | places, self.remembered - places
        if any(self.things[name].source == "seen" for name in lost):
            # Somebody moves things: what was found empty before may be so no longer.
            looked, remembered = frozenset(places), remembered | (self.looked - places)
        states = {world.names[i]: _states(truth.flags[i]) for i in sight.fixtures}
        return replace(
            self,
            things=known_now,
            first=known_now | {n: k for n, k in self.first.items() if k.source == "seen"},
            fixtures={**self.fixtures, **states},
            inspected=self.inspected | states.keys(),
            looked=looked,
            remembered=remembered,
            at=world.names[truth.at] if truth.at >= 0 else "",
        )

    def after(self, action: Action) -> Belief:
        """Return what is to be expected after an action that was done: what goes on behind a closed door, too."""
        now, _ = self.states()
        if not now.world.index.keys() >= set(action.args) or unmet_precondition(now, action) is not None:
            return self  # not what was believed: what is seen will tell
        then, world = successor(now, action), now.world
        facts = zip(now.place, now.flags, now.liquid, then.place, then.flags, then.liquid, strict=True)
        changed = [i for i, of in enumerate(facts) if of[:3] != of[3:]]
        things = {n: self.things[n] for i in changed if (n := world.names[i]) in self.things}
        things = {n: replace(_known(then, world.index[n]), source=known.source) for n, known in things.items()}
        states = {world.names[i]: _states(then.flags[i]) for i in changed if i < world.n_fixtures}
        return replace(
            self,
            things={**self.things, **things},
            fixtures={**self.fixtures, **states},
            at=world.names[then.at] if then.at >= 0 else "",
        )

    def told(self, things: Mapping[str, Known]) -> Belief:
        """Return what is known after somebody has said where things are."""
        return replace(self, things={**self.things, **things}, first={**self.first, **things})

    def is_open(self, fixture: str) -> bool:
        """Whether a fixture is believed to be open."""
        return "open" in self.fixtures.get(fixture, ())

    @property
    def room(self) -> str | None:
        """The room that the robot is in; None in a home without rooms."""
        here = next((spec.room for spec in self.scene.fixtures if spec.name == self.at), None)
        return start_room(self.scene) if here is None or not self.scene.rooms else here

    def sees(self, fixture: str) -> bool:
        """Whether a fixture is in the room that the robot is in."""
        return self.room is None or any(f.name == fixture and f.room == self.room for f in self.scene.fixtures)

    def states(self, imagined: Mapping[str, Known] | None = None) -> tuple[State, State]:
        """Return what is believed now, and what is believed of the episode's start, in one world.

        Args:
            imagined: Things that are not known, at places where they may be.
        """
        return self._states_with(imagined) if imagined else self._own_states

    @cached_property
    def _own_states(self) -> tuple[State, State]:
        return self._states_with({})

    def _states_with(self, imagined: Mapping[str, Known]) -> tuple[State, State]:
        now, first = {**self.things, **imagined}, {**self.first, **imagined}
        names = sorted(now, key=lambda n: (now[n].category, len(n), n))
        objects = tuple(ObjectSpec(name=n, category=now[n].category, place=now[n].place) for n in names)
        world = World(replace(self.scene, objects=objects))
        return self._state(world, now, names, self.at), self._state(world, first, names, "")

    def _state(self, world: World, things: Mapping[str, Known], names: Iterable[str], at: str) -> State:
        n = world.n_fixtures
        flags = [_flags(self.fixtures.get(name, ())) for name in world.names[:n]]
        place, liquid, held = [NOWHERE] * n, [""] * n, NOWHERE
        for i, name in enumerate(names, start=n):
            known = things[name]
            place.append(HELD if known.place == HAND else world.index.get(known.place, NOWHERE))
            flags.append(_flags(known.states))
            liquid.append(known.liquid)
            held = i if known.place == HAND else held
        return State(world, tuple(place), tuple(flags), tuple(liquid), held, world.index.get(at, NOWHERE))


def free_name(belief: Belief, category: str, taken: Iterable[str] = ()) -> str:
    """Return the first name of a category that no known thing has."""
    used = {*belief.things, *taken}
    return next(name for n in range(1, len(used) + 2) if (name := f"{category} {n}") not in used)


def _known(state: State, thing: int) -> Known:
    world, place = state.world, state.place[thing]
    return Known(
        category=world.categories[thing],
        place=HAND if place == HELD else GROUND if place == NOWHERE else world.names[place],
        states=_states(state.flags[thing]),
        liquid=state.liquid[thing],
    )


def _states(flags: int) -> frozenset[str]:
    return frozenset(word for word, bit in BIT.items() if flags & bit)


def _flags(words: Iterable[str]) -> int:
    return sum(BIT[word] for word in words)
