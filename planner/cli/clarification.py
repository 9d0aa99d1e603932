"""Questions answered: what `--ask` does. An answer is a number, words for one of the options, or a new instruction.

Words that name no option, and answers to the GPT's own questions, are put into the instruction in every way that may
make sense of both; the GPT takes the reading that is likeliest to it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from planner.goals.comparison import meaning
from planner.language.goal_wording import what_differs
from planner.language.normalization import normalize
from planner.language.realization import NUMBER_WORDS
from planner.plans.planning_result import Confidence

if TYPE_CHECKING:
    from envs.symbolic.actions import State
    from envs.symbolic.goals import Goal
    from planner.api import Planner
    from planner.plans.options import Options
    from planner.plans.planning_result import Plan

MAX_QUESTIONS = 3  # questions about one instruction, before it is left unanswered
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
_FILLER_WORDS = frozenset((
    "a", "an", "the", "my", "that", "it", "i", "mean", "meant", "want", "is", "was", "one", "number", "option",
    "of", "to", "on", "in", "please", "yes", "no", "ok",
))  # fmt: skip  # words that choose nothing
_PRONOUN = re.compile(
    r"\b(?:(?:the|that|this) (?:thing|one|stuff)|the other one|something|it|that|this|those|these|them"
    r"|somewhere else|somewhere|elsewhere|over there|there|away)\b"
)


def choices(plan: Plan) -> tuple[str, ...]:
    """Return what a question lets the person choose from, in plain words; none if it leaves it open."""
    if plan.options:
        return what_differs(plan.options)
    listed = re.search(r"(?:^|: )(the .+ or the [^:?]+)\?$", plan.reason.lower())
    return tuple(re.split(r",? or |, ", listed[1])) if listed else ()


def chosen_option(answer: str, options: Sequence[str]) -> int | None:
    """Return which of the options an answer chooses: by its number, or by words that only one of them has."""
    words = re.sub(r"[^\w\s]", " ", normalize(answer)).split()
    words = words if len(words) == 1 else [word for word in words if word not in _FILLER_WORDS]
    if len(words) == 1 and (index := _option_index(words[0], len(options))) is not None:
        return index if 0 <= index < len(options) else None
    if not words:
        return None
    matches = [i for i, option in enumerate(options) if set(words) <= set(option.lower().split())]
    return matches[0] if len(matches) == 1 else None


def _option_index(word: str, count: int) -> int | None:
    """The option that a number, a number word or an ordinal stands for; None if the word is none of them."""
    if word.isdecimal():
        return int(word) - 1
    if word == "last":
        return count - 1
    if word in _ORDINALS:
        return _ORDINALS.index(word)
    return NUMBER_WORDS.index(word) - 1 if word in NUMBER_WORDS else None


def rephrasings(instruction: str, question: str, answer: str) -> tuple[str, ...]:
    """Return the instructions that an answer may make of the one that was asked about.

    Args:
        instruction: What was asked about.
        asked: The question.
        answer: In words.
    """
    candidates = [answer, f"{instruction} {answer}", f"{instruction}, {answer}"]
    if ambiguous := re.match(r"which (.+?) do you mean", question.lower()):
        candidates.append(
            re.sub(rf"\b(?:(?:the|that|my|a|an) )?{re.escape(ambiguous[1])}\b", lambda _: answer, instruction, count=1)
        )
    if either := re.match(r"the (.+) or the (.+)\?$", question.lower()):
        pair = rf"(?:the |a |an |my )?{re.escape(either[1])} or (?:(?:to|on|in|the|a|an|my) )*{re.escape(either[2])}\b"
        candidates.append(re.sub(pair, lambda _: answer, instruction, count=1))
    candidates.append(_PRONOUN.sub(lambda _: answer, instruction, count=1))
    return tuple(dict.fromkeys(candidate for candidate in candidates if candidate != instruction))


def plan_from_answer(plan: Plan, answer: str, planner: Planner, state: State, options: Options) -> Plan:
    """Return the plan that the answer to a question leads to; it may ask again.

    Args:
        plan: What asked.
        answer: What the person said.
        planner: Plans.
        state: The home.
        options: How to decode.
    """
    options_text = choices(plan)
    index = chosen_option(answer, options_text)
    if index is not None and plan.options:
        return _plan_for_chosen_goal(plan, plan.options[index], planner, state, options)
    answer_text = normalize(options_text[index] if index is not None else answer)
    if not answer_text or (index is None and options_text and answer_text.isdecimal()):
        return plan  # a number that no option has: ask again
    readings = [
        planner.reader.understand(candidate, state, options)
        for candidate in rephrasings(plan.instruction, plan.reason, answer_text)
    ]
    best = max(readings, key=lambda reading: (reading.goal is not None, reading.logprob))
    if best.goal is not None:
        for goal in plan.options:
            if meaning(goal) == meaning(best.goal):
                return _plan_for_chosen_goal(plan, goal, planner, state, options)
    return planner.plan(best.instruction, state, options)


def _plan_for_chosen_goal(plan: Plan, goal: Goal, planner: Planner, state: State, options: Options) -> Plan:
    """Plan for the goal that the person chose, which is therefore what was meant."""
    new_plan = planner.plan_for_goal(goal, state, options, instruction=plan.instruction)
    return replace(
        new_plan,
        tokens=new_plan.tokens + plan.tokens,
        seconds=new_plan.seconds + plan.seconds,
        confidence=Confidence(goal=1.0, plan=float(new_plan.status == "verified")),
    )


def resolve_questions(
    plan: Plan,
    planner: Planner,
    state: State,
    options: Options,
    ask: Callable[[Plan], str | None],
) -> Plan:
    """Ask until there is nothing to ask any more, `ROUNDS` times at most.

    Args:
        plan: Perhaps a question.
        planner: Plans.
        state: The home.
        options: How to decode.
        ask: Puts a plan's question to the person; returns the answer, or None if there is none.
    """
    for _ in range(MAX_QUESTIONS):
        if plan.status != "ask" or (answer := ask(plan)) is None or not answer.strip():
            break
        plan = plan_from_answer(plan, answer, planner, state, options)
    return plan
