"""Why a goal needs another robot: the skills that this one lacks, or what its hand cannot hold or reach."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from envs.symbolic.domain.achievers import KNOWN_SKILLS
from envs.symbolic.embodiment.hand_limits import cannot, out_of_reach, too_heavy, too_wide
from envs.symbolic.embodiment.possible import Possible, possible_in
from envs.symbolic.embodiment.possible_goals import PossibleGoals
from envs.symbolic.goals import Condition, Count, Every, FixtureIs, Holding, No, format_condition
from envs.symbolic.progress import is_true
from envs.symbolic.scoring import fixtures_at, fixtures_of, holds, matching_objects, quantified_objects

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from envs.symbolic.domain import Hand, Process, Skill
    from envs.symbolic.goals import Goal, Place
    from envs.symbolic.state import State

MAX_CULPRITS = 12  # things of which it is tried whether they alone are too much for the hand
MAX_FIRST = 60  # things that are tried one by one, by a robot that cannot put down what it takes
_FURNITURE_STATES = {"open": "open", "close": "closed", "turn on": "on", "turn off": "off"}
_HAND = ("width_m", "payload_kg", "reach_m")  # after the skills: a skill is named rather than the hand


def robot_obstacle(goal: Goal, state: State, *, initial_state: State | None = None) -> str:
    """Say why this robot cannot reach a goal that another one could; return "" if nothing speaks against it.

    Sure: what is refused here, no plan of this robot reaches. The message names the condition, if there are several.

    Args:
        goal: The goal.
        state: The state where a plan would begin.
        initial_state: The first state of the episode, if it is earlier.
    """
    if not state.world.domain.has_limits:
        return ""
    start = initial_state or state
    for condition in _surely_asked(goal, state, start):
        if holds(state, condition, start) or may_hold(condition, state, start):
            continue
        if reason := _Refusal(condition, state, start).reason():
            return f"{format_condition(condition)}: {reason}" if len(goal.conditions) > 1 else reason
    return ""


def _surely_asked(goal: Goal, state: State, initial_state: State) -> Iterator[Condition]:
    """Yield the conditions of the phases that no test leaves out; what is chosen later is not known yet."""
    is_later = False
    for number, phase in enumerate(goal.phases):
        guard = goal.guard(number)
        is_later = is_later or (number > 0 and guard.when is not None)
        if guard.tests and (number > 0 or not all(is_true(test, state, initial_state) for test in guard.tests)):
            continue
        yield from (c for c in phase if not (is_later and isinstance(c, Every)))


def may_hold(
    condition: Condition, state: State, initial_state: State, skills: Mapping[str, Skill] | None = None,
    hand: Hand | None = None, lifts: Collection[int] = (), reaches: Collection[int] = (),
) -> bool:  # fmt: skip
    """Whether a condition can be brought about, at most, by some skills and a hand or else by the home's robot.

    Args:
        condition: The condition.
        state: The state where a plan would begin.
        initial_state: The first state of the episode.
        skills: The skills; None: those of the home's robot, with its hand.
        hand: The hand.
        lifts: Objects that the hand holds whatever their size and mass.
        reaches: Furniture that the hand reaches whatever its height.
    """
    if skills is None:
        skills, hand = state.world.domain.skills, state.world.domain.hand
    idle = _others_than_means(condition, state)
    is_known = not (idle or lifts or reaches) and (skills, hand) == (state.world.domain.skills, state.world.domain.hand)
    possible = (
        possible_in(state) if is_known else Possible(state, skills, hand, idle=idle, lifts=lifts, reaches=reaches)
    )
    if not PossibleGoals(possible, initial_state).may_hold(condition):
        return False
    if state.held >= 0 or possible.frees_hand:
        return True
    first = [i for i in _related(condition, state) if i in possible.holdable]  # one thing stays in its hand
    if len(first) > MAX_FIRST:
        return True
    choices = (
        Possible(state, skills, hand, idle=idle, only=only, lifts=lifts, reaches=reaches)
        for only in ((), *((i,) for i in first))
    )
    return any(PossibleGoals(choice, initial_state).may_hold(condition) for choice in choices)


def _others_than_means(condition: Condition, state: State) -> frozenset[int]:
    """Return the appliances that must not give a state or liquid that shall come from another one."""
    world, means = state.world, getattr(condition, "means", None)
    if means not in world.domain.fixtures:
        return frozenset()
    return frozenset(f for f in serving_fixtures(condition, state) if world.categories[f] != means)


def serving_fixtures(condition: Condition, state: State) -> list[int]:
    """Return the appliances that give a state or liquid that a condition asks for."""
    world = state.world
    if isinstance(condition, FixtureIs | No | Holding):
        return []
    words = condition.become if isinstance(condition, Every) else condition.thing.states
    negations = world.domain.negations

    def serves(process: Process) -> bool:
        fills = process.fill is not None and process.fill == condition.thing.liquid
        sets = any(word in process.set or negations.get(word) in process.clear for word in words)
        return fills or sets or (process.cook and "cooked" in words)

    return [f for f, process in enumerate(world.process) if process is not None and serves(process)]


def _related(condition: Condition, state: State) -> list[int]:
    """Return the objects that a condition is about, those that they go in or beside, tools and vessels."""
    world, related = state.world, list[int]()
    if not isinstance(condition, FixtureIs):
        related += world.objects_of(condition.thing.word)
    place: Place | None = getattr(condition, "place", None)
    while place is not None and place.thing is not None:
        related += world.objects_of(place.thing.word)
        place = place.inside
    for i, category in enumerate(world.object_category):
        if category is not None and (category.cuts or category.wipes or category.contains or category.fills):
            related.append(i)
    for skill in world.domain.all_skills.values():
        if skill.name not in KNOWN_SKILLS:
            related += _used_by(skill, state)
    return list(dict.fromkeys(related))


def _used_by(skill: Skill, state: State) -> Iterator[int]:
    """Yield the objects that a skill of the domain's own needs in the hand, or at a place."""
    world = state.world
    for precondition in skill.preconditions:
        atom = precondition.atom
        if atom.predicate == "holding what":
            yield from (i for i, c in enumerate(world.object_category) if getattr(c, atom.word, False))
        elif atom.predicate in ("holding", "at"):
            yield from sorted(i for i in world.of_kind(atom.terms[0].kind) if i >= world.n_fixtures)


class _Refusal:
    def __init__(self, condition: Condition, state: State, initial_state: State) -> None:
        self.condition, self.state, self.initial_state = condition, state, initial_state
        self.world, self.domain = state.world, state.world.domain

    def reason(self) -> str:
        """Return what this robot would have to have; empty if no robot can bring it about."""
        if not self.may_hold_without(frozenset()):
            return ""
        kept = frozenset[str]()
        needed: list[str] = []
        limits = [name for name in _HAND if self.domain.hand is not None and getattr(self.domain.hand, name)]
        for name in (*limits, *self.domain.lacking):  # keep as many of the robot's limits as the condition allows
            if self.may_hold_without(kept | {name}):
                kept |= {name}
            else:
                needed.append(name)
        skills = [name for name in needed if name in self.domain.lacking]
        reasons = [cannot(self.listed(skills))] if skills else []
        for name in needed:
            if name not in self.domain.lacking and (words := self.hand(name)):
                reasons.append(words)
        return "; ".join(reasons)

    def may_hold_without(self, limits: frozenset[str]) -> bool:
        """Whether a robot with only these of the limits could bring the condition about."""
        hand = self.domain.hand
        if hand is not None:
            hand = replace(hand, **{name: None for name in _HAND if name not in limits})
        skills = {name: skill for name, skill in self.domain.all_skills.items() if name not in limits}
        return may_hold(self.condition, self.state, self.initial_state, skills, hand)

    # -- words ---------------------------------------------------------------------------------------------------------

    def listed(self, skills: Sequence[str]) -> str:
        """Return the skills that are missing with what they would be done to: "pick up or put the apple"."""
        verbs_of: dict[str, list[str]] = {}
        for name in skills:
            verbs_of.setdefault(self.subject(name, skills), []).append(name)
        several = sorted(verbs_of.items(), key=lambda pair: (", where " in pair[0], not pair[0]))
        return _joined([" ".join(filter(None, (_joined(verbs), subject))) for subject, verbs in several])

    def subject(self, name: str, skills: Sequence[str]) -> str:
        """Return what a missing skill would be done to, and where that is if it has to be opened for that."""
        if name == "open":
            for item in self.objects():
                if (closed := self.state.closed_around(item)) is not None:
                    return f"{self.the(closed)}, where {self.the(item)} is"
        if name in _FURNITURE_STATES:
            pieces = [f for f in self.furniture(skills) if self.can_be(f, _FURNITURE_STATES[name])]
            wrong = [f for f in pieces if not self.state.has(f, _FURNITURE_STATES[name])]
            return self.the((wrong or pieces)[0]) if pieces else ""
        condition, skill = self.condition, self.domain.lacking[name]
        if name == "pour":
            liquid = None if isinstance(condition, FixtureIs) else condition.thing.liquid
            return f"the {liquid}" if liquid else ""
        is_moved = isinstance(condition, Holding) or self.place() is not None or serving_fixtures(condition, self.state)
        if name in ("pick up", "put") and not is_moved:  # a tool, perhaps
            return ""
        asked = fixtures_of(self.state, condition) if isinstance(condition, FixtureIs) else self.objects()
        categories = self.domain.categories_of(skill.parameters[0].kind) if skill.parameters else frozenset[str]()
        entities = [e for e in asked if self.world.categories[e] in categories]
        if not entities or len(entities) < len(asked):
            return ""
        if len(entities) == 1:
            return self.the(entities[0])
        return self.asked_for()

    def asked_for(self) -> str:
        """Return what of several things the condition asks for: `a mug`, `every room`; empty if that is hard to say."""
        condition = self.condition
        if isinstance(condition, FixtureIs):
            return f"every {condition.fixture}" if condition.quantifier == "every" else ""
        word = condition.thing.word
        is_one = isinstance(condition, Holding) or (isinstance(condition, Count) and condition.number == 1)
        return f"{'an' if word[0] in 'aeiou' else 'a'} {word}" if is_one and word in self.domain.objects else ""

    def furniture(self, skills: Sequence[str]) -> list[int]:
        """Return the furniture that is asked for, or what gives the states and liquids that are asked for."""
        condition = self.condition
        if isinstance(condition, FixtureIs):
            return fixtures_of(self.state, condition)
        places = [f for f in self.places() if self.world.enclosed[f]]
        means = getattr(condition, "means", None)
        serving = [f for f in serving_fixtures(condition, self.state) if means in (None, self.world.categories[f])]
        words = [_FURNITURE_STATES[name] for name in skills if name in _FURNITURE_STATES]
        objects = self.objects()
        fitting = [f for f in serving if any(self.world.fits(i, f) for i in objects)]
        return places + sorted(fitting, key=lambda f: -sum(self.can_be(f, word) for word in words))

    def can_be(self, fixture: int, word: str) -> bool:
        """Whether furniture can be in a state."""
        category = self.world.fixture_category[fixture]
        return category is not None and category.can_be(word)

    def hand(self, name: str) -> str:
        """Return what the hand cannot hold, or where the robot does not reach."""
        hand = self.domain.hand
        assert hand is not None
        if name == "reach_m":
            roots = [root for i in self.things() if (root := self.state.root(i)) >= 0]
            far = partial(out_of_reach, self.world, hand=hand)
            furniture = dict.fromkeys((*roots, *self.places(), *self.appliances()))
            said = self.first(self.too_far([f for f in furniture if far(f)]), far)
            return said or "this robot does not reach far enough ({:.2f} to {:.2f} m)".format(*hand.reach_m or ())
        if name == "width_m":
            wide = partial(too_wide, self.world, hand=hand)
            said = self.first(self.too_much(wide, name), wide)
            return said or f"this robot's hand is too narrow (it holds {hand.width_m:g} m)"

        def heavy(thing: int) -> str:
            return too_heavy(self.world, (thing,), hand)

        said = self.first(self.too_much(heavy, name), heavy)
        return said or f"this robot's hand is too weak (it lifts {hand.payload_kg:g} kg)"

    def too_much(self, words: Callable[[int], str], limit: str) -> list[int]:
        """Return things that are too much for the hand: of those that must be lifted, as few as would do."""
        things = [i for i in self.things() if words(i)]
        return self.culprits(things, lambda few: self.may_hold_but_for(limit, lifts=few))

    def too_far(self, furniture: list[int]) -> list[int]:
        """Return furniture out of reach: of that which must be reached, as little as would do."""
        return self.culprits(furniture, lambda few: self.may_hold_but_for("reach_m", reaches=few))

    def culprits(self, entities: list[int], is_enough: Callable[[Sequence[int]], bool]) -> list[int]:
        """Return the one entity that is enough, else the fewest of the first ones, else all."""
        first = entities[:MAX_CULPRITS]
        for entity in first:
            if is_enough((entity,)):
                return [entity]
        if not is_enough(first):
            return entities
        for entity in tuple(first):
            if is_enough(rest := [e for e in first if e != entity]):
                first = rest
        return first

    def may_hold_but_for(self, limit: str, *, lifts: Collection[int] = (), reaches: Collection[int] = ()) -> bool:
        """Whether a hand with only this limit could bring the condition about if some things were no matter for it."""
        domain = self.domain
        assert domain.hand is not None
        hand = replace(domain.hand, **{name: None for name in _HAND if name != limit})
        return may_hold(
            self.condition, self.state, self.initial_state, domain.all_skills, hand, lifts=lifts, reaches=reaches
        )

    def first(self, entities: Iterable[int], words: Callable[[int], str]) -> str:
        """Return the words about the first entity of which there is something to say."""
        said = ((entity, words(entity)) for entity in entities)
        return next((f"{self.the(entity)} {text}" for entity, text in said if text), "")

    def objects(self) -> list[int]:
        """Return the objects that the condition is about."""
        condition = self.condition
        if isinstance(condition, FixtureIs):
            return []
        if isinstance(condition, Every):
            return quantified_objects(self.initial_state, condition)
        if isinstance(condition, No):
            return matching_objects(self.state, condition.thing, condition.place, self.initial_state)
        objects = list(self.world.objects_of(condition.thing.word))
        full = PossibleGoals(Possible(self.state, self.domain.all_skills, None), self.initial_state)
        return [i for i in objects if full.serves(i, condition)]

    def things(self) -> list[int]:
        """Return the objects that the condition is about, those that they go in, and the tools."""
        return list(dict.fromkeys((*self.objects(), *_related(self.condition, self.state))))

    def places(self) -> list[int]:
        """Return the furniture that the condition is about."""
        place = self.place()
        while place is not None and place.thing is not None:
            place = place.inside
        return [] if place is None else fixtures_at(self.state, place)

    def appliances(self) -> list[int]:
        """Return the appliances, for a condition about states."""
        process = self.world.process
        return [f for f in range(self.world.n_fixtures) if process[f] is not None]

    def place(self) -> Place | None:
        place: Place | None = getattr(self.condition, "place", None)
        return place

    def the(self, entity: int) -> str:
        """Return what people call an entity: `the fridge` if there is only one, otherwise `cabinet 2`."""
        category, piece = self.world.categories[entity], self.world.fixture_category[entity]
        name = self.world.names[entity]
        if piece is not None and piece.is_room:  # "the barn", "bedroom 2", "Mia's room"
            return name if name[-1].isdigit() or "'s " in name else f"the {name}"
        return f"the {category}" if len(self.world.entities_by_category[category]) == 1 else self.world.names[entity]


def _joined(words: Sequence[str]) -> str:
    """Join words: "open, close or turn on"."""
    return " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
