"""The goal language in STRIPS: actions that judge a state, and the proof of a state as a sequence of them.

A condition such as `2 clean mug on desk` is a disjunction over mugs and over what they may stand in, which STRIPS
cannot say. So a plan ends with `judge-1`, after which the home no longer changes, and actions that collect what holds:
`(see-1 mug_3 desk_1)`, `(count-1 mug_3 n0 n1)`. The goal then is a plain conjunction: `(counted-1 n2)`. What is already
a conjunction (`every lamp off`) stands in the goal as it is. In a goal of several phases, `next-phase-1` returns from
judging to acting.

`every` is about the objects that match at the start, as in `envs/symbolic/scoring.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from planner.plans.pddl.operators import Operator, operator
from planner.plans.pddl.strips_phase import Lines, PhaseWriter

if TYPE_CHECKING:
    from envs.symbolic.actions import State
    from envs.symbolic.goals import Goal


@dataclass(frozen=True, kw_only=True)
class GoalRules:
    """A goal in STRIPS.

    Attributes:
        operators: The actions that judge.
        facts: Facts that they need at the start.
        atoms: The goal itself.
        named: Names of entities that the actions name.
        prove: Returns the steps by which a phase (from 0) is judged reached, in a state where it is.
    """

    operators: tuple[Operator, ...]
    facts: tuple[str, ...]
    atoms: tuple[str, ...]
    named: frozenset[str]
    prove: Callable[[int, State], Lines]


def goal_rules(goal: Goal, initial_state: State, names: Sequence[str]) -> GoalRules:
    """Write a goal.

    Args:
        goal: The goal.
        initial_state: The initial state.
        names: The PDDL name of each entity.

    Raises:
        ExportError: A condition can never hold in this home.
    """
    writers: list[PhaseWriter] = []
    operators: list[Operator] = []
    facts: list[str] = ["(phase-1)"] if len(goal.phases) > 1 else []
    atoms: list[str] = []
    named: set[str] = set()
    for number, conditions in enumerate(goal.phases, start=1):
        is_last = number == len(goal.phases)
        writer = PhaseWriter(initial_state, names, number, sum(len(w.parts) for w in writers))
        for condition in conditions:
            writer.condition(condition)
        writers.append(writer)
        facts += writer.facts
        if writer.operators or not is_last:
            phase = f"(phase-{number})" if len(goal.phases) > 1 else ""
            gone = f"(not {phase})" if phase else ""
            operators.append(
                operator(f"judge-{number}", "", f"(acting) {phase}", f"{writer.judging} (not (acting)) {gone}")
            )
        operators += writer.operators
        atoms = list(dict.fromkeys(writer.atoms))
        if not is_last:
            operators.append(
                operator(f"next-phase-{number}", "", f"{writer.judging} {' '.join(atoms)}",
                         f"(acting) (phase-{number + 1}) (not {writer.judging})")
            )  # fmt: skip
            named |= {word for atom in atoms for word in atom.strip("()").split()[1:]}
        elif len(goal.phases) > 1:
            atoms.append(writer.judging if writer.operators else f"(phase-{number})")

    def prove(phase: int, state: State) -> Lines:
        writer, is_last = writers[phase], phase == len(writers) - 1
        begin = [f"(judge-{phase + 1})"] if writer.operators or not is_last else []
        steps = [line for proof in writer.proofs for line in proof(state)]
        return [*begin, *dict.fromkeys(steps), *([] if is_last else [f"(next-phase-{phase + 1})"])]

    return GoalRules(
        operators=tuple(operators), facts=tuple(dict.fromkeys(facts)), atoms=tuple(atoms or ["(acting)"]),
        named=frozenset(named & set(names)), prove=prove,
    )  # fmt: skip
