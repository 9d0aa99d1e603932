"""Checks what a refusal or a question claims about the home, before it is said.

"There is no mug here" claims that no thing of the home is called a mug; "Which mug do you mean?" that several are, and
that something tells them apart. What is false is replaced: by the most likely goal about this home, if that says what
the instruction says; by a question whether a likely goal is meant; otherwise by a sentence that is true.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import TYPE_CHECKING

from envs.symbolic.goals import Count, Goal, Thing, format_goal
from envs.symbolic.state import NOWHERE
from planner.understanding.claims import NOT_UNDERSTOOD

if TYPE_CHECKING:
    from envs.symbolic.state import State
    from planner.plans.planning_result import ParsedInstruction
    from planner.understanding.claims.named_things import Naming
    from planner.understanding.claims.telling_apart import Choice
    from planner.understanding.goal_search import ScoredGoal

Likely = Callable[[], Iterable[tuple[Goal, "ScoredGoal"]]]
Look = Callable[["ParsedInstruction"], "ParsedInstruction"]

CANNOT = "I cannot do that."
WHICH_THING = "Which thing do you mean?"
MIN_RIGHT = 0.5  # a goal that the GPT finds less likely on a second look replaces nothing
_ALWAYS_THERE = frozenset(["floor", "floors", "ceiling", "wall", "walls", "room", "rooms"])
_ANYTHING = frozenset((
    "thing", "things", "stuff", "one", "ones", "it", "that", "this", "them", "those", "these", "item", "items",
    "such thing",
))  # fmt: skip
_FURTHER = frozenset(["other", "another", "second", "third", "more", "spare", "further"])
_SWITCHED = r"(?:turn|switch|power)ed"
_MOVING = frozenset(["moved", "picked up", "lifted", "carried", "brought", "fetched", "put away", "held"])


@dataclass(frozen=True, kw_only=True)
class Correction:
    """What is said instead of a claim.

    Attributes:
        refusal: A refusal that is true; empty for a question.
        question: A question that claims nothing false.
        things: The things that the claim is about; a goal about one of them may be what was meant.
        choices: The things that the question lists, by what tells them apart.
    """

    refusal: str = ""
    question: str = ""
    things: tuple[int, ...] = ()
    choices: tuple[Choice, ...] = ()


def checked(parsed: ParsedInstruction, state: State, likely: Likely, look: Look) -> ParsedInstruction:
    """Return what was read, with no refusal or question that the home contradicts.

    Args:
        parsed: What the GPT wrote about an instruction.
        state: The home.
        likely: Returns possible goals about this home, the most likely first; called only where a claim is false or a
            question lists things.
        look: Lets the GPT look at the instruction a second time, with a goal.
    """
    instead = correction(parsed, state)
    if instead is None:
        return parsed
    if instead.choices:
        return replace(parsed, question=instead.question, options=_options(parsed, instead, state, likely))
    from planner.understanding.claims.saying import covers, is_about, says_all  # here: it reads the word lists

    offered = None
    for goal, scored in likely() if instead.things else ():
        if not is_about(goal, instead.things, state) or not covers(goal, parsed.instruction, state):
            continue
        words = format_goal(goal, state.world.domain)
        read = replace(parsed, goal=goal, goal_text=words, refusal="", question="", options=(),
                       logprob=scored.logprob, reading="grounded")  # fmt: skip
        if says_all(parsed.instruction, goal, state) and _is_right(seen := look(read)):
            return seen
        offered = offered or goal
    if offered is not None:
        from planner.language.goal_wording import in_words  # here: it reads the word lists

        question = f"Do you mean: {in_words(offered, state.world.domain)}?"
        return replace(parsed, refusal="", question=question, options=(offered,))
    return replace(parsed, refusal=instead.refusal, question=instead.question, options=())


def correction(parsed: ParsedInstruction, state: State) -> Correction | None:
    """Return what to say instead of a refusal or question; None if it claims nothing that is false here."""
    said = parsed.refusal or parsed.question
    for form, check in _CHECKS:
        if match := form.fullmatch(said.strip()):
            return check(match, parsed, state)
    return None


# -- each form ---------------------------------------------------------------------------------------------------------


def _missing(match: re.Match[str], parsed: ParsedInstruction, state: State) -> Correction | None:
    noun = _bare(match["noun"])
    if noun in _ANYTHING:
        return None
    if noun in _ALWAYS_THERE:
        return Correction(refusal=CANNOT)
    naming = _named(noun, state)
    is_further = not _FURTHER.isdisjoint(noun.split()[:1])
    if not naming.is_there:
        return _not_said(noun, parsed)
    return None if is_further and len(naming.entities) < 2 else _misread(parsed, naming, state)


def _not_said(noun: str, parsed: ParsedInstruction) -> Correction | None:
    """Return what to say instead if the noun is no word for anything and is not even in the instruction."""
    from planner.language.mentions import is_known, unknown_words  # here: it reads the word lists

    said = re.findall(r"[^\W_]+", parsed.instruction.lower())
    if is_known(noun.split()) or any(get_close_matches(word, said, 1, 0.6) for word in noun.split()):
        return None
    unknown = unknown_words(parsed.instruction)
    return Correction(refusal=f"There is no {unknown[0]} here." if unknown else NOT_UNDERSTOOD)


def _impossible(match: re.Match[str], parsed: ParsedInstruction, state: State) -> Correction | None:
    naming = _named(match["noun"], state)
    if not naming.entities:
        return None if _bare(match["noun"]) in _ALWAYS_THERE else _absent(match["noun"], naming)
    if naming.unclear or not all(_can_be(i, match["verb"].lower(), state) for i in naming.entities):
        return None
    return _misread(parsed, naming, state)


def _too_big(match: re.Match[str], parsed: ParsedInstruction, state: State) -> Correction | None:
    from planner.understanding.claims.named_things import kinds_in_text

    world, naming = state.world, _named(match["noun"], state)
    if not naming.entities:
        return _absent(match["noun"], naming)
    own = {world.categories[i] for i in naming.entities}
    mentioned = [kinds for _, kinds in kinds_in_text(parsed.instruction, state) if own.isdisjoint(kinds)]
    places = [[i for kind in kinds for i in world.entities_by_category[kind]] for kinds in mentioned]
    if not places or not all(any(world.fits(i, p) for i in naming.entities for p in group) for group in places):
        return None
    return _misread(parsed, naming, state)


def _which(match: re.Match[str], parsed: ParsedInstruction, state: State) -> Correction | None:
    noun = _bare(match["noun"])
    if noun in _ANYTHING:
        return None
    from planner.understanding.claims.telling_apart import question, told_apart  # here: it reads the word lists

    for loosely in (False, True):
        naming = _named(noun, state, loosely=loosely)
        seen = [i for i in naming.entities if i < state.world.n_fixtures or state.place[i] != NOWHERE]
        if naming.entities and not seen:  # nobody knows yet what there is of it
            return None
        choices = told_apart(seen, state)
        if len(choices) > 1:
            return Correction(question=question(noun, choices), choices=choices, things=naming.entities)
    if choices:  # of several that nothing tells apart, the question may still be about what the home does not know
        is_one = len(naming.entities) == 1
        return Correction(
            question=f"Do you mean {choices[0].words}?" if is_one else parsed.question, things=naming.entities
        )
    if naming.is_elsewhere:
        return None
    return _absent(noun, naming) or Correction(question=WHICH_THING)


def _either(match: re.Match[str], parsed: ParsedInstruction, state: State) -> Correction | None:
    from planner.understanding.claims.telling_apart import question, told_apart

    namings = [_named(match[side], state, loosely=True) for side in ("noun", "other")]
    first, other = namings
    if not first.noun or not other.noun:  # "the red or the blue"
        return _same_twice(match)
    there = [naming for naming in namings if naming.entities or naming.is_elsewhere]
    if len(there) == 2 and (first.entities != other.entities or not first.entities):
        return _same_twice(match)
    if not there:
        return _absent(match["noun"], first)
    if choices := told_apart(there[0].entities, state):
        if len(choices) > 1 and len(there) == 2:
            return Correction(question=question(first.noun, choices), choices=choices, things=there[0].entities)
        words = (
            choices[0].words if len(choices) == 1 else f"the {_bare(match['noun' if there[0] is first else 'other'])}"
        )
        return Correction(question=f"Do you mean {words}?", things=there[0].entities)
    return Correction(question=f"Do you mean the {there[0].noun}?")


def _same_twice(match: re.Match[str]) -> Correction | None:
    return Correction(question=WHICH_THING) if _bare(match["noun"]) == _bare(match["other"]) else None


def _asked_about(match: re.Match[str], parsed: ParsedInstruction, state: State) -> Correction | None:
    naming = _named(match["noun"], state, loosely=True)
    if _bare(match["noun"]) in _ANYTHING | _ALWAYS_THERE or naming.entities or naming.is_elsewhere:
        return None
    said = f"{match.string[: match.start('noun')].removesuffix('the ')}that{match.string[match.end('noun') :]}"
    return _absent(match["noun"], naming) or Correction(question=said)


def _how_many(match: re.Match[str], parsed: ParsedInstruction, state: State) -> Correction | None:
    from planner.understanding.claims.telling_apart import told_apart

    naming = _named(match["noun"], state, loosely=True)
    if naming.is_elsewhere or len(naming.entities) > 1 or _bare(match["noun"]) in _ANYTHING:
        return None
    if naming.entities:
        (choice,) = told_apart(naming.entities, state)
        return Correction(question=f"Do you mean {choice.words}?", things=naming.entities)
    return _absent(match["noun"], naming) or Correction(question="How many do you want?")


def _on_or_off(match: re.Match[str], parsed: ParsedInstruction, state: State) -> Correction | None:
    naming = _named(match["noun"], state, loosely=True)
    if not naming.entities or any(_can_be(i, "on", state) for i in naming.entities):
        return _asked_about(match, parsed, state)
    return Correction(refusal=f"The {_bare(match['noun'])} cannot be turned on or off.")


def _rule(match: re.Match[str], parsed: ParsedInstruction, state: State) -> Correction | None:
    quoted = re.findall(r"[^\W_]+", match["words"].lower())
    is_said = {*quoted} <= {*re.findall(r"[^\W_]+", parsed.instruction.lower())}
    return None if is_said else Correction(question="I cannot keep a rule like that.")


def _names_nothing(match: re.Match[str], parsed: ParsedInstruction, state: State) -> Correction | None:
    return Correction(refusal=NOT_UNDERSTOOD)


_CHECKS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], ParsedInstruction, State], Correction | None]], ...] = (
    (
        re.compile(r"(?:the|there (?:is|are) no) (?:here|in this home|(?:cannot|can't|can not) be .+?)\.?", re.I),
        _names_nothing,
    ),
    (re.compile(r"there (?:is|are) no (?P<noun>.+?)(?: here| in this home)?\.?", re.I), _missing),
    (re.compile(r"the (?P<noun>.+?) (?:cannot|can't|can not) be (?P<verb>.+?)\.?", re.I), _impossible),
    (re.compile(r"the (?P<noun>.+?) (?:will|does) not fit there\.?", re.I), _too_big),
    (re.compile(r"which (?P<noun>.+?) do you mean\b.*", re.I), _which),
    (re.compile(r"the (?P<noun>.+?) or the (?P<other>.+?)\?", re.I), _either),
    (re.compile(r"should the (?P<noun>.+?) be on or off\?", re.I), _on_or_off),
    (re.compile(r"where should i put the (?P<noun>.+?)\?", re.I), _asked_about),
    (re.compile(r"what should i (?:do with|put (?:on|in)|get from) the (?P<noun>.+?)\?", re.I), _asked_about),
    (re.compile(r"to whom should i bring the (?P<noun>.+?)\?", re.I), _asked_about),
    (re.compile(r"how many (?P<noun>(?!do\b).+?)(?: do you (?:want|mean))?\?", re.I), _how_many),
    (re.compile(r"i cannot keep a rule like that: (?P<words>.+)", re.I), _rule),
)


# -- what they share ---------------------------------------------------------------------------------------------------


def _bare(noun: str) -> str:
    return re.sub(r"^(?:the|a|an|any) ", "", noun.strip().lower())


def _named(noun: str, state: State, *, loosely: bool = False) -> Naming:
    from planner.understanding.claims.named_things import named  # here: it reads the word lists

    return named(_bare(noun), state, loosely=loosely)


def _absent(noun: str, naming: Naming) -> Correction | None:
    """Return that a thing is not here, if homes may have such things."""
    return Correction(refusal=_none_here(_bare(noun), naming.noun)) if naming.noun else None


def _misread(parsed: ParsedInstruction, naming: Naming, state: State) -> Correction:
    """Return that something else of the instruction is not here; otherwise, that it was not understood."""
    from planner.understanding.claims.named_things import absent_nouns

    for noun in absent_nouns(parsed.instruction, state):
        return Correction(refusal=_none_here(noun, noun))
    return Correction(refusal=NOT_UNDERSTOOD, things=naming.entities)


def _none_here(description: str, noun: str) -> str:
    from envs.words import is_plural
    from planner.language.home_wording import capitalized
    from planner.language.noun_phrases import none_of

    is_several = any(is_plural(noun, table) for table in ("objects", "fixtures"))
    return f"There are no {description} here." if is_several else f"{capitalized(none_of(description, noun))} here."


def _can_be(entity: int, verb: str, state: State) -> bool:
    """Whether a thing can be as a participle says; False, too, for one that the home does not know."""
    from envs.words import names_of
    from planner.goals.feasibility import infeasibility
    from planner.understanding.claims.saying import STATE_OF_VERB

    world, category = state.world, state.world.categories[entity]
    is_object = entity >= world.n_fixtures
    if verb in _MOVING:
        return is_object
    if verb == "filled":
        item = world.object_category[entity]
        return item is not None and item.fills
    if switched := re.fullmatch(rf"{_SWITCHED} (?:on or off|(?P<state>on|off))", verb):
        return world.domain.can_be(category, switched["state"] or "on")
    if is_object and verb.startswith("wiped"):
        return False
    word = STATE_OF_VERB.get(verb) or next(iter(names_of(verb, "states")), verb)
    if not world.domain.can_be(category, word):
        return False
    return not is_object or not infeasibility(
        Goal(phases=((Count(thing=Thing(word=category, states=(word,))),),)), state
    )


def _is_right(seen: ParsedInstruction) -> bool:
    return seen.right >= MIN_RIGHT


def _options(parsed: ParsedInstruction, instead: Correction, state: State, likely: Likely) -> tuple[Goal, ...]:
    """Return the likeliest goal once with each of the things that a question lists; none if there is no such goal."""
    from planner.understanding.claims.saying import says_all
    from planner.understanding.claims.telling_apart import goals_with_each

    for goal, _ in likely():
        if says_all(parsed.instruction, goal, state) and (goals := goals_with_each(goal, instead.choices, state)):
            return goals
    return ()
