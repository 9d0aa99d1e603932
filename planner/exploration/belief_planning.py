"""Plans an instruction in a partly known home, on the belief: what the robot knows of the home.

The inventory that the GPT reads contains the fixtures of the map, the known objects, and the categories that the
instruction itself names; nothing reveals hidden objects. A goal about an object that has not been seen is accepted as
written; only a search can show that there is none. A fixture that is not on the map does not exist.

The GPT plans on the belief, with every needed but unseen object placed hypothetically at its most likely place. A
subtask `look for mug` precedes the first subtask that depends on such a place. Such a plan is not verified: only its
execution shows whether the object is there (`planner/exploration/search_executor.py`, which searches in the same
order).
"""

from __future__ import annotations

import random
import re
import time
from collections.abc import Collection, Iterable
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from envs.errors import GoalError
from envs.symbolic.actions import OPEN, format_action
from envs.symbolic.domain import Domain
from envs.symbolic.embodiment.refusals import robot_obstacle
from envs.symbolic.goals import FixtureIs, Goal, format_goal, parse_goal, with_home_rules
from planner.errors import CalibrationError
from planner.exploration.information_needs import InformationNeed, deduplicate_needs, information_needs
from planner.exploration.search_limits import SearchLimits, forbidden_names, search_limits
from planner.exploration.search_order import hypothesize, location_probabilities, most_likely, search_actions
from planner.goals.feasibility import infeasibility, missing
from planner.language.normalization import normalize
from planner.language.phrase_patterns import load_words
from planner.language.realization import Realizer
from planner.plans.nearest_steps import plain
from planner.plans.planning_result import Guess, Plan
from planner.world_model.belief import GROUND, Belief, Known, free_name

if TYPE_CHECKING:
    from envs.symbolic.actions import State
    from planner.pipeline import PlanningPipeline
    from planner.plans.options import Options
    from planner.plans.plan_text import PlanText
    from planner.plans.planning_result import ParsedInstruction

LOOK_PREFIX = "look for "  # begins a subtask that is a search, not an action


def plan_under_uncertainty(
    planner: PlanningPipeline, instruction: str, belief: Belief, decoding_options: Options
) -> Plan:
    """Plan an instruction in a partly known home.

    Raises:
        CalibrationError: An error rate is requested: the calibration is valid only for fully known homes.
    """
    if decoding_options.error_rate is not None:
        raise CalibrationError(
            "an error rate can be kept only in a fully known home; omit the error rate or the partial knowledge"
        )
    started_at = time.perf_counter()
    parsed = understand(planner, instruction, belief, decoding_options)
    if parsed.goal is None:
        if parsed.query is not None and not parsed.question:
            from planner.exploration.belief_answers import answer_from_belief  # most instructions are no questions

            parsed = replace(parsed, answer=answer_from_belief(parsed.query, belief))
        return Plan.declined(parsed, belief.states()[0], time.perf_counter() - started_at)
    plan = plan_for_goal_under_uncertainty(
        planner, parsed.goal, belief, decoding_options, instruction=parsed.instruction
    )
    seconds, tokens = time.perf_counter() - started_at, plan.tokens + parsed.tokens
    return replace(plan, seconds=seconds, tokens=tokens, logprob=parsed.logprob, words=parsed.words)


def plan_for_goal_under_uncertainty(
    planner: PlanningPipeline, goal: Goal, belief: Belief, decoding_options: Options, *, instruction: str = ""
) -> Plan:
    """Plan for a goal on the belief."""
    goal = with_home_rules(goal, belief.scene)
    limits = search_limits(goal.rules, belief)
    avoid = forbidden_names(goal.rules, belief)
    needs = [need for condition in goal.conditions for need in information_needs(condition, belief, avoid=avoid)]
    guesses = {need.label: guess for need in needs if (guess := _make_guess(need, belief, limits)).places}
    open_needs = deduplicate_needs([need for need in needs if need.label in guesses])
    exhausted = [need for need in needs if not need.every and need.label not in guesses]
    visits, doors = frozenset(limits.visits), frozenset(limits.doors)
    next_look = most_likely(search_actions(open_needs, belief, visits, doors)) if open_needs else None
    imagined = hypothesize(open_needs, belief, next_look, limits.places)
    state, initial_state = belief.states(imagined)
    plan = planner.plan_for_goal(goal, state, decoding_options, initial_state=initial_state, instruction=instruction)
    if plan.status == "refused" and robot_obstacle(goal, _all_open(state, belief)):
        return plan
    if exhausted:
        reason = "; ".join(dict.fromkeys(_why_not_found(need, belief, limits) for need in exhausted if need.words))
        if not reason:  # nothing is suited for it, so that nothing was looked for
            things = [c.thing for c in goal.conditions if not isinstance(c, FixtureIs)]
            words = {word for thing in things for word in belief.scene.domain.resolve(thing.word)}
            reason = infeasibility(goal, with_unseen(belief, words)) or plan.reason
        return replace(plan, status="unverified", reason=reason, waits=())
    if not open_needs:
        return plan
    shown = tuple(guesses[need.label] for need in open_needs)
    reason = "needs to look for " + "; ".join(map(str, shown))
    may_not = dict.fromkeys(r for need in open_needs for r in limits.reasons(_places_of(need, belief)))
    reason = "; ".join((reason, *may_not))
    if not plan.is_proven:
        reason += _obstacle_words(plan, goal, open_needs, belief)
    subtasks = _insert_looks(plan, open_needs, imagined, belief)
    return replace(
        plan, status="unverified", reason=reason, actions=(), subtasks=subtasks, added=(), left_out=0, guesses=shown,
        waits=(),
    )  # fmt: skip


def _all_open(state: State, belief: Belief) -> State:
    """Return a state in which furniture is open that was not seen to be closed."""
    names, enclosed = state.world.names, state.world.enclosed
    unseen = (f for f in range(state.world.n_fixtures) if enclosed[f] and names[f] not in belief.inspected)
    flags = list(state.flags)
    for fixture in unseen:
        flags[fixture] |= OPEN
    return state._replace(flags=tuple(flags))


def _obstacle_words(plan: Plan, goal: Goal, open_needs: Collection[InformationNeed], belief: Belief) -> str:
    """Say what keeps a goal from being reached whatever the search finds.

    What must be looked for everywhere is not imagined anywhere: that none of it is known yet is no obstacle.
    """
    needs = {c: [n for n in information_needs(c, belief) if n.every and n in open_needs] for c in goal.conditions}
    sought = tuple(condition for condition, found in needs.items() if found)
    if not sought:
        return f"; with that found where it may be, {plan.reason}"
    others = tuple(condition for condition, found in needs.items() if not found)
    state = with_unseen(belief, {word for found in needs.values() for need in found for word in need.words})
    if lacking := missing(replace(goal, phases=(sought,), guards=()), state):
        return f"; in any case, there is no {lacking} here"
    problem = infeasibility(replace(goal, phases=(others,), guards=()), plan.start) if others else ""
    return f"; with that found where it may be, {problem}" if problem else ""


def understand(planner: PlanningPipeline, instruction: str, belief: Belief, options: Options) -> ParsedInstruction:
    """Let the GPT write the goal of an instruction, given what is known of the home."""
    named = categories_named(instruction, belief.scene.domain)
    parsed = planner.understand(instruction, with_unseen(belief, named), options)
    is_told = parsed.query is not None or bool(parsed.rules)
    if parsed.goal is not None or not parsed.goal_text or parsed.question or is_told:
        return parsed
    try:
        goal = parse_goal(parsed.goal_text, scene=belief.scene)
    except GoalError:
        return parsed
    missing_category = missing(goal, with_unseen(belief, belief.scene.domain.objects))
    if missing_category is not None:  # a fixture
        return replace(parsed, refusal=f"there is no {missing_category} here")
    return replace(parsed, goal=goal, goal_text=format_goal(goal), refusal="", unparsable=False)


def with_unseen(belief: Belief, categories: Iterable[str]) -> State:
    """Return the believed state, with one object added for each given category of which none is known."""
    known_categories = {item.category for item in belief.things.values()}
    unseen = {free_name(belief, c): Known(category=c, place=GROUND) for c in categories if c not in known_categories}
    return belief.states(unseen)[0]


def categories_named(instruction: str, domain: Domain) -> tuple[str, ...]:
    """Return the object categories that an instruction names, by their own names or by synonyms."""
    nouns, longest = _nouns(domain)
    words = _WORD.findall(normalize(instruction).lower())
    categories: dict[str, None] = {}
    position = 0
    while position < len(words):
        for length in range(min(longest, len(words) - position), 0, -1):
            noun = " ".join(words[position : position + length])
            meanings = nouns.get(noun, nouns.get(re.sub(r"(?<=[a-z])\d+\b", "", noun)))
            if meanings is not None:
                categories |= dict.fromkeys(meanings)
                position += length
                break
        else:
            position += 1
    return tuple(categories)


def with_named_objects(belief: Belief, plan: PlanText) -> tuple[State, PlanText]:
    """Return the believed state plus the unknown objects that a plan names, and the plan without `look for` steps.

    The search executor decides itself where to look.
    """
    domain = belief.scene.domain
    name = re.compile(rf"\b({'|'.join(sorted(map(re.escape, domain.objects), key=len, reverse=True))}) \d+\b")
    steps = {step: words for step in plan.steps if not (words := plain(step.text)).startswith(LOOK_PREFIX)}
    categories = {match[0]: match[1] for words in steps.values() for match in name.finditer(words)}
    unknown = {
        name: Known(category=category, place=GROUND)
        for name, category in categories.items()
        if name not in belief.things
    }
    return belief.states(unknown)[0], replace(plan, steps=tuple(s for s in plan.steps if s in steps))


def _why_not_found(need: InformationNeed, belief: Belief, limits: SearchLimits) -> str:
    """Say that what is needed was looked for in all places, or in all that rules allow."""
    reasons = "; ".join(limits.reasons(_places_of(need, belief)))
    if not reasons:
        return f"looked everywhere; there is no {need.label}"
    return f"looked everywhere else; no {need.label} found; {reasons}"


def _places_of(need: InformationNeed, belief: Belief) -> frozenset[str]:
    return need.fixtures or frozenset(location_probabilities(need, belief))


def _make_guess(need: InformationNeed, belief: Belief, limits: SearchLimits) -> Guess:
    allowed = dict.fromkeys(sorted(need.fixtures - set(limits.visits)), 1.0)
    places = allowed if need.fixtures else location_probabilities(need, belief, limits.places)
    ordered = sorted(places.items(), key=lambda item: -item[1])
    return Guess(wanted=need.label, places=tuple(ordered), every=need.every)


def _insert_looks(
    plan: Plan, open_needs: list[InformationNeed], imagined: dict[str, Known], belief: Belief
) -> tuple[str, ...]:
    """Insert `look for` before the first subtask that depends on each hypothetical object; other needs come first."""
    world = belief.states(imagined)[0].world
    labels = {
        name: next(need.label for need in open_needs if not need.every and item.category in need.words)
        for name, item in imagined.items()
    }
    needed_by_step = [
        {name for name, item in imagined.items() if name in action.args or item.place in action.args}
        for action in plan.actions
    ]
    needed = {labels[name] for names in needed_by_step for name in names}
    shown = [LOOK_PREFIX + need.label for need in open_needs if need.label not in needed]
    for action, names in zip(plan.actions, needed_by_step, strict=True):
        for name, item in imagined.items():
            if name in names and LOOK_PREFIX + labels[name] not in shown:
                shown.append(LOOK_PREFIX + labels[name])
                if action.skill != "open" and not belief.sees(item.place):
                    shown.append(f"go to {item.place}")
        shown.append(format_action(world, action))
    return tuple(shown)


_WORD = re.compile(r"\d+[a-z']+|[a-z']+(?:\d+(?![\w']))?")  # with a number in it: 3d, mp3


@lru_cache(maxsize=8)
def _nouns(domain: Domain) -> tuple[dict[str, tuple[str, ...]], int]:
    """Return the categories that each noun (singular or plural) may name, and the word count of the longest noun."""
    plural = Realizer(random.Random(0), None).plural
    by_synonym = dict[str, tuple[str, ...]]()
    for category, synonyms in (*load_words().objects.items(), *domain.words.items()):
        if category not in domain.objects:
            continue
        for noun in synonyms:
            for noun_form in (noun.lower(), plural(noun).lower()):
                by_synonym[noun_form] = (*by_synonym.get(noun_form, ()), category)
    by_name = {
        noun_form.lower(): (category,) for category in domain.objects for noun_form in (category, plural(category))
    }
    fixtures: dict[str, tuple[str, ...]] = {
        noun_form.lower(): () for category in domain.fixtures for noun_form in (category, plural(category))
    }
    named = {**by_synonym, **fixtures, **by_name}
    nouns = {" ".join(_WORD.findall(noun)): categories for noun, categories in named.items()}
    return nouns, max(len(noun.split()) for noun in nouns)
