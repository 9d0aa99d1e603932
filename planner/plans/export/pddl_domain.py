"""The home's rules as a PDDL domain: what `envs/symbolic/actions.py` does, written once more for other people's planners.

Exact, but for room. Reach, processes and nesting follow `unmet` and `effect` to the letter: what is in what, through
any number of containers, is derived (PDDL 2.2 axioms), and so is which appliance runs. Room is arithmetic, which STRIPS
lacks, and counting cells one by one would ground to hundreds of thousands of actions: `fits` says, from the start, what
a place can take beside what is there already (`planner/plans/export/pddl_problem.py`). `go to` is left out: where the robot stands
is no precondition of anything and no goal can ask for it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from envs.errors import DomainError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from envs.symbolic.domain import Domain

NAME = "home"
FIXED = (
    "(fits ?x - thing ?p - entity)",
    *(f"({word} ?f - fixture)" for word in ("encloses", "hides", "person", "hinged", "switched", "wipeable")),
    "(waterable ?f - fixture)",
    "(needs-on ?f - appliance)",
    "(needs-closed ?f - appliance)",
    "(watched ?e - entity)",
    *(f"({word} ?x - thing)" for word in ("cuts", "wipes", "sliceable", "cookable", "foldable", "fillable")),
    "(reservoir ?x - thing)",
)
CHANGING = (
    "(at ?x - thing ?p - entity)",
    "(held ?x - thing)",
    "(hand-free)",
    "(filled ?x - thing ?l - liquid)",
    "(empty ?x - thing)",
)
DERIVED = (
    "(carried ?x - thing)",
    "(in-reach ?x - thing)",
    "(on-surface ?x - thing)",
    "(inside ?x - thing ?e - entity)",
    "(running ?f - appliance)",
    "(idle ?f - appliance)",
)
# Each says what is so, and nothing asks for the contrary of a derived predicate: planners' heuristics would multiply it
# out, which takes Fast Downward all its memory.
RULES = """\
  ; in or on what the robot holds
  (:derived (carried ?x - thing)
    (exists (?h - vessel) (and (at ?x ?h) (or (held ?h) (carried ?h)))))
  ; neither behind a closed door nor carried
  (:derived (in-reach ?x - thing)
    (or (exists (?f - fixture) (and (at ?x ?f) (imply (encloses ?f) (open ?f))))
        (exists (?h - vessel) (and (at ?x ?h) (in-reach ?h)))))
  ; where things can be sliced: not in furniture, be it open, nor with a person
  (:derived (on-surface ?x - thing)
    (or (exists (?f - fixture) (and (at ?x ?f) (not (hides ?f))))
        (exists (?h - vessel) (and (at ?x ?h) (on-surface ?h)))))
  ; in or on, through containers; asked only of appliances and of what the goal is about
  (:derived (inside ?x - thing ?e - entity)
    (and (watched ?e)
         (or (at ?x ?e) (exists (?h - vessel) (and (at ?x ?h) (inside ?h ?e))))))
  (:derived (running ?f - appliance)
    (and (imply (needs-on ?f) (on ?f)) (imply (needs-closed ?f) (not (open ?f)))))
  (:derived (idle ?f - appliance)
    (or (and (needs-on ?f) (not (on ?f))) (and (needs-closed ?f) (open ?f))))"""


def states(domain: Domain) -> tuple[str, ...]:
    """The predicates of the domain's states; what only an object or a fixture can be is asked of it alone anyway."""
    return tuple(f"({word} ?e - entity)" for word in domain.states)


def powers(domain: Domain) -> dict[str, tuple[str, str]]:
    """What running appliances do to a thing: by predicate, the condition on the thing `?y` and the effect on it.

    Raises:
        DomainError: A process depends on more than a switch and a door.
    """
    found: dict[str, tuple[str, str]] = {}
    for process in domain.processes:
        if set(process.when) - {"on", "closed"}:
            raise DomainError(f"processes.{process.name}: only `on` and `closed` can be exported to PDDL")
        for state in process.set:
            ends = [f"(not ({other} ?y))" for pair in domain.exclusive if state in pair for other in pair
                    if other != state]  # fmt: skip
            found[f"makes-{state}"] = ("", _all([f"({state} ?y)", *ends]))
        for state in process.clear:
            found[f"ends-{state}"] = ("", f"(not ({state} ?y))")
        if process.cook:
            found["cooks"] = ("(cookable ?y)", "(cooked ?y)")
        if process.fill:
            wet = f"(and (filled ?y {process.fill}) (not (empty ?y)))"
            found[f"fills-{process.fill}"] = ("(fillable ?y) (empty ?y)", wet)
    return found


def within_reach(domain: Domain) -> dict[str, tuple[str, str]]:
    """The powers of appliances that run while the robot can reach into them: behind a closed door nothing is put.

    It matters: hot and cold things that exclude each other in one action make planners multiply out the contrary of
    derived predicates.
    """
    reached = replace(domain, processes=tuple(p for p in domain.processes if "closed" not in p.when))
    return powers(reached)


def domain_text(domain: Domain, extra: Sequence[str], predicates: Sequence[str], constants: Sequence[str]) -> str:
    """Write the domain.

    Args:
        domain: The rules.
        extra: Axioms and actions of a goal, which PDDL wants in the domain.
        predicates: Their predicates.
        constants: The entities that they name, with their types.
    """
    able = powers(domain)
    reached = within_reach(domain)
    warming = [power for power in reached if power in _warming(domain)]
    declared = [
        *FIXED, *(f"({power} ?f - appliance)" for power in able), *CHANGING, *states(domain), *DERIVED,
        *(f"(at-{power} ?x - thing)" for power in reached), *(f"(not-at-{power} ?x - thing)" for power in warming),
        *predicates,
    ]  # fmt: skip
    lines = "\n    ".join(declared)
    named = "\n    ".join([f"{' '.join(domain.liquids)} - liquid", *constants])
    parts = [
        f"(define (domain {NAME})\n"
        "  (:requirements :adl :derived-predicates)\n"
        "  (:types entity liquid - object fixture thing - entity furniture appliance - fixture item vessel - thing)\n"
        f"  (:constants\n    {named})\n"
        f"  (:predicates\n    {lines})",
        RULES,
        *(_zone(power) for power in reached),
        *(_no_zone(power) for power in warming),
        *_actions(domain, able, reached),
        *extra,
    ]
    return "\n".join(parts) + ")\n"


def _zone(power: str) -> str:
    return (
        f"  (:derived (at-{power} ?x - thing)\n"
        f"    (exists (?f - appliance) (and ({power} ?f) (running ?f) (inside ?x ?f))))"
    )


def _no_zone(power: str) -> str:
    return (
        f"  (:derived (not-at-{power} ?x - thing)\n"
        "    (or (exists (?f - furniture) (at ?x ?f))\n"
        f"        (exists (?f - appliance) (and (at ?x ?f) (or (idle ?f) (not ({power} ?f)))))\n"
        f"        (exists (?h - vessel) (and (at ?x ?h) (not-at-{power} ?h)))))"
    )


def _warming(domain: Domain) -> set[str]:
    """The powers that win against what is poured in."""
    return {f"makes-{state}" for pair in domain.exclusive for state in pair}


def _actions(domain: Domain, able: dict[str, tuple[str, str]], reached: dict[str, tuple[str, str]]) -> list[str]:
    free = "(hand-free)"
    told = [
        _action("pick-up", "?x - thing ?p - entity", f"{free} (at ?x ?p) (in-reach ?x)",
                "(held ?x) (not (hand-free)) (not (at ?x ?p))"),
        *_puts(reached),
        _action("give", "?x - thing ?f - fixture", "(held ?x) (person ?f) (fits ?x ?f)", _released("?f")),
        _action("open", "?f - fixture", f"{free} (hinged ?f) (not (open ?f)) (not (on ?f))", "(open ?f)"),
        _action("close-furniture", "?f - furniture", f"{free} (hinged ?f) (open ?f) (not (on ?f))", "(not (open ?f))"),
        _action("close-appliance", "?f - appliance", f"{free} (hinged ?f) (open ?f) (not (on ?f))",
                "(not (open ?f)) " + _exposed(able, "(not (needs-on ?f)) (inside ?y ?f)", "({} ?f)")),
        _action("turn-on-furniture", "?f - furniture", f"{free} (switched ?f) (not (on ?f))", "(on ?f)"),
        _action("turn-on-appliance", "?f - appliance",
                f"{free} (switched ?f) (not (on ?f)) (imply (needs-closed ?f) (not (open ?f)))",
                "(on ?f) " + _exposed(able, "(inside ?y ?f)", "({} ?f)")),
        _action("turn-off", "?f - fixture", f"{free} (switched ?f) (on ?f)", "(not (on ?f))"),
        _action("slice", "?x ?k - thing",
                "(held ?k) (cuts ?k) (sliceable ?x) (not (sliced ?x)) (on-surface ?x)",
                "(sliced ?x)"),
        _action("wipe", "?f - fixture ?k - thing", "(held ?k) (wipes ?k) (wipeable ?f)", "(not (dirty ?f))"),
        _action("fold", "?x - thing", f"{free} (foldable ?x) (not (folded ?x)) (in-reach ?x)", "(folded ?x)"),
        *_pours(domain, reached),
    ]  # fmt: skip
    return told


def _puts(able: dict[str, tuple[str, str]]) -> list[str]:
    """`put`, six times over: a planner that need not ask what is in a fork, or what a table cooks, grounds far less."""
    told = []
    for kind in ("item", "vessel"):
        whats = ["?x"] if kind == "item" else ["?x", "?y"]
        for place, power in (("furniture", ""), ("appliance", "({} ?p)"), ("vessel", "(at-{} ?p)")):
            way = "(imply (encloses ?p) (open ?p)) (not (person ?p))"
            if place == "vessel":
                way = "(in-reach ?p)"
            effect = _released("?p")
            for what in whats if power else ():
                carried = "(carried ?y)" if what == "?y" else ""
                runs = "(running ?p)" if place == "appliance" else ""
                effect += " " + _exposed(able, f"{carried} {runs}".strip(), power, what)
            told.append(_action(f"put-{kind}-{place}", f"?x - {kind} ?p - {place}",
                                f"(held ?x) (fits ?x ?p) {way}", effect))  # fmt: skip
    return told


def _pours(domain: Domain, reached: dict[str, tuple[str, str]]) -> list[str]:
    """`pour`, once for each warmth of what is poured: it is handed on, but where an appliance keeps it from that."""
    told = []
    emptied = "(when (not (reservoir ?v)) (and (not (filled ?v {0})) (empty ?v)))"
    into = "?v ?o - thing ?l - liquid"
    able = "(held ?v) (filled ?v ?l) (fillable ?o) (empty ?o) (in-reach ?o)"
    poured = f"(filled ?o ?l) (not (empty ?o)) {emptied.format('?l')}"
    other = {a: b for pair in domain.exclusive for a, b in (pair, pair[::-1])}
    for warmth, contrary in other.items():
        handed = f"(and ({warmth} ?o) (not ({contrary} ?o)))"
        if f"makes-{contrary}" in reached:
            handed = f"(when (not-at-makes-{contrary} ?o) {handed})"
        told.append(_action(f"pour-{warmth}", into, f"{able} ({warmth} ?v)", f"{poured} {handed}"))
    neither = " ".join(f"(not ({warmth} ?v))" for warmth in other)
    told.append(_action("pour-as-it-is", into, f"{able} {neither}", poured))
    told.append(_action("pour-plant", "?v - thing ?f - fixture", "(held ?v) (filled ?v water) (waterable ?f)",
                        f"(watered ?f) {emptied.format('water')}"))  # fmt: skip
    return told


def _exposed(able: dict[str, tuple[str, str]], when: str, power: str, what: str = "?y") -> str:
    """The effects of a running appliance on everything `?y` of which `when` holds, or on the one thing `what`."""
    told = []
    for name, (needs, effect) in able.items():
        condition = _all([c for c in (when, power.format(name), needs) if c])
        told.append(f"(when {condition} {effect})")
    if what == "?y":
        return f"(forall (?y - thing) {_all(told)})"
    return " ".join(told).replace("?y", what)


def _released(place: str) -> str:
    return f"(at ?x {place}) (hand-free) (not (held ?x))"


def _all(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 and parts[0].count("(") == 1 else f"(and {' '.join(parts)})"


def _action(name: str, parameters: str, precondition: str, effect: str) -> str:
    return (
        f"  (:action {name}\n    :parameters ({parameters})\n    :precondition (and {precondition})\n"
        f"    :effect (and {effect}))"
    )
