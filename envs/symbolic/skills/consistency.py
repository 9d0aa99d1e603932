"""What no single statement of a skill shows: contradictions, and preconditions that go without saying."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from envs.symbolic.skills.phrases import Sort
from envs.symbolic.skills.values import Ability, Atom, Effect, Parameter, Precondition, Term, denied

FINDING = ("holding", "at", "robot at")  # these find something of a kind: what is held, what holds, what is there
_NEEDS: dict[str, Ability] = {  # what a thing must be able to, to get a state
    "open": "joint",
    "on": "switch",
    "watered": "waterable",
    "sliced": "slices",
    "cooked": "cooks",
    "folded": "folds",
}


def contradictions(
    preconditions: Sequence[Precondition], effects: Sequence[Effect], furniture: Collection[str] = ()
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield each problem of the statements of one skill together, with its place; `furniture` are kinds of it."""
    if not effects:
        yield (), "sets, clears and moves nothing: what is it for?"
    required: dict[Atom, int] = {}
    found: set[Term] = set()
    for i, precondition in enumerate(preconditions):
        atom = precondition.atom
        finds = atom.predicate in FINDING
        unknown = _unknown(atom.terms[:-1] if finds else atom.terms, precondition.guards, found)
        if unknown is not None:
            yield ("when", i), _which(unknown, furniture)
            found.add(unknown)  # once is enough
        if precondition.guards:
            continue
        if denied(atom) in required:
            yield ("when", i), "this and its opposite can never be true together"
        required.setdefault(atom, i)
        if finds and atom.positive:
            found.add(atom.terms[-1])
    holding = [i for atom, i in required.items() if atom.predicate in ("holding", "holding what") and atom.positive]
    if holding and any(atom.predicate == "hand empty" for atom in required):
        yield ("when", holding[0]), "needs an empty hand and something in it: it can never be done"
    if sum(atom.predicate == "holding" and atom.positive for atom in required) > 1:
        yield ("when", holding[1]), "the robot has one hand: it cannot hold two things"
    for effect in effects:
        unknown = _unknown(effect.atom.terms, effect.guards, found)
        if unknown is not None:
            yield (), _which(unknown, furniture)
            found.add(unknown)
    for a in effects:
        if any(a.atom == denied(b.atom) and set(a.guards) == set(b.guards) for b in effects):
            yield (), "sets and clears the same"
            return


def _unknown(terms: Sequence[Term], guards: Sequence[Atom], found: set[Term]) -> Term | None:
    for guard in guards:
        terms = (*terms, *(guard.terms[:-1] if guard.predicate in FINDING else guard.terms))
    return next((term for term in terms if term.parameter is None and term not in found), None)


def _which(term: Term, furniture: Collection[str]) -> str:
    thing = f"{{{term.kind}}}"
    if term.kind in furniture:  # it is held by nobody
        ways = f"say `robot at {thing}` or `… in {thing}` before it in `when`, or {thing} in `text`"
        return f"which {term.kind}? {ways}"
    return f"which {term.kind}? say `holding {thing}` or `… in {thing}` before it in `when`"


def with_implied(
    preconditions: Sequence[Precondition],
    effects: Sequence[Effect],
    parameters: Sequence[Parameter],
    sorts: Sequence[Sort],
) -> list[Precondition]:
    """Return the preconditions with those that go without saying, where no statement speaks of the same.

    An object that is worked on is reachable; what is taken is taken with an empty hand; what is moved fits, has room,
    and is not moved into itself; what gets a built-in state or a liquid can have it.
    """
    implied: list[Precondition] = []

    def imply(
        predicate: str, *terms: Term, word: str = "", positive: bool = True, guards: tuple[Atom, ...] = ()
    ) -> None:
        atom = Atom(predicate=predicate, terms=terms, word=word, positive=positive)  # type: ignore[arg-type]
        is_said = any(
            p.atom.predicate == predicate and p.atom.terms == terms and (not word or p.atom.word in ("", word))
            for p in (*preconditions, *implied)
        )
        if not is_said and atom not in guards:
            implied.append(Precondition(atom=atom, guards=guards))

    spoken = [p.atom for p in preconditions]
    held = {a.terms[0] for a in spoken if a.predicate == "holding" and a.positive}
    touched = {a.terms[0] for a in spoken if a.predicate in ("reachable", "accessible")}
    takes = any(e.atom.predicate == "holding" for e in effects)
    if takes and not any(a.predicate == "hand empty" for a in spoken):
        implied.append(Precondition(atom=Atom(predicate="hand empty")))
    for i, (parameter, sort) in enumerate(zip(parameters, sorts, strict=True)):
        term = Term(kind=parameter.kind, parameter=i)
        if sort in ("object", "place") and term not in held | touched:
            imply("reachable", term)
    for effect in effects:
        atom, guards = effect.atom, effect.guards
        if atom.predicate in ("holding", "at") and atom.terms[0].kind == "place":  # furniture stays where it is
            imply("kind", Term(kind="object", parameter=atom.terms[0].parameter), guards=guards)
        if atom.predicate == "state" and atom.positive and atom.word in _NEEDS:
            imply("able", atom.terms[0], word=_NEEDS[atom.word], guards=guards)
        elif atom.predicate == "filled" and atom.positive:
            imply("able", atom.terms[0], word="fills", guards=guards)
        elif atom.predicate == "filled from":
            imply("able", atom.terms[0], word="fills", guards=guards)
            imply("filled", atom.terms[1], guards=guards)
        elif atom.predicate == "at":
            target = atom.terms[1]
            if target.kind != "person":
                imply("holds things", target, guards=guards)
            imply("fits", *atom.terms, guards=guards)
            if target.kind != "person":
                imply("has room", *atom.terms, guards=guards)
            is_object = target.parameter is None or sorts[target.parameter] in ("object", "place")
            if is_object and not (atom.terms[0] in held and target in touched):
                imply("at", target, atom.terms[0], positive=False, guards=guards)
    first = [p for p in implied if p.atom.predicate == "hand empty"]
    return [*first, *preconditions, *(p for p in implied if p not in first)]
