"""A second, naive evaluator of goals, written from the words of the design: small, slow, and without any code of ours.

It looks at whole snapshots of a home, tries every way to choose, and keeps no progress: an episode is the list of its
snapshots and the actions between them.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

from envs.symbolic.actions import Action, State
from envs.symbolic.domain import load_domain
from envs.symbolic.goals import Condition, Count, Every, FixtureIs, Goal, Holding, No, Place, Rule, Test, Thing

DOMAIN = load_domain()


class Snapshot:
    """What is true of a home at one moment, by names."""

    def __init__(self, state: State) -> None:
        world = state.world
        names = [*world.names]
        self.fixtures = names[: world.n_fixtures]
        self.objects = names[world.n_fixtures :]
        self.kind = dict(zip(names, world.categories, strict=True))
        self.holder = {
            name: names[p] if p >= 0 else "the hand" if i == state.held else ""
            for i, (name, p) in enumerate(zip(names, state.place, strict=True))
        }
        self.words = {
            name: {word for word in (*DOMAIN.states, *DOMAIN.negations) if state.has(i, word)}
            for i, name in enumerate(names)
        }
        self.liquid = dict(zip(names, state.liquid, strict=True))
        self.properties = {name: {*world.properties[i]} for i, name in enumerate(names)}
        rooms = {room.name: room.kind for room in world.scene.rooms}
        self.rooms = {f.name: {f.room, rooms[f.room]} for f in world.scene.fixtures}
        persons = [f for f in self.fixtures if self.kind[f] == "person"]
        self.person = dict(zip(world.scene.people, persons, strict=False))
        self.robot_at = names[state.at] if state.at >= 0 else ""

    def around(self, name: str) -> list[str]:
        """Return everything that an object is in or on, from the inside out."""
        holders = []
        while self.holder[name]:
            name = self.holder[name]
            if name == "the hand":
                break
            holders.append(name)
        return holders


class Episode:
    """The snapshots of an episode and the actions between them."""

    def __init__(self, states: Sequence[State], actions: Sequence[Action]) -> None:
        self.moments = [Snapshot(state) for state in states]
        self.actions = list(actions)
        self.begin(0)

    def begin(self, at: int) -> None:
        """Take a moment as the start, at which choices are made."""
        self.start, self.begun = self.moments[at], at

    # -- descriptions ----------------------------------------------------------------------------------------------

    def is_of(self, kind: str, word: str) -> bool:
        if word in DOMAIN.objects or word in DOMAIN.fixtures:
            return kind == word
        table: Any = DOMAIN.objects if kind in DOMAIN.objects else DOMAIN.fixtures
        return (word == "anything" and kind in DOMAIN.objects) or word in table[kind].classes

    def is_like(self, now: Snapshot, name: str, thing: Thing) -> bool:
        return (
            self.is_of(now.kind[name], thing.word)
            and now.words[name] >= {*thing.states}
            and now.properties[name] >= {*thing.properties}
            and thing.liquid in (None, now.liquid[name])
            and (thing.origin is None or self.is_at(self.start, name, thing.origin))
        )

    def is_at(self, now: Snapshot, name: str, place: Place) -> bool:
        if place.thing is None:
            return any(self.is_meant(now, holder, place) for holder in now.around(name) if holder in now.fixtures)
        if place.beside:
            around = now.around(name)[:1]
            others = [o for o in now.objects if o != name and around and now.around(o)[:1] == around]
        else:
            others = [holder for holder in now.around(name) if holder in now.objects]
        return any(self.is_holder(now, other, place) for other in others)

    def is_holder(self, now: Snapshot, name: str, place: Place) -> bool:
        assert place.thing is not None
        return self.is_like(now, name, place.thing) and (place.inside is None or self.is_at(now, name, place.inside))

    def is_meant(self, now: Snapshot, fixture: str, place: Place) -> bool:
        if place.person is not None:
            return now.person.get(place.person) == fixture
        return (
            (place.room is None or place.room in now.rooms[fixture])
            and (place.fixture is None or self.is_of(now.kind[fixture], place.fixture))
            and now.properties[fixture] >= {*place.properties}
        )

    def those(self, now: Snapshot, thing: Thing, place: Place | None = None) -> list[str]:
        return [
            name
            for name in now.objects
            if self.is_like(now, name, thing) and (place is None or self.is_at(now, name, place))
        ]

    # -- conditions ------------------------------------------------------------------------------------------------

    def holds(self, at: int, condition: Condition, *, means: bool = True) -> bool:
        now = self.moments[at]
        if isinstance(condition, Holding):
            return any(now.holder[name] == "the hand" for name in self.those(now, condition.thing))
        if isinstance(condition, No):
            return not self.those(now, condition.thing, condition.place)
        if isinstance(condition, FixtureIs):
            return self.is_so(now, condition)
        if isinstance(condition, Every):
            return self.is_chosen(at, condition, means)
        return self.is_counted(at, condition, means)

    def is_counted(self, at: int, condition: Count, means: bool) -> bool:
        now, place = self.moments[at], condition.place
        there = [*self.those(now, condition.thing)]
        if condition.means and means:
            has_states = bool(condition.thing.states or condition.thing.liquid)
            before = self.those(self.start, condition.thing, None if has_states else place)
            there = [name for name in there if name in before or self.used(at, condition.means, name)]
        if place is None or not place.every:
            there = [name for name in there if place is None or self.is_at(now, name, place)]
            return self.is_amount(len(there), len(self.those(self.start, condition.thing, place)), condition)
        if place.thing is None:
            holders = [f for f in now.fixtures if self.is_meant(now, f, place)]
        else:
            holders = [o for o in now.objects if any(self.is_holder(m, o, place) for m in (now, self.start))]

        def near(moment: Snapshot, name: str, holder: str) -> bool:
            if not place.beside:
                return holder in moment.around(name)
            around = moment.around(holder)[:1]
            return bool(around) and name != holder and moment.around(name)[:1] == around

        everyone = self.those(self.start, condition.thing)
        return bool(holders) and all(
            self.is_amount(
                sum(near(now, name, h) for name in there),
                sum(near(self.start, name, h) for name in everyone),
                condition,
            )
            for h in holders
        )

    def is_amount(self, number: int, before: int, condition: Count) -> bool:
        return {
            "at least": number >= condition.number,
            "exactly": number == condition.number,
            "at most": number <= condition.number,
            "more": number - before >= condition.number,
        }[condition.amount]

    def is_so(self, now: Snapshot, condition: FixtureIs) -> bool:
        furniture = Place(fixture=condition.fixture, properties=condition.properties, room=condition.room)
        meant = [f for f in now.fixtures if self.is_meant(now, f, furniture)]
        if condition.fixture not in DOMAIN.fixtures:
            meant = [f for f in meant if all(DOMAIN.fixtures[now.kind[f]].can_be(s) for s in condition.states)]
        excluded = condition.excluded
        left_out = [f for f in meant if excluded is not None and self.is_meant(now, f, excluded)]
        meant = [f for f in meant if f not in left_out]
        are_so = [f for f in meant if now.words[f] >= {*condition.states}]
        if condition.quantifier == "some":
            return bool(are_so)
        if condition.quantifier == "no":
            return not are_so
        stays = all(
            self.start.words[f] >= {*condition.states} or not now.words[f] >= {*condition.states} for f in left_out
        )
        return bool(meant) and are_so == meant and stays

    def is_chosen(self, at: int, condition: Every, means: bool) -> bool:
        """Whether there is a choice of which all are as asked, while no other came to be so."""
        now = self.moments[at]
        pool = self.those(self.start, condition.thing)
        excepted = [
            n for n in pool if condition.excluded is not None and self.is_like(self.start, n, condition.excluded)
        ]
        place, own_words = condition.place, set[str]()
        while place is not None and place.thing is not None:  # nothing goes into its own kind of container
            own_words.add(place.thing.word)
            place = place.inside
        pool = [n for n in pool if n not in excepted and self.start.kind[n] not in own_words]
        if not pool:
            return False
        sizes = {
            "every": [len(pool)],
            "of": [condition.number],
            "all but": [len(pool) - condition.number],
            "half": sorted({len(pool) // 2, (len(pool) + 1) // 2}),
        }[condition.selection]

        def so(moment: Snapshot, name: str) -> bool:
            words = moment.words[name] >= {*condition.become}
            return words and (condition.place is None or self.is_at(moment, name, condition.place))

        def came(name: str) -> bool:
            return so(now, name) and not so(self.start, name)

        def by_means(name: str) -> bool:
            used = not condition.means or not means or self.used(at, condition.means, name)
            return used or so(self.start, name)

        if any(came(name) for name in excepted):
            return False
        if condition.selection in ("all but", "half"):
            before = sum(so(self.start, name) for name in pool)
            if sum(so(now, name) for name in pool) > max(*sizes, before):
                return False
        return any(
            all(so(now, n) and by_means(n) for n in chosen) and not any(came(n) for n in pool if n not in chosen)
            for size in sizes
            if size >= 0
            for chosen in combinations(pool, size)
        )

    def used(self, at: int, means: str, name: str) -> bool:
        """Whether an appliance ran with the object in it, a tool was used on it, or a container carried it."""
        for number, action in enumerate(self.actions[self.begun : at], start=self.begun + 1):
            before, after = self.moments[number - 1], self.moments[number]
            for holder in after.around(name):
                if after.kind[holder] == means and holder in after.fixtures:
                    process = DOMAIN.process_at.get(means)
                    if process is None or after.words[holder] >= {*process.when}:
                        return True
                if after.kind[holder] == means and after.holder[holder] == "the hand":
                    return True
            tools = [o for o in before.objects if before.kind[o] == means and before.holder[o] == "the hand"]
            if tools and action.skill in ("slice", "pour", "wipe") and action.args[-1] == name:
                return True
        return False

    # -- rules and phases ------------------------------------------------------------------------------------------

    def broken_at(self, rule: Rule) -> int | None:
        for number in range(len(self.moments)):
            if rule.condition is not None and self.holds(number, rule.condition, means=False):
                return number
            if rule.condition is None and number and self.is_forbidden(rule, number):
                return number
        return None

    def is_forbidden(self, rule: Rule, number: int) -> bool:
        action, before, after = self.actions[number - 1], self.moments[number - 1], self.moments[number]
        if rule.skill == "go to" and rule.place is not None:
            moved = bool(after.robot_at) and after.robot_at != before.robot_at
            return moved and self.is_meant(after, after.robot_at, rule.place)
        if action.skill != rule.skill:
            return False
        if rule.place is not None:
            return any(a in before.fixtures and self.is_meant(before, a, rule.place) for a in action.args)
        if rule.thing is not None:
            return any(a in before.objects and self.is_like(before, a, rule.thing) for a in action.args)
        return True

    def is_true(self, at: int, test: Test) -> bool:
        return self.holds(at, test.condition, means=False) != test.negated

    def score(self, goal: Goal) -> tuple[list[bool], dict[int, int]]:
        """Return which conditions are met at the end, and at which step each broken rule broke."""
        self.begin(0)
        broken = {i: at for i, rule in enumerate(goal.rules) if (at := self.broken_at(rule)) is not None}
        met: list[bool] = []
        begins, last = 0, len(self.moments) - 1
        reached = True
        for number, phase in enumerate(goal.phases):
            is_final = number == len(goal.phases) - 1
            guard = goal.guard(number)
            if reached and guard.when is not None:
                self.begin(begins)
            if not reached:
                met += [False] * len(phase)
            elif guard.tests and not all(self.is_true(begins, test) for test in guard.tests):
                met += [True] * len(phase)
            elif is_final:
                met += [self.holds(last, condition) for condition in phase]
            else:
                moments = (m for m in range(begins, last + 1) if all(self.holds(m, c) for c in phase))
                moment = next(moments, None)
                reached = moment is not None
                met += [True] * len(phase) if reached else [self.holds(last, c) for c in phase]
                begins = moment if moment is not None else begins
        return met, broken
