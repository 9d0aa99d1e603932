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

ROUNDS = 3  # questions about one instruction, before it is left unanswered
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
_EMPTY = frozenset((
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
        return distinguishing_words(plan.options)
    named = re.search(r"(?:^|: )(the .+ or the [^:?]+)\?$", plan.reason.lower())
    return tuple(re.split(r",? or |, ", named[1])) if named else ()


def chosen(answer: str, offered: Sequence[str]) -> int | None:
    """Return which of the options an answer chooses: by its number, or by words that only one of them has."""
    said = re.sub(r"[^\w\s]", " ", normalize(answer)).split()
    said = said if len(said) == 1 else [word for word in said if word not in _EMPTY]
    if len(said) == 1 and (number := _number(said[0], len(offered))) is not None:
        return number if 0 <= number < len(offered) else None
    if not said:
        return None
    having = [i for i, option in enumerate(offered) if set(said) <= set(option.lower().split())]
    return having[0] if len(having) == 1 else None


def _number(word: str, count: int) -> int | None:
    """The option that a number, a number word or an ordinal stands for; None if the word is none of them."""
    if word.isdecimal():
        return int(word) - 1
    if word == "last":
        return count - 1
    if word in _ORDINALS:
        return _ORDINALS.index(word)
    return NUMBER_WORDS.index(word) - 1 if word in NUMBER_WORDS else None


def rephrased(instruction: str, asked: str, answer: str) -> tuple[str, ...]:
    """Return the instructions that an answer may make of the one that was asked about.

    Args:
        instruction: What was asked about.
        asked: The question.
        answer: In words.
    """
    ways = [answer, f"{instruction} {answer}", f"{instruction}, {answer}"]
    if which := re.match(r"which (.+?) do you mean", asked.lower()):
        ways.append(
            re.sub(rf"\b(?:(?:the|that|my|a|an) )?{re.escape(which[1])}\b", lambda _: answer, instruction, count=1)
        )
    if either := re.match(r"the (.+) or the (.+)\?$", asked.lower()):
        pair = rf"(?:the |a |an |my )?{re.escape(either[1])} or (?:(?:to|on|in|the|a|an|my) )*{re.escape(either[2])}\b"
        ways.append(re.sub(pair, lambda _: answer, instruction, count=1))
    ways.append(_PRONOUN.sub(lambda _: answer, instruction, count=1))
    return tuple(dict.fromkeys(way for way in ways if way != instruction))


def answered(plan: Plan, answer: str, planner: Planner, state: State, options: Options) -> Plan:
    """Return the plan that the answer to a question leads to; it may ask again.

    Args:
        plan: What asked.
        answer: What the person said.
        planner: Plans.
        state: The home.
        options: How to decode.
    """
    offered = choices(plan)
    number = chosen(answer, offered)
    if number is not None and plan.options:
        return _confirmed(plan, plan.options[number], planner, state, options)
    said = normalize(offered[number] if number is not None else answer)
    if not said or (number is None and offered and said.isdecimal()):
        return plan  # a number that no option has: ask again
    found = [planner.reader.understand(way, state, options) for way in rephrased(plan.instruction, plan.reason, said)]
    best = max(found, key=lambda f: (f.goal is not None, f.logprob))
    if best.goal is not None:
        for goal in plan.options:
            if meaning(goal) == meaning(best.goal):
                return _confirmed(plan, goal, planner, state, options)
    return planner.plan(best.instruction, state, options)


def _confirmed(plan: Plan, goal: Goal, planner: Planner, state: State, options: Options) -> Plan:
    """Plan for the goal that the person chose, which is therefore what was meant."""
    found = planner.plan_for_goal(goal, state, options, instruction=plan.instruction)
    return replace(
        found,
        tokens=found.tokens + plan.tokens,
        seconds=found.seconds + plan.seconds,
        confidence=Confidence(goal=1.0, plan=float(found.status == "verified")),
    )


def settled(
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
    for _ in range(ROUNDS):
        if plan.status != "ask" or (answer := ask(plan)) is None or not answer.strip():
            break
        plan = answered(plan, answer, planner, state, options)
    return plan
