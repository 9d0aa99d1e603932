"""Compile a skill to Python functions of a state: why it is inapplicable, what it can be done to, and its effects.

The functions are as fast as ones written by hand; they are not pickled but compiled again from the domain.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from envs.symbolic.embodiment.hand_limits import HandLimit, cannot
from envs.symbolic.skills import runtime
from envs.symbolic.skills.effect_code import successor_code
from envs.symbolic.skills.expressions import Expressions
from envs.symbolic.skills.values import Precondition, Skill, Term
from envs.symbolic.skills.wording import message_of
from envs.symbolic.state import Action, State, apply_process

if TYPE_CHECKING:
    from envs.symbolic.domain.domain import Domain

INDENT = "    "
_REASONS = {"reachable": "out_of_reach", "accessible": "out_of_access"}


@dataclass(frozen=True, kw_only=True)
class CompiledSkill:
    """The functions of one skill; entities are in the order of its parameters.

    Attributes:
        skill: The skill.
        unmet: The first false precondition in words, or None.
        successor: The state after the skill, which is known to be applicable.
        actions: Its applicable actions, of what each argument can be.
        code: The source of the functions.
    """

    skill: Skill
    unmet: Callable[..., str | None]
    successor: Callable[..., State]
    actions: Callable[..., list[Action]]
    code: str


@lru_cache(maxsize=64)
def compiled_skills(domain: Domain) -> dict[str, CompiledSkill]:
    """Return the compiled skills of a domain, by name; cached for the last domains.

    What its robot lacks can be done to nothing, and what its hand cannot hold or reach is no applicable action.
    """
    compiled = {name: compile_skill(skill, domain) for name, skill in domain.all_skills.items()}
    return {name: _limited(skill, domain) for name, skill in compiled.items()} if domain.has_limits else compiled


def _limited(compiled: CompiledSkill, domain: Domain) -> CompiledSkill:
    """Return a compiled skill as the robot of a domain can do it."""
    name = compiled.skill.name
    if name in domain.lacking:
        return replace(compiled, unmet=lambda *_: cannot(name), actions=lambda *_: [])
    if domain.hand is None:
        return compiled
    limit = HandLimit(compiled.skill, domain.hand)

    def unmet(state: State, *entities: int) -> str | None:
        return compiled.unmet(state, *entities) or limit(state, entities)

    def actions(state: State, *choices: Iterable[int]) -> list[Action]:
        index = state.world.index
        found = compiled.actions(state, *choices)
        return [action for action in found if limit(state, [index[n] for n in action.args]) is None]

    return replace(compiled, unmet=unmet, actions=actions)


def compile_skill(skill: Skill, domain: Domain) -> CompiledSkill:
    """Compile one skill."""
    expressions = Expressions(
        skill=skill,
        bits=domain.bits,
        fixture_kinds=domain.vocabulary.fixtures,
        rooms=domain.rooms,
        rooms_are_entities=domain.rooms_are_entities,
        checked=frozenset(range(len(skill.parameters))),
    )
    code = "\n\n".join(
        (
            unmet_code(skill, expressions, domain.negations),
            actions_code(skill, expressions),
            successor_code(skill, expressions, _started(domain), domain.exclusive),
        )
    )
    namespace: dict[str, Any] = {name: value for name, value in vars(runtime).items() if callable(value)}
    namespace |= {"Action": Action, "State": State, "apply_process": apply_process, "new": tuple.__new__}
    exec(compile(code, f"<skill {skill.name}>", "exec"), namespace)
    return CompiledSkill(
        skill=skill,
        unmet=namespace["unmet"],
        successor=namespace["successor"],
        actions=namespace["actions"],
        code=code,
    )


def unmet_code(skill: Skill, expressions: Expressions, negations: Mapping[str, str]) -> str:
    """Return the source of the function that says which precondition is false first."""
    lines = [f"def unmet(state, {_arguments(skill)}):", f"{INDENT}world = state.world"]
    for precondition in (*expressions.kind_checks(), *skill.preconditions):
        lines += [INDENT + line for line in _check(skill, precondition, expressions, negations)]
    return "\n".join((*lines, f"{INDENT}return None"))


def _check(
    skill: Skill, precondition: Precondition, expressions: Expressions, negations: Mapping[str, str]
) -> Iterable[str]:
    atom, indent = precondition.atom, ""
    if precondition.guards:
        yield f"if {_all(expressions.truth(guard) for guard in precondition.guards)}:"
        indent = INDENT
    if atom.predicate in _REASONS and atom.positive and not precondition.message:
        function, entity = _REASONS[atom.predicate], expressions.entity(atom.terms[0])
        yield f"{indent}if (reason := {function}(state, {entity})) is not None:"
        yield f"{indent}{INDENT}return reason"
        return
    template, terms = message_of(skill, precondition, negations, expressions.rooms)
    yield f"{indent}if not ({expressions.truth(atom)}):"
    yield f"{indent}{INDENT}return {expressions.message(template, terms)}"


def actions_code(skill: Skill, expressions: Expressions) -> str:
    """Return the source of the function that lists the applicable actions, given what each argument can be.

    Preconditions about the hand and what is in it are tested once, the others for each choice of the free arguments.
    """
    required = [p.atom for p in skill.preconditions if p.atom.positive and not p.guards]
    held = [a.terms[0].parameter for a in required if a.predicate == "holding" and a.terms[0].parameter is not None]
    about_hand = {Term(kind=skill.parameters[i].kind, parameter=i) for i in held}
    about_hand |= {a.terms[0] for a in required if a.predicate == "holding"}
    each: list[str] = []
    once = ["state.held >= 0"] if held else []
    for precondition in (*expressions.kind_checks(), *skill.preconditions):
        atom = precondition.atom
        if atom.predicate == "holding" and atom.positive and atom.terms[0].parameter in held[:1]:
            continue
        if precondition not in skill.preconditions and atom.terms[0].parameter not in held:
            continue  # the choices are of this kind
        test = expressions.truth(atom)
        if precondition.guards:
            test = f"not ({_all(map(expressions.truth, precondition.guards))}) or ({test})"
        is_once = not precondition.guards and set(atom.terms) <= about_hand and atom.predicate not in ("at", "robot at")
        (once if is_once else each).append(test)
    free = [i for i in range(len(skill.parameters)) if i not in held[:1]]
    names = "".join(f"names[e{i}], " for i in range(len(skill.parameters)))
    loops = "".join(f" for e{i} in choices_{i}" for i in free) or " for _ in (0,)"
    lines = [f"def actions(state, {', '.join(f'choices_{i}' for i in range(len(skill.parameters)))}):"]
    lines += [f"{INDENT}world, names = state.world, state.world.names"]
    lines += [f"{INDENT}e{i} = state.held" for i in held[:1]]
    if once:
        lines += [f"{INDENT}if not ({_all(once)}):", f"{INDENT}{INDENT}return []"]
    condition = f" if {_all(each)}" if each else ""
    lines += [f"{INDENT}return [new(Action, ({skill.name!r}, ({names}))){loops}{condition}]"]
    return "\n".join(lines)


def _arguments(skill: Skill) -> str:
    return ", ".join(f"e{i}" for i in range(len(skill.parameters)))


def _all(tests: Iterable[str]) -> str:
    return " and ".join(f"({test})" for test in tests)


def _started(domain: Domain) -> frozenset[tuple[str, bool]]:
    """Return the changes of a state that can start a process, or that a process undoes: (state, becomes true)."""
    changes: set[tuple[str, bool]] = set()
    for process in domain.processes:
        for word in process.when:
            changes.add((domain.negations[word], False) if word in domain.negations else (word, True))
        changes |= {(word, False) for word in process.set} | {(word, True) for word in process.clear}
    return frozenset(changes)
