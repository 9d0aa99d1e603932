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
from planner.exploration.belief_planning import categories_named, with_unseen
from planner.exploration.learned_prior import OPENED, STUCK, place_of
from planner.household.counting_baseline import CountedHabits
from planner.household.daily_life import tasks_of
from planner.household.requests import Asker
from planner.prompts import text_format
from planner.world_model.belief import GROUND, Belief, Known, free_name

if TYPE_CHECKING:
    from envs.symbolic.scene import Scene
    from planner.household.daily_records import Observations
    from planner.io.json_lines import Record

NICKNAMED = 0.7  # of the sentences made up have a word of the household's, the others are plain
DOORS = 0.15  # of the questions about the home are about doors
SEEN = 0.9  # of the others are about a category that was seen in this home
GUESSES = 5  # answers to one question
SENTENCES = 8  # in one home


def whereabouts(diary: Observations, scene: Scene, rng: random.Random) -> Iterator[text_format.Tree]:
    """Yield documents of where things are and of doors that were tried, without end: a question and many answers."""
    habits = CountedHabits(diary)
    categories, everything = sorted({category for category, _ in diary.seen}), sorted(load_domain().objects)
    tried = sorted({*diary.opened, *diary.stuck})
    while True:
        if tried and rng.random() < DOORS:
            fixture = rng.choice(tried)
            chance = habits.opens(fixture)
            yield _tree(
                text_format.opening_document(fixture, OPENED if rng.random() < chance else STUCK)
                for _ in range(GUESSES)
            )
            continue
        category = rng.choice(categories if categories and rng.random() < SEEN else everything)
        rates = habits.rates(category, scene)
        if rates:
            places = rng.choices(list(rates), list(rates.values()), k=GUESSES)
            yield _tree(text_format.location_document(category, place_of(scene, place)) for place in places)


def _tree(documents: Iterable[text_format.Document]) -> text_format.Tree:
    """Questions that are the same, [CLS] and instruction, and an answer each."""
    found = list(documents)
    return text_format.Tree(found[0][:2], tuple(document[2:] for document in found))


def sayings(
    days: Sequence[Record], diary: Observations, scene: Scene, rng: random.Random
) -> Iterator[text_format.Tree]:
    """Yield documents of what was said and meant, without end; none if nothing was misunderstood."""
    domain, map_only = load_domain(), Belief.of_map(scene)
    meant = {word: c for word, c in diary.words.items() if c in domain.objects or c in domain.fixtures}
    told = [(str(t["said"]), str(t["goal"])) for t in tasks_of(days) if t.get("plainly") and t.get("goal")]
    if not meant or not told:
        return
    asker, seen = Asker(rng), sorted({category for category, _ in diary.seen})
    while True:
        belief = _some_of(map_only, seen, rng)
        pairs = [rng.choice(told)]
        for word, category in rng.choices(sorted(meant.items()), k=SENTENCES):
            is_thing = category in domain.objects
            home = with_unseen(belief, [category] if is_thing else seen)
            said = {category: word} if rng.random() < NICKNAMED else {}
            wanted = {"thing": category} if is_thing else {"place": category}
            request = asker.ask(home, said, **wanted)
            if request is not None:
                pairs.append((request.said, format_goal(request.goal)))
        # What plainly named things add to the inventory is there for all of the sentences: a nickname adds nothing.
        names = text_format.inventory(with_unseen(belief, [c for said, _ in pairs for c in categories_named(said)]))
        yield text_format.Tree(
            text_format.home_part(names), tuple(text_format.goal_document(said, goal) for said, goal in pairs)
        )


def _some_of(belief: Belief, categories: Sequence[str], rng: random.Random) -> Belief:
    """What may be known at some time of a day: some of what was ever seen."""
    known: dict[str, Known] = {}
    for category in rng.sample(categories, k=rng.randrange(len(categories) + 1)):
        known[free_name(belief, category, known)] = Known(category=category, place=GROUND)
    return belief.with_statements(known)
