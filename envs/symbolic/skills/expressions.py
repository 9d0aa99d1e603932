"""Python expressions for the atoms of skills, over a state (`state`, `world`, `held`, …) and entities (`e0`, `e1`).

Every name of the user's notation goes into the code as a quoted string, so that no text can become code.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from envs.symbolic.skills.consistency import FINDING
from envs.symbolic.skills.phrases import FIXTURE_ABILITIES
from envs.symbolic.skills.values import Atom, Precondition, Skill, Term
from envs.symbolic.skills.wording import kind_checks

_PLACEHOLDER = re.compile(r"\{(hand|relation [01]|[01])\}")


@dataclass(frozen=True, kw_only=True)
class Expressions:
    """Writes the expressions of one skill.

    Attributes:
        skill: The skill.
        bits: The bit of each state.
        fixture_kinds: Categories and classes of fixtures.
        rooms: Kinds of rooms.
        rooms_are_entities: Whether rooms are among the fixtures.
        checked: Parameters whose kind is known when the expression is evaluated.
    """

    skill: Skill
    bits: Mapping[str, int]
    fixture_kinds: Collection[str]
    rooms: Collection[str]
    rooms_are_entities: bool
    checked: Collection[int]

    def kind_checks(self) -> Sequence[Precondition]:
        """The checks of what the arguments are."""
        return kind_checks(self.skill, rooms_are_entities=self.rooms_are_entities)

    def entity(self, term: Term) -> str:
        """The entity of a term: an argument, or what the first precondition with it found."""
        if term.parameter is not None:
            return f"e{term.parameter}"
        for precondition in self.skill.preconditions:
            atom = precondition.atom
            if atom.predicate in FINDING and atom.terms[-1] == term and atom.positive and not precondition.guards:
                return "state.held" if atom.predicate == "holding" else self._found(atom)
        raise AssertionError(f"{self.skill.name}: nothing finds {term}")

    def _found(self, atom: Atom) -> str:
        """What an atom about something of a kind finds, or NOWHERE."""
        kind = atom.terms[-1].kind
        if atom.predicate == "robot at":
            return f"found_at(state, {kind!r})"
        return f"found_around(state, {self.entity(atom.terms[0])}, {kind!r})"

    def is_fixture(self, term: Term) -> bool:
        """Whether a term is known to be a fixture."""
        kind = term.kind
        is_known = term.parameter is None or term.parameter in self.checked
        return is_known and (kind in ("fixture", "person", "room") or kind in self.fixture_kinds or kind in self.rooms)

    def is_object(self, term: Term) -> bool:
        """Whether a term is known to be an object."""
        is_known = term.parameter is None or term.parameter in self.checked
        return is_known and term.kind != "place" and not self.is_fixture(term)

    def truth(self, atom: Atom) -> str:
        """Whether an atom is true."""
        text = self._positive(atom)
        return text if atom.positive else f"not ({text})"

    def _positive(self, atom: Atom) -> str:
        if atom.predicate in FINDING and atom.terms[-1].parameter is None:
            if atom.predicate == "holding":
                return f"state.held in world.of_kind({atom.terms[-1].kind!r})"
            return f"{self._found(atom)} >= 0"
        entities = [self.entity(term) for term in atom.terms]
        first = entities[0] if entities else ""
        match atom.predicate:
            case "hand empty":
                return "state.held < 0"
            case "holding" if not entities:
                return f"state.held in world.of_kind({atom.terms[0].kind!r})"
            case "holding":
                return f"state.held == {first}"
            case "holding what":
                return f"state.held >= 0 and {self._able('state.held', atom.word, is_known=True)}"
            case "kind":
                return self._is_kind(first, atom.terms[0].kind)
            case "able":
                is_known = (self.is_fixture if atom.word in FIXTURE_ABILITIES else self.is_object)(atom.terms[0])
                return self._able(first, atom.word, is_known=is_known)
            case "state":
                return f"state.flags[{first}] & {self.bits[atom.word]}"
            case "filled":
                return f"state.liquid[{first}] == {atom.word!r}" if atom.word else f"state.liquid[{first}]"
            case "at":
                return f"is_at(state, {first}, {entities[1]})"
            case "robot at":
                return f"is_robot_at(state, {first})"
            case "holds things":
                return f"world.relation[{first}] not in (None, 'with')"
            case "fits":
                return f"world.fits({first}, {entities[1]})"
            case "reachable":
                return f"out_of_reach(state, {first}) is None"
            case "accessible":
                return f"out_of_access(state, {first}) is None"
            case "in the open":
                return f"in_the_open(state, {first})"
            case "has room":
                return f"has_room(state, {first}, {entities[1]})"
            case "runs closed":
                return f"runs_closed(world, {first})"
        raise AssertionError(f"{atom.predicate} is no condition")

    def _able(self, entity: str, ability: str, *, is_known: bool) -> str:
        sort = "fixture" if ability in FIXTURE_ABILITIES else "object"
        category, suffix = f"world.{sort}_category[{entity}]", " is not None" if ability == "joint" else ""
        if is_known:
            return f"{category}.{ability}{suffix}"
        return f"(category := {category}) is not None and category.{ability}{suffix}"

    def _is_kind(self, entity: str, kind: str) -> str:
        match kind:
            case "object":
                return f"{entity} >= world.n_fixtures"
            case "fixture":
                return f"{entity} < world.{'n_fixtures' if self.skill.travels else 'n_furniture'}"
            case "person":
                return f"world.relation[{entity}] == 'with'"
            case "place":
                return f"not world.n_furniture <= {entity} < world.n_fixtures"
        return f"{entity} in world.of_kind({kind!r})"

    def message(self, template: str, terms: Sequence[Term]) -> str:
        """An f-string of a message template; something of a kind that is looked for is called by its kind."""
        text = ""
        for i, piece in enumerate(_PLACEHOLDER.split(template)):
            if i % 2 == 0:
                text += piece.replace("{", "{{").replace("}", "}}")
            elif piece == "hand":
                text += "{in_hand(state)}"
            elif (term := terms[int(piece[-1])]).parameter is None:
                text += "in" if piece.startswith("relation") else term.kind
            else:
                names = "relation" if piece.startswith("relation") else "names"
                text += f"{{world.{names}[{self.entity(term)}]}}"
        return f"f{text!r}"
