"""What the GPT reads at night: documents of where things are, of doors, and of what people call things.

Where things are is drawn by what was counted, so that what the GPT comes to write is likely as often as it was so, and
a place where nothing was found fades. A word that was explained once is put into many sentences of the corpus's
patterns, beside the sentence that it was said in: the robot talks to itself about what it was told.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from envs.domain import load_domain
from envs.goals import format_goal
from planner import text
from planner.household.counted import CountedHabits
from planner.household.living import tasks_of
from planner.household.requests import Asker
from planner.unseen.belief import GROUND, Belief, Known, free_name
from planner.unseen.expect import named, with_unseen
from planner.unseen.learnt import OPENED, STUCK, place_of

if TYPE_CHECKING:
    from envs.scene import Scene
    from planner.household.diary import Diary
    from planner.stages import Record

NICKNAMED = 0.7  # of the sentences made up have a word of the household's, the others are plain


def whereabouts(diary: Diary, scene: Scene, rng: random.Random) -> Iterator[text.Document]:
    """Yield documents of where things are, without end, and of doors that were tried."""
    habits = CountedHabits(diary)
    categories = sorted({category for category, _ in diary.seen})
    tried = sorted({*diary.opened, *diary.stuck})
    doors = [(f, outcome, n) for f in tried for outcome, n in ((OPENED, diary.opened), (STUCK, diary.stuck)) if n.get(f)]
    weights = {c: [*habits.rates(c, scene).items()] for c in load_domain().objects}
    while True:
        if doors and rng.random() < 0.1:
            fixture, outcome, _ = rng.choices(doors, [n[f] for f, _, n in doors])[0]
            yield text.trial(fixture, outcome)
            continue
        category = rng.choice(categories if categories and rng.random() < 0.8 else list(weights))
        if places := weights[category]:
            place = rng.choices([name for name, _ in places], [rate for _, rate in places])[0]
            yield text.whereabouts(category, place_of(scene, place))


def sayings(days: Sequence[Record], diary: Diary, scene: Scene, rng: random.Random) -> Iterator[text.Document]:
    """Yield documents of what was said and meant, without end; none if nothing was misunderstood."""
    domain, map_only = load_domain(), Belief.of_map(scene)
    meant = {word: c for word, c in diary.words.items() if c in domain.objects or c in domain.fixtures}
    told = [t for t in tasks_of(days) if t.get("plainly") and t.get("goal")]
    if not meant or not told:
        return
    asker, seen = Asker(rng), sorted({category for category, _ in diary.seen})
    while True:
        if rng.random() < 0.1:
            task = rng.choice(told)
            yield _understood(map_only, str(task["said"]), str(task["goal"]))
            continue
        word, category = rng.choice(sorted(meant.items()))
        belief = _some_of(map_only, seen, rng)
        said = {category: word} if rng.random() < NICKNAMED else {}
        home = with_unseen(belief, [category] if category in domain.objects else seen)
        wanted = {"thing": category} if category in domain.objects else {"place": category}
        request = asker.ask(home, said, **wanted)
        if request is not None:
            yield _understood(belief, request.said, format_goal(request.goal))


def _understood(belief: Belief, said: str, goal: str) -> text.Document:
    names = text.inventory(with_unseen(belief, named(said)))
    return (*text.home_part(names), *text.understood(said, goal))


def _some_of(belief: Belief, categories: Sequence[str], rng: random.Random) -> Belief:
    """What may be known at some time of a day: some of what was ever seen."""
    known: dict[str, Known] = {}
    for category in rng.sample(categories, k=rng.randrange(len(categories) + 1)):
        known[free_name(belief, category, known)] = Known(category=category, place=GROUND)
    return belief.told(known)
