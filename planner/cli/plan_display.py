"""Prints answers on the terminal: a plan with what each part of the instruction became, a question, a noted rule."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from envs.symbolic.goals import format_goal, format_rule, parse_query
from planner.cli.clarification import choices
from planner.cli.idle_phases import idle_phases
from planner.io.terminal import printable
from planner.language.answering.answers import answer

if TYPE_CHECKING:
    from envs.symbolic.actions import State
    from planner.plans.planning_result import Plan, SpokenPart
    from planner.verification.plan_verification import Proof
    from planner.world_model.belief import Belief

_SHOWN_AS = {"unread": "not understood", "read": "understood"}  # of what parts became; the rest as it is
_WITHOUT_PLAN = {"answered": "a question was answered", "noted": "a rule was noted"}


def what_was_done(plan: Plan) -> str:
    """Say what an answer is, where a plan that can be used was expected."""
    return _WITHOUT_PLAN.get(plan.status, f"the plan is {plan.status}")


def words_line(parts: Sequence[SpokenPart]) -> str:
    """Return what each part of an instruction became, on one line; empty if it is of one part."""
    if len(parts) < 2:
        return ""
    shown = (f'"{part.text.strip(" ,.;:!?")}" → {_SHOWN_AS.get(part.became, part.became)}' for part in parts)
    return f"words: {' · '.join(shown)}"


def print_plan(plan: Plan) -> None:
    """Print the goal without the rules of its home, the plan, what the words became, and the status, one per line."""
    if plan.goal is not None:
        own_rules = tuple(rule for rule in plan.goal.rules if format_rule(rule) not in plan.start.world.scene.rules)
        print(f"goal: {format_goal(replace(plan.goal, rules=own_rules))}")
        if plan.subtasks:
            print(f"plan: {printable(str(plan))}")
        elif plan.status == "unverified":
            print("plan: no step brings it nearer")
        print_idle_phases(plan)
    elif plan.status == "answered":
        print(f"question: {printable(plan.goal_text)}")
    if words := words_line(plan.words):
        print(printable(words))
    reason = printable(" ".join(plan.reason.split()))
    confidence = f", {100 * plan.confidence.plan:.0f} % sure" if plan.confidence is not None else ""
    changes = [f"added {_steps(plan.added)}"] if plan.added else []
    changes += [f"left out {plan.left_out}"] if plan.left_out else []
    added = f", the planner {' and '.join(changes)}" if changes else ""
    status = plan.status + (f": {reason}" if reason else "")
    print(f"{status} ({plan.seconds:.2f} s{confidence}{added})", flush=True)
    if plan.status == "unverified" and plan.report is not None:
        print_proof(plan.report.proof)


def print_answer(question: str, state: State, belief: Belief | None = None, *, as_json: bool) -> None:
    """Answer a question in the goal language from the state of the home, or from what is believed of it.

    Raises:
        GoalError: It does not parse.
    """
    query = parse_query(question, scene=state.world.scene)
    if belief is None:
        words = answer(query, state)
    else:
        from planner.exploration.belief_answers import answer_from_belief

        words = answer_from_belief(query, belief)
    data = {"status": "answered", "question": " ".join(question.split()), "answer": words}
    print(json.dumps(data) if as_json else words, flush=True)


def print_idle_phases(plan: Plan) -> None:
    """Print which phases of its goal a proven plan does nothing for, and why, one a line; nothing if there is none."""
    for idle in idle_phases(plan):
        phase = f" for phase {idle.number}" if plan.goal is not None and len(plan.goal.phases) > 1 else ""
        print(f"nothing to do{phase}: {printable(idle.reason)}", flush=True)


def _steps(numbers: Sequence[int]) -> str:
    """Write the numbers of steps: `step 9`, `steps 9, 12 and 19`."""
    *first, last = map(str, numbers)
    return f"steps {', '.join(first)} and {last}" if first else f"step {last}"


def print_proof(proof: Proof) -> None:
    """Print what a plan does for each condition, and which rules it breaks; nothing if the status line said it all."""
    broken = [rule for rule in proof.rules if rule.broken_at is not None]
    if len(proof.conditions) + len(broken) > 1 or any(c.undone is not None for c in proof.conditions):
        print("\n".join(f"  {line}" for line in (*proof.conditions, *broken)), flush=True)


def print_question(plan: Plan) -> None:
    """Print a question with its numbered options to stderr, so that stdout holds only results."""
    print(printable(plan.reason), file=sys.stderr)
    for number, choice in enumerate(choices(plan), start=1):
        print(f"  {number}. {choice}", file=sys.stderr, flush=True)
