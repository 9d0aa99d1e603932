"""The domain: all categories, states, skills and processes of a home, as one value.

`load_domain` reads the one that everything starts from; a home or a robot makes its own of it (`Domain.extended`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Hashable, Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

from envs.errors import DomainError, nearest
from envs.symbolic.domain.categories import (
    BUILT_IN_STATES,
    FixtureCategory,
    ObjectCategory,
    Process,
    Relation,
    capacity_of,
    fits_in,
    lacks_inside,
    mass_of,
)
from envs.symbolic.domain.room_kinds import with_room_kinds
from envs.symbolic.domain.sampling import Sampling
from envs.symbolic.domain.skill import Hand, Skill
from envs.symbolic.domain.speech import Speech
from envs.symbolic.domain.state_bearers import categories_of, state_bearers
from envs.symbolic.skills.notation import new_states
from envs.symbolic.skills.phrases import Vocabulary

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_STATES = 50  # the flags of an entity are bits of a number that numpy has too
_interned: WeakValueDictionary[Hashable, Domain] = WeakValueDictionary()


@dataclass(frozen=True, kw_only=True, eq=False)
class Domain:
    """All categories, states, skills and processes; made by `Domain.of`, so that equal ones are the same object.

    Compare with `is`. Copies and pickles of a domain are the domain itself, in other processes too.

    Attributes:
        states: Words for what can be true of an entity.
        negations: Words for the absence of a state, such as `clean` for `dirty`.
        exclusive: Pairs of states that exclude each other.
        liquids: What vessels can be filled with.
        properties: Words of each group (size, color, material) and what they do to a body.
        skills: What the robot can do.
        lacking: What can be done here but not by this robot; empty for the default one.
        processes: Rules of the world at furniture.
        classes: Words for several categories; `anything` is every object.
        objects: Categories of movable objects.
        fixtures: Categories of furniture and appliances.
        words: What else people call the kinds that are not built in.
        hand: What the robot's hand can hold and where it reaches; None: no limit beyond those of the physics.
        sampling: How its homes are sampled.
        speech: What people say in it, besides `words`.
    """

    states: tuple[str, ...]
    negations: dict[str, str]
    exclusive: tuple[tuple[str, str], ...]
    liquids: tuple[str, ...]
    properties: dict[str, dict[str, tuple[float, ...]]]
    skills: dict[str, Skill]
    processes: tuple[Process, ...]
    classes: tuple[str, ...]
    objects: dict[str, ObjectCategory]
    fixtures: dict[str, FixtureCategory]
    words: dict[str, tuple[str, ...]] = field(default_factory=dict)
    lacking: dict[str, Skill] = field(default_factory=dict)
    hand: Hand | None = None
    sampling: Sampling = Sampling()  # noqa: RUF009 - a frozen value
    speech: Speech = Speech()  # noqa: RUF009 - a frozen value

    @staticmethod
    def of(**values: Any) -> Domain:
        """Return the checked domain of these values: always the same object for equal ones.

        Raises:
            DomainError: The values contradict each other; the message names the entry.
        """
        domain = Domain(**with_room_kinds(values))
        key = tuple(_hashable(getattr(domain, f.name)) for f in fields(domain))
        known = _interned.get(key)
        if known is None:
            check_domain(domain)
            known = _interned.setdefault(key, domain)
        return known

    def changed(self, **values: Any) -> Domain:
        """Return the domain with some values replaced.

        Raises:
            DomainError: As in `of`.
        """
        return Domain.of(**{f.name: getattr(self, f.name) for f in fields(self)} | values)

    def extended(
        self,
        *,
        objects: Mapping[str, ObjectCategory] | None = None,
        fixtures: Mapping[str, FixtureCategory] | None = None,
        states: Iterable[str] = (),
        negations: Mapping[str, str] | None = None,
        exclusive: Iterable[tuple[str, str]] = (),
        liquids: Iterable[str] = (),
        classes: Iterable[str] = (),
        processes: Iterable[Process] = (),
        skills: Mapping[str, Skill] | None = None,
        words: Mapping[str, tuple[str, ...]] | None = None,
    ) -> Domain:
        """Return this domain with more of everything; a mapping's entry replaces one of the same name.

        The states that skills set are added too; with a skill that has a `{room}`, the kinds of rooms become fixtures
        of the class `room`.

        Raises:
            DomainError: As in `of`.
        """
        return self.changed(
            objects={**self.objects, **(objects or {})},
            fixtures={**self.fixtures, **(fixtures or {})},
            states=_joined(_joined(self.states, states), new_states(skills or {}, self.states)),
            negations={**self.negations, **(negations or {})},
            exclusive=_joined(self.exclusive, exclusive),
            liquids=_joined(self.liquids, liquids),
            classes=_joined(self.classes, classes),
            processes=(*self.processes, *processes),
            skills={**self.skills, **(skills or {})},
            words={**self.words, **(words or {})},
        )

    def with_robot(
        self, *, skills: Collection[str] | None = None, own: Mapping[str, Skill] | None = None, hand: Hand | None = None
    ) -> Domain:
        """Return this domain with another robot: with these of all its skills, and some of its own.

        Args:
            skills: Names of the skills that the robot has, others than its own; None: all. Unknown ones do not count.
            own: Skills that only this robot has.
            hand: What its hand can hold and where it reaches.

        Raises:
            DomainError: As in `of`.
        """
        every = self.all_skills
        kept = {name: skill for name, skill in every.items() if skills is None or name in skills}
        lacking = {name: skill for name, skill in every.items() if name not in kept and name not in (own or {})}
        return self.changed(skills=kept, lacking=lacking, hand=hand).extended(skills=own)

    def __copy__(self) -> Domain:
        """Return itself: nothing in it changes."""
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> Domain:
        """Return itself, as `__copy__` does."""
        return self

    @cached_property
    def fingerprint(self) -> str:
        """A short text that is the same for equal domains, in other processes too."""
        key = repr(tuple(_hashable(getattr(self, f.name)) for f in fields(self)))
        return hashlib.blake2b(key.encode(), digest_size=8).hexdigest()

    @cached_property
    def members(self) -> dict[str, tuple[str, ...]]:
        """The object categories of each class that has any."""
        members = {c: tuple(n for n, o in self.objects.items() if c in o.classes) for c in self.classes}
        return {c: names for c, names in (members | {"anything": tuple(self.objects)}).items() if names}

    @cached_property
    def fixture_members(self) -> dict[str, tuple[str, ...]]:
        """The fixture categories of each class that has any."""
        members = {c: tuple(n for n, f in self.fixtures.items() if c in f.classes) for c in self.classes}
        return {c: names for c, names in members.items() if names}

    @cached_property
    def bits(self) -> dict[str, int]:
        """The bit of each state in the flags of an entity; the built-in states have the same in every domain."""
        own = (word for word in self.states if word not in BUILT_IN_STATES)
        bits = {word: 1 << i for i, word in enumerate((*BUILT_IN_STATES, *own))}
        return {word: bits[word] for word in self.states}

    @cached_property
    def all_skills(self) -> dict[str, Skill]:
        """What can be done here, also what this robot cannot do: a rule may forbid it, and it has a usual duration."""
        return {**self.skills, **self.lacking} if self.lacking else self.skills

    @property
    def has_limits(self) -> bool:
        """Whether the robot lacks skills, or its hand has limits beyond those of the physics."""
        return bool(self.lacking) or self.hand is not None

    def duration_s(self, skill: str) -> float:
        """The typical duration of a skill [s], also of one that this robot lacks; 0 for one that nobody has here."""
        known = self.all_skills.get(skill)
        return 0.0 if known is None else known.duration_s

    @cached_property
    def property_group(self) -> dict[str, str]:
        """The group (size, color, material) of each property word."""
        return {word: group for group, words in self.properties.items() for word in words}

    @cached_property
    def person(self) -> str | None:
        """The kind of fixture that people are, whom things can be given to; None if the domain has no people."""
        return next((name for name, fixture in self.fixtures.items() if fixture.relation == "with"), None)

    @cached_property
    def rooms(self) -> tuple[str, ...]:
        """The kinds of rooms, in alphabetical order."""
        return tuple(sorted({room for fixture in self.fixtures.values() for room in fixture.rooms}))

    @cached_property
    def rooms_are_entities(self) -> bool:
        """Whether some skill is about rooms, so that every room of a scene is one of its fixtures too."""
        return any(fixture.is_room for fixture in self.fixtures.values())

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """The words that the notation of skills may use."""
        furniture = (name for name, fixture in self.fixtures.items() if not fixture.is_room)
        return Vocabulary(
            objects=frozenset((*self.objects, *self.members)),
            fixtures=frozenset((*furniture, *self.fixture_members)),
            rooms=frozenset(self.rooms),
            states=self.states,
            negations=self.negations,
            liquids=self.liquids,
            skills=frozenset(self.skills),
        )

    @cached_property
    def bearers(self) -> dict[str, frozenset[str]]:
        """The categories that can have each state: by what they are, or by a skill or process that changes it."""
        return state_bearers(self.states, self.objects, self.fixtures, self.processes, self.all_skills)

    def categories_of(self, kind: str) -> frozenset[str]:
        """The categories that the kind of a skill's argument means: `object`, `room`, a category, a class."""
        return frozenset(categories_of({**self.fixtures, **self.objects}, kind))

    def can_be(self, category: str, word: str) -> bool:
        """Whether things of a category can have a state or its negation, such as `clean`."""
        return category in self.bearers.get(self.negations.get(word, word), ())

    @cached_property
    def process_at(self) -> dict[str, Process]:
        """The process of each fixture category that has one; a kind made from another has that one's."""
        at = {name: process for process in self.processes for name in process.at}
        likes = {name: at[f.like] for name, f in self.fixtures.items() if f.like in at}
        return likes | at

    @cached_property
    def kind_of(self) -> dict[str, str]:
        """The known kind that each category was made from (`like`): itself for one that was made from none."""
        kinds = {name: category.like or name for name, category in self.objects.items()}
        return kinds | {name: category.like or name for name, category in self.fixtures.items()}

    @cached_property
    def alike(self) -> dict[str, tuple[str, ...]]:
        """The categories of each known kind, in the order of the domain."""
        alike: dict[str, list[str]] = {}
        for name, kind in self.kind_of.items():
            alike.setdefault(kind, []).append(name)
        return {kind: tuple(names) for kind, names in alike.items()}

    def is_kind(self, name: str, kind: str) -> bool:
        """Whether a category of objects or fixtures is a kind, or was made from it (`like`)."""
        category = self.objects.get(name) or self.fixtures.get(name)
        return name == kind or (category is not None and category.like == kind)

    def fits(self, name: str, place: str) -> bool:
        """Whether one object of category `name` can be put in or on a `place` (category of fixture or object)."""
        return fits_in(self.objects[name], self.objects.get(place) or self.fixtures[place])

    def capacity(self, place: str) -> int:
        """Number of cells that a place (category of fixture or object) offers."""
        return capacity_of(self.objects.get(place) or self.fixtures[place])

    def mass_kg(self, name: str) -> float:
        """The mass of one object of category `name` [kg], in physics too."""
        return mass_of(self.objects[name])

    def relation(self, place: str) -> Relation | None:
        """The word (on, in, with) for being at a place, or None if it holds nothing."""
        if place in self.objects:
            return self.objects[place].relation
        return self.fixtures[place].relation

    def resolve(self, word: str) -> tuple[str, ...]:
        """Object categories that a category or class word means.

        Raises:
            DomainError: The domain has no such word.
        """
        if word in self.objects:
            return (word,)
        if word in self.members:
            return self.members[word]
        raise DomainError(f"no object or class is called {word!r}{nearest(word, [*self.objects, *self.members])}")

    def class_members(self, word: str) -> tuple[str, ...]:
        """The object categories of a class; empty for other words, and where a category has the same name."""
        return () if word in self.objects else self.members.get(word, ())

    def resolve_fixture(self, word: str, state: str) -> tuple[str, ...]:
        """Fixture categories that a category or class word means, in a condition about a state (`lamp`, `off`).

        Raises:
            DomainError: The domain has no such word.
        """
        if word in self.fixtures:
            return (word,)
        if word in self.fixture_members:
            return tuple(name for name in self.fixture_members[word] if self.can_be(name, state))
        known = [*self.fixtures, *self.fixture_members]
        raise DomainError(f"no fixture or class of fixtures is called {word!r}{nearest(word, known)}")


def check_domain(domain: Domain) -> None:
    """Check that the entries of a domain fit each other.

    Raises:
        DomainError: They do not; the message names the entry.
    """
    if len(domain.states) > MAX_STATES:
        raise DomainError(f"{len(domain.states)} states; at most {MAX_STATES}")
    shared_names = set(domain.objects) & set(domain.fixtures)
    if shared_names:
        raise DomainError(f"{sorted(shared_names)} are objects and fixtures at once")
    for category in domain.objects.values():
        if lacks_inside(category) and category.mesh is not None:
            raise DomainError(
                f"objects.{category.name}: it holds things inside, but {category.mesh.path} is not hollow"
            )
        for word in category.classes:
            if word not in domain.classes:
                raise DomainError(f"objects.{category.name}: unknown class {word!r}{nearest(word, domain.classes)}")
        for place in category.at:
            if place not in domain.fixtures:
                raise DomainError(f"objects.{category.name}.at: no fixture {place!r}{nearest(place, domain.fixtures)}")
            if not domain.fits(category.name, place):
                raise DomainError(f"objects.{category.name}.at: a {category.name} does not fit a {place}")
    for fixture in domain.fixtures.values():
        for word in fixture.classes:
            if word not in domain.classes:
                raise DomainError(f"fixtures.{fixture.name}: unknown class {word!r}{nearest(word, domain.classes)}")
    for word in set(domain.members) & set(domain.fixture_members):
        raise DomainError(f"classes: {word!r} has objects and fixtures at once")
    for process in domain.processes:
        for place in process.at:
            if place not in domain.fixtures:
                raise DomainError(f"processes.{process.name}.at: no fixture {place!r}")
        for state in (*process.set, *process.clear):
            if state not in domain.states:
                raise DomainError(f"processes.{process.name}: no state {state!r}")


def _joined(known: tuple[Any, ...], more: Iterable[Any]) -> tuple[Any, ...]:
    return tuple(dict.fromkeys((*known, *more)))


def _hashable(value: object) -> Hashable:
    if isinstance(value, Mapping):
        return tuple((name, _hashable(entry)) for name, entry in value.items())
    if isinstance(value, list):
        return tuple(_hashable(entry) for entry in value)
    if isinstance(value, Sampling | Speech):  # frozen values with mappings in them
        return tuple(_hashable(getattr(value, f.name)) for f in fields(value))
    return value  # tuples, texts, numbers and frozen values
