"""The symbolic world: pure `unmet(state, action)` and `apply(state, action) -> State`.

A `World` holds what never changes in an episode (names, categories, what fits where); a `State` what does: a few
tuples of small integers, so that a step is a handful of list operations (speed: docs/results.md).

Legend: N entities, fixtures first, then objects; an entity is its index in `World.names`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from envs.domain import Domain, FixtureCategory, ObjectCategory, load_domain
from envs.errors import ActionError, nearest

if TYPE_CHECKING:
    from envs.scene import Scene

NOWHERE = -1  # the place of a fixture
HELD = -2  # the place of what the robot holds

_STATES = load_domain().states
OPEN, ON, DIRTY, HOT, COLD, SLICED, COOKED, FOLDED, WATERED = (1 << i for i in range(len(_STATES)))
BIT = {name: 1 << i for i, name in enumerate(_STATES)}


class Action(NamedTuple):
    """A grounded skill: `Action("put", ("plate 1", "dining table 1"))`."""

    skill: str
    args: tuple[str, ...]


class World:
    """The names and constants of one home.

    Attributes:
        names: Instance names of the N entities.
        index: Entity of each name.
        n_fixtures: Entities below this index are fixtures.
    """

    def __init__(self, scene: Scene, domain: Domain | None = None) -> None:
        """Index a scene. The scene is trusted: `envs.homes` and `envs.sampling` check theirs."""
        self.domain = domain or load_domain()
        self.scene = scene
        self.names = tuple(f.name for f in scene.fixtures) + tuple(o.name for o in scene.objects)
        self.index = {name: i for i, name in enumerate(self.names)}
        self.categories = tuple(f.category for f in scene.fixtures) + tuple(o.category for o in scene.objects)
        self.n_fixtures = len(scene.fixtures)
        self.fixture: tuple[FixtureCategory | None, ...] = tuple(self.domain.fixtures.get(c) for c in self.categories)
        self.thing: tuple[ObjectCategory | None, ...] = tuple(self.domain.objects.get(c) for c in self.categories)
        self.enclosed = tuple(bool(f and f.enclosed) for f in self.fixture)
        self.relation = tuple(self.domain.relation(c) for c in self.categories)
        self.units = tuple(t.units if t else 0 for t in self.thing)
        self.capacity = tuple(self.domain.capacity(c) for c in self.categories)
        self.process = tuple(self.domain.process_at.get(c) for c in self.categories)
        self._fits: dict[tuple[str, str], bool] = {}

    def fits(self, thing: int, place: int) -> bool:
        """Whether the entity `thing` can be in or on the entity `place`, by size and kind."""
        key = (self.categories[thing], self.categories[place])
        if key not in self._fits:
            self._fits[key] = self.domain.fits(*key)
        return self._fits[key]

    def initial(self) -> State:
        """Return the state in which the scene starts, with the processes that already run applied."""
        specs = (*self.scene.fixtures, *self.scene.objects)
        place = [NOWHERE] * self.n_fixtures + [self.index[o.place] for o in self.scene.objects]
        liquid = [""] * self.n_fixtures
        for spec in self.scene.objects:
            liquid.append(spec.liquid or self.domain.objects[spec.category].contains or "")
        flags = [sum(BIT[s] for s in spec.states) for spec in specs]
        for i in range(self.n_fixtures):
            expose(self, place, flags, liquid, i)
        return State(self, tuple(place), tuple(flags), tuple(liquid), NOWHERE, NOWHERE)


class State(NamedTuple):
    """What is true now. `place[i]` is the entity that i is in or on; `flags[i]` a bit set of states."""

    world: World
    place: tuple[int, ...]
    flags: tuple[int, ...]
    liquid: tuple[str, ...]
    held: int
    at: int  # the fixture that the robot stands at

    def root(self, entity: int) -> int:
        """The fixture that holds an entity, through containers, or HELD."""
        while entity >= self.world.n_fixtures:
            entity = self.place[entity]
        return entity

    def has(self, entity: int, state: str) -> bool:
        """Whether a state (or its negation, such as `clean`) is true of an entity."""
        positive = self.world.domain.negations.get(state)
        if positive is not None:
            return not self.flags[entity] & BIT[positive]
        return bool(self.flags[entity] & BIT[state])

    def children(self, place: int) -> list[int]:
        """What is directly in or on an entity."""
        return [i for i, p in enumerate(self.place) if p == place]

    def closed_around(self, entity: int) -> int | None:
        """The closed fixture that keeps an entity out of reach, if any."""
        root = self.root(entity)
        if root >= 0 and root != entity and self.world.enclosed[root] and not self.flags[root] & OPEN:
            return root
        return None


def expose(world: World, place: list[int], flags: list[int], liquid: list[str], fixture: int) -> None:
    """Let the process of a fixture, if it runs, act in place on everything that is in the fixture.

    The physical world calls this with a `place` read from geometry.
    """
    process = world.process[fixture]
    if process is None:
        return
    domain = world.domain
    for word in process.when:
        positive = domain.negations.get(word)
        wanted = not positive
        if bool(flags[fixture] & BIT[positive or word]) != wanted:
            return
    reached = [i for i, p in enumerate(place) if p == fixture]
    for holder in reached:  # grows while it runs: containers' contents follow their container
        reached.extend(i for i, p in enumerate(place) if p == holder)
    for i in reached:
        thing = world.thing[i]
        if thing is None:
            continue
        for state in process.clear:
            flags[i] &= ~BIT[state]
        for state in process.set:
            flags[i] |= BIT[state]
            for a, b in domain.exclusive:
                if state in (a, b):
                    flags[i] &= ~BIT[b if state == a else a]
        if process.cook and thing.cooks:
            flags[i] |= COOKED
        if process.fill and thing.fills and not liquid[i]:
            liquid[i] = process.fill


def _entity(world: World, name: str) -> int:
    index = world.index.get(name)
    if index is None:
        raise ActionError(f"there is no {name!r} in this home{nearest(name, world.index)}")
    return index


def _reach(state: State, entity: int) -> str | None:
    closed = state.closed_around(entity)
    if closed is not None:
        return f"{state.world.names[closed]} is closed"
    if state.root(entity) == HELD:
        return f"{state.world.names[entity]} is in the hand"
    return None


def _unmet_put(state: State, thing: int, place: int) -> str | None:
    world = state.world
    if state.held != thing:
        holding = world.names[state.held] if state.held >= 0 else "nothing"
        return f"not holding {world.names[thing]} (holding {holding})"
    if world.relation[place] is None or world.relation[place] == "with":
        return f"nothing can be put on {world.names[place]}"
    if state.root(place) == HELD:
        return f"{world.names[place]} is in the hand"
    if world.enclosed[place] and not state.flags[place] & OPEN:
        return f"{world.names[place]} is closed"
    if (unreachable := _reach(state, place)) is not None:
        return unreachable
    if not world.fits(thing, place):
        return f"{world.names[thing]} does not fit {world.relation[place]} {world.names[place]}"
    taken = world.units[thing]
    if state.place.count(place):
        taken += sum([world.units[i] for i, p in enumerate(state.place) if p == place])
    if taken > world.capacity[place] and state.place.count(place):
        return f"no room {world.relation[place]} {world.names[place]}"
    return None


def _unmet_fixture(state: State, skill: str, fixture: int) -> str | None:
    world = state.world
    kind = world.fixture[fixture]
    name = world.names[fixture]
    if kind is None:
        return f"{name} is not a fixture"
    if skill == "go to":
        return None
    flags = state.flags[fixture]
    if skill == "wipe":
        held = world.thing[state.held] if state.held >= 0 else None
        if held is None or not held.wipes:
            return "not holding a cloth or sponge"
        return None if kind.wipeable else f"{name} cannot be wiped"
    if state.held >= 0:
        return f"the hand is not empty (holding {world.names[state.held]})"
    if skill in ("open", "close"):
        if kind.joint is None:
            return f"{name} cannot be opened or closed"
        if bool(flags & OPEN) == (skill == "open"):
            return f"{name} is already {'open' if flags & OPEN else 'closed'}"
        return f"{name} is on" if kind.switch and flags & ON else None
    if not kind.switch:
        return f"{name} has no switch"
    if bool(flags & ON) == (skill == "turn on"):
        return f"{name} is already {'on' if flags & ON else 'off'}"
    process = world.process[fixture]
    if skill == "turn on" and process and "closed" in process.when and flags & OPEN:
        return f"{name} is open"
    return None


def _unmet_pour(state: State, vessel: int, into: int) -> str | None:
    world = state.world
    if state.held != vessel:
        return f"not holding {world.names[vessel]}"
    if not state.liquid[vessel]:
        return f"{world.names[vessel]} is empty"
    kind, thing = world.fixture[into], world.thing[into]
    if kind is not None:
        if kind.waterable:
            return None if state.liquid[vessel] == "water" else f"{world.names[vessel]} holds no water"
        return f"nothing can be poured into {world.names[into]}"
    if thing is None or not thing.fills:
        return f"nothing can be poured into {world.names[into]}"
    if into == vessel or state.liquid[into]:
        return f"{world.names[into]} is not empty"
    return _reach(state, into)


def _unmet_object(state: State, skill: str, thing: int) -> str | None:
    world = state.world
    kind = world.thing[thing]
    name = world.names[thing]
    if kind is None:
        return f"{name} is a fixture"
    if skill == "slice":
        held = world.thing[state.held] if state.held >= 0 else None
        if held is None or not held.cuts:
            return "not holding a knife"
        if not kind.slices:
            return f"{name} cannot be sliced"
        if state.flags[thing] & SLICED:
            return f"{name} is already sliced"
        root = state.root(thing)
        if root >= 0 and (world.enclosed[root] or world.relation[root] == "with"):
            return f"{name} is not on an open surface"
        return _reach(state, thing)
    if state.held >= 0:
        return f"the hand is not empty (holding {world.names[state.held]})"
    if skill == "fold":
        if not kind.folds:
            return f"{name} cannot be folded"
        if state.flags[thing] & FOLDED:
            return f"{name} is already folded"
    return _reach(state, thing)


def unmet(state: State, action: Action) -> str | None:
    """Return in words the first precondition that an action lacks, or None if it is applicable.

    Raises:
        ActionError: The action names no skill or a thing that this home does not have.
    """
    world = state.world
    skill, args = action
    try:
        first = world.index[args[0]]
        if skill == "put":
            return _unmet_put(state, first, world.index[args[1]])
        if skill == "pour":
            return _unmet_pour(state, first, world.index[args[1]])
        if skill == "give":
            if state.held != first:
                return f"not holding {args[0]}"
            receiver = world.index[args[1]]
            if world.relation[receiver] != "with":
                return f"{args[1]} is not a person"
            return None if world.fits(first, receiver) else f"{args[0]} is too large to hand over"
    except (KeyError, IndexError):
        wanted = 2 if skill in ("put", "pour", "give") else 1
        if len(args) != wanted:
            raise ActionError(f"{skill!r} takes {wanted} names, found {len(args)}") from None
        for name in args:
            _entity(world, name)
        raise
    if skill in ("pick up", "slice", "fold"):
        return _unmet_object(state, skill, first)
    if skill in world.domain.skills:
        return _unmet_fixture(state, skill, first)
    raise ActionError(f"there is no skill {skill!r}{nearest(skill, world.domain.skills)}")


def apply(state: State, action: Action) -> State:
    """Return the state after an applicable action.

    Raises:
        ActionError: The action is not applicable; the message says which precondition is false.
    """
    if (reason := unmet(state, action)) is not None:
        raise ActionError(f"{format_action(state.world, action)}: {reason}")
    return effect(state, action)


def effect(state: State, action: Action) -> State:
    """Return the state after an action that is known to be applicable (no preconditions are checked)."""
    world, place, flags, liquid, held, at = state
    skill, args = action
    first = world.index[args[0]]
    if skill == "pick up":
        at = state.root(first)
        moved = list(place)
        moved[first] = HELD
        return State(world, tuple(moved), flags, liquid, first, at)
    if skill in ("put", "give"):
        target = world.index[args[1]]
        moved = list(place)
        moved[first] = target
        root = target
        while root >= world.n_fixtures:
            root = moved[root]
        if world.process[root] is not None:
            new_flags, new_liquid = list(flags), list(liquid)
            expose(world, moved, new_flags, new_liquid, root)
            flags, liquid = tuple(new_flags), tuple(new_liquid)
        return State(world, tuple(moved), flags, liquid, NOWHERE, root)
    if skill == "pour":
        target = world.index[args[1]]
        new_liquid, new_flags = list(liquid), list(flags)
        if target < world.n_fixtures:
            new_flags[target] |= WATERED
        else:
            new_liquid[target] = liquid[first]
            warm = flags[first] & (HOT | COLD)
            new_flags[target] = new_flags[target] & ~(HOT | COLD) | warm if warm else new_flags[target]
        thing = world.thing[first]
        if thing is not None and not thing.contains:
            new_liquid[first] = ""
        return State(world, place, tuple(new_flags), tuple(new_liquid), held, state.root(target))
    new_flags = list(flags)
    if skill == "open":
        new_flags[first] |= OPEN
    elif skill == "close":
        new_flags[first] &= ~OPEN
    elif skill == "turn on":
        new_flags[first] |= ON
    elif skill == "turn off":
        new_flags[first] &= ~ON
    elif skill == "slice":
        new_flags[first] |= SLICED
    elif skill == "fold":
        new_flags[first] |= FOLDED
    elif skill == "wipe":
        new_flags[first] &= ~DIRTY
    at = state.root(first)
    if skill in ("close", "turn on") and world.process[first] is not None:
        new_liquid = list(liquid)
        expose(world, list(place), new_flags, new_liquid, first)
        liquid = tuple(new_liquid)
    return State(world, place, tuple(new_flags), liquid, held, at)


def format_action(world: World, action: Action) -> str:
    """Write an action as a subtask, for example `put plate 1 on dining table 1`."""
    skill, args = action
    if skill == "put":
        place = world.index.get(args[1])
        word = world.relation[place] if place is not None else None
        return f"put {args[0]} {word or 'on'} {args[1]}"
    joint = {"give": " to ", "pour": " into "}.get(skill, " ")
    return f"{skill} {joint.join(args)}"


def parse_action(world: World, text: str) -> Action:
    """Read a subtask. `in` and `on` are both accepted for any place; the place's own word is written back.

    Raises:
        ActionError: The text names no skill, or a thing that this home does not have.
    """
    words = " ".join(text.split())
    for skill in sorted(world.domain.skills, key=len, reverse=True):
        if words.startswith(skill + " "):
            rest = words[len(skill) + 1 :]
            break
    else:
        known = ", ".join(world.domain.skills)
        raise ActionError(f"{text!r} starts with no skill of the robot; it can: {known}")
    joints = {"put": (" on ", " in "), "pour": (" into ", " in "), "give": (" to ",)}.get(skill)
    if joints is None:
        _entity(world, rest)
        return Action(skill, (rest,))
    for joint in joints:
        thing, found, place = rest.partition(joint)
        if found:
            _entity(world, thing)
            _entity(world, place)
            return Action(skill, (thing, place))
    raise ActionError(f"{text!r}: expected {world.domain.skills[skill].text!r}")


def applicable(state: State, *, fixtures_only: bool = False) -> list[Action]:
    """Return every applicable action, in a fixed order (`fixtures_only`: put things on fixtures only)."""
    world = state.world
    names = world.names
    fixtures = range(world.n_fixtures)
    things = range(world.n_fixtures, len(names))
    found = [Action("go to", (names[f],)) for f in fixtures]
    if state.held >= 0:
        held = names[state.held]
        places = fixtures if fixtures_only else range(len(names))
        found += [Action("put", (held, names[p])) for p in places if _unmet_put(state, state.held, p) is None]
        found += [a for f in fixtures if world.relation[f] == "with" and unmet(state, a := Action("give", (held, names[f]))) is None]
        if state.liquid[state.held]:
            found += [Action("pour", (held, n)) for i, n in enumerate(names) if _unmet_pour(state, state.held, i) is None]
        found += [Action("wipe", (names[f],)) for f in fixtures if _unmet_fixture(state, "wipe", f) is None]
        found += [Action("slice", (names[i],)) for i in things if _unmet_object(state, "slice", i) is None]
        return found
    found += [Action("pick up", (names[i],)) for i in things if _unmet_object(state, "pick up", i) is None]
    found += [Action("fold", (names[i],)) for i in things if _unmet_object(state, "fold", i) is None]
    for skill in ("open", "close", "turn on", "turn off"):
        found += [Action(skill, (names[f],)) for f in fixtures if _unmet_fixture(state, skill, f) is None]
    return found
