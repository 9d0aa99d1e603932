"""Training documents of an adapter: locations of objects, doors, and the household's nicknames.

Locations are sampled from the counted rates, so that the GPT's probabilities match the observed frequencies and
places where nothing was found become unlikely. A nickname that was explained once is put into many generated
instructions of the corpus's patterns, besides the instruction where it occurred. What was corrected in dialogues is
read as it was said, with what corrected it and, if it was misunderstood, alone.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from envs.symbolic.goals import format_goal
from planner.corrections.teaching import learned_word, sentences
from planner.exploration.belief_planning import categories_named, with_unseen
from planner.exploration.learned_prior import OPENED, STUCK, place_of
from planner.household.counting_baseline import CountingPrior
from planner.household.daily_life import tasks_of
from planner.household.requests import RequestSampler
from planner.prompts import text_format
from planner.prompts.text_format import in_small_letters
from planner.world_model.belief import GROUND, Belief, Known, free_name

if TYPE_CHECKING:
    from envs.symbolic.scene import Scene
    from planner.corrections.lessons import Lesson
    from planner.household.daily_records import Observations
    from planner.io.json_lines import Record

NICKNAME_SHARE = 0.7  # of the generated instructions use a nickname; the others are plain
DOOR_SHARE = 0.15  # of the questions about the home are about doors
SEEN_SHARE = 0.9  # of the other questions are about a category that was seen in this home
ANSWERS_PER_QUESTION = 5
INSTRUCTIONS_PER_HOME = 8
LESSONS_PER_HOME = 3  # corrected instructions besides, as they were said


def location_documents(observations: Observations, scene: Scene, rng: random.Random) -> Iterator[text_format.Tree]:
    """Yield endless documents about locations of objects and about doors, each one question with sampled answers."""
    prior = CountingPrior(observations)
    categories, all_categories = sorted({category for category, _ in observations.seen}), sorted(scene.domain.objects)
    doors = sorted({*observations.opened, *observations.stuck})
    while True:
        if doors and rng.random() < DOOR_SHARE:
            fixture = rng.choice(doors)
            open_chance = prior.opens(fixture)
            yield _tree(
                text_format.opening_document(fixture, OPENED if rng.random() < open_chance else STUCK)
                for _ in range(ANSWERS_PER_QUESTION)
            )
            continue
        category = rng.choice(categories if categories and rng.random() < SEEN_SHARE else all_categories)
        rates = prior.rates(category, scene)
        if rates:
            places = rng.choices(list(rates), list(rates.values()), k=ANSWERS_PER_QUESTION)
            yield _tree(text_format.location_document(category, place_of(scene, place)) for place in places)


def _tree(documents: Iterable[text_format.Document]) -> text_format.Tree:
    """Return a tree of documents with the same question: [CLS] and instruction, then one branch per answer."""
    answers = list(documents)
    return text_format.Tree(answers[0][:2], tuple(document[2:] for document in answers))


def instruction_documents(
    days: Sequence[Record], observations: Observations, scene: Scene, rng: random.Random,
    lessons: Sequence[Lesson] = (),
) -> Iterator[text_format.Tree]:  # fmt: skip
    """Yield endless documents from instructions to goals; none if no instruction was misunderstood."""
    domain, map_only = scene.domain, Belief.of_map(scene)
    words = {**observations.words, **dict(filter(None, (learned_word(lesson, domain) for lesson in lessons)))}
    meanings = {word: c for word, c in words.items() if c in domain.objects or c in domain.fixtures}
    explained = [(str(t["said"]), str(t["goal"])) for t in tasks_of(days) if t.get("plainly") and t.get("goal")]
    explained += [(text, in_small_letters(lesson.goal)) for lesson in lessons for text in sentences(lesson, domain)]
    if not explained:
        return
    sampler, seen_categories = RequestSampler(rng), sorted({category for category, _ in observations.seen})
    while True:
        belief = _random_belief(map_only, seen_categories, rng)
        pairs = [rng.choice(explained)]
        pairs += rng.choices(explained, k=LESSONS_PER_HOME if lessons else 0)
        for word, category in rng.choices(sorted(meanings.items()), k=INSTRUCTIONS_PER_HOME) if meanings else ():
            is_object = category in domain.objects
            state = with_unseen(belief, [category] if is_object else seen_categories)
            nicknames = {category: word} if rng.random() < NICKNAME_SHARE else {}
            fixed = {"category": category} if is_object else {"place_category": category}
            request = sampler.sample(state, nicknames, **fixed)
            if request is not None:
                pairs.append((request.instruction, format_goal(request.goal)))
        # The shared inventory also lists objects that an instruction calls by a known name, but not nicknamed ones.
        names = text_format.inventory(
            with_unseen(belief, [c for instruction, _ in pairs for c in categories_named(instruction, domain)])
        )
        yield text_format.Tree(
            text_format.home_part(names),
            tuple(text_format.goal_document(instruction, goal) for instruction, goal in pairs),
        )


def _random_belief(belief: Belief, categories: Sequence[str], rng: random.Random) -> Belief:
    """Return a random belief, as at some moment of a day: one object each of some of the categories."""
    known: dict[str, Known] = {}
    for category in rng.sample(categories, k=rng.randrange(len(categories) + 1)):
        known[free_name(belief, category, known)] = Known(category=category, place=GROUND)
    return belief.with_statements(known)
