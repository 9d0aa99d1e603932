"""Sentences that name a skill of the domain's own: "vacuum the kitchen, then put the mug in the sink".

A GPT that was not trained on such skills does not know their verbs. A part of an instruction that follows the text of a
skill word for word means what the skill makes true: `kitchen vacuumed`. The GPT reads the parts between.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING

from envs.errors import GoalError
from envs.symbolic.domain.achievers import own_skills
from envs.symbolic.goals import Goal, format_goal, parse_goal
from envs.symbolic.kinds.spoken_words import spoken_words
from envs.words import plural, singulars
from planner.goals.feasibility import missing
from planner.language.phrase_patterns import load_families
from planner.plans.planning_result import ParsedInstruction
from planner.understanding.clause_splitting import spans

if TYPE_CHECKING:
    from envs.symbolic.goals import Condition
    from envs.symbolic.skills.values import Skill
    from envs.symbolic.state import State, World

# Start and end in the instruction; the goal if it names an own skill; the skills that it may mean if it only begins so.
Part = tuple[int, int, Goal | None, str]

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
    instruction: str, state: State, read: Callable[[str], ParsedInstruction], taught: Collection[str] = ()
) -> ParsedInstruction | None:
    """Return the meaning of an instruction of which a part names an own skill; None if none does.

    A part that has the verb of an own skill alone, which a GPT was not taught, is refused.

    Args:
        instruction: The normalized instruction.
        state: The home.
        read: Reads a part that names no own skill.
        taught: Names of the skills of the domain that the GPT was trained on.
    """
    world, text = state.world, _AFTER.sub("", instruction)
    skills = own_skills(world.domain)
    parts = _parts(text, skills, world, taught) if skills else []
    if known := next((known for *_, known in parts if known), ""):
        return ParsedInstruction(instruction=instruction, refusal=f"I did not understand that; I know: {known}")
    if not any(goal for _, _, goal, _ in parts):
        return None
    phases: list[tuple[Condition, ...]] = []
    logprob, tokens, end = 0.0, 0, 0
    for start, stop, goal, _ in parts:
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
        reading="whole" if len(parts) == 1 else "pieces", parts=tuple(text[a:b] for a, b, *_ in parts),
    )  # fmt: skip


def _parts(text: str, skills: Sequence[Skill], world: World, taught: Collection[str]) -> list[Part]:
    """Cut an instruction into parts that name own skills and the runs of pieces between them."""
    parts: list[Part] = []
    verb, previous_is_gpts = "", False  # the verb of "feed the cat and the dog"
    for start, end in spans(text):
        piece = text[start:end]
        said = f"{verb} {piece}" if verb and (_ARTICLE.match(piece) or _EVERY.match(piece)) else piece
        goal = next(_goals(said, skills, world), None)
        verb = next((v for s in skills if _plain(said).startswith(f"{(v := _verb(s))} ")), "") if goal else ""
        known = "" if goal else _known(said, [s for s in skills if s.name not in taught])
        is_gpts = goal is None and not known
        if is_gpts and previous_is_gpts:
            start = parts.pop()[0]  # noqa: PLW2901
        previous_is_gpts = is_gpts
        parts.append((start, end, goal, known))
    return parts


def _verb(skill: Skill) -> str:
    """Return the text of a skill before its first argument: "plug in"."""
    return skill.text.partition("{")[0].strip()


def _plain(piece: str) -> str:
    """Return a piece without what is polite in it."""
    return _AFTER.sub("", piece[_BEFORE.match(piece).end() :])  # type: ignore[union-attr]  # it matches everything


def _known(piece: str, skills: Sequence[Skill]) -> str:
    """Return the texts of the own skills whose verb a piece begins with; none if it is a verb that every GPT learns."""
    plain = _plain(piece)
    texts = [
        s.text for s in skills if (verb := _verb(s)) and f"{plain} ".startswith(f"{verb} ") and not _is_taught(verb)
    ]
    return ", ".join(texts)


@cache
def _is_taught(verb: str) -> bool:
    """Whether instructions that a GPT learns to read as goals begin with a verb."""
    begins = re.compile(rf"\(?(?:[^()]*\|)?{re.escape(verb)}(?=[ |)]|$)")
    return any(begins.match(phrase) for family in load_families() if family.goals for phrase in family.phrases)


def _goals(piece: str, skills: Sequence[Skill], world: World) -> Iterator[Goal]:
    """Yield the goals of a piece that follows the text of a skill: none, or the likeliest first."""
    plain = _plain(piece)
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
        self.every = every is not None or rest in _ALL_ROOMS or _is_plural(rest, world)
        self.wordings = list(_wordings("room" if rest in _ALL_ROOMS else rest, world))


def _is_plural(words: str, world: World) -> bool:
    """Whether the last words of a description are the plural of a kind: "the red phones"."""
    domain, said = world.domain, words.split(" ")
    kinds = {*domain.objects, *domain.fixtures, *domain.members, *domain.fixture_members}
    endings = {kind.lower().rpartition(" ")[2] for kind in world.entities_by_category}
    called = {*kinds, *endings, *spoken_words(domain).names_by_word}
    for first in range(len(said)):
        noun = " ".join(said[first:])
        if noun not in kinds and any(form in called and noun == plural(form) for form in singulars(noun)[1:]):
            return True
        if noun in called:
            return False
    return False


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
