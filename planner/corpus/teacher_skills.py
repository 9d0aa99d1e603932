"""How the teacher uses skills that a domain adds: it makes their preconditions true, one after another.

What a skill needs is data (`envs/symbolic/skills/values.py`): `charge {electronics}` needs `{electronics} on {charging
station}`, so the phone is brought there; the charging station must be on, so it is switched on; `hand empty` comes
last. `planner/goals/means/own_skills.py` chooses what is used.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

from envs.symbolic.goals import Place, Thing
from envs.symbolic.state import OPEN
from planner.corpus.teacher_hands import Hands, StuckError
from planner.goals import choice, grounding
from planner.goals.means import own_skills

if TYPE_CHECKING:
    from collections.abc import Sequence

    from envs.symbolic.skills.values import Atom
    from envs.symbolic.state import State
    from planner.goals.means.own_skills import Use

MAX_FIXES = 24  # preconditions that are made true for one use
MAX_DEPTH = 4  # skills that are used for the preconditions of another
_IN_HAND = ("holding", "holding what")


class SkilledHands(Hands):
    """Hands that also use the domain's own skills."""

    depth = 0  # of uses within uses
    put_away: tuple[State, int, int] | None = (
        None  # the state with the tool in the hand, number of steps then and after
    )

    @abstractmethod
    def apply_states(self, objects: Sequence[int], description: Thing) -> None:
        """Give objects the states of a description."""

    @abstractmethod
    def change_fixture(self, fixture: int, word: str) -> None:
        """Give a fixture a state."""

    @abstractmethod
    def fill(self, vessel: int, liquid: str) -> None:
        """Fill a vessel."""

    def use_own_skill(self, entities: Sequence[int], word: str, *, against: bool = False) -> None:
        """Give each entity a state by a skill of the domain's own, or take it away (`against`).

        Raises:
            StuckError: No skill does, or what it needs cannot be had.
        """
        before = self.state
        lacking = [entity for entity in entities if self.state.has(entity, word) == against]
        if len(lacking) > 1:
            self.prepare(lacking, word, against=against)
        for entity in lacking:
            if self.state.has(entity, word) == against:
                self.perform(self.chosen_use(entity, word, against=against))
        tool = self.state.held
        if tool >= 0 and tool != before.held and tool not in entities:
            held, number = self.state, len(self.actions)
            self.put_back(tool, before.root(tool))
            self.put_away = held, number, len(self.actions)

    def take(self, item: int) -> None:
        """Pick up an object; a tool that was put away just now stays in the hand instead."""
        if self.put_away is not None and self.put_away[0].held == item and self.put_away[2] == len(self.actions):
            self.state, number, _ = self.put_away
            del self.actions[number:]
        else:
            super().take(item)
        self.put_away = None

    def prepare(self, entities: Sequence[int], word: str, *, against: bool) -> None:
        """Bring several things to where a skill is used on them before its tool is taken, which then stays in the hand.

        It is left out where there is no tool, or no room for all of them at once.
        """
        for entity in entities:
            use = self.chosen_use(entity, word, against=against)
            unmet = own_skills.unmet(self.state, use)
            if not any(
                atom.predicate in _IN_HAND and not (atom.terms and use.entity(atom.terms[0]) == entity)
                for atom in unmet
            ):
                return
            for atom in unmet:
                if atom.predicate != "at" or not atom.positive or use.entity(atom.terms[0]) != entity:
                    continue
                place = use.entity(atom.terms[1])
                if own_skills.is_room(self.state.world, place) or not grounding.can_hold(self.state, place, entity):
                    return
                self.make_true(atom, use)

    def chosen_use(self, entity: int, word: str, *, against: bool) -> Use:
        """Return the use of a skill for an entity."""
        choose = own_skills.use_against if against else own_skills.use_for
        use = choose(self.state, entity, word, self.avoid, common_sense=self.common_sense)
        if use is None:
            name = self.state.world.names[entity]
            raise StuckError(f"no skill of this robot makes {name} {'not ' if against else ''}{word}")
        return use

    def perform(self, use: Use) -> None:
        """Make the preconditions of a use true, and use the skill."""
        if self.depth >= MAX_DEPTH:
            raise StuckError(f"{use.skill.name} needs skills that need skills, and so on")
        self.depth += 1
        last: Atom | None = None
        for _ in range(MAX_FIXES):
            unmet = own_skills.unmet(self.state, use)
            if not unmet:
                break
            if unmet[0] == last:
                raise StuckError(f"{use.skill.name}: nothing makes it so that {self.in_words(unmet[0], use)}")
            last = unmet[0]
            self.make_true(last, use)
        self.depth -= 1
        self.do(use.skill.name, *use.arguments())

    def in_words(self, atom: Atom, use: Use) -> str:
        """Say what a precondition asks for: "knife 1 is sharp"."""
        names = [self.state.world.names[use.entity(term)] for term in atom.terms]
        words = [names[0], atom.word or atom.predicate, *names[1:]] if names else [atom.predicate, atom.word]
        return ("" if atom.positive else "not ") + " ".join(word for word in words if word)

    def make_true(self, atom: Atom, use: Use) -> None:
        """Make one precondition of a use true."""
        first = use.entity(atom.terms[0]) if atom.terms else -1
        if atom.predicate == "state":
            self.make_state(first, atom)
        elif atom.predicate == "filled" and atom.positive:
            self.fill(first, atom.word or self.liquid_for(first))
        elif atom.predicate == "at" and atom.positive:
            self.bring_to(first, use.entity(atom.terms[1]))
        elif atom.predicate == "at":
            self.take_away(first, use.entity(atom.terms[1]))
        elif atom.predicate in ("in the open", "reachable", "accessible") and atom.positive:
            self.make_reachable(first, atom)
        elif atom.predicate == "hand empty" and atom.positive:
            self.free_hand()
        elif atom.predicate == "holding" and atom.positive:
            self.take(first)
        elif atom.predicate == "holding":
            self.free_hand()
        elif atom.predicate == "holding what" and atom.positive:
            tool = grounding.tool_for(self.state, atom.word, self.avoid, common_sense=self.common_sense)
            if tool is None:
                raise StuckError(f"{use.skill.name}: there is nothing here for it")
            self.take(tool)
        elif atom.predicate == "robot at" and atom.positive and "go to" in self.state.world.domain.skills:
            self.do("go to", self.state.root(first))
        else:
            raise StuckError(f"{use.skill.name}: nothing makes it so that {self.in_words(atom, use)}")

    def make_state(self, entity: int, atom: Atom) -> None:
        """Give an entity a state or take it away."""
        world = self.state.world
        word = atom.word
        if not atom.positive:
            negation = {positive: negation for negation, positive in world.domain.negations.items()}.get(word)
            opposite = grounding.STATES_INSTEAD.get(word)
            if negation is None and opposite is None:
                self.use_own_skill([entity], word, against=True)
                return
            word = negation or opposite or word
        if entity < world.n_fixtures:
            self.change_fixture(entity, word)
        else:
            self.apply_states([entity], Thing(word="anything", states=(word,)))

    def liquid_for(self, vessel: int) -> str:
        """Return a liquid that a vessel can be filled with."""
        liquids = self.state.world.domain.liquids
        for liquid in liquids:
            if grounding.liquid_source(self.state, liquid, vessel, self.avoid) is not None:
                return liquid
        raise StuckError(f"there is nothing to fill {self.state.world.names[vessel]} with")

    def bring_to(self, item: int, place: int) -> None:
        """Bring an object to furniture, into an object, to a person, or into a room."""
        world = self.state.world
        if own_skills.is_room(world, place):
            fixtures = [
                f for f in range(world.n_fixtures)
                if world.scene.fixtures[f].room == world.names[place] and world.relation[f] in ("on", "in")
                and grounding.can_hold(self.state, f, item) and f not in self.avoid
            ]  # fmt: skip
            if not fixtures or item < world.n_fixtures:
                raise StuckError(f"nowhere in {world.names[place]} for {world.names[item]}")
            self.bring(item, min(fixtures, key=lambda f: choice.oddity(self.state, f, item)))
        elif world.relation[place] == "with":
            self.take(item)
            self.do("give", item, place)
        else:
            self.make_room(item, place)
            self.bring(item, place)

    def make_room(self, item: int, place: int) -> None:
        """Bring things elsewhere until an object has room at a place, those that no condition wants there first."""
        world = self.state.world
        kept = choice.needed_where_they_are(self.state, self.phase, self.initial_state)
        for other in sorted(self.state.children(place), key=lambda i: (i in kept, i)):
            if grounding.can_hold(self.state, place, item):
                return
            if world.fits(item, place) and other != item:
                self.take_away(other, place)

    def take_away(self, item: int, place: int) -> None:
        """Bring an object elsewhere."""
        world = self.state.world
        at = Place(fixture=world.categories[place] if place < world.n_fixtures else None)
        if own_skills.is_room(world, place):
            at = Place(room=world.names[place])
        target = grounding.alternative_place(self.state, item, at, self.avoid, common_sense=self.common_sense)
        if target is None:
            raise StuckError(f"nowhere else to put {world.names[item]}")
        self.bring(item, target)

    def make_reachable(self, entity: int, atom: Atom) -> None:
        """Open what an entity is behind, or is itself; put down on a surface what is in the hand, or must be there."""
        world = self.state.world
        if entity >= world.n_fixtures and (atom.predicate == "in the open" or self.state.root(entity) < 0):
            self.onto_surface(entity)
        elif (closed := self.state.closed_around(entity)) is not None:
            self.open(closed)
        elif world.enclosed[entity] and not self.state.flags[entity] & OPEN:
            self.open(entity)
