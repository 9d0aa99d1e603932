"""What a robot can bring about in a home, at most: what follows from its skills if nothing was ever undone.

Starting from a state, whatever some skill or process could make true is added, and nothing is taken away, until nothing
new follows (the delete relaxation of planning: Bonet and Geffner 2001). So what is missing at the end no plan of this
robot reaches; what is there may still be out of reach. Places are not full, and an object may be in several at once.

Objects are put together by category where only their size counts, so that the time grows with the size of a home and
not with its square.
"""

from __future__ import annotations

from collections import defaultdict
from functools import lru_cache
from itertools import product
from typing import TYPE_CHECKING

from envs.symbolic.embodiment.hand_limits import TOUCHED, out_of_reach, too_heavy, too_wide
from envs.symbolic.skills.values import Atom

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from envs.symbolic.domain import Hand, Process, Skill
    from envs.symbolic.skills.values import Effect, Precondition, Term
    from envs.symbolic.state import State

_PAIRS = ("fits", "has room")  # preconditions of a move that are about the thing and the place together
_LASTING = ("able", "kind", "runs closed", "holds things", "fits")  # atoms that never change
Args = tuple[int, ...]


@lru_cache(maxsize=16)
def possible_in(state: State) -> Possible:
    """Return what the robot of a state's domain can bring about from it."""
    return Possible(state, state.world.domain.skills, state.world.domain.hand)


class Possible:
    """What can become true, from a state, by skills and a hand.

    Args:
        state: The state.
        skills: The robot's skills.
        hand: Its hand.
        idle: Appliances that do not run.
        only: Objects that it takes at most; None: any.
        lifts: Objects that its hand holds whatever their size and mass.
        reaches: Furniture that it reaches whatever its height.

    Attributes:
        holdable: Objects that can be in the hand.
        roots: Fixtures where each entity can be, also in something else; a fixture is at itself.
        true: Entities of which each state can be true.
        false: Entities of which each state can be untrue.
        liquids: Liquids that can be in each object; "" is none.
    """

    def __init__(
        self, state: State, skills: Mapping[str, Skill], hand: Hand | None, *, idle: Collection[int] = (),
        only: Collection[int] | None = None, lifts: Collection[int] = (), reaches: Collection[int] = (),
    ) -> None:  # fmt: skip
        """Derive everything that is possible."""
        self.idle = frozenset(idle)
        self.state, self.world, self.skills = state, state.world, skills
        world, self.domain = state.world, state.world.domain
        self.objects = range(world.n_fixtures, len(world.names))
        self.holdable = {state.held} if state.held >= 0 else set[int]()
        self.hand_empty = state.held < 0
        self.roots: list[set[int]] = [{f} for f in range(world.n_fixtures)]
        self.roots += [{root} if (root := state.root(i)) >= 0 else set() for i in self.objects]
        self.true: dict[str, set[int]] = {}
        self.false: dict[str, set[int]] = {}
        for word, bit in self.domain.bits.items():
            self.true[word] = {i for i, flags in enumerate(state.flags) if flags & bit}
            self.false[word] = {i for i, flags in enumerate(state.flags) if not flags & bit}
        self.made: set[tuple[str, bool, int]] = set()  # states of furniture that some action can set or clear
        self.liquids: dict[int, set[str]] = {i: {state.liquid[i]} for i in self.objects}
        self.movers: dict[str, tuple[set[int], set[int]]] = {}  # what each moving skill can move, and to where
        hands = () if hand is None else (hand,)
        self.beyond = {f for h in hands for f in range(world.n_fixtures) if out_of_reach(world, f, h)}
        self.beyond.difference_update(reaches)
        self.untakable = {i for h in hands for i in self.objects if too_wide(world, i, h) or too_heavy(world, (i,), h)}
        self.untakable.difference_update(lifts)
        if only is not None:
            self.untakable.update(i for i in self.objects if i not in only)
        self._kinds: dict[str, Sequence[int]] = {}
        self._done: set[tuple[str, Args, Args]] = set()  # what a skill was done on, and what could be in that then
        self._changed = True
        while self._changed:
            self._changed = False
            for skill in skills.values():
                self._apply(skill)
            self._carry()
            self._run_processes()

    # -- what holds, at most -------------------------------------------------------------------------------------------

    def is_open(self, fixture: int) -> bool:
        """Whether the hand can get into a fixture: it has no door, or that can be open."""
        return not self.world.enclosed[fixture] or fixture in self.true["open"]

    def is_reachable(self, entity: int) -> bool:
        """Whether an entity can be where the hand reaches it."""
        if entity < self.world.n_fixtures:
            return entity not in self.beyond
        return any(self.is_open(root) and root not in self.beyond for root in self.roots[entity])

    def is_accessible(self, entity: int) -> bool:
        """Whether the hand can get into an entity."""
        return self.is_reachable(entity) and (entity >= self.world.n_fixtures or self.is_open(entity))

    def can_be(self, entity: int, word: str) -> bool:
        """Whether an entity can have a state, or its negation."""
        positive = self.domain.negations.get(word)
        return entity in (self.true[word] if positive is None else self.false[positive])

    @property
    def frees_hand(self) -> bool:
        """Whether what is in the hand can leave it."""
        drops = any(
            e.atom.predicate == "holding" and not e.atom.positive for s in self.skills.values() for e in s.effects
        )
        return drops or any(items and places for items, places in self.movers.values())

    def can_be_in(self, item: int, holder: int) -> bool:
        """Whether an object can be directly in or on another, or on furniture."""
        if self.state.place[item] == holder:
            return True
        return any(
            item in items and holder in places and item != holder and self.world.fits(item, holder)
            for items, places in self.movers.values()
        )

    # -- skills --------------------------------------------------------------------------------------------------------

    def _apply(self, skill: Skill) -> None:
        """Do a skill on everything that it can be done on."""
        by_arguments: dict[frozenset[int], list[Precondition]] = defaultdict(list)
        for precondition in skill.preconditions:
            terms = (t for atom in (precondition.atom, *precondition.guards) for t in atom.terms)
            by_arguments[frozenset(t.parameter for t in terms if t.parameter is not None)].append(precondition)
        if not self._all(by_arguments.pop(frozenset(), ()), ()):
            return
        candidates = []
        for k, parameter in enumerate(skill.parameters):
            own = by_arguments.pop(frozenset({k}), ())
            blank = (-1,) * k
            candidates.append([e for e in self.of_kind(parameter.kind) if self._all(own, (*blank, e))])
        pairs = [p for preconditions in by_arguments.values() for p in preconditions]
        is_move = len(candidates) == 2 and all(p.atom.predicate in _PAIRS for p in pairs)
        moves = [e for e in skill.effects if e.atom.predicate == "at"]
        is_move &= len(moves) == len(skill.effects) == 1 and not any(effect.guards for effect in moves)
        if is_move and tuple(term.parameter for term in moves[0].atom.terms) == (0, 1):
            self._move(skill, *candidates)
            return
        once = all(guard.predicate in _LASTING for effect in skill.effects for guard in effect.guards)
        pours = any(effect.atom.predicate == "filled from" for effect in skill.effects)
        for args in product(*candidates):
            key = (skill.name, args, self._contents(args) if pours else ())
            if (once and key in self._done) or len(set(args)) < len(args) or not self._all(pairs, args):
                continue
            self._done.add(key)
            for effect in skill.effects:
                self._take_effect(skill, effect, args)

    def _contents(self, args: Args) -> Args:
        """Return a number for each argument that grows with what can be in it, and how hot or cold."""
        heat = [words for word in ("hot", "cold") if (words := self.true.get(word)) is not None]
        return tuple(len(self.liquids.get(e, ())) * 4 + sum(e in entities for entities in heat) for e in args)

    def _all(self, preconditions: Iterable[Precondition], args: Args) -> bool:
        return all(self._is_met(precondition, args) for precondition in preconditions)

    def _is_met(self, precondition: Precondition, args: Args) -> bool:
        if any(self._may(_denied(guard), args) for guard in precondition.guards):
            return True
        return self._may(precondition.atom, args)

    def _take_effect(self, skill: Skill, effect: Effect, args: Args) -> None:
        if not all(self._may(guard, args) for guard in effect.guards):
            return
        atom = effect.atom
        first = self._entities(atom.terms[0], args)
        if atom.predicate == "state":
            for entity in first:
                self._set(entity, atom.word, atom.positive)
        elif atom.predicate == "holding" and atom.positive:
            able = [i for i in first if i not in self.untakable and self.is_reachable(i)]
            self._add(self.holdable, able)
        elif atom.predicate == "holding":
            self._empty_hand(first)
        elif atom.predicate == "filled":
            for vessel in first:
                self._add(self.liquids.get(vessel, set()), [atom.word if atom.positive else ""])
        elif atom.predicate == "filled from":
            for vessel, source in product(first, self._entities(atom.terms[1], args)):
                self._add(self.liquids[vessel], self.liquids[source] - {""})
                for word in ("hot", "cold"):
                    if word in self.true and source in self.true[word]:
                        self._set(vessel, word, True)
        elif atom.predicate == "at":
            self._move(skill, first, self._entities(atom.terms[1], args))

    def _move(self, skill: Skill, items: Iterable[int], places: Iterable[int]) -> None:
        moved, targets = self.movers.setdefault(skill.name, (set(), set()))
        self._add(moved, items)
        self._add(targets, places)
        if targets:
            self._empty_hand(moved)

    def _empty_hand(self, items: Collection[int]) -> None:
        if not self.hand_empty and self.state.held in items:
            self.hand_empty = self._changed = True

    def _set(self, entity: int, word: str, positive: bool) -> None:
        self._add(self.true[word] if positive else self.false[word], [entity])
        if entity < self.world.n_fixtures and (word, positive, entity) not in self.made:
            self.made.add((word, positive, entity))
            self._changed = True
        for a, b in self.domain.exclusive if positive else ():
            if word in (a, b):
                self._add(self.false[b if word == a else a], [entity])

    def _add(self, known: set[int] | set[str], more: Iterable[int] | Iterable[str]) -> None:
        before = len(known)
        known.update(more)  # type: ignore[arg-type]
        self._changed |= len(known) > before

    # -- atoms ---------------------------------------------------------------------------------------------------------

    def _may(self, atom: Atom, args: Args) -> bool:
        """Whether an atom can be true for the arguments of a skill."""
        if atom.predicate == "hand empty":
            return self.hand_empty if atom.positive else bool(self.holdable)
        if atom.predicate == "holding what":
            category = self.world.object_category
            return not atom.positive or any(getattr(category[i], atom.word, False) for i in self.holdable)
        first = self._entities(atom.terms[0], args)
        if atom.predicate in ("fits", "has room", "robot at", "at") and len(atom.terms) > 1:
            return self._may_both(atom, first, self._entities(atom.terms[1], args))
        return any(self._may_one(atom, entity) for entity in first)

    def _may_one(self, atom: Atom, entity: int) -> bool:
        world, predicate, positive = self.world, atom.predicate, atom.positive
        if predicate == "holding":
            return entity in self.holdable if positive else True
        if predicate == "kind":
            return (entity in self.of_kind(atom.terms[0].kind)) == positive
        if predicate == "able":
            category = world.object_category[entity] or world.fixture_category[entity]
            if positive and atom.word in TOUCHED and not self.is_reachable(entity):
                return False
            return bool(getattr(category, atom.word, False)) == positive
        if predicate == "state":
            return entity in (self.true[atom.word] if positive else self.false[atom.word])
        if predicate == "filled":
            liquids = self.liquids.get(entity, {""})
            is_so = bool(liquids - {""}) if not atom.word else atom.word in liquids
            return is_so if positive else bool(liquids - {atom.word}) if atom.word else "" in liquids
        if predicate == "reachable":
            return not positive or self.is_reachable(entity)
        if predicate == "accessible":
            return not positive or self.is_accessible(entity)
        if predicate == "in the open":
            roots = self.roots[entity] - self.beyond
            return not positive or any(not world.enclosed[r] and world.relation[r] != "with" for r in roots)
        if predicate == "holds things":
            return (world.relation[entity] not in (None, "with")) == positive
        if predicate == "runs closed":
            process = world.process[entity]
            return (process is not None and "closed" in process.when) == positive
        return True  # where the robot stands

    def _may_both(self, atom: Atom, first: Sequence[int], second: Sequence[int]) -> bool:
        if atom.predicate == "fits":
            return any(self.world.fits(i, p) == atom.positive for i, p in product(first, second))
        if atom.predicate == "at":
            return any(self._may_be_at(i, p) if atom.positive else True for i, p in product(first, second))
        return True

    def _may_be_at(self, item: int, place: int) -> bool:
        world = self.world
        if place >= world.n_fixtures:
            return self.can_be_in(item, place)
        category = world.fixture_category[place]
        if category is not None and category.is_room:
            return any(world.in_room(root, world.names[place]) for root in self.roots[item])
        return place in self.roots[item]

    def _entities(self, term: Term, args: Args) -> Sequence[int]:
        if term.parameter is not None and term.parameter < len(args) and args[term.parameter] >= 0:
            return (args[term.parameter],)
        return self.of_kind(term.kind)

    def of_kind(self, kind: str) -> Sequence[int]:
        """Return the entities that a parameter of a kind can be."""
        known = self._kinds.get(kind)
        if known is None:
            known = self._kinds[kind] = sorted(self.world.of_kind(kind))
        return known

    # -- places and processes ------------------------------------------------------------------------------------------

    def _carry(self) -> None:
        """Let everything be where it can be moved to, and where that can be in which it is or can be put."""
        world, categories = self.world, self.world.object_category
        for item in self.objects:
            parent = self.state.place[item]
            if parent >= world.n_fixtures:
                self._add(self.roots[item], self.roots[parent])
        for items, places in self.movers.values():
            containers: dict[int, tuple[int, set[int]]] = {}  # an example, and where those like it can be
            for place in places:
                if place >= world.n_fixtures:
                    _, roots = containers.setdefault(id(categories[place]), (place, set()))
                    roots |= self.roots[place]
            fixtures = [place for place in places if place < world.n_fixtures]
            reached: dict[int, set[int]] = {}
            for item in items:
                key = id(categories[item])
                if key not in reached:
                    reached[key] = {f for f in fixtures if world.fits(item, f)}
                    reached[key].update(*(r for example, r in containers.values() if world.fits(item, example)))
                self._add(self.roots[item], reached[key])

    def _run_processes(self) -> None:
        for fixture in range(self.world.n_fixtures):
            process = self.world.process[fixture]
            if process is None or fixture in self.idle:
                continue
            for is_new in (False, True):
                if self.can_run(fixture, process, is_new=is_new):
                    for item in self.objects:
                        if fixture in self.roots[item] and (is_new or self.state.root(item) == fixture):
                            self._change(item, process)

    def can_run(self, fixture: int, process: Process, *, is_new: bool) -> bool:
        """Whether an appliance can run with what is in it or, if `is_new`, with what is put in it now.

        What has a door is opened for something new, and what runs closed is closed and switched on after that.
        """
        for word in process.when:
            positive = word not in self.domain.negations
            state = self.domain.negations.get(word, word)
            has_door = is_new and self.world.enclosed[fixture] and "closed" in process.when
            if has_door and (state, positive, fixture) not in self.made:
                return False
            if fixture not in (self.true[state] if positive else self.false[state]):
                return False
        return True

    def _change(self, item: int, process: Process) -> None:
        category = self.world.object_category[item]
        assert category is not None
        for word in process.set:
            self._set(item, word, True)
        for word in process.clear:
            self._set(item, word, False)
        if process.cook and category.cooks:
            self._set(item, "cooked", True)
        if process.fill and category.fills and "" in self.liquids[item]:
            self._add(self.liquids[item], [process.fill])


def _denied(atom: Atom) -> Atom:
    return Atom(predicate=atom.predicate, terms=atom.terms, word=atom.word, positive=not atom.positive)
