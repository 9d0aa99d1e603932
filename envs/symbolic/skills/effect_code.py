"""The source of a skill's effects: the function that returns the state after it."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from envs.symbolic.skills.expressions import Expressions
from envs.symbolic.skills.values import Atom, Effect, Skill, Term
from envs.symbolic.state import COLD, HELD, HOT, NOWHERE

INDENT = "    "
_HEAT = HOT | COLD


def successor_code(
    skill: Skill,
    expressions: Expressions,
    started: Collection[tuple[str, bool]],
    exclusive: Iterable[tuple[str, str]],
) -> str:
    """Return the source of the function that computes the state after an applicable skill.

    Args:
        skill: The skill.
        expressions: Its expressions.
        started: Changes of a state (its word; whether it becomes true) after which the process of the fixture runs.
        exclusive: Pairs of states that exclude each other.
    """
    return "\n".join(_Successor(skill, expressions, started, tuple(exclusive)).lines())


class _Successor:
    def __init__(
        self,
        skill: Skill,
        expressions: Expressions,
        started: Collection[tuple[str, bool]],
        exclusive: tuple[tuple[str, str], ...],
    ) -> None:
        self.skill, self.expressions, self.started, self.exclusive = skill, expressions, started, exclusive
        predicates = {e.atom.predicate for e in skill.effects}
        self.moves = bool(predicates & {"at", "holding"})
        self.fills = bool(predicates & {"filled", "filled from"})
        self.flags = bool(predicates & {"state", "filled from"})
        required = [p.atom for p in skill.preconditions if p.atom.positive and not p.guards]
        self.held = {a.terms[0] for a in required if a.predicate == "holding"}
        self.empty_hand = any(a.predicate == "hand empty" for a in required)
        self.reached = {a.terms[0] for a in required if a.predicate in ("reachable", "accessible")}
        self.sites: dict[str, None] = {}  # fixtures at which a process may have to run

    def lines(self) -> Iterable[str]:
        arguments = ", ".join(f"e{i}" for i in range(len(self.skill.parameters)))
        yield f"def successor(state, {arguments}):"
        yield from (INDENT + line for line in self._body())

    def _body(self) -> Iterable[str]:
        yield "world, places, flags, liquid, held, at, apart = state"
        yield from self._arrival()
        names: dict[tuple[Atom, ...], str] = {}
        for effect in self.skill.effects:  # guards are about the state before
            if effect.guards and effect.guards not in names:
                names[effect.guards] = f"guard_{len(names)}"
                tests = " and ".join(f"({self.expressions.truth(guard)})" for guard in effect.guards)
                yield f"{names[effect.guards]} = {tests}"
        found = {t for e in self.skill.effects for t in e.atom.terms if t.parameter is None}
        for i, term in enumerate(sorted(found, key=lambda t: t.kind)):
            yield f"found_{i} = {self.expressions.entity(term)}"
        self.variables = {term: f"found_{i}" for i, term in enumerate(sorted(found, key=lambda t: t.kind))}
        if self.moves:
            yield "new_places = list(places)"
        if self.flags:
            yield "new_flags = list(flags)"
        if self.fills:
            yield "new_liquid = list(liquid)"
        for effect in self.skill.effects:
            statements = list(self._effect(effect))
            if effect.guards and statements:
                yield f"if {names[effect.guards]}:"
                yield from (INDENT + line for line in statements)
            else:
                yield from statements
        if self.moves:
            yield "places = tuple(new_places)"
        if self.flags:
            yield "flags = tuple(new_flags)"
        if self.fills:
            yield "liquid = tuple(new_liquid)"
        for site in self.sites:
            yield from self._process(site)
        yield "return new(State, (world, places, flags, liquid, held, at, apart))"

    def _entity(self, term: Term) -> str:
        return self.variables.get(term) or self.expressions.entity(term)

    def _arrival(self) -> Iterable[str]:
        """Set `at` to the fixture where the skill ends; what is in the hand is used where the robot stands."""
        term = Term(kind=self.skill.parameters[self.skill.at].kind, parameter=self.skill.at)
        if self.expressions.is_fixture(term):
            yield f"at = e{self.skill.at}"
        elif term not in self.held:
            yield f"root = e{self.skill.at}"
            yield "while root >= world.n_fixtures:"
            yield f"{INDENT}root = places[root]"
            is_safe = term in self.reached or self.empty_hand
            yield "at = root" if is_safe else f"at = root if root != {HELD} else at"

    def _effect(self, effect: Effect) -> Iterable[str]:
        atom = effect.atom
        entities = [self._entity(term) for term in atom.terms]
        if atom.predicate == "state":
            yield from self._state(atom, entities[0])
        elif atom.predicate == "filled":
            if atom.positive:
                yield f"new_liquid[{entities[0]}] = {atom.word!r}"
                self._add_site(atom.terms[0])
            else:  # a supply stays full
                category = f"world.object_category[{entities[0]}]"
                yield f"if (category := {category}) is not None and not category.contains:"
                yield f'{INDENT}new_liquid[{entities[0]}] = ""'
                if atom.terms[0] not in self.held:
                    self._add_site(atom.terms[0])  # it may stand under a running tap
        elif atom.predicate == "filled from":
            target, source = entities
            yield f"new_liquid[{target}] = liquid[{source}]"
            yield f"if flags[{source}] & {_HEAT}:"
            yield f"{INDENT}new_flags[{target}] = new_flags[{target}] & ~{_HEAT} | flags[{source}] & {_HEAT}"
            self._add_site(atom.terms[0])
        elif atom.predicate == "holding":
            yield f"new_places[{entities[0]}] = {HELD}"
            yield f"held = {entities[0]}"
            yield from self._no_longer_apart(entities[0])
        elif atom.predicate == "at":
            yield f"new_places[{entities[0]}] = {entities[1]}"
            if atom.terms[0] in self.held:
                yield f"held = {NOWHERE}"
            else:
                yield f"if held == {entities[0]}:"
                yield f"{INDENT}held = {NOWHERE}"
                yield from self._no_longer_apart(entities[0])
            self._add_site(atom.terms[1])

    def _state(self, atom: Atom, entity: str) -> Iterable[str]:
        bit = self.expressions.bits[atom.word]
        if not atom.positive:
            yield f"new_flags[{entity}] &= ~{bit}"
        else:
            pairs = [{*pair} for pair in self.exclusive if atom.word in pair]
            excluded = sum(self.expressions.bits[word] for pair in pairs for word in pair - {atom.word})
            cleared = f"new_flags[{entity}] & ~{excluded}" if excluded else f"new_flags[{entity}]"
            yield f"new_flags[{entity}] = {cleared} | {bit}"
        if (atom.word, atom.positive) in self.started:
            self._add_site(atom.terms[0])

    def _no_longer_apart(self, entity: str) -> Iterable[str]:
        yield "if apart:"
        yield f"{INDENT}apart = frozenset([pair for pair in apart if {entity} not in pair])"

    def _add_site(self, term: Term) -> None:
        self.sites["at" if term.parameter == self.skill.at else self._entity(term)] = None

    def _process(self, site: str) -> Iterable[str]:
        fixture = "at"
        if site != "at":
            fixture = "site"
            yield f"site = {site}"
            yield "while site >= world.n_fixtures:"
            yield f"{INDENT}site = places[site]"
        yield f"if {fixture} >= 0 and world.rule[{fixture}] is not None:"
        yield f"{INDENT}changed_flags, changed_liquid = list(flags), list(liquid)"
        yield f"{INDENT}apply_process(world, places, changed_flags, changed_liquid, {fixture})"
        yield f"{INDENT}flags, liquid = tuple(changed_flags), tuple(changed_liquid)"
