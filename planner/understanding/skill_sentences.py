"""Sentences that name a skill of the domain's own: "vacuum the kitchen, then put the mug in the sink".

A GPT that was not trained on such skills does not know their verbs. A part of an instruction that follows the text of a
skill word for word means what the skill makes true: `kitchen vacuumed`. The GPT reads the parts between.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from envs.errors import GoalError
from envs.symbolic.domain.achievers import own_skills
from envs.symbolic.goals import Goal, format_goal, parse_goal
from envs.symbolic.kinds.spoken_words import spoken_words
from envs.words import singulars
from planner.goals.feasibility import missing
from planner.plans.planning_result import ParsedInstruction
from planner.understanding.clause_splitting import spans

if TYPE_CHECKING:
    from envs.symbolic.goals import Condition
    from envs.symbolic.skills.values import Skill
    from envs.symbolic.state import State, World

Part = tuple[int, int, Goal | None]  # start and end in the instruction, the goal if it names an own skill

_BEFORE = re.compile(
    r"(?:(?:hey|hi|ok|okay|robot|please|now|kindly|and|also|then|finally|next)\b[ ,]*"
    r"|(?:could|can|would|will) you (?:please )?|(?:i want|i need|i would like|i'd like) you to )*"
)
_AFTER = re.compile(r"(?:[ ,]+(?:please|now|for me|thanks|thank you))*[ ?]*$")
_IN_TURN = re.compile(r"\b(?:then|after that|next|finally)\b")
_EVERY = re.compile(r"(?:every one of the|every|each|all of the|all the|all my|all|both|both of the) ")
_ARTICLE = re.compile(r"(?:the|a|an|my|our|this|that|one|some) ")
_ALL_ROOMS = frozenset(["house", "flat", "home", "apartment", "whole house", "whole flat", "whole home", "whole place"])


def read_own_skills(
    instruction: str, state: State, read: Callable[[str], ParsedInstruction]
) -> ParsedInstruction | None:
    """Return the meaning of an instruction of which a part names an own skill; None if none does.

    Args:
        instruction: The normalized instruction.
        state: The home.
        read: Reads a part that names no own skill.
    """
    world, text = state.world, _AFTER.sub("", instruction)
    skills = own_skills(world.domain)
    parts = _parts(text, skills, world) if skills else []
    if not any(goal for _, _, goal in parts):
        return None
    phases: list[tuple[Condition, ...]] = []
    logprob, tokens, end = 0.0, 0, 0
    for start, stop, goal in parts:
        if goal is None:
            other = read(text[start:stop])
            logprob, tokens, goal = logprob + other.logprob, tokens + other.tokens, other.goal  # noqa: PLW2901
            if goal is None or goal.guards or goal.rules:  # a part that is refused, or that is said of the whole
                return other if goal is None else None
        joint = f"{text[end:start]} {text[start:stop].split(' ', maxsplit=1)[0]}"
        if phases and not _IN_TURN.search(joint):
            phases[-1] = tuple(dict.fromkeys((*phases[-1], *goal.phases[0])))
            phases += goal.phases[1:]
        else:
            phases += goal.phases
        end = stop
    goal = Goal(phases=tuple(phases))
    if (kind := missing(goal, state)) is not None:
        return ParsedInstruction(
            instruction=instruction, goal_text=format_goal(goal, world.domain), refusal=f"there is no {kind} here"
        )
    return ParsedInstruction(
        instruction=instruction, goal=goal, goal_text=format_goal(goal, world.domain), logprob=logprob, tokens=tokens,
        reading="whole" if len(parts) == 1 else "pieces", parts=tuple(text[a:b] for a, b, _ in parts),
    )  # fmt: skip


def _parts(text: str, skills: Sequence[Skill], world: World) -> list[Part]:
    """Cut an instruction into parts that name own skills and the runs of pieces between them."""
    parts: list[Part] = []
    for start, end in spans(text):
        goal = next(_goals(text[start:end], skills, world), None)
        if goal is None and parts and parts[-1][2] is None:
            start = parts.pop()[0]  # noqa: PLW2901
        parts.append((start, end, goal))
    return parts


def _goals(piece: str, skills: Sequence[Skill], world: World) -> Iterator[Goal]:
    """Yield the goals of a piece that follows the text of a skill: none, or the likeliest first."""
    plain = _AFTER.sub("", piece[_BEFORE.match(piece).end() :])  # type: ignore[union-attr]  # it matches everything
    for skill in skills:
        words = re.split(r"\s*\{[^{}]*\}\s*", skill.text.replace("{relation}", "(?:in|into|on|onto|to)"))
        between = "".join(rf"(.+?) {word} " if word else "(.+)" for word in words[1:-1]) + "(.+)"
        match = re.fullmatch(rf"{re.escape(words[0])} {between}", plain)
        if match is None:
            continue
        for text in _goal_texts(skill, [_Noun(group, world) for group in match.groups()]):
            try:
                yield parse_goal(text, scene=world.scene)
            except GoalError:
                continue


class _Noun:
    """An argument in words: "all the red phones"."""

    def __init__(self, said: str, world: World) -> None:
        every = _EVERY.match(said)
        rest = said[every.end() :] if every else said
        article = _ARTICLE.match(rest)
        rest = rest[article.end() :] if article else rest
        self.every = every is not None or rest in _ALL_ROOMS
        self.wordings = list(_wordings("room" if rest in _ALL_ROOMS else rest, world))


def _wordings(words: str, world: World) -> Iterator[str]:
    """Yield a description as it was said and with the domain's names for its last words."""
    names = {name.lower(): name for name in world.names}
    yield names[words].rpartition(" ")[0] if words in names and words[-1].isdigit() else words
    called = spoken_words(world.domain).names_by_word
    said = words.split(" ")
    for first in range(len(said)):
        noun = " ".join(said[first:])
        for form in singulars(noun):
            ending = [kind for kind in world.entities_by_category if kind.lower().endswith(f" {form}")]
            for name in (form, *called.get(form, ()), *(ending if len(ending) == 1 else ())):
                yield " ".join((*said[:first], name))


def _goal_texts(skill: Skill, nouns: Sequence[_Noun]) -> Iterator[str]:
    """Yield wordings of what a skill makes true of its arguments; none if that leaves one of them out."""
    for effect in skill.effects:
        atom = effect.atom
        used = [term.parameter for term in atom.terms]
        if effect.guards or set(used) != set(range(len(nouns))):
            continue
        first = nouns[used[0] or 0]
        for wording in first.wordings:
            if atom.predicate == "state" and atom.positive:
                if first.every:
                    yield f"every {wording} {atom.word}"
                    yield f"every {wording} is {atom.word}"
                else:
                    yield f"{wording} {atom.word}"
                    yield f"{atom.word} {wording}"
            elif atom.predicate == "at":
                head = f"every {wording}" if first.every else wording
                yield from (f"{head} {at} {place}" for place in nouns[used[1] or 0].wordings for at in ("in", "with"))
