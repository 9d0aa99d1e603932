"""Answers to clarifying questions (`--ask`): a number, words for one of the options, or a new instruction.

Words that match no option, and answers to the GPT's own questions, are inserted into the instruction in several ways;
the version that the GPT parses with the highest probability is used.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from planner.goals.comparison import meaning
from planner.language.goal_wording import distinguishing_words
from planner.language.normalization import normalize
from planner.language.realization import NUMBER_WORDS
from planner.plans.planning_result import Confidence

if TYPE_CHECKING:
    from envs.symbolic.actions import State
    from envs.symbolic.goals import Goal
    from planner.api import Planner
    from planner.plans.options import Options
    from planner.plans.planning_result import Plan

MAX_QUESTIONS = 3  # maximum questions about one instruction
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
_FILLER_WORDS = frozenset((
    "a", "an", "the", "my", "that", "it", "i", "mean", "meant", "want", "is", "was", "one", "number", "option",
    "of", "to", "on", "in", "please", "yes", "no", "ok",
))  # fmt: skip  # words that select no option
_PRONOUN = re.compile(
    r"\b(?:(?:the|that|this) (?:thing|one|stuff)|the other one|something|it|that|this|those|these|them"
    r"|somewhere else|somewhere|elsewhere|over there|there|away)\b"
)


def choices(plan: Plan) -> tuple[str, ...]:
    """Return the options of a question in plain words; empty for an open question."""
    if plan.options:
        return distinguishing_words(plan.options, plan.start.world.domain)
    listed = re.search(r"(?:^|: )(the .+ or the [^:?]+)\?$", plan.reason.lower())
    return tuple(re.split(r",? or |, ", listed[1])) if listed else ()


def chosen_option(answer: str, options: Sequence[str]) -> int | None:
    """Return the index of the option that an answer selects, by number or by words that only one option has."""
    words = re.sub(r"[^\w\s]", " ", normalize(answer)).split()
    words = words if len(words) == 1 else [word for word in words if word not in _FILLER_WORDS]
    if len(words) == 1 and (index := _option_index(words[0], len(options))) is not None:
        return index if 0 <= index < len(options) else None
    if not words:
        return None
    matches = [i for i, option in enumerate(options) if set(words) <= set(option.lower().split())]
    return matches[0] if len(matches) == 1 else None


def _option_index(word: str, count: int) -> int | None:
    """Return the option index of a number, number word or ordinal; None for other words."""
    if word.isdecimal():
        return int(word) - 1
    if word == "last":
        return count - 1
    if word in _ORDINALS:
        return _ORDINALS.index(word)
    return NUMBER_WORDS.index(word) - 1 if word in NUMBER_WORDS else None


def rephrasings(instruction: str, question: str, answer: str) -> tuple[str, ...]:
    """Return possible instructions that combine the original instruction with an answer.

    Args:
        instruction: The original instruction.
        question: The question about it.
        answer: The user's answer, in words.
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
    """Return the plan that results from an answer to a question; it may be another question.

    Args:
        plan: The plan with the question.
        answer: The user's answer.
        planner: The planner.
        state: The state of the home.
        options: Decoding options.
    """
    options_text = choices(plan)
    index = chosen_option(answer, options_text)
    if index is not None and plan.options:
        return _plan_for_chosen_goal(plan, plan.options[index], planner, state, options)
    answer_text = normalize(options_text[index] if index is not None else answer)
    if not answer_text or (index is None and options_text and answer_text.isdecimal()):
        return plan  # a number out of range: ask again
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
    """Plan for the goal that the user chose, with goal confidence 1."""
    new_plan = planner.plan_for_goal(goal, state, options, instruction=plan.instruction)
    return replace(
        new_plan,
        tokens=new_plan.tokens + plan.tokens,
        seconds=new_plan.seconds + plan.seconds,
        confidence=Confidence(goal=1.0, plan=float(new_plan.is_proven)),
    )


def resolve_questions(
    plan: Plan,
    planner: Planner,
    state: State,
    options: Options,
    ask: Callable[[Plan], str | None],
) -> Plan:
    """Ask until no question remains, at most `MAX_QUESTIONS` times.

    Args:
        plan: A plan, possibly with a question.
        planner: The planner.
        state: The state of the home.
        options: Decoding options.
        ask: Asks the user a plan's question; returns the answer, or None if there is none.
    """
    for _ in range(MAX_QUESTIONS):
        if plan.status != "ask" or (answer := ask(plan)) is None or not answer.strip():
            break
        plan = plan_from_answer(plan, answer, planner, state, options)
    return plan
