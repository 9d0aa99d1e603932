"""Facts: what the prompt says of the home for one goal, and the chunks that a long goal is planned in.

Only what the goal needs is fetched from the world model: the things it names, where they are and what encloses them,
their states, and the tools and appliances that a change needs. So a prompt is as short in a home of any size.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from envs.symbolic.actions import COLD, COOKED, DIRTY, FOLDED, HELD, HOT, NOWHERE, ON, OPEN, SLICED, WATERED
from envs.symbolic.goals import Condition, Count, Every, FixtureIs, Holding, No, Place, Thing
from envs.symbolic.scoring import fixtures_of, holds, matching_objects
from planner.goals import grounding
from planner.goals.chunking import remaining_subjects
from planner.goals.grounding import LIMIT, rank

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from envs.symbolic.actions import Action, State


_OBJECT_WORDS = (
    (DIRTY, "dirty"),
    (HOT, "hot"),
    (COLD, "cold"),
    (SLICED, "sliced"),
    (COOKED, "cooked"),
    (FOLDED, "folded"),
)


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What the prompt says: one text per entity, in the order in which the goal needs them.

    Attributes:
        entities: What the texts are about.
        texts: One for each.
        names: Every name in the texts: the entities and what holds them.
    """

    entities: tuple[int, ...]
    texts: tuple[str, ...]
    names: frozenset[str]

    def name_all(self, actions: Sequence[Action]) -> bool:
        """Whether the texts name everything that actions use."""
        said = f" ; {' ; '.join(self.texts)} "
        names = {name for action in actions for name in action.args}
        # A name begins a fact or follows a relation: "knife 1" is not named by "butter knife 1".
        return all(any(f" {word} {name} " in said for word in (";", "on", "in", "with")) for name in names)


class _Fetcher:
    def __init__(self, state: State, start: State, avoid: frozenset[int], taken: dict[int, Place | None]) -> None:
        self.avoid = avoid
        self.state = state
        self.start = start
        self.found: dict[int, None] = {}
        self.taken = taken  # what conditions have chosen, and for where: as in the teacher

    def add(self, *entities: int | None) -> None:
        for e in entities:
            if e is not None and e >= 0:
                self.found.setdefault(e)

    def condition(self, condition: Condition) -> None:
        state = self.state
        if isinstance(condition, Count):
            missing = condition.number - len(matching_objects(state, condition.thing, condition.place))
            things = grounding.candidates(state, condition.thing, condition.place, avoid=self.avoid, taken=self.taken)
            self.taken |= dict.fromkeys(things[:missing], condition.place)
            self.change(things[:missing], condition.thing)
            self.place(things[:missing], condition.place)
            self.add(*things[missing : missing + 1])  # one to spare, should the first fail
        elif isinstance(condition, Every):
            left = remaining_subjects(state, condition, self.start)[:LIMIT]
            self.change(left, Thing(word="anything", states=condition.become))
            self.place(left, condition.place)
        elif isinstance(condition, No):
            things = matching_objects(state, condition.thing, condition.place)[:LIMIT]
            if "dirty" in condition.thing.states and condition.place is None:
                self.change(things, Thing(word="anything", states=("clean",)))
            self.add(*things)
            if condition.place is not None:
                for t in things:  # each takes room from the next
                    target = grounding.other_place(state, t, condition.place, self.avoid)
                    self.add(target)
                    if target is not None:
                        state = state._replace(place=(*state.place[:t], target, *state.place[t + 1 :]))
        elif isinstance(condition, Holding):
            ready = [
                t for t in matching_objects(state, condition.thing) if not grounding.is_avoided(state, t, self.avoid)
            ]
            ready.sort(key=lambda t: (self.taken.get(t) is not None, grounding.reach_cost(state, t)))
            things = ready[:1] or grounding.candidates(state, condition.thing, None, avoid=self.avoid)[:1]
            self.change(things, condition.thing)
        else:
            self.fixture(condition)

    def place(self, things: list[int], place: Place | None) -> None:
        if place is None:
            return
        if place.fixture is not None:
            target = grounding.choose_fixture(self.state, place.fixture, things, avoid=self.avoid)
            self.add(target)
            if target is None or grounding.free_units(self.state, target) < sum(
                self.state.world.units[t] for t in things
            ):
                self.add(*[f for f in grounding.fixtures_of(self.state, place.fixture) if f not in self.avoid][:4])
            return
        container = grounding.choose_container(self.state, place, things, taken=self.taken, avoid=self.avoid)
        self.add(container)
        if container is not None and place.thing is not None:
            self.taken[container] = place.inside
            self.change([container], place.thing)
            self.place([container], place.inside)

    def change(self, things: list[int], wanted: Thing) -> None:
        self.add(*things)
        state = self.state
        for t in things:
            for word, means in grounding.requirements(state, t, wanted, self.avoid):
                self.add(means)
                if word in ("sliced", "folded"):
                    root = state.root(t)
                    washed = any(grounding.MAKERS.get(w) and not state.has(t, w) for w in wanted.states)
                    if (
                        (word == "folded" and washed)
                        or root < 0
                        or state.world.enclosed[root]
                        or state.world.relation[root] != "on"
                    ):
                        self.add(grounding.worktop(state, t, avoid=self.avoid))
                    elif (
                        means is not None
                        and (beside := grounding.worktop(state, means, near=root, avoid=self.avoid)) != root
                    ):
                        self.add(beside)  # where the knife is put down
                elif word == "cooked" and means is not None and state.world.categories[means] == "stove burner":
                    vessel = grounding.pan(state, t, self.avoid)
                    self.add(vessel)
                    if vessel is not None and state.world.categories[max(0, state.place[vessel])] == "stove burner":
                        self.add(state.place[vessel])

    def fixture(self, condition: FixtureIs) -> None:
        state = self.state
        named = sorted(fixtures_of(state, condition), key=self.avoid.__contains__)
        if condition.quantifier == "no":
            lacking = [f for f in named if state.has(f, condition.state)]
        else:
            lacking = [f for f in named if not state.has(f, condition.state)]
        self.add(*(lacking[:1] if condition.quantifier == "some" else lacking))
        if grounding.needs_wiping(condition) and lacking:
            self.add(grounding.tool(state, "wipes", self.avoid))
        if condition.state == "watered" and lacking:
            vessel = grounding.tool(state, "waters", self.avoid)
            self.add(vessel)
            if vessel is not None and state.liquid[vessel] != "water":
                self.add(grounding.source(state, "water", vessel, self.avoid))


def retrieve_facts(
    state: State,
    conditions: Sequence[Condition],
    start: State,
    *,
    avoid: frozenset[int] = frozenset(),
    phase: Sequence[Condition] = (),
) -> Facts:
    """Fetch the facts that unmet conditions need, in an episode that began in `start`.

    Things in `avoid` are passed over; places in it, and things that a condition of `phase` rests on already, are the
    last choice.
    """
    fetcher = _Fetcher(state, start, avoid, grounding.kept(state, phase))
    if state.held >= 0:
        near = state.at if state.at >= 0 else None
        fetcher.add(state.held, grounding.worktop(state, state.held, near=near, avoid=avoid))
    for condition in sorted(conditions, key=rank):
        if not holds(state, condition, start):
            fetcher.condition(condition)
    knives = [e for e in fetcher.found if state.world.object_category[e] and _tool_like(state, e)]
    for e in knives:  # where a tool is put back to
        root = state.root(e)
        if root >= 0 and state.world.enclosed[root] and not state.flags[root] & OPEN:
            fetcher.add(root)
    return facts_of(state, fetcher.found)


def facts_of(state: State, about: Iterable[int]) -> Facts:
    """Return the facts of entities, each once, in the order given."""
    entities = tuple(dict.fromkeys(about))
    named = set(entities)
    for e in entities:
        while (e := state.place[e]) >= 0:
            named.add(e)
    return Facts(
        entities=entities,
        texts=tuple(describe(state, e) for e in entities),
        names=frozenset(state.world.names[e] for e in named),
    )


def _tool_like(state: State, entity: int) -> bool:
    kind = state.world.object_category[entity]
    return kind is not None and (kind.cuts or kind.wipes or bool(kind.contains))


def describe(state: State, entity: int) -> str:
    """Say of an entity its name, its states and where it is: `plate 1 dirty in cabinet 2 closed`."""
    world = state.world
    words = [world.names[entity]]
    flags = state.flags[entity]
    kind = world.fixture_category[entity]
    if kind is not None:
        if kind.joint:
            words.append("open" if flags & OPEN else "closed")
        if kind.switch:
            words.append("on" if flags & ON else "off")
        if kind.wipeable and flags & DIRTY:
            words.append("dirty")
        if kind.waterable and flags & WATERED:
            words.append("watered")
        return " ".join(words)
    words += [word for bit, word in _OBJECT_WORDS if flags & bit]
    if state.liquid[entity]:
        words.append(f"of {state.liquid[entity]}")
    return " ".join(words) + location(state, entity)


def location(state: State, entity: int) -> str:
    """Say where an object is, through its containers: ` in cup 1 on shelf 2`; the hint that a subtask relies on."""
    world = state.world
    place = state.place[entity]
    if place == HELD:
        return " in hand"
    if place == NOWHERE:
        return " on floor"
    text = f" {world.relation[place]} {world.names[place]}"
    if place >= world.n_fixtures:
        return text + location(state, place)
    if world.enclosed[place]:
        text += " open" if state.flags[place] & OPEN else " closed"
    return text
