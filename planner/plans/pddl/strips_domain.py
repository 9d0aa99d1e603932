"""The home's rules as STRIPS actions, which every PDDL parser reads: `envs/symbolic/actions.py` without conditions.

Typed STRIPS has positive preconditions and unconditional effects only. So:

- *Absence is a fact of its own*: `is-closed` beside `is-open`, `is-not-hot` beside `is-hot`. Both are kept up to date.
- *Nesting*: an object that stands on furniture is reached at once. One in or on a vessel is reached step by step:
  `reach-nested` and `reach-deeper` move the robot's attention along the vessels, and the `-nested` variant of an action
  then acts on the object that it `attends`. No other action is applicable meanwhile (`acting` is false).
- *Appliances*: an effect on everything inside a running appliance would be conditional. Here each process is an action
  that changes one object: `(microwave apple_1 microwave_1)`. It is applicable while the appliance runs, and a planner
  chooses when. A plan that needs an object to stay as it is in a running appliance is therefore wrong, and only a
  replay in the symbolic home detects it (`planner/verification`).
- *Space*: constant facts `fits` (`planner/plans/pddl/strips_facts.py`).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from envs.symbolic.domain.achievers import own_skills
from planner.plans.pddl.operators import Operator, operator

if TYPE_CHECKING:
    from envs.symbolic.domain import Domain, Process, Skill

ACT, FREE = "(acting)", "(hand-free)"
OWN = "do-"  # begins the names of actions of skills that the domain adds
REACH, SURFACE = "(reaching)", "(reaching-surface)"


def true(state: str, entity: str) -> str:
    """Return the atom that a state, or its negation such as `clean`, is true of an entity."""
    return f"(is-{state} {entity})"


def false(domain: Domain, state: str, entity: str) -> str:
    """Return the atom that a state, or its negation, is not true of an entity: the other word of the two."""
    if state in domain.negations:
        return true(domain.negations[state], entity)
    return true(next((word for word, s in domain.negations.items() if s == state), f"not-{state}"), entity)


def becomes(domain: Domain, state: str, entity: str) -> str:
    """Return the effect that a state, or its negation, becomes true, and the states that it excludes false."""
    excluded = [other for pair in domain.exclusive if state in pair for other in pair if other != state]
    gone = "".join(f" {ceases(domain, other, entity)}" for other in excluded)
    return f"{true(state, entity)} (not {false(domain, state, entity)}){gone}"


def ceases(domain: Domain, state: str, entity: str) -> str:
    """Return the effect that a state becomes false."""
    return f"{false(domain, state, entity)} (not {true(state, entity)})"


def home_operators(domain: Domain) -> list[Operator]:
    """Return all actions of the robot and of the appliances, for any home of a domain; none that the robot lacks."""
    own = [*_reaching(), *_moving(), *_fixtures(domain), *_changing(domain), *_pouring(domain)]
    own = [o for o in own if (skill := skill_of(o.name, domain)) is None or skill[0] in domain.skills]
    if domain.hand is not None:  # which does not take everything
        own = [o.needing("(liftable ?x)") if o.name.startswith("pick-up") else o for o in own]
    return [*own, *_processes(domain)]


def _reaching() -> list[Operator]:
    attend = f"(attends ?x) (not {ACT})"
    return [
        operator("reach-nested", "?x ?v ?f", f"{ACT} (at ?x ?v) (at ?v ?f) (accessible ?f)", f"{attend} {REACH}"),
        operator(
            "reach-nested-on-surface", "?x ?v ?f",
            f"{ACT} (at ?x ?v) (at ?v ?f) (accessible ?f) (surface ?f)", f"{attend} {SURFACE}",
        ),
        operator("reach-deeper", "?x ?v", "(attends ?v) (at ?x ?v)", "(attends ?x) (not (attends ?v))"),
    ]  # fmt: skip


def _reached(name: str, parameters: str, precondition: str, effect: str, target: str = "?x") -> list[Operator]:
    """Return an action on `target` where it stands on furniture, and its variant where it is in or on a vessel."""
    return [
        operator(name, f"{parameters} ?f", f"{ACT} {precondition} (at {target} ?f) (accessible ?f)", effect),
        operator(
            f"{name}-nested", parameters, f"(attends {target}) {REACH} {precondition}",
            f"{effect} {_released(target, REACH)}",
        ),
    ]  # fmt: skip


def _released(target: str, flag: str) -> str:
    return f"{ACT} (not (attends {target})) (not {flag})"


def _moving() -> list[Operator]:
    lifted, placed = f"(held ?x) (not {FREE})", f"{FREE} (not (held ?x))"
    return [
        operator("go-to", "?f", f"{ACT} (destination ?f)", "(visited ?f)"),
        operator("pick-up", "?x ?f", f"{ACT} {FREE} (at ?x ?f) (accessible ?f)", f"{lifted} (not (at ?x ?f))"),
        operator(
            "pick-up-nested", "?x ?v", f"(attends ?x) {REACH} {FREE} (at ?x ?v)",
            f"{lifted} (not (at ?x ?v)) {_released('?x', REACH)}",
        ),
        operator("put", "?x ?f", f"{ACT} (held ?x) (fits ?x ?f) (accessible ?f)", f"(at ?x ?f) {placed}"),
        operator(
            "put-in", "?x ?v ?f", f"{ACT} (held ?x) (fits ?x ?v) (at ?v ?f) (accessible ?f)", f"(at ?x ?v) {placed}"
        ),
        operator(
            "put-in-nested", "?x ?v", f"(attends ?v) {REACH} (held ?x) (fits ?x ?v)",
            f"(at ?x ?v) {placed} {_released('?v', REACH)}",
        ),
        operator("give", "?x ?f", f"{ACT} (held ?x) (receives ?f ?x)", f"(at ?x ?f) {placed}"),
    ]  # fmt: skip


def _fixtures(domain: Domain) -> list[Operator]:
    ready = f"{ACT} {FREE}"
    opened, shut = becomes(domain, "open", "?f"), becomes(domain, "closed", "?f")
    on, off = becomes(domain, "on", "?f"), becomes(domain, "off", "?f")
    return [
        operator("open", "?f", f"{ready} (door ?f) (is-closed ?f) (is-off ?f)", f"{opened} (accessible ?f)"),
        operator("close", "?f", f"{ready} (door ?f) (is-open ?f) (is-off ?f)", f"{shut} (not (accessible ?f))"),
        # What opens but holds nothing behind it, such as a window:
        operator("open-panel", "?f", f"{ready} (panel ?f) (is-closed ?f) (is-off ?f)", opened),
        operator("close-panel", "?f", f"{ready} (panel ?f) (is-open ?f) (is-off ?f)", shut),
        operator("turn-on", "?f", f"{ready} (runs-open ?f) (is-off ?f)", on),
        operator("turn-on-closed", "?f", f"{ready} (runs-closed ?f) (is-closed ?f) (is-off ?f)", on),
        operator("turn-off", "?f", f"{ready} (switched ?f) (is-on ?f)", off),
        operator("wipe", "?f ?y", f"{ACT} (held ?y) (wipes ?y) (wipeable ?f)", becomes(domain, "clean", "?f")),
    ]


def _changing(domain: Domain) -> list[Operator]:
    sliced = becomes(domain, "sliced", "?x")
    whole = f"(held ?y) (cuts ?y) (sliceable ?x) {false(domain, 'sliced', '?x')}"
    unfolded = f"{FREE} (foldable ?x) {false(domain, 'folded', '?x')}"
    return [
        operator("slice", "?x ?y ?f", f"{ACT} {whole} (at ?x ?f) (accessible ?f) (surface ?f)", sliced),
        operator(
            "slice-nested", "?x ?y", f"(attends ?x) {SURFACE} {whole}", f"{sliced} {_released('?x', SURFACE)}"
        ),
        *_reached("fold", "?x", unfolded, becomes(domain, "folded", "?x")),
    ]  # fmt: skip


def _pouring(domain: Domain) -> list[Operator]:
    """Return `pour` by temperature, which the liquid passes on, and by whether it empties what it is poured from."""
    found = []
    temperatures = [state for pair in domain.exclusive for state in pair]
    as_it_is = " ".join(false(domain, state, "?y") for state in temperatures)
    kinds = [("", as_it_is, ""), *((f"-{s}", true(s, "?y"), becomes(domain, s, "?x")) for s in temperatures)]
    sources = (
        ("", "(emptied-by-pouring ?y)", "(empty ?y) (not (filled ?y ?l))"),
        ("-from-supply", "(supply ?y)", ""),
    )
    for source, source_kind, emptied in sources:
        poured = f"(held ?y) {source_kind} (filled ?y ?l)"
        for temperature, condition, passed_on in kinds:
            found += _reached(
                f"pour{temperature}{source}", "?y ?x ?l", f"{poured} {condition} (fillable ?x) (empty ?x)",
                f"(filled ?x ?l) (not (empty ?x)) {emptied} {passed_on}",
            )  # fmt: skip
        watered = becomes(domain, "watered", "?f")
        precondition = f"{ACT} {poured} (waters ?l) (waterable ?f)"
        found.append(operator(f"pour-onto-plant{source}", "?y ?f ?l", precondition, f"{watered} {emptied}"))
    return found


def own_name(skill: Skill) -> str:
    """Return the beginning of the names of the actions of a skill that the domain adds."""
    return OWN + re.sub(r"[^a-z0-9]+", "-", skill.name.lower()).strip("-")


def process_name(process: Process) -> str:
    """Return the name of a process in PDDL: `wash-dishes`; with a suffix where a skill has that name."""
    name = re.sub(r"[^a-z0-9]+", "-", process.name.lower()).strip("-")
    return f"{name}-by-itself" if name in SKILLS else name


def _processes(domain: Domain) -> list[Operator]:
    """Return what a running appliance does to one object inside: plain, and where it cooks or fills the object."""
    found = []
    for process in domain.processes:
        name = process_name(process)
        runs = " ".join(f"(is-{word} ?f)" for word in process.when)
        during = f"(during-{name})"
        place = f"(at ?x ?v) (at ?v ?f) (does-{name} ?f)"
        found.append(
            operator(f"{name}-nested", "?x ?v ?f", f"{ACT} {place} {runs}", f"(attends ?x) {during} (not {ACT})")
        )
        changed = " ".join(
            [*(becomes(domain, s, "?x") for s in process.set), *(ceases(domain, s, "?x") for s in process.clear)]
        )
        variants = [("", "", "", changed)] if changed else []
        if process.cook:
            variants.append(("-cook", "", "(cookable ?x)", f"{changed} {becomes(domain, 'cooked', '?x')}"))
        if process.fill:
            filled = "(filled ?x ?l) (not (empty ?x))"
            variants.append(("-fill", " ?l", f"(gives-{name} ?l) (fillable ?x) (empty ?x)", f"{changed} {filled}"))
        for suffix, parameters, requirement, effect in variants:
            direct = f"{ACT} (at ?x ?f) (does-{name} ?f) {runs} {requirement}"
            found += [
                operator(f"{name}{suffix}", f"?x ?f{parameters}", direct, effect),
                operator(
                    f"{name}{suffix}-inside", f"?x{parameters}", f"(attends ?x) {during} {requirement}",
                    f"{effect} {_released('?x', during)}",
                ),
            ]  # fmt: skip
    return found


# Our skill for each action that is a subtask, and which of its arguments are those of our action.
SKILLS: dict[str, tuple[str, tuple[int, ...]]] = {
    "go-to": ("go to", (0,)),
    "pick-up": ("pick up", (0,)), "pick-up-nested": ("pick up", (0,)),
    "put": ("put", (0, 1)), "put-in": ("put", (0, 1)), "put-in-nested": ("put", (0, 1)),
    "give": ("give", (0, 1)),
    "open": ("open", (0,)), "open-panel": ("open", (0,)),
    "close": ("close", (0,)), "close-panel": ("close", (0,)),
    "turn-on": ("turn on", (0,)), "turn-on-closed": ("turn on", (0,)), "turn-off": ("turn off", (0,)),
    "wipe": ("wipe", (0,)),
    "slice": ("slice", (0,)), "slice-nested": ("slice", (0,)),
    "fold": ("fold", (0,)), "fold-nested": ("fold", (0,)),
}  # fmt: skip


def skill_of(name: str, domain: Domain) -> tuple[str, tuple[int, ...]] | None:
    """Return our skill for a PDDL action and the positions of our arguments; None if it is no subtask.

    A rule about a skill makes variants of its action (`strips_goal.py`): `pick-up--1b` is one of `pick-up`.
    """
    name = name.partition("--")[0]
    for skill in own_skills(domain):
        if re.fullmatch(rf"{re.escape(own_name(skill))}-[0-9]+", name):
            return skill.name, tuple(range(len(skill.parameters)))
    return ("pour", (0, 1)) if name == "pour" or name.startswith("pour-") else SKILLS.get(name)
