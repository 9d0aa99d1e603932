"""The robot's belief about a home: what it has seen, been told and remembers.

The map is known: rooms, fixtures and their positions. Everything else is unknown until seen
(`envs/symbolic/visibility.py`). An observation is believed until it is contradicted: an object that is missing from its
place has no known place any more. A fixture that was never seen is assumed closed, off and clean.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from envs.symbolic.actions import HELD, NOWHERE, Action, State, World, successor, unmet_precondition
from envs.symbolic.scene import ObjectSpec
from envs.symbolic.state import state_words
from envs.symbolic.visibility import in_sight, start_room
from planner.world_model.location_prior import COMMON

if TYPE_CHECKING:
    from collections.abc import Iterable

    from envs.symbolic.scene import Scene
    from planner.world_model.location_prior import Habits

HAND, GROUND = "hand", ""  # places that are not fixtures

Source = Literal["seen", "told", "remembered", "imagined"]


@dataclass(frozen=True, kw_only=True)
class Known:
    """The belief about one movable object.

    Attributes:
        category: Its category.
        place: The fixture or object that it is in or on, `HAND` or `GROUND`.
        states: Its states, such as `dirty`.
        liquid: The liquid that it contains; empty: none.
        source: The source of this knowledge.
        properties: Its properties, such as `red`, as far as they are known.
        seen_s: When it was last seen, on the clock of `Belief.time_s`; None: never, or nobody knows when.
    """

    category: str
    place: str
    states: frozenset[str] = frozenset()
    liquid: str = ""
    source: Source = "seen"
    properties: tuple[str, ...] = ()
    seen_s: float | None = field(default=None, compare=False)


@dataclass(frozen=True, kw_only=True)
class Belief:
    """The robot's belief about a home.

    Attributes:
        scene: The map: the home without objects and with default fixture states.
        things: Known objects, by name.
        first: Objects as first seen in this episode, vanished ones too; otherwise as told or remembered.
        fixtures: The states of all fixtures ever seen.
        inspected: Fixtures whose states were seen in this episode.
        looked: Fixtures whose contents were seen in this episode.
        remembered: Fixtures whose contents were seen before this episode, or before an object was found to have moved.
        at: The fixture that the robot stands at; empty initially.
        apart: Pairs of objects at one place that were seen not to be beside each other.
        habits: Prior over object locations, used where nothing was seen.
        time_s: The robot's clock [s]: the durations of its skills, from its first run in this home on, unless another
            clock is given.
        contents_seen_s: When the contents of each fixture were last seen, on that clock.
        states_seen_s: When the states of each fixture were last seen, on that clock.
    """

    scene: Scene
    things: Mapping[str, Known] = field(default_factory=dict)
    first: Mapping[str, Known] = field(default_factory=dict)
    fixtures: Mapping[str, frozenset[str]] = field(default_factory=dict)
    inspected: frozenset[str] = frozenset()
    looked: frozenset[str] = frozenset()
    remembered: frozenset[str] = frozenset()
    at: str = ""
    apart: frozenset[frozenset[str]] = frozenset()
    habits: Habits = field(default=COMMON, compare=False, repr=False)
    time_s: float = field(default=0.0, compare=False)
    contents_seen_s: Mapping[str, float] = field(default_factory=dict, compare=False)
    states_seen_s: Mapping[str, float] = field(default_factory=dict, compare=False)

    @classmethod
    def of_map(cls, scene: Scene) -> Belief:
        """Create the belief that knows the map of a home but none of its objects."""
        fixtures = tuple(replace(spec, states=frozenset()) for spec in scene.fixtures)
        return cls(scene=replace(scene, fixtures=fixtures, objects=()))

    def root(self, name: str) -> str:
        """Return the fixture that holds a known object, possibly in containers, or `HAND` or `GROUND`."""
        seen: set[str] = set()
        while name in self.things and name not in seen:
            seen.add(name)
            name = self.things[name].place
        return name

    def observe(self, truth: State, *, time_s: float | None = None) -> Belief:
        """Return the belief updated with everything visible from the robot's position in `truth`.

        Args:
            truth: The true state.
            time_s: The time now, if it has passed since the last observation; see `time_s` of the class.
        """
        visible, world = in_sight(truth), truth.world
        now_s = self.time_s if time_s is None else time_s
        seen = {world.names[i]: replace(_known(truth, i), seen_s=now_s) for i in visible.objects}
        places = {world.names[i] for i in visible.places}
        # If a container is gone from a visible place, its unseen contents are gone too.
        vanished = {n for n in self.things if n not in seen and self.root(n) in places | {HAND, GROUND}}
        objects = {n: k for n, k in self.things.items() if n not in vanished} | seen
        looked, remembered = self.looked | places, self.remembered - places
        if any(self.things[name].source == "seen" for name in vanished):
            # Another agent moves objects: places that were empty before may no longer be.
            looked, remembered = frozenset(places), remembered | (self.looked - places)
        states = {world.names[i]: state_words(truth.flags[i], world.domain) for i in visible.fixtures}
        return replace(
            self,
            things=objects,
            first=objects | {n: k for n, k in self.first.items() if k.source == "seen"},
            fixtures={**self.fixtures, **states},
            inspected=self.inspected | states.keys(),
            looked=looked,
            remembered=remembered,
            apart=frozenset(pair for pair in self.apart if not pair <= seen.keys())
            | {pair for a, b in truth.apart if (pair := frozenset((world.names[a], world.names[b]))) <= seen.keys()},
            at=world.names[truth.at] if truth.at >= 0 else "",
            time_s=now_s,
            contents_seen_s={**self.contents_seen_s, **dict.fromkeys(sorted(places), now_s)},
            states_seen_s={**self.states_seen_s, **dict.fromkeys(states, now_s)},
        )

    def after(self, action: Action) -> Belief:
        """Predict the belief after a completed action, including unseen effects such as those behind a closed door."""
        before, _ = self.states()
        if not before.world.index.keys() >= set(action.args) or unmet_precondition(before, action) is not None:
            return self  # the belief was wrong: the next observation corrects it
        after, world = successor(before, action), before.world
        pairs = zip(before.place, before.flags, before.liquid, after.place, after.flags, after.liquid, strict=True)
        changed = [i for i, values in enumerate(pairs) if values[:3] != values[3:]]
        objects = {n: self.things[n] for i in changed if (n := world.names[i]) in self.things}
        objects = {
            n: replace(_known(after, world.index[n]), source=known.source, seen_s=known.seen_s)
            for n, known in objects.items()
        }
        states = {world.names[i]: state_words(after.flags[i], world.domain) for i in changed if i < world.n_fixtures}
        return replace(
            self,
            things={**self.things, **objects},
            fixtures={**self.fixtures, **states},
            apart=frozenset(frozenset((world.names[a], world.names[b])) for a, b in after.apart),
            at=world.names[after.at] if after.at >= 0 else "",
        )

    def with_statements(self, objects: Mapping[str, Known]) -> Belief:
        """Return the belief updated with stated object locations."""
        return replace(self, things={**self.things, **objects}, first={**self.first, **objects})

    def is_open(self, fixture: str) -> bool:
        """Whether a fixture is believed to be open."""
        return "open" in self.fixtures.get(fixture, ())

    @property
    def room(self) -> str | None:
        """The robot's room; None in a home without rooms."""
        room = next((spec.room for spec in self.scene.fixtures if spec.name == self.at), None)
        return start_room(self.scene) if room is None or not self.scene.rooms else room

    def sees(self, fixture: str) -> bool:
        """Whether a fixture is in the robot's room."""
        return self.room is None or any(f.name == fixture and f.room == self.room for f in self.scene.fixtures)

    def states(self, imagined: Mapping[str, Known] | None = None) -> tuple[State, State]:
        """Return the believed current state and the believed initial state of the episode, in one world.

        Args:
            imagined: Unknown objects to add at hypothetical places.
        """
        return self._states_with(imagined) if imagined else self._own_states

    @cached_property
    def _own_states(self) -> tuple[State, State]:
        return self._states_with({})

    def _states_with(self, imagined: Mapping[str, Known]) -> tuple[State, State]:
        current, initial = {**self.things, **imagined}, {**self.first, **imagined}
        names = sorted(current, key=lambda n: (current[n].category, len(n), n))
        objects = tuple(
            ObjectSpec(
                name=n, category=current[n].category, place=current[n].place, properties=current[n].properties
            )
            for n in names
        )  # fmt: skip
        world = World(replace(self.scene, objects=objects))
        return self._state(world, current, names, self.at), self._state(world, initial, names, "")

    def _state(self, world: World, objects: Mapping[str, Known], names: Iterable[str], at: str) -> State:
        n = world.n_fixtures
        bits = world.domain.bits
        flags = [_flags(self.fixtures.get(name, ()), bits) for name in world.names[:n]]
        place, liquid, held = [NOWHERE] * n, [""] * n, NOWHERE
        for i, name in enumerate(names, start=n):
            known = objects[name]
            place.append(HELD if known.place == HAND else world.index.get(known.place, NOWHERE))
            flags.append(_flags(known.states, bits))
            liquid.append(known.liquid)
            held = i if known.place == HAND else held
        known_pairs = (sorted(world.index[name] for name in pair) for pair in self.apart if pair <= objects.keys())
        apart = frozenset((a, b) for a, b in known_pairs)
        return State(world, tuple(place), tuple(flags), tuple(liquid), held, world.index.get(at, NOWHERE), apart)


def free_name(belief: Belief, category: str, taken: Iterable[str] = ()) -> str:
    """Return the first unused object name of a category."""
    used = {*belief.things, *taken}
    return next(name for n in range(1, len(used) + 2) if (name := f"{category} {n}") not in used)


def _known(state: State, index: int) -> Known:
    world, place = state.world, state.place[index]
    return Known(
        category=world.categories[index],
        place=HAND if place == HELD else GROUND if place == NOWHERE else world.names[place],
        states=state_words(state.flags[index], world.domain),
        liquid=state.liquid[index],
        properties=world.scene.objects[index - world.n_fixtures].properties,
    )


def _flags(words: Iterable[str], bits: Mapping[str, int]) -> int:
    return sum(bits[word] for word in words)
