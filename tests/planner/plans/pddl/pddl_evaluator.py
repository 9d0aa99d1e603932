"""A small PDDL interpreter: enough of ADL and axioms to carry out what we export, and written from the language's
definition, so that it shares nothing with the exporter.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

Expr = str | list["Expr"]  # type: ignore[misc]
Fact = tuple[str, ...]


def parse(text: str) -> list[Expr]:
    """Read one s-expression; comments are dropped."""
    tokens = re.findall(r"[()]|[^\s()]+", re.sub(r";[^\n]*", "", text))
    stack: list[list[Expr]] = [[]]
    for token in tokens:
        if token == "(":
            stack.append([])
        elif token == ")":
            done = stack.pop()
            stack[-1].append(done)
        else:
            stack[-1].append(token)
    assert len(stack) == 1 and len(stack[0]) == 1, "unbalanced"
    found = stack[0][0]
    assert isinstance(found, list)
    return found


def typed(words: Iterable[Expr]) -> list[tuple[str, str]]:
    """Read `a b - t c - u`."""
    found: list[tuple[str, str]] = []
    names: list[str] = []
    rest = iter(words)
    for word in rest:
        assert isinstance(word, str)
        if word == "-":
            kind = next(rest)
            assert isinstance(kind, str)
            found += [(name, kind) for name in names]
            names = []
        else:
            names.append(word)
    assert not names, f"{names} have no type"
    return found


@dataclass(frozen=True, kw_only=True)
class Operator:
    name: str
    parameters: list[tuple[str, str]]
    precondition: Expr
    effect: Expr


class Task:
    """A domain and a problem."""

    def __init__(self, domain: str, problem: str) -> None:
        sections = {str(s[0]): s[1:] for s in parse(domain)[2:] if isinstance(s, list)}
        told = {str(s[0]): s[1:] for s in parse(problem)[2:] if isinstance(s, list)}
        self.parents = dict(typed(sections[":types"]))
        self.predicates = {str(p[0]): len(typed(p[1:])) for p in sections[":predicates"] if isinstance(p, list)}
        self.objects = dict(typed(sections.get(":constants", [])) + typed(told[":objects"]))
        self.axioms: dict[str, tuple[list[str], Expr]] = {}
        self.operators: dict[str, Operator] = {}
        for section in parse(domain)[2:]:
            assert isinstance(section, list)
            if section[0] == ":derived":
                head = section[1]
                assert isinstance(head, list)
                assert str(head[0]) not in self.axioms
                self.axioms[str(head[0])] = ([v for v, _ in typed(head[1:])], section[2])
            elif section[0] == ":action":
                said = {str(section[i]): section[i + 1] for i in range(2, len(section), 2)}
                parameters = said[":parameters"]
                assert isinstance(parameters, list)
                name = str(section[1])
                self.operators[name] = Operator(
                    name=name, parameters=typed(parameters), precondition=said[":precondition"], effect=said[":effect"]
                )
        self.init: frozenset[Fact] = frozenset(tuple(str(w) for w in f) for f in told[":init"])
        self.goal = told[":goal"][0]

    def is_a(self, name: str, kind: str) -> bool:
        found: str | None = self.objects[name]
        while found is not None:
            if found == kind:
                return True
            found = self.parents.get(found)
        return False

    def of(self, kind: str) -> Iterator[str]:
        return (name for name in self.objects if self.is_a(name, kind))

    def true(self, facts: frozenset[Fact], said: Expr, bound: Mapping[str, str] | None = None) -> bool:
        bound = bound or {}
        assert isinstance(said, list)
        head, rest = said[0], said[1:]
        if head == "and":
            return all(self.true(facts, part, bound) for part in rest)
        if head == "or":
            return any(self.true(facts, part, bound) for part in rest)
        if head == "not":
            return not self.true(facts, rest[0], bound)
        if head == "imply":
            return not self.true(facts, rest[0], bound) or self.true(facts, rest[1], bound)
        if head == "=":
            return len({bound.get(str(w), str(w)) for w in rest}) == 1
        if head == "exists":
            assert isinstance(rest[0], list)
            return any(self.true(facts, rest[1], {**bound, **one}) for one in self.bindings(rest[0]))
        atom = self.atom(said, bound)
        if (axiom := self.axioms.get(atom[0])) is None:
            return atom in facts
        return self.true(facts, axiom[1], dict(zip(axiom[0], atom[1:], strict=True)))  # `at` has no cycles

    def bindings(self, variables: list[Expr]) -> Iterator[dict[str, str]]:
        names, kinds = zip(*typed(variables), strict=True)
        return (dict(zip(names, values, strict=True)) for values in itertools.product(*map(list, map(self.of, kinds))))

    def atom(self, said: list[Expr], bound: Mapping[str, str]) -> Fact:
        words = tuple(bound.get(str(w), str(w)) for w in said)
        assert self.predicates[words[0]] == len(words) - 1, words
        assert all(w in self.objects for w in words[1:]), words
        return words

    def applicable(self, facts: frozenset[Fact], name: str, args: tuple[str, ...]) -> bool:
        operator = self.operators[name]
        if not all(self.is_a(a, kind) for a, (_, kind) in zip(args, operator.parameters, strict=True)):
            return False
        return self.true(facts, operator.precondition, self.bound(operator, args))

    def apply(self, facts: frozenset[Fact], name: str, args: tuple[str, ...]) -> frozenset[Fact]:
        operator = self.operators[name]
        added: set[Fact] = set()
        gone: set[Fact] = set()
        self.collect(facts, operator.effect, self.bound(operator, args), added, gone)
        assert not added & gone, added & gone
        return frozenset((facts - gone) | added)

    def collect(
        self, facts: frozenset[Fact], said: Expr, bound: dict[str, str], added: set[Fact], gone: set[Fact]
    ) -> None:
        assert isinstance(said, list)
        head, rest = said[0], said[1:]
        if head == "and":
            for part in rest:
                self.collect(facts, part, bound, added, gone)
        elif head == "when":
            if self.true(facts, rest[0], bound):
                self.collect(facts, rest[1], bound, added, gone)
        elif head == "forall":
            assert isinstance(rest[0], list)
            for one in self.bindings(rest[0]):
                self.collect(facts, rest[1], {**bound, **one}, added, gone)
        elif head == "not":
            assert isinstance(rest[0], list)
            gone.add(self.atom(rest[0], bound))
        else:
            added.add(self.atom(said, bound))

    @staticmethod
    def bound(operator: Operator, args: tuple[str, ...]) -> dict[str, str]:
        return dict(zip((v for v, _ in operator.parameters), args, strict=True))
