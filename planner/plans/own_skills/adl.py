"""Skills that a domain adds, as ADL actions: their statements as formulas.

Where an argument can be an object or furniture (`{place}`), there is an action for each. Something of a kind that is
looked for (`holding {whetstone}`) is a parameter behind our arguments. As in `planner/plans/pddl/adl_domain.py`, no
fact says where the robot stands: what must be driven to is driven to when a plan is read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from typing import TYPE_CHECKING

from envs.symbolic.domain.achievers import own_skills
from planner.plans.own_skills.pddl_facts import ABILITIES, kind_predicate, kinds_of, members, own_facts
from planner.plans.own_skills.strips import UnsayableError
from planner.plans.pddl.adl_domain import AdlAction
from planner.plans.pddl.strips_domain import own_name

if TYPE_CHECKING:
    from envs.symbolic.actions import World
    from envs.symbolic.domain import Domain
    from envs.symbolic.skills.values import Atom, Skill, Term

TYPES = {"x": "thing", "f": "fixture"}


def own_actions(domain: Domain) -> tuple[list[AdlAction], dict[str, str]]:
    """Return the actions of a domain's own skills, and what ADL cannot say of the others."""
    actions, unsayable = list[AdlAction](), dict[str, str]()
    for skill in own_skills(domain):
        try:
            actions += _Writer(skill, domain).actions()
        except UnsayableError as error:
            unsayable[skill.name] = str(error)
    return actions, unsayable


def own_prefixes(domain: Domain) -> dict[str, tuple[str, int]]:
    """Return how the names of own skills' actions begin, each with our skill and the number of its arguments."""
    return {f"{own_name(skill)}--": (skill.name, len(skill.parameters)) for skill in own_skills(domain)}


def own_predicates(domain: Domain) -> list[str]:
    """Return the declarations of predicates that only own skills ask for."""
    if not own_skills(domain):
        return []
    kinds = [f"({kind_predicate(kind)} ?e - entity)" for kind in kinds_of(domain)]
    return [*kinds, "(metal ?x - thing)", "(holds-things ?e - entity)", "(stands-in ?f ?r - fixture)"]


def own_needs(world: World) -> frozenset[int]:
    """Return the objects that own skills look for."""
    parameters = {p.kind for skill in own_skills(world.domain) for p in skill.parameters}
    kinds = [kind for kind in kinds_of(world.domain) if kind not in parameters or kind in world.domain.objects]
    return frozenset(i for kind in kinds for i in members(world, kind))


def own_holders(world: World) -> frozenset[int]:
    """Return the entities whose contents must be derived, because an own skill asks what is in or on them."""
    asked = [
        a.terms[1].kind
        for skill in own_skills(world.domain)
        for p in skill.preconditions
        for a in (p.atom, *p.guards)
        if a.predicate == "at"
    ]
    if any(world.domain.vocabulary.sort_of(kind) == "room" for kind in asked):
        return frozenset(range(world.n_fixtures))
    return frozenset(i for kind in asked for i in members(world, kind))


def own_constants(world: World, names: Sequence[str], included: Sequence[int]) -> list[str]:
    """Return the facts that only own skills ask for and that never change."""
    declared = {text.split()[0].strip("(") for text in own_predicates(world.domain)}
    holders = [f"(holds-things {names[i]})" for i in included if world.relation[i] not in (None, "with")]
    facts = [*own_facts(world, names, included), *(holders if declared else [])]
    return [fact for fact in facts if fact.split()[0].strip("(") in declared]


class _Writer:
    def __init__(self, skill: Skill, domain: Domain) -> None:
        self.skill, self.domain = skill, domain
        self.variables: dict[str, str] = {}
        self.tool = False

    def actions(self) -> Iterator[AdlAction]:
        """Yield an action for each way in which arguments can be objects or furniture."""
        choices = [self.sorts(parameter.kind) for parameter in self.skill.parameters]
        for number, letters in enumerate(product(*choices), start=1):
            self.variables = {str(i): f"?{letter}{i}" for i, letter in enumerate(letters)}
            self.tool = False
            before = [
                f"({kind_predicate(p.kind)} {self.variables[str(i)]})"
                for i, p in enumerate(self.skill.parameters)
                if p.kind not in ("object", "fixture", "place")
            ]
            for precondition in self.skill.preconditions:
                text = self.formula(precondition.atom)
                if precondition.guards:
                    text = f"(imply {_all(map(self.formula, precondition.guards))} {text})"
                before += [text] if text else []
            after = []
            for effect in self.skill.effects:
                text = self.change(effect.atom)
                if effect.guards and text:
                    text = f"(when {_all(map(self.formula, effect.guards))} (and {text}))"
                after += [text] if text else []
            parameters = [f"{v} - {TYPES[v[1]]}" for v in self.variables.values()] + ["?k - thing"] * self.tool
            yield AdlAction(
                name=f"{own_name(self.skill)}--{number}",
                parameters=" ".join(parameters),
                precondition=" ".join(before),
                effect=" ".join(after),
            )

    def sorts(self, kind: str) -> tuple[str, ...]:
        sort = self.domain.vocabulary.sort_of(kind) or "object"
        return ("x", "f") if sort == "place" else ("x",) if sort == "object" else ("f",)

    def term(self, term: Term) -> str:
        key = str(term.parameter) if term.parameter is not None else term.kind
        if key not in self.variables:
            self.variables[key] = f"?{self.sorts(term.kind)[0]}{len(self.variables)}"
        return self.variables[key]

    def formula(self, atom: Atom) -> str:
        """Return an atom as a formula; empty if it says nothing here."""
        text = self.positive(atom)
        return text if atom.positive or not text else f"(not {text})"

    def positive(self, atom: Atom) -> str:
        variables = [self.term(term) for term in atom.terms]
        first, second = (*variables, "", "")[:2]
        is_new = [t.parameter is None for t in atom.terms]
        kind = f"({kind_predicate(atom.terms[-1].kind)} {variables[-1]})" if any(is_new) else ""
        match atom.predicate:
            case "hand empty":
                return "(hand-free)"
            case "holding":
                return f"(and (held {first}) {kind})" if kind else f"(held {first})"
            case "holding what":
                self.tool = True
                return f"(and (held ?k) ({ABILITIES[atom.word]} ?k))"
            case "kind":
                return f"({kind_predicate(atom.terms[0].kind)} {first})"
            case "able":
                return f"({ABILITIES[atom.word]} {first})"
            case "state":
                return f"({atom.word} {first})"
            case "filled" if atom.word:
                return f"(filled {first} {atom.word})"
            case "filled":
                return f"(exists (?l - liquid) (filled {first} ?l))"
            case "reachable":
                return f"(in-reach {first})" if first[1] == "x" else ""
            case "accessible":
                return f"(in-reach {first})" if first[1] == "x" else f"(imply (encloses {first}) (open {first}))"
            case "in the open":
                return f"(or (on-surface {first}) (held {first}))" if first[1] == "x" else f"(not (hides {first}))"
            case "at":
                return self.inside(first, second, atom.terms[1], kind)
            case "robot at":
                return kind
            case "holds things":
                return f"(holds-things {first})"
            case "fits" | "has room":
                return f"(fits {first} {second})"
            case "runs closed":
                return f"(needs-closed {first})"
        raise UnsayableError(atom.predicate)

    def inside(self, first: str, second: str, place: Term, kind: str) -> str:
        if self.domain.vocabulary.sort_of(place.kind) == "room":
            text = f"(stands-in {first} {second})"
            if first[1] == "x":
                text = f"(exists (?g - fixture) (and (stands-in ?g {second}) (inside {first} ?g)))"
        else:
            text = f"(inside {first} {second})"
        return f"(and {text} {kind})" if kind else text

    def change(self, atom: Atom) -> str:
        """Return what an effect changes; empty if no fact says it."""
        first, second = (*(self.term(term) for term in atom.terms), "", "")[:2]
        match atom.predicate:
            case "state":
                if atom.word in ("open", "on") and first[1] == "f":
                    raise UnsayableError("what opens or switches furniture")
                others = [o for pair in self.domain.exclusive if atom.word in pair for o in pair if o != atom.word]
                gone = [f"(not ({other} {first}))" for other in others] if atom.positive else []
                return " ".join([f"({atom.word} {first})" if atom.positive else f"(not ({atom.word} {first}))", *gone])
            case "filled" if atom.positive:
                others = [liquid for liquid in self.domain.liquids if liquid != atom.word]
                emptied = " ".join(f"(not (filled {first} {liquid}))" for liquid in others)
                return f"(filled {first} {atom.word}) (not (empty {first})) {emptied}"
            case "filled":
                return f"(empty {first}) " + " ".join(f"(not (filled {first} {w}))" for w in self.domain.liquids)
            case "at":
                return (
                    f"(forall (?p - entity) (when (and (at {first} ?p) (not (= ?p {second}))) (not (at {first} ?p)))) "
                    f"(at {first} {second}) (when (held {first}) (and (hand-free) (not (held {first}))))"
                )
            case "robot at":
                return ""
        raise UnsayableError(f"an effect such as {atom.predicate!r}")


def _all(formulas: Sequence[str] | Iterator[str]) -> str:
    parts = [formula for formula in formulas if formula]
    return f"(and {' '.join(parts)})"
