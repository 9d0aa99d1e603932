"""Exports the home's rules as a PDDL domain: the transition model of `envs/symbolic/actions.py` for other planners.

The export is exact, except for free space. Reachability, processes and nesting follow `unmet_precondition` and
`successor` exactly: PDDL 2.2 axioms derive what is inside what, through any number of containers, and which appliance
runs. Free space needs arithmetic, which STRIPS lacks, and counting cells one by one would ground to hundreds of
thousands of actions. Instead, constant facts `fits` list what a place can take besides its initial contents
(`planner/plans/pddl/adl_problem.py`). `go to` is left out: no precondition and no goal depends on where the robot
stands.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from envs.errors import DomainError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from envs.symbolic.domain import Domain
    from envs.symbolic.state import World

DOMAIN_NAME = "home"
FIXTURE_PARAMETER = re.compile(r"(\?[fp]\d?) - (?:fixture|furniture|appliance)")
CONSTANT_PREDICATES = (
    "(fits ?x - thing ?p - entity)",
    *(f"({word} ?f - fixture)" for word in ("encloses", "hides", "person", "hinged", "switched", "wipeable")),
    "(waterable ?f - fixture)",
    "(needs-on ?f - appliance)",
    "(needs-closed ?f - appliance)",
    "(watched ?e - entity)",
    "(off-limits ?f - fixture)",
    *(f"({word} ?x - thing)" for word in ("cuts", "wipes", "sliceable", "cookable", "foldable", "fillable")),
    "(reservoir ?x - thing)",
)
CHANGING_PREDICATES = (
    "(at ?x - thing ?p - entity)",
    "(held ?x - thing)",
    "(hand-free)",
    "(filled ?x - thing ?l - liquid)",
    "(empty ?x - thing)",
)
DERIVED_PREDICATES = (
    "(carried ?x - thing)",
    "(in-reach ?x - thing)",
    "(on-surface ?x - thing)",
    "(inside ?x - thing ?e - entity)",
    "(running ?f - appliance)",
    "(idle ?f - appliance)",
)
# No axiom negates a derived predicate: the heuristics of planners would multiply it out, which takes all of Fast
# Downward's memory.
AXIOMS = """\
  ; in or on what the robot holds
  (:derived (carried ?x - thing)
    (exists (?h - vessel) (and (at ?x ?h) (or (held ?h) (carried ?h)))))
  ; neither behind a closed door nor carried
  (:derived (in-reach ?x - thing)
    (or (exists (?f - fixture) (and (at ?x ?f) (not (off-limits ?f)) (imply (encloses ?f) (open ?f))))
        (exists (?h - vessel) (and (at ?x ?h) (in-reach ?h)))))
  ; where things can be sliced: not in furniture, be it open, nor with a person
  (:derived (on-surface ?x - thing)
    (or (exists (?f - fixture) (and (at ?x ?f) (not (off-limits ?f)) (not (hides ?f))))
        (exists (?h - vessel) (and (at ?x ?h) (on-surface ?h)))))
  ; in or on, through containers; asked only of appliances and of what must be used
  (:derived (inside ?x - thing ?e - entity)
    (and (watched ?e)
         (or (at ?x ?e) (exists (?h - vessel) (and (at ?x ?h) (inside ?h ?e))))))
  (:derived (running ?f - appliance)
    (and (imply (needs-on ?f) (on ?f)) (imply (needs-closed ?f) (not (open ?f)))))
  (:derived (idle ?f - appliance)
    (or (and (needs-on ?f) (not (on ?f))) (and (needs-closed ?f) (open ?f))))"""


@dataclass(frozen=True, kw_only=True)
class AdlAction:
    """An action: texts of its parameters, and of conjuncts of its precondition and its effect."""

    name: str
    parameters: str
    precondition: str
    effect: str

    def __str__(self) -> str:
        """Return the action in PDDL."""
        return (
            f"  (:action {self.name}\n    :parameters ({self.parameters})\n"
            f"    :precondition (and {self.precondition})\n    :effect (and {self.effect}))"
        )

    @property
    def changes(self) -> set[str]:
        """The predicates in its effect, conditions of effects included."""
        return set(re.findall(r"\(([\w-]+)", self.effect))

    @property
    def fixtures(self) -> list[str]:
        """The variables of its parameters that are fixtures."""
        return FIXTURE_PARAMETER.findall(self.parameters)

    def needing(self, *conditions: str) -> AdlAction:
        """Return the action with further conjuncts in its precondition."""
        return replace(self, precondition=" ".join([*filter(None, [self.precondition]), *conditions]))


def entity_type(world: World, i: int) -> str:
    """Return the PDDL type of an entity."""
    if i < world.n_fixtures:
        return "appliance" if world.rule[i] else "furniture"
    return "vessel" if world.relation[i] else "item"


def state_predicates(domain: Domain) -> tuple[str, ...]:
    """Return the predicates of the domain's states, for objects and fixtures alike."""
    return tuple(f"({word} ?e - entity)" for word in domain.states)


def process_effects(domain: Domain) -> dict[str, tuple[str, str]]:
    """Return the effects of running appliances on an object: by predicate, the condition on `?y` and the effect.

    Raises:
        DomainError: A process depends on more than a switch and a door.
    """
    effects: dict[str, tuple[str, str]] = {}
    for process in domain.processes:
        if set(process.when) - {"on", "closed"}:
            raise DomainError(f"processes.{process.name}: only `on` and `closed` can be exported to PDDL")
        for state in process.set:
            cleared = [f"(not ({other} ?y))" for pair in domain.exclusive if state in pair for other in pair
                    if other != state]  # fmt: skip
            effects[f"makes-{state}"] = ("", _conjunction([f"({state} ?y)", *cleared]))
        for state in process.clear:
            effects[f"ends-{state}"] = ("", f"(not ({state} ?y))")
        if process.cook:
            effects["cooks"] = ("(cookable ?y)", "(cooked ?y)")
        if process.fill:
            filled = f"(and (filled ?y {process.fill}) (not (empty ?y)))"
            effects[f"fills-{process.fill}"] = ("(fillable ?y) (empty ?y)", filled)
    return effects


def reachable_effects(domain: Domain) -> dict[str, tuple[str, str]]:
    """Return the effects of appliances that run while the robot can reach into them, that is, with an open door.

    The others must be left out: with mutually exclusive hot and cold effects in one action, planners multiply out the
    negation of derived predicates.
    """
    reachable = replace(domain, processes=tuple(p for p in domain.processes if "closed" not in p.when))
    return process_effects(reachable)


def home_actions(domain: Domain) -> list[AdlAction]:
    """Return the actions of the robot, in any home of a domain; none where it must not go, and none that it lacks."""
    actions = _actions(domain, process_effects(domain), reachable_effects(domain))
    lacking = tuple(skill.replace(" ", "-") for skill in domain.lacking)
    actions = [action for action in actions if not action.name.startswith(lacking)] if lacking else actions
    if domain.hand is not None:  # which does not take everything
        actions = [a.needing("(liftable ?x)") if a.name == "pick-up" else a for a in actions]
    return [action.needing(*(f"(not (off-limits {f}))" for f in action.fixtures)) for action in actions]


def domain_text(
    domain: Domain, actions: Iterable[AdlAction], axioms: Sequence[str], predicates: Sequence[str],
    constants: Sequence[str],
) -> str:  # fmt: skip
    """Write the domain.

    Args:
        domain: The home's rules.
        actions: The actions of the robot, and those that a goal needs.
        axioms: Axioms of a goal, which PDDL requires in the domain.
        predicates: Predicates that these use, besides the home's.
        constants: Entities that these name, with their types.
    """
    effects = process_effects(domain)
    reachable = reachable_effects(domain)
    temperature = [effect_name for effect_name in reachable if effect_name in _temperature_effects(domain)]
    declarations = [
        *CONSTANT_PREDICATES,
        *(["(liftable ?x - thing)"] if domain.hand is not None else []),
        *(f"({effect_name} ?f - appliance)" for effect_name in effects),
        *CHANGING_PREDICATES,
        *state_predicates(domain),
        *DERIVED_PREDICATES,
        *(f"(at-{effect_name} ?x - thing)" for effect_name in reachable),
        *(f"(not-at-{effect_name} ?x - thing)" for effect_name in temperature),
        *predicates,
    ]  # fmt: skip
    predicate_lines = "\n    ".join(declarations)
    typed_constants = "\n    ".join([f"{' '.join(domain.liquids)} - liquid", *constants])
    parts = [
        f"(define (domain {DOMAIN_NAME})\n"
        "  (:requirements :adl :derived-predicates)\n"
        "  (:types entity liquid - object fixture thing - entity furniture appliance - fixture item vessel - thing)\n"
        f"  (:constants\n    {typed_constants})\n"
        f"  (:predicates\n    {predicate_lines})",
        AXIOMS,
        *(_zone_axiom(effect_name) for effect_name in reachable),
        *(_outside_zone_axiom(effect_name) for effect_name in temperature),
        *map(str, actions),
        *axioms,
    ]
    return "\n".join(parts) + ")\n"


def _zone_axiom(effect_name: str) -> str:
    return (
        f"  (:derived (at-{effect_name} ?x - thing)\n"
        f"    (exists (?f - appliance) (and ({effect_name} ?f) (running ?f) (inside ?x ?f))))"
    )


def _outside_zone_axiom(effect_name: str) -> str:
    return (
        f"  (:derived (not-at-{effect_name} ?x - thing)\n"
        "    (or (exists (?f - furniture) (at ?x ?f))\n"
        f"        (exists (?f - appliance) (and (at ?x ?f) (or (idle ?f) (not ({effect_name} ?f)))))\n"
        f"        (exists (?h - vessel) (and (at ?x ?h) (not-at-{effect_name} ?h)))))"
    )


def _temperature_effects(domain: Domain) -> set[str]:
    """Return the effects that override the temperature of a liquid poured in."""
    return {f"makes-{state}" for pair in domain.exclusive for state in pair}


def _actions(
    domain: Domain, effects: dict[str, tuple[str, str]], reachable: dict[str, tuple[str, str]]
) -> list[AdlAction]:
    free = "(hand-free)"
    definitions = [
        _action("pick-up", "?x - thing ?p - entity", f"{free} (at ?x ?p) (in-reach ?x)",
                "(held ?x) (not (hand-free)) (not (at ?x ?p))"),
        *_put_actions(reachable),
        _action("give", "?x - thing ?f - fixture", "(held ?x) (person ?f) (fits ?x ?f)", _placement_effects("?f")),
        _action("open", "?f - fixture", f"{free} (hinged ?f) (not (open ?f)) (not (on ?f))", "(open ?f)"),
        _action("close-furniture", "?f - furniture", f"{free} (hinged ?f) (open ?f) (not (on ?f))", "(not (open ?f))"),
        _action("close-appliance", "?f - appliance", f"{free} (hinged ?f) (open ?f) (not (on ?f))",
                "(not (open ?f)) " + _exposure_effects(effects, "(not (needs-on ?f)) (inside ?y ?f)", "({} ?f)")),
        _action("turn-on-furniture", "?f - furniture", f"{free} (switched ?f) (not (on ?f))", "(on ?f)"),
        _action("turn-on-appliance", "?f - appliance",
                f"{free} (switched ?f) (not (on ?f)) (imply (needs-closed ?f) (not (open ?f)))",
                "(on ?f) " + _exposure_effects(effects, "(inside ?y ?f)", "({} ?f)")),
        _action("turn-off", "?f - fixture", f"{free} (switched ?f) (on ?f)", "(not (on ?f))"),
        _action("slice", "?x ?k - thing",
                "(held ?k) (cuts ?k) (sliceable ?x) (not (sliced ?x)) (on-surface ?x)",
                "(sliced ?x)"),
        _action("wipe", "?f - fixture ?k - thing", "(held ?k) (wipes ?k) (wipeable ?f)", "(not (dirty ?f))"),
        _action("fold", "?x - thing", f"{free} (foldable ?x) (not (folded ?x)) (in-reach ?x)", "(folded ?x)"),
        *_pour_actions(domain, reachable),
    ]  # fmt: skip
    return definitions


def _put_actions(effects: dict[str, tuple[str, str]]) -> list[AdlAction]:
    """Return six variants of `put` by type, so that no contents of a fork or cooking by a table are grounded."""
    definitions = []
    for object_type in ("item", "vessel"):
        exposed_variables = ["?x"] if object_type == "item" else ["?x", "?y"]
        for place_type, effect_name in (("furniture", ""), ("appliance", "({} ?p)"), ("vessel", "(at-{} ?p)")):
            access = "(imply (encloses ?p) (open ?p)) (not (person ?p))"
            if place_type == "vessel":
                access = "(in-reach ?p)"
            effect = _placement_effects("?p")
            for variable in exposed_variables if effect_name else ():
                carried = "(carried ?y)" if variable == "?y" else ""
                runs = "(running ?p)" if place_type == "appliance" else ""
                effect += " " + _exposure_effects(effects, f"{carried} {runs}".strip(), effect_name, variable)
            definitions.append(_action(f"put-{object_type}-{place_type}", f"?x - {object_type} ?p - {place_type}",
                                f"(held ?x) (fits ?x ?p) {access}", effect))  # fmt: skip
    return definitions


def _pour_actions(domain: Domain, reachable: dict[str, tuple[str, str]]) -> list[AdlAction]:
    """Return variants of `pour` by temperature, which the liquid passes on unless an appliance overrides it."""
    definitions = []
    emptied = "(when (not (reservoir ?v)) (and (not (filled ?v {0})) (empty ?v)))"
    parameters = "?v ?o - thing ?l - liquid"
    precondition = "(held ?v) (filled ?v ?l) (fillable ?o) (empty ?o) (in-reach ?o)"
    pour_effect = f"(filled ?o ?l) (not (empty ?o)) {emptied.format('?l')}"
    opposite = {a: b for pair in domain.exclusive for a, b in (pair, pair[::-1])}
    for temperature, opposite_temperature in opposite.items():
        transfer = f"(and ({temperature} ?o) (not ({opposite_temperature} ?o)))"
        if f"makes-{opposite_temperature}" in reachable:
            transfer = f"(when (not-at-makes-{opposite_temperature} ?o) {transfer})"
        definitions.append(
            _action(
                f"pour-{temperature}", parameters, f"{precondition} ({temperature} ?v)", f"{pour_effect} {transfer}"
            )
        )
    no_temperature = " ".join(f"(not ({temperature} ?v))" for temperature in opposite)
    definitions.append(_action("pour-as-it-is", parameters, f"{precondition} {no_temperature}", pour_effect))
    definitions.append(_action("pour-plant", "?v - thing ?f - fixture", "(held ?v) (filled ?v water) (waterable ?f)",
                        f"(watered ?f) {emptied.format('water')}"))  # fmt: skip
    return definitions


def _exposure_effects(effects: dict[str, tuple[str, str]], when: str, effect_name: str, variable: str = "?y") -> str:
    """Return the effects of a running appliance on every object `?y` for which `when` holds, or on one `variable`."""
    effects_list = []
    for name, (requirement, effect) in effects.items():
        condition = _conjunction([c for c in (when, effect_name.format(name), requirement) if c])
        effects_list.append(f"(when {condition} {effect})")
    if variable == "?y":
        return f"(forall (?y - thing) {_conjunction(effects_list)})"
    return " ".join(effects_list).replace("?y", variable)


def _placement_effects(place: str) -> str:
    return f"(at ?x {place}) (hand-free) (not (held ?x))"


def _conjunction(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 and parts[0].count("(") == 1 else f"(and {' '.join(parts)})"


def _action(name: str, parameters: str, precondition: str, effect: str) -> AdlAction:
    return AdlAction(name=name, parameters=parameters, precondition=precondition, effect=effect)
