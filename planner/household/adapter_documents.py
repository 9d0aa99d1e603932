"""What the GPT reads at night: documents of where things are, of doors, and of what people call things.

Where things are is drawn by what was counted, so that what the GPT comes to write is likely as often as it was so, and
a place where nothing was found fades. A word that was explained once is put into many sentences of the corpus's
patterns, beside the sentence that it was said in: the robot talks to itself about what it was told.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from envs.symbolic.domain import load_domain
from envs.symbolic.goals import format_goal
from planner.exploration.belief_planning import named, with_unseen
from planner.exploration.learned_prior import OPENED, STUCK, place_of
from planner.household.counting_baseline import CountingPrior
from planner.household.daily_life import tasks_of
from planner.household.requests import RequestSampler
from planner.prompts import text_format
from planner.world_model.belief import GROUND, Belief, Known, free_name

if TYPE_CHECKING:
    from envs.symbolic.scene import Scene
    from planner.household.daily_records import Observations
    from planner.io.json_lines import Record

NICKNAME_SHARE = 0.7  # of the sentences made up have a word of the household's, the others are plain
DOOR_SHARE = 0.15  # of the questions about the home are about doors
SEEN_SHARE = 0.9  # of the others are about a category that was seen in this home
ANSWERS_PER_QUESTION = 5  # answers to one question
INSTRUCTIONS_PER_HOME = 8  # in one home


def location_documents(observations: Observations, scene: Scene, rng: random.Random) -> Iterator[text_format.Tree]:
    """Yield documents of where things are and of doors that were tried, without end: a question and many answers."""
    prior = CountingPrior(observations)
    categories, all_categories = sorted({category for category, _ in observations.seen}), sorted(load_domain().objects)
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
    """Questions that are the same, [CLS] and instruction, and an answer each."""
    answers = list(documents)
    return text_format.Tree(answers[0][:2], tuple(document[2:] for document in answers))


def instruction_documents(
    days: Sequence[Record], observations: Observations, scene: Scene, rng: random.Random
) -> Iterator[text_format.Tree]:
    """Yield documents of what was said and meant, without end; none if nothing was misunderstood."""
    domain, map_only = load_domain(), Belief.of_map(scene)
    meanings = {word: c for word, c in observations.words.items() if c in domain.objects or c in domain.fixtures}
    explained = [(str(t["said"]), str(t["goal"])) for t in tasks_of(days) if t.get("plainly") and t.get("goal")]
    if not meanings or not explained:
        return
    sampler, seen_categories = RequestSampler(rng), sorted({category for category, _ in observations.seen})
    while True:
        belief = _random_belief(map_only, seen_categories, rng)
        pairs = [rng.choice(explained)]
        for word, category in rng.choices(sorted(meanings.items()), k=INSTRUCTIONS_PER_HOME):
            is_object = category in domain.objects
            state = with_unseen(belief, [category] if is_object else seen_categories)
            nicknames = {category: word} if rng.random() < NICKNAME_SHARE else {}
            fixed = {"category": category} if is_object else {"place_category": category}
            request = sampler.sample(state, nicknames, **fixed)
            if request is not None:
                pairs.append((request.instruction, format_goal(request.goal)))
        # What plainly named things add to the inventory is there for all of the sentences: a nickname adds nothing.
        names = text_format.inventory(with_unseen(belief, [c for instruction, _ in pairs for c in named(instruction)]))
        yield text_format.Tree(
            text_format.home_part(names),
            tuple(text_format.goal_document(instruction, goal) for instruction, goal in pairs),
        )


def _random_belief(belief: Belief, categories: Sequence[str], rng: random.Random) -> Belief:
    """What may be known at some time of a day: some of what was ever seen."""
    known: dict[str, Known] = {}
    for category in rng.sample(categories, k=rng.randrange(len(categories) + 1)):
        known[free_name(belief, category, known)] = Known(category=category, place=GROUND)
    return belief.told(known)
