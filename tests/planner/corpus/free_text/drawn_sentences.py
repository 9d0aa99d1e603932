"""Sentences of people as a corpus draws them, and the reading of goals in homes whose people have other names."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from envs.symbolic.goals import Goal, Query, Rule, parse_goal, parse_query, parse_rule
from envs.symbolic.scene import Scene
from planner.corpus.free_text.exchange import Exchange
from planner.corpus.free_text.sentences import PeopleHome, Sentence
from planner.language.mentions import bare, forms
from planner.tasks.random_names import FIRST_NAMES

CHANGED = ("the", "a", "an")  # articles, which are fitted to the next word


@dataclass(frozen=True, kw_only=True)
class Draw:
    """A sentence before and after an exchange, and the home that it is then about."""

    before: Sentence
    after: Sentence
    exchange: Exchange
    scene: Scene


def exchange_of(home: PeopleHome, rng: random.Random) -> Exchange:
    world = home.state.world
    rooms = {room.name: room.kind for room in world.scene.rooms}
    return Exchange(rng, frozenset(world.entities_by_category), rooms, world.scene.people)


def scene_of(home: PeopleHome, exchange: Exchange) -> Scene:
    """Return a home with all names that its people, and rooms called after them, may have."""
    scene = home.state.world.scene
    renamed = [
        replace(room, name=" ".join(exchange.people.get(word.lower(), word) for word in room.name.split(" ")))
        for room in scene.rooms
    ]
    rooms = {room.name: room for room in (*scene.rooms, *renamed)}
    return replace(scene, people=tuple(dict.fromkeys((*scene.people, *FIRST_NAMES))), rooms=tuple(rooms.values()))


def read(sentence: Sentence, scene: Scene) -> Goal | Query | tuple[Rule, ...]:
    """Read the goal of a sentence. Raises: GoalError."""
    if sentence.goal.startswith("?"):
        return parse_query(sentence.goal, scene.domain, scene=scene)
    if sentence.kind == "rule":
        return tuple(parse_rule(rule, scene.domain, scene=scene) for rule in sentence.goal.split(" ; "))
    return parse_goal(sentence.goal, scene.domain, scene=scene)


def draws(people: Sequence[PeopleHome], seed: int, count: int = 25, kinds: Sequence[str] = ()) -> Iterator[Draw]:
    """Yield sentences of one home after an exchange, of all kinds of answers or of some."""
    rng = random.Random(seed)
    home = rng.choice(people)
    exchange = exchange_of(home, rng)
    scene = scene_of(home, exchange)
    for _ in range(count):
        before = rng.choice(home.sentences)
        after = exchange(before)
        if after is not None and (not kinds or after.kind in kinds):
            yield Draw(before=before, after=after, exchange=exchange, scene=scene)


def is_well_formed(sentence: Sentence) -> bool:
    """Whether each word has a tag and is a word."""
    return len(sentence.words) == len(sentence.tags) and all(w and " " not in w for w in sentence.words)


def is_named(words: Sequence[str], kind: str) -> bool:
    """Whether a text has a word for a kind."""
    text = f" {' '.join(map(bare, words))} "
    return any(f" {' '.join(form)} " in text for form, named in forms().items() if any(k == kind for k, _ in named))


def letters(words: Sequence[str]) -> list[str]:
    """Return words without punctuation and articles, for a comparison of what was said."""
    return [plain for word in words if (plain := bare(word)) and plain not in CHANGED]


def is_within(part: Sequence[str], whole: Sequence[str]) -> bool:
    """Whether all words of `part` are among those of `whole`, in this order."""
    rest = iter(whole)
    return all(word in rest for word in part)
