"""Answers to clarifying questions (`--ask`): a number, yes or no, words for one of the options, or a new instruction.

"Yes" takes the one goal that is offered, or has the question about the home answered without the words that were not
understood; "no" ends it. Words that match no option, and answers to the GPT's own questions, are inserted into the
instruction in several ways; the version that the GPT parses with the highest probability is used.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from envs.symbolic.goals import parse_query
from planner.goals.comparison import meaning
from planner.language.answering.answers import answer as answer_of
from planner.language.goal_wording import distinguishing_words
from planner.language.normalization import is_question, normalize
from planner.language.realization import NUMBER_WORDS
from planner.plans.planning_result import Confidence, ParsedInstruction, Plan
from planner.plans.spoken_parts import parts_of_goal

if TYPE_CHECKING:
    from envs.symbolic.actions import State
    from envs.symbolic.goals import Goal
    from planner.api import Planner
    from planner.plans.options import Options

MAX_QUESTIONS = 3  # maximum questions about one instruction
NOTHING_DONE = "nothing is done, as you said"
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
_FILLER_WORDS = frozenset((
    "a", "an", "the", "my", "that", "it", "i", "mean", "meant", "want", "is", "was", "one", "number", "option",
    "of", "to", "on", "in", "please", "yes", "no", "ok",
))  # fmt: skip  # words that select no option
_YES = re.compile(
    r"(?:(?:yes|yeah|yep|yup|ya|y|aye|sure|surely|ok|okay|k|fine|alright|all right|right|correct|exactly|absolutely"
    r"|definitely|certainly|of course|please|thanks|thank you|do|do it|do that|do so|go|go ahead|go on|go for it"
    r"|carry on|works|that works|that is fine|thats fine|that's fine|fine by me|sounds good|good|great|perfect"
    r"|all the same|anyway|anyhow|without|without it|without that|then|just do it|no matter|no problem"
    r"|never mind that|whatever|it does not matter|it doesn't matter)\b\W*)+"
)
_NO = re.compile(
    r"(?:(?:no|n|nope|nah|no way|not|not now|not that|not really|rather not|better not|please|thanks|thank you|don't"
    r"|do not|don't do it|don't do that|do nothing|don't bother|stop|stop it|cancel|cancel that|cancel it|abort"
    r"|never mind|nevermind|forget it|forget that|forget about it|leave it|let it be|none|neither|none of them"
    r"|neither of them|nothing)\b\W*)+"
)
_THANKS = re.compile(r"(?:(?:thanks|thank you)\b\W*)+")  # neither yes nor no
_OPENING = re.compile(r"(?:yes|yeah|yep|ok|okay|no|nope|nah)\s*[,.;:!–—-]+\s*(?=\w)")  # of an answer that goes on
_ONE = re.compile(r"(?:(?:the|a|an|my) )?(.+) ones?")
_PRONOUN = re.compile(
    r"\b(?:(?:the|that|this) (?:thing|one|stuff)|the other one|something|it|that|this|those|these|them"
    r"|somewhere else|somewhere|elsewhere|over there|there|away)\b"
)


def choices(plan: Plan) -> tuple[str, ...]:
    """Return the options of a question in plain words; empty for an open question, and for one to say yes or no to."""
    if len(plan.options) == 1:
        return ()
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


def says_yes(answer: str) -> bool:
    """Whether an answer agrees, and says nothing else."""
    words = normalize(answer).lower()
    return _YES.fullmatch(words) is not None and _THANKS.fullmatch(words) is None


def says_no(answer: str) -> bool:
    """Whether an answer declines, and says nothing else."""
    words = normalize(answer).lower()
    return _NO.fullmatch(words) is not None and _THANKS.fullmatch(words) is None and not says_yes(answer)


def rephrasings(instruction: str, question: str, answer: str, unread: Sequence[str] = ()) -> tuple[str, ...]:
    """Return possible instructions that combine the original instruction with an answer.

    Args:
        instruction: The original instruction.
        question: The question about it.
        answer: The user's answer, in words.
        unread: Parts of the instruction that the question is about: the answer may stand for each, or for all.
    """
    candidates = [answer, f"{instruction} {answer}", f"{instruction}, {answer}"]
    one = _ONE.fullmatch(answer)
    for part in unread:
        candidates += [instruction.replace(part, words, 1) for words in (answer, one[1] if one else "") if words]
    if unread:
        rest = instruction
        for part in unread:
            rest = " ".join(rest.replace(part, " ", 1).split())
        candidates += [f"{rest} {answer}", f"{rest}, {answer}"]
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
    if index is None and says_no(answer):
        return Plan.declined(
            ParsedInstruction(instruction=plan.instruction, refusal=NOTHING_DONE, words=plan.words), state, plan.seconds
        )
    if len(plan.options) == 1 and (says_yes(answer) or chosen_option(answer, ("",)) == 0):
        return _plan_for_chosen_goal(plan, plan.options[0], planner, state, options)
    if index is None and says_yes(answer):  # to what cannot be agreed to, if not to a question without some words
        return _answered_all_the_same(plan, state) if is_question(plan.goal_text) and not plan.options else plan
    answer_text = normalize(options_text[index] if index is not None else answer)
    if not answer_text or (index is None and options_text and answer_text.isdecimal()):
        return plan  # a number out of range: ask again
    answer_text = _OPENING.sub("", answer_text, count=1)
    unread = tuple(part.text.strip(" ,.;:!?") for part in plan.words if part.became == "unread")
    readings = [
        planner.reader.understand(candidate, state, options)
        for candidate in rephrasings(plan.instruction, plan.reason, answer_text, unread)
    ]
    best = max(readings, key=_likelihood)
    if best.goal is not None:
        for goal in plan.options:
            if meaning(goal) == meaning(best.goal):
                return _plan_for_chosen_goal(plan, goal, planner, state, options)
    return planner.plan(best.instruction, state, options)


def _likelihood(reading: ParsedInstruction) -> tuple[bool, float]:
    """Return how likely a reading is what is meant; one that can be acted on comes before a refusal or a question."""
    is_read = not reading.question and (reading.goal is not None or reading.query is not None or bool(reading.rules))
    return is_read, reading.logprob + math.log(max(reading.right, 1e-6))


def _answered_all_the_same(plan: Plan, state: State) -> Plan:
    """Answer a question about the home without the words that were not understood."""
    query = parse_query(plan.goal_text, scene=state.world.scene)
    parsed = ParsedInstruction(
        instruction=plan.instruction, query=query, goal_text=plan.goal_text, answer=answer_of(query, state),
        words=plan.words, tokens=plan.tokens, logprob=plan.logprob,
    )  # fmt: skip
    return Plan.declined(parsed, state, plan.seconds)


def _plan_for_chosen_goal(plan: Plan, goal: Goal, planner: Planner, state: State, options: Options) -> Plan:
    """Plan for the goal that the user chose, with goal confidence 1."""
    new_plan = planner.plan_for_goal(goal, state, options, instruction=plan.instruction)
    return replace(
        new_plan,
        tokens=new_plan.tokens + plan.tokens,
        seconds=new_plan.seconds + plan.seconds,
        confidence=Confidence(goal=1.0, plan=float(new_plan.is_proven)),
        words=parts_of_goal(plan.words, goal, state.world.domain),
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
