"""Skills that a domain adds, as STRIPS actions.

One skill becomes several actions, because STRIPS has neither alternatives nor conditions: an object stands on furniture
or is nested in a vessel, a guard is true or false. Each variant records how its variables are found in a state, so that
a subtask of our plan is written as the variant that is applicable there. What STRIPS cannot say makes a skill
`Unsayable`; only a plan that uses it is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from typing import TYPE_CHECKING

from envs.symbolic.domain.achievers import categories_of_kind, own_skills
from planner.plans.own_skills.pddl_facts import ABILITIES, kind_predicate
from planner.plans.own_skills.strips_variants import (
    Test,
    Variant,
    has,
    is_able,
    is_in_vessel,
    is_on,
    is_sort,
    runs_closed,
    stands_in,
    stands_on_furniture,
)
from planner.plans.pddl.operators import Operator, literals
from planner.plans.pddl.strips_domain import ACT, FREE, REACH, SURFACE, becomes, ceases, false, own_name, true

if TYPE_CHECKING:
    from envs.symbolic.domain import Domain
    from envs.symbolic.skills.values import Atom, Skill, Term

MAX_VARIANTS = 64  # of one skill


class UnsayableError(Exception):
    """STRIPS cannot say a statement; the message says which."""


@dataclass(frozen=True, kw_only=True)
class _Draft:
    """A variant in the making."""

    terms: dict[str, str] = field(default_factory=dict)  # variable of each term, by its key
    roles: dict[str, tuple[str, str]] = field(default_factory=dict)
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    tests: tuple[Test, ...] = ()
    places: dict[str, str] = field(default_factory=dict)  # the furniture on which an object stands, by variable
    liquids: dict[str, str] = field(default_factory=dict)
    attends: tuple[str, str] | None = None

    def needing(self, text: str, *tests: Test) -> _Draft:
        return replace(self, before=(*self.before, *literals(text)), tests=(*self.tests, *tests))

    def making(self, text: str) -> _Draft:
        return replace(self, after=(*self.after, *literals(text)))

    def with_variable(self, letter: str, role: tuple[str, str]) -> tuple[_Draft, str]:
        variable = f"?{letter}{sum(name[1] == letter for name in self.roles)}"
        return replace(self, roles={**self.roles, variable: role}), variable


def own_variants(domain: Domain) -> tuple[list[Variant], dict[str, str]]:
    """Return the actions of a domain's own skills, and what STRIPS cannot say of the others."""
    variants, unsayable = list[Variant](), dict[str, str]()
    for skill in own_skills(domain):
        try:
            variants += _Writer(skill, domain).variants()
        except UnsayableError as error:
            unsayable[skill.name] = str(error)
    return variants, unsayable


class _Writer:
    def __init__(self, skill: Skill, domain: Domain) -> None:
        self.skill, self.domain = skill, domain
        self.sorts = {
            parameter.kind: domain.vocabulary.sort_of(parameter.kind) or "object" for parameter in skill.parameters
        }

    def variants(self) -> list[Variant]:
        """Return all variants."""
        drafts = self.beginnings()
        for precondition in self.skill.preconditions:
            drafts = [d for draft in drafts for d in self.guarded(draft, precondition.guards, precondition.atom)]
            self.check(drafts)
        for effect in self.skill.effects:
            drafts = [d for draft in drafts for d in self.effect(draft, effect.guards, effect.atom)]
            self.check(drafts)
        return [self.finished(draft, number) for number, draft in enumerate(drafts, start=1)]

    def check(self, drafts: Sequence[_Draft]) -> None:
        if len(drafts) > MAX_VARIANTS:
            raise UnsayableError(f"it would be more than {MAX_VARIANTS} actions")

    def finished(self, draft: _Draft, number: int) -> Variant:
        arguments = [draft.terms[str(i)] for i in range(len(self.skill.parameters))]
        others = [variable for variable in draft.roles if variable not in arguments]
        flag = SURFACE if draft.attends and draft.attends[1] == "reach-nested-on-surface" else REACH
        mode = (f"(attends {draft.attends[0]})", flag) if draft.attends else (ACT,)
        released = (ACT, f"(not (attends {draft.attends[0]}))", f"(not {flag})") if draft.attends else ()
        operator = Operator(
            name=f"{own_name(self.skill)}-{number}",
            parameters=(*arguments, *others),
            precondition=tuple(dict.fromkeys((*mode, *draft.before))),
            effect=tuple(dict.fromkeys((*draft.after, *released))) or ("(visited-by-skill)",),
        )
        roles = tuple((variable, draft.roles[variable]) for variable in operator.parameters)
        return Variant(operator=operator, skill=self.skill, roles=roles, tests=draft.tests, attends=draft.attends)

    def beginnings(self) -> list[_Draft]:
        """Return a draft for each way in which arguments can be objects or furniture."""
        choices = [self.letters(parameter.kind) for parameter in self.skill.parameters]
        drafts = []
        for letters in product(*choices):
            draft = _Draft()
            for i, (letter, parameter) in enumerate(zip(letters, self.skill.parameters, strict=True)):
                draft, variable = draft.with_variable(letter, ("argument", str(i)))
                draft = replace(draft, terms={**draft.terms, str(i): variable})
                if parameter.kind not in ("object", "fixture", "place"):
                    draft = draft.needing(f"({kind_predicate(parameter.kind)} {variable})")
                draft = replace(draft, tests=(*draft.tests, is_sort(variable, letter)))
            drafts.append(draft)
        return drafts

    def letters(self, kind: str) -> tuple[str, ...]:
        sort = self.domain.vocabulary.sort_of(kind) or "object"
        return ("x", "f") if sort == "place" else ("x",) if sort == "object" else ("f",)

    def term(self, draft: _Draft, term: Term) -> tuple[_Draft, str]:
        """Return the variable of a term, which is added if it is new."""
        key = str(term.parameter) if term.parameter is not None else term.kind
        if key in draft.terms:
            return draft, draft.terms[key]
        draft, variable = draft.with_variable(self.letters(term.kind)[0], ("found", term.kind))
        draft = replace(draft, terms={**draft.terms, key: variable})
        return draft.needing(f"({kind_predicate(term.kind)} {variable})"), variable

    # Preconditions

    def guarded(self, draft: _Draft, guards: Sequence[Atom], atom: Atom) -> list[_Draft]:
        """Return the ways in which an atom is true, or one of its guards false."""
        if not guards:
            return self.required(draft, atom)
        ways = [way for guard in guards for way in self.required(draft, replace(guard, positive=not guard.positive))]
        bound = [draft]
        for guard in guards:
            bound = [d for each in bound for d in self.required(each, guard)]
        return [*ways, *(d for each in bound for d in self.required(each, atom))]

    def required(self, draft: _Draft, atom: Atom) -> list[_Draft]:
        """Return the ways in which an atom is true."""
        variables = []
        for term in atom.terms:
            draft, variable = self.term(draft, term)
            variables.append(variable)
        first = variables[0] if variables else ""
        positive = atom.positive
        match atom.predicate:
            case "hand empty" if positive:
                return [draft.needing(FREE, lambda state, _: state.held < 0)]
            case "holding" if positive:
                return [draft.needing(f"(held {first})", lambda state, b: state.held == b[first])]
            case "holding what" if positive:
                draft, tool = draft.with_variable("y", ("held", ""))
                return [
                    draft.needing(f"(held {tool}) ({ABILITIES[atom.word]} {tool})", lambda state, _: state.held >= 0)
                ]
            case "kind" if positive:
                kind, categories = atom.terms[0].kind, categories_of_kind(self.domain, atom.terms[0].kind)
                return [
                    draft.needing(
                        f"({kind_predicate(kind)} {first})",
                        lambda s, b: s.world.categories[int(b[first])] in categories,
                    )
                ]
            case "able" if positive:
                return [draft.needing(f"({ABILITIES[atom.word]} {first})", is_able(first, atom.word))]
            case "state":
                text = true(atom.word, first) if positive else false(self.domain, atom.word, first)
                return [draft.needing(text, has(first, atom.word, positive=positive))]
            case "filled":
                return self.filled(draft, first, atom)
            case "reachable" | "accessible" | "in the open" if positive:
                return self.reached(draft, first, atom.predicate)
            case "at" if positive:
                return self.at(draft, first, variables[1], atom.terms[1])
            case "robot at" if positive:
                return [draft]  # the plan drives there; no fact says where the robot stands
            case "fits" | "has room" if positive:
                return [draft.needing(f"(fits {first} {variables[1]})")]
            case "holds things" if positive:
                return [draft]
            case "runs closed":
                return [
                    draft.needing(
                        f"(runs-{'closed' if positive else 'open'} {first})", runs_closed(first, is_so=positive)
                    )
                ]
        raise UnsayableError(f"{'' if positive else 'not '}{atom.predicate}")

    def filled(self, draft: _Draft, first: str, atom: Atom) -> list[_Draft]:
        if not atom.positive:
            return [draft.needing(f"(empty {first})", lambda s, b: not s.liquid[int(b[first])])]
        draft, liquid = draft.with_variable("l", ("liquid", first))
        draft = replace(draft, liquids={**draft.liquids, first: liquid})
        word = atom.word
        if not word:
            return [draft.needing(f"(filled {first} {liquid})", lambda s, b: bool(s.liquid[int(b[first])]))]
        text = f"(filled {first} {liquid}) (is-{word}-itself {liquid})"
        return [draft.needing(text, lambda s, b: s.liquid[int(b[first])] == word)]

    def reached(self, draft: _Draft, first: str, how: str) -> list[_Draft]:
        if first[1] == "f":
            return [draft.needing(f"(accessible {first})")] if how == "accessible" else [draft]
        is_open = how == "in the open"
        ways = []
        standing = draft
        if first not in draft.places:
            standing, place = draft.with_variable("f", ("place", first))
            standing = replace(standing, places={**draft.places, first: place})
        place = standing.places[first]
        text = f"(at {first} {place}) (accessible {place})" + (f" (surface {place})" if is_open else "")
        if draft.places.get(first) is not None or draft.attends is None or draft.attends[0] != first:
            ways.append(standing.needing(text, lambda s, b: s.place[int(b[first])] < s.world.n_fixtures))
        step = "reach-nested-on-surface" if is_open else "reach-nested"
        if first not in draft.places and (draft.attends is None or draft.attends[0] == first):
            kept = draft.attends[1] if draft.attends and draft.attends[1] == "reach-nested-on-surface" else step
            ways.append(
                replace(draft, attends=(first, kept)).needing(
                    "", lambda s, b: s.place[int(b[first])] >= s.world.n_fixtures
                )
            )
        return ways

    def at(self, draft: _Draft, first: str, second: str, place: Term) -> list[_Draft]:
        is_room = self.domain.vocabulary.sort_of(place.kind) == "room"
        if first[1] == "f":
            if not is_room:
                raise UnsayableError("furniture is in nothing but a room")
            return [draft.needing(f"(stands-in {first} {second})", stands_in(first, second))]
        ways = []
        for is_nested in (False, True):
            each, holder = draft, first
            if is_nested:
                each, holder = draft.with_variable("v", ("place", first))
                each = each.needing(f"(at {first} {holder})", lambda s, b: s.place[int(b[first])] >= s.world.n_fixtures)
            target = second
            if is_room:
                each, target = each.with_variable("f", ("place", holder))
                each = each.needing(f"(stands-in {target} {second})", stands_in(target, second))
            each = each.needing(f"(at {holder} {target})", is_on(holder, target))
            if not is_nested and target[1] == "f":
                each = replace(each, places={**each.places, first: target})
            ways.append(each)
        return ways

    # Effects

    def effect(self, draft: _Draft, guards: Sequence[Atom], atom: Atom) -> list[_Draft]:
        """Return the ways in which an effect happens, or does not because a guard is false."""
        happening, others = [draft], list[_Draft]()
        for guard in guards:
            denied = replace(guard, positive=not guard.positive)
            others += [d for each in happening for d in self.required(each, denied)]
            happening = [d for each in happening for d in self.required(each, guard)]
        return [*others, *(d for each in happening for d in self.made(each, atom))]

    def made(self, draft: _Draft, atom: Atom) -> list[_Draft]:
        variables = []
        for term in atom.terms:
            draft, variable = self.term(draft, term)
            variables.append(variable)
        first = variables[0]
        match atom.predicate:
            case "state":
                if atom.word == "open":
                    raise UnsayableError("what opens furniture")
                text = (
                    becomes(self.domain, atom.word, first) if atom.positive else ceases(self.domain, atom.word, first)
                )
                return [draft.making(text)]
            case "filled" if atom.positive:
                return self.made_full(draft, first, atom.word)
            case "filled":
                return self.made_empty(draft, first)
            case "at":
                return self.moved(draft, first, variables[1])
            case "robot at":
                return [draft]
        raise UnsayableError(f"an effect such as {atom.predicate!r}")

    def made_full(self, draft: _Draft, first: str, word: str) -> list[_Draft]:
        draft, liquid = draft.with_variable("l", ("word", word))
        draft = draft.needing(f"(is-{word}-itself {liquid}) (empty {first})", lambda s, b: not s.liquid[int(b[first])])
        return [draft.making(f"(filled {first} {liquid}) (not (empty {first}))")]

    def made_empty(self, draft: _Draft, first: str) -> list[_Draft]:
        if first in draft.liquids:
            return [draft.making(f"(empty {first}) (not (filled {first} {draft.liquids[first]}))")]
        full, liquid = draft.with_variable("l", ("liquid", first))
        full = full.needing(f"(filled {first} {liquid})", lambda s, b: bool(s.liquid[int(b[first])]))
        dry = draft.needing(f"(empty {first})", lambda s, b: not s.liquid[int(b[first])])
        return [full.making(f"(empty {first}) (not (filled {first} {liquid}))"), dry]

    def moved(self, draft: _Draft, first: str, second: str) -> list[_Draft]:
        if f"(held {first})" in draft.before:
            return [draft.making(f"(at {first} {second}) {FREE} (not (held {first}))")]
        ways = []
        for letter, test in (("f", stands_on_furniture(first)), ("v", is_in_vessel(first))):
            each, place = draft.with_variable(letter, ("place", first))
            each = each.needing(f"(at {first} {place})", test)
            ways.append(each.making(f"(at {first} {second}) (not (at {first} {place}))"))
        return ways
