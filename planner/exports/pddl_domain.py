"""The home's rules as a PDDL domain: what `envs/state.py` does, written once more for other people's planners.

Exact, but for room. Reach, processes and nesting follow `unmet` and `effect` to the letter: what is in what, through
any number of containers, is derived (PDDL 2.2 axioms), and so is which appliance runs. Room is arithmetic, which STRIPS
lacks, and counting cells one by one would ground to hundreds of thousands of actions: `fits` says, from the start, what
a place can take beside what is there already (`planner/exports/pddl.py`). `go to` is left out: where the robot stands
is no precondition of anything and no goal can ask for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from envs.errors import DomainError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from envs.domain import Domain

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
    "(shut ?x - thing)",
    "(stowed ?x - thing)",
    "(inside ?x - thing ?e - entity)",
    "(running ?f - appliance)",
)
RULES = """\
  ; in or on what the robot holds
  (:derived (carried ?x - thing)
    (exists (?h - vessel) (and (at ?x ?h) (or (held ?h) (carried ?h)))))
  ; behind a closed door
  (:derived (shut ?x - thing)
    (or (exists (?f - fixture) (and (at ?x ?f) (encloses ?f) (not (open ?f))))
        (exists (?h - vessel) (and (at ?x ?h) (shut ?h)))))
  ; where nothing can be sliced: in furniture, open or not, or with a person
  (:derived (stowed ?x - thing)
    (or (exists (?f - fixture) (and (at ?x ?f) (hides ?f)))
        (exists (?h - vessel) (and (at ?x ?h) (stowed ?h)))))
  ; in or on, through containers; asked only of appliances and of what the goal is about
  (:derived (inside ?x - thing ?e - entity)
    (and (watched ?e)
         (or (at ?x ?e) (exists (?h - vessel) (and (at ?x ?h) (inside ?h ?e))))))
  (:derived (running ?f - appliance)
    (and (imply (needs-on ?f) (on ?f)) (imply (needs-closed ?f) (not (open ?f)))))"""


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


def domain_text(domain: Domain, extra: Sequence[str], predicates: Sequence[str], constants: Sequence[str]) -> str:
    """Write the domain.

    Args:
        domain: The rules.
        extra: Axioms and actions of a goal, which PDDL wants in the domain.
        predicates: Their predicates.
        constants: The entities that they name, with their types.
    """
    able = powers(domain)
    declared = [*FIXED, *(f"({power} ?f - appliance)" for power in able), *CHANGING, *states(domain), *DERIVED,
                *(f"(at-{power} ?x - thing)" for power in able), *predicates]  # fmt: skip
    lines = "\n    ".join(declared)
    named = "\n    ".join([f"{' '.join(domain.liquids)} - liquid", *constants])
    parts = [
        f"(define (domain {NAME})\n"
        "  (:requirements :adl :derived-predicates)\n"
        "  (:types entity liquid - object fixture thing - entity furniture appliance - fixture item vessel - thing)\n"
        f"  (:constants\n    {named})\n"
        f"  (:predicates\n    {lines})",
        RULES,
        *(_zone(power) for power in able),
        *_actions(domain, able),
        *extra,
    ]
    return "\n".join(parts) + ")\n"


def _zone(power: str) -> str:
    return (
        f"  (:derived (at-{power} ?x - thing)\n"
        f"    (exists (?f - appliance) (and ({power} ?f) (running ?f) (inside ?x ?f))))"
    )


def _actions(domain: Domain, able: dict[str, tuple[str, str]]) -> list[str]:
    free = "(hand-free)"
    told = [
        _action("pick-up", "?x - thing ?p - entity", f"{free} (at ?x ?p) (not (shut ?x))",
                "(held ?x) (not (hand-free)) (not (at ?x ?p))"),
        *_puts(able),
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
                "(held ?k) (cuts ?k) (sliceable ?x) (not (sliced ?x)) (not (stowed ?x)) (not (carried ?x))",
                "(sliced ?x)"),
        _action("wipe", "?f - fixture ?k - thing", "(held ?k) (wipes ?k) (wipeable ?f)", "(not (dirty ?f))"),
        _action("fold", "?x - thing", f"{free} (foldable ?x) (not (folded ?x)) (not (shut ?x))", "(folded ?x)"),
        *_pours(domain),
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
                way = "(not (shut ?p)) (not (carried ?p))"
            effect = _released("?p")
            for what in whats if power else ():
                carried = "(carried ?y)" if what == "?y" else ""
                runs = "(running ?p)" if place == "appliance" else ""
                effect += " " + _exposed(able, f"{carried} {runs}".strip(), power, what)
            told.append(_action(f"put-{kind}-{place}", f"?x - {kind} ?p - {place}",
                                f"(held ?x) (fits ?x ?p) {way}", effect))  # fmt: skip
    return told


def _pours(domain: Domain) -> list[str]:
    told = []
    emptied = "(when (not (reservoir ?v)) (and (not (filled ?v {0})) (empty ?v)))"
    warmth = " ".join(
        f"(when (and ({a} ?v) (not (at-makes-{b} ?o))) (and ({a} ?o) (not ({b} ?o))))"
        for pair in domain.exclusive for a, b in (pair, pair[::-1])
    )  # fmt: skip
    told.append(_action(
        "pour-thing", "?v ?o - thing ?l - liquid",
        "(held ?v) (filled ?v ?l) (fillable ?o) (empty ?o) (not (shut ?o)) (not (carried ?o))",
        f"(filled ?o ?l) (not (empty ?o)) {emptied.format('?l')} {warmth}",
    ))  # fmt: skip
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
