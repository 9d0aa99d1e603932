"""What is asked of exported PDDL files, checked with an interpreter of our own and with the parsers of others."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

from envs.symbolic.actions import State
from planner.plans.pddl.strips_problem import PddlFiles
from tests.planner.plans.pddl.pddl_evaluator import Fact, Task, parse, typed

PARSERS = ("pddl", "unified_planning", "pyperplan")
HAS_PARSERS = all(importlib.util.find_spec(name) is not None for name in PARSERS)
NO_PARSERS = "the extra `pddl` is not installed"
NAME = re.compile(r"[a-z][a-z0-9_-]*")


def check_files(files: PddlFiles) -> Task:
    """Check that the files keep to typed STRIPS and to names that all parsers take; return the task."""
    for text in (files.domain, files.problem, files.plan):
        assert text.isascii() and text.endswith("\n")
    for word in re.findall(r"[^\s()?:]+", re.sub(r";[^\n]*", "", files.domain + files.problem + files.plan)):
        assert NAME.fullmatch(word) or word == "-", word
    for section in parse(files.domain)[2:]:
        assert isinstance(section, list)
        if section[0] == ":requirements":
            assert section[1:] == [":strips", ":typing"]
        if section[0] == ":action":
            assert [section[i] for i in (2, 4, 6)] == [":parameters", ":precondition", ":effect"] and len(section) == 8
            check_conjunction(section[5], positive=True)
            check_conjunction(section[7], positive=False)
    task = Task(files.domain, files.problem)
    check_conjunction(task.goal, positive=True)
    declared_types = signatures(files)
    for name, *arguments in (*task.init, *(literal for literal in task.goal[1:])):
        assert all(task.is_a(a, kind) for a, kind in zip(arguments, declared_types[name], strict=True)), (
            name,
            arguments,
        )
    assert len(task.init) == len(re.findall(r"^    \(", files.problem[files.problem.index("(:init") :], re.M))
    declared, actions, types = set(task.predicates), set(task.operators), {*task.parents, *task.parents.values()}
    assert not declared & actions and not set(task.objects) & (declared | actions | types)
    return task


def signatures(files: PddlFiles) -> dict[str, list[str]]:
    """The argument types of each predicate."""
    sections = [s for s in parse(files.domain)[2:] if isinstance(s, list) and s[0] == ":predicates"]
    return {str(p[0]): [kind for _, kind in typed(p[1:])] for p in sections[0][1:] if isinstance(p, list)}


def check_conjunction(formula: object, *, positive: bool) -> None:
    assert isinstance(formula, list) and formula[0] == "and" and len(formula) > 1
    for said in formula[1:]:
        literal = said[1] if said[0] == "not" and not positive else said
        assert literal[0] not in ("and", "or", "not", "imply", "when", "forall", "exists")
        assert all(isinstance(word, str) for word in literal)


def steps_of(plan: str) -> list[tuple[str, tuple[str, ...]]]:
    lines = [line for line in plan.splitlines() if not line.startswith(";")]
    assert all(re.fullmatch(r"\([a-z0-9 _-]+\)", line) for line in lines)
    return [(name, tuple(args)) for name, *args in (line.strip("()").split() for line in lines)]


def replayed(task: Task, plan: str) -> frozenset[Fact]:
    """The facts after a plan, each of whose steps is applicable."""
    facts = task.init
    for name, args in steps_of(plan):
        assert task.applicable(facts, name, args), (name, args)
        facts = task.apply(facts, name, args)
    return facts


def check_state(files: PddlFiles, task: Task, facts: frozenset[Fact], state: State) -> None:
    """Check that the facts of a PDDL state are those of ours."""
    world, types = state.world, signatures(files)
    for symbol, name in files.names.items():
        if symbol not in task.objects:
            continue
        i = world.index[name]
        for word in (*world.domain.states, *world.domain.negations):
            if f"is-{word}" in task.predicates and (f"is-{word}", symbol) in facts:
                assert state.has(i, word), (name, word)
        for word in world.domain.states:
            is_said = f"is-{word}" in types and task.is_a(symbol, types[f"is-{word}"][0])
            if is_said and state.has(i, word):
                assert (f"is-{word}", symbol) in facts, (name, word)
        if i < world.n_fixtures:
            continue
        if "held" in task.predicates:
            assert (("held", symbol) in facts) == (state.held == i)
        if "at" in task.predicates and state.place[i] >= 0:
            at = [f[2] for f in facts if f[:2] == ("at", symbol)]
            assert [files.names[place] for place in at] == [world.names[state.place[i]]]
        if "filled" in task.predicates:
            assert [f[2] for f in facts if f[:2] == ("filled", symbol)] == (
                [state.liquid[i]] if state.liquid[i] else []
            )


def check_plan(files: PddlFiles, final: State, *, reached: bool = True) -> None:
    """Check the files, and that the plan can be carried out and reaches its goal by the rules in the files."""
    task = check_files(files)
    facts = replayed(task, files.plan)
    assert task.true(facts, task.goal) == reached
    check_state(files, task, facts, final)


def written(files: PddlFiles, folder: Path) -> tuple[str, str, str]:
    paths = [folder / name for name in ("domain.pddl", "problem.pddl", "plan")]
    for path, text in zip(paths, (files.domain, files.problem, files.plan), strict=True):
        path.write_text(text, encoding="ascii")
    return str(paths[0]), str(paths[1]), str(paths[2])
