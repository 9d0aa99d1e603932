"""Constraints on a sampled home: the facts of a task file, read with the parser of the goal language.

Readable facts: `mug on desk`, `2 dirty plate in sink`, `spoon in cup on coffee table`, `cup of coffee`,
`cabinet open`, `every cabinet closed`, `no ceiling light on`, `every lamp off`, `no apple`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from envs.errors import GoalError, HomeError, nearest
from envs.symbolic.domain import Domain, ObjectCategory
from envs.symbolic.goals import Count, FixtureIs, No, Place, Thing, parse_goal


@dataclass(frozen=True, kw_only=True)
class Demands:
    """What a home must and must not have.

    Attributes:
        fixtures: Minimum number of each category.
        objects: Minimum number of each category or class, in addition to those of `counts`.
        absent: Categories that the home must not have.
        counts: Facts that ask for a number of objects, such as `2 dirty plate in sink`.
        some_states: By fixture category, one dict for its first instance, one for its second, and so on: the states
            that it must have (True) or must not have (False).
        all_states: By fixture category, the states that all its instances must have or must not have.
    """

    fixtures: Counter[str] = field(default_factory=Counter)
    objects: Counter[str] = field(default_factory=Counter)
    absent: frozenset[str] = frozenset()
    counts: tuple[Count, ...] = ()
    some_states: Mapping[str, list[dict[str, bool]]] = field(default_factory=dict)
    all_states: Mapping[str, dict[str, bool]] = field(default_factory=dict)


def read_demands(
    need_fixtures: Mapping[str, int],
    need_objects: Mapping[str, int],
    absent: Collection[str],
    facts: Iterable[str],
    domain: Domain,
) -> Demands:
    """Parse and check the demands on a home.

    Raises:
        GoalError: A fact does not parse, or could never be true.
        DomainError: A needed or absent word is unknown.
        HomeError: Something is both needed and absent.
    """
    fixtures, some_states = Counter(need_fixtures), dict[str, list[dict[str, bool]]]()
    all_states = dict[str, dict[str, bool]]()
    absent_categories = set[str]()
    counts: list[Count] = []
    for name in fixtures:
        if name not in domain.fixtures:
            raise HomeError(f"no fixture is called {name!r}{nearest(name, domain.fixtures)}")
    for name in need_objects:
        domain.resolve(name)
    for word in absent:
        absent_categories.update((word,) if word in domain.fixtures else domain.resolve(word))
    for text in facts:
        for condition in parse_goal(text, domain).conditions:
            if isinstance(condition, Count):
                counts.append(condition)
                _need_place(condition.place, fixtures)
            elif isinstance(condition, FixtureIs):
                state = domain.negations.get(condition.states[0], condition.states[0])
                value = (state == condition.states[0]) != (condition.quantifier == "no")
                categories = domain.resolve_fixture(condition.fixture, condition.states[0])
                # The first category of a class stands for the class.
                main_category = next(
                    (category for category in categories if category not in absent_categories), categories[0]
                )
                if condition.quantifier == "some":
                    claims = some_states.setdefault(main_category, [])
                    claim = next((c for c in claims if c.get(state, value) == value), None)
                    if claim is None:
                        claims.append(claim := {})
                    claim[state] = value
                    fixtures[main_category] = max(fixtures[main_category], len(claims))
                else:
                    for category in categories:
                        all_states.setdefault(category, {})[state] = value
                    if condition.quantifier == "every":  # `every` is false without any fixture
                        fixtures[main_category] = max(fixtures[main_category], 1)
            elif isinstance(condition, No) and condition == No(thing=Thing(word=condition.thing.word)):
                absent_categories.update(domain.resolve(condition.thing.word))
            else:
                raise GoalError(f"{text!r} cannot be a fact of a home; such facts can: 'mug on desk', '2 dirty plate', "
                                "'cabinet open', 'every cabinet closed', 'no apple'")  # fmt: skip
    demands = Demands(
        fixtures=fixtures,
        objects=Counter(need_objects),
        absent=frozenset(absent_categories),
        counts=tuple(counts),
        some_states=some_states,
        all_states=all_states,
    )
    _check(demands, domain)
    return demands


def members(thing: Thing, absent: Collection[str], domain: Domain) -> tuple[str, ...]:
    """Return the object categories that can match an object description."""
    available = [domain.objects[c] for c in domain.resolve(thing.word) if c not in absent]
    return tuple(category.name for category in available if _can_be(category, thing))


def _can_be(category: ObjectCategory, thing: Thing) -> bool:
    if thing.liquid is not None and not category.fills and category.contains != thing.liquid:
        return False
    flags = {"sliced": category.slices, "cooked": category.cooks, "folded": category.folds}
    flags |= dict.fromkeys(("on", "open", "watered"), False)
    return all(flags.get(state, True) for state in thing.states)


def _need_place(place: Place | None, fixtures: Counter[str]) -> None:
    while place is not None:
        if place.fixture is not None:
            fixtures[place.fixture] = max(fixtures[place.fixture], 1)
        place = place.inside


def _check(demands: Demands, domain: Domain) -> None:
    contradictory = [name for name in demands.fixtures if name in demands.absent and demands.fixtures[name]]
    contradictory += [w for w in demands.objects if demands.objects[w] and not set(domain.resolve(w)) - demands.absent]
    if contradictory:
        raise HomeError(f"a home cannot both have and lack {contradictory[0]}")
    for fact in demands.counts:
        thing, place = fact.thing, fact.place
        while True:
            candidates = members(thing, demands.absent, domain)
            if not candidates:
                why = "is absent" if set(domain.resolve(thing.word)) <= demands.absent else "is never so"
                raise GoalError(f"{' '.join((*thing.states, thing.word))}: a {thing.word} {why}")
            if place is None:
                break
            holders = (place.fixture,) if place.thing is None else members(place.thing, demands.absent, domain)
            if not any(holder and domain.fits(c, holder) for c in candidates for holder in holders):
                raise GoalError(f"a {thing.word} does not fit a {place.fixture or (place.thing and place.thing.word)}")
            if place.thing is None:
                break
            thing, place = place.thing, place.inside
