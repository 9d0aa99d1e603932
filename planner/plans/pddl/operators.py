"""STRIPS actions as values, the removal of those that a problem does not need, and the text of a domain."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace

TYPES = "entity liquid tally - object fixture thing - entity item vessel - thing"
SUPERTYPE = {"vessel": "thing", "item": "thing", "thing": "entity", "fixture": "entity", "entity": "object",
             "liquid": "object", "tally": "object"}  # fmt: skip
# The type of a variable by its first letter.
PARAMETER = {"e": "entity", "f": "fixture", "x": "thing", "y": "thing", "v": "vessel", "l": "liquid", "n": "tally"}

# Predicates of whose turn it is, which nearly every action changes, and those of what the robot's attention is for,
# which the action that follows ends.
CONTROL = frozenset({"acting", "attends"})
ATTENTION = re.compile("reaching|during-")


@dataclass(frozen=True, kw_only=True)
class Operator:
    """A STRIPS action: its variables, and literals of its precondition and its effect."""

    name: str
    parameters: tuple[str, ...]
    precondition: tuple[str, ...]
    effect: tuple[str, ...]

    def __str__(self) -> str:
        """Return the action in PDDL."""
        typed = " ".join(f"{variable} - {PARAMETER[variable[1]]}" for variable in self.parameters)
        return (
            f"  (:action {self.name}\n    :parameters ({typed})\n    :precondition (and {' '.join(self.precondition)})"
            f"\n    :effect (and {' '.join(self.effect)}))"
        )

    def needing(self, literal: str) -> Operator:
        """Return the action with one more literal in its precondition."""
        return replace(self, precondition=(*self.precondition, literal))


def operator(name: str, parameters: str, precondition: str, effect: str) -> Operator:
    """Make an action of its variables, atoms and literals, each a text."""
    return Operator(
        name=name, parameters=tuple(parameters.split()), precondition=literals(precondition), effect=literals(effect)
    )


def literals(text: str) -> tuple[str, ...]:
    """Split `(a ?x) (not (b))` into its literals."""
    return tuple(re.findall(r"\(not \([^()]*\)\)|\([^()]*\)", text))


def predicate(literal: str) -> str:
    """Return the predicate of a literal."""
    return words_of(literal)[0]


def words_of(literal: str) -> list[str]:
    """Return the predicate of a literal and its arguments."""
    return literal.removeprefix("(not ").strip("()").split()


def needed(
    operators: Iterable[Operator], facts: Iterable[str], goal: Iterable[str], used: Collection[str]
) -> tuple[list[Operator], set[str]]:
    """Return the actions that matter for a goal, without effects that nothing asks for, and all predicates asked for.

    Args:
        operators: All actions.
        facts: What is true at the start.
        goal: The atoms of the goal.
        used: Names of actions to keep in any case, because a plan has them.
    """
    candidates, given = list(operators), {predicate(fact) for fact in facts}
    while True:  # drop what needs a fact that can never be true
        reachable = given | {predicate(e) for o in candidates for e in o.effect if not e.startswith("(not ")}
        kept = [o for o in candidates if o.name in used or {predicate(p) for p in o.precondition} <= reachable]
        if len(kept) == len(candidates):
            break
        candidates = kept
    asked = {predicate(atom) for atom in goal}
    asked |= {predicate(e) for o in kept if o.name in used for e in o.effect}
    chosen: dict[str, Operator] = {}
    while True:  # add what changes something that is asked for
        more = [o for o in kept if o.name not in chosen and (o.name in used or _matters(o, asked))]
        if not more:
            break
        chosen |= {o.name: o for o in more}
        asked |= {predicate(p) for o in more for p in o.precondition}
    return [
        replace(o, effect=tuple(e for e in o.effect if predicate(e) in asked)) for o in kept if o.name in chosen
    ], asked


def _matters(candidate: Operator, asked: Set[str]) -> bool:
    """Whether an action changes something that is asked for; turning the attention alone is asked for by itself."""
    changed = {
        predicate(e) for e in candidate.effect if not (e.startswith("(not ") and ATTENTION.match(predicate(e)))
    }  # fmt: skip
    return not asked.isdisjoint(changed - CONTROL) or (changed <= CONTROL and not asked.isdisjoint(changed))


def predicates_of(
    operators: Iterable[Operator], atoms: Iterable[str], types: Mapping[str, str]
) -> dict[str, list[str]]:
    """Return the argument types of every predicate in some actions and ground atoms, given the type of each object."""
    signatures: dict[str, list[str]] = {}
    for literal in [*atoms, *(e for o in operators for e in (*o.precondition, *o.effect))]:
        name, *arguments = words_of(literal)
        signature = [PARAMETER[a[1]] if a.startswith("?") else types[a] for a in arguments]
        known = signatures.setdefault(name, signature)
        signatures[name] = [_common(a, b) for a, b in zip(known, signature, strict=True)]
    return signatures


def _common(first: str, second: str) -> str:
    """Return the most special type that covers two types."""
    above = [first]
    while above[-1] in SUPERTYPE:
        above.append(SUPERTYPE[above[-1]])
    while second not in above:
        second = SUPERTYPE[second]
    return second


def is_typed(atom: str, signatures: Mapping[str, Sequence[str]], types: Mapping[str, str]) -> bool:
    """Whether a ground atom has a declared predicate and arguments of its types."""
    name, *arguments = words_of(atom)
    return name in signatures and all(
        _common(types[argument], type_name) == type_name
        for argument, type_name in zip(arguments, signatures[name], strict=True)
    )


def typed_list(names: Iterable[str], types: Mapping[str, str]) -> list[str]:
    """Return declarations, one line for each type: `plate_1 plate_2 - vessel`."""
    by_type: dict[str, list[str]] = {}
    for name in names:
        by_type.setdefault(types[name], []).append(name)
    return [f"{' '.join(members)} - {type_name}" for type_name, members in by_type.items()]


def domain_text(
    name: str, operators: Sequence[Operator], signatures: Mapping[str, Sequence[str]], constants: Sequence[str]
) -> str:
    """Write a domain: its actions, the argument types of its predicates, and declarations of its constants."""
    declared = [
        f"({word}{''.join(f' ?a{i} - {type_name}' for i, type_name in enumerate(signature, start=1))})"
        for word, signature in signatures.items()
    ]
    constant_text = ["  (:constants\n    " + "\n    ".join(constants) + ")"] if constants else []
    return "\n".join(
        [f"(define (domain {name})", "  (:requirements :strips :typing)", f"  (:types {TYPES})", *constant_text,
         "  (:predicates\n    " + "\n    ".join(declared) + ")", *map(str, operators)]
    ) + ")\n"  # fmt: skip


def problem_text(name: str, domain_name: str, objects: Sequence[str], facts: Sequence[str], goal: Sequence[str]) -> str:
    """Write a problem: declarations of its objects, the facts at the start, and the atoms of the goal."""
    return (
        f"(define (problem {name})\n  (:domain {domain_name})\n"
        f"  (:objects\n    " + "\n    ".join(objects) + ")\n  (:init\n    " + "\n    ".join(facts) + ")\n"
        f"  (:goal (and {' '.join(goal)})))\n"
    )
