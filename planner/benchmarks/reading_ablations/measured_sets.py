"""The sentences that reading is measured on: those of the tuning authors, and longer ones than the GPT is trained on.

Nothing of `datasets/people/held_out` is read. The longer ones are made as the corpus makes its own
(planner/corpus/free_text/joining.py), of what it does not have: in unseen phrasings a thing becomes a list of things,
and wishes of the tuning authors are joined.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from envs.symbolic.goals import format_goal, parse_goal
from planner.corpus.free_text.joining import together, with_list
from planner.corpus.free_text.sentences import PeopleHome, Sentence, people_folder, plain_sentence, read_people
from planner.corpus.free_text.trees import unchanged
from planner.goals.feasibility import missing
from planner.language.normalization import normalize
from planner.prompts import text_format
from planner.prompts.own_names import own_names
from planner.tasks.held_out_trials import Split, draw_trials
from planner.tasks.task_files import Answer

if TYPE_CHECKING:
    from envs.symbolic.state import State

TUNING = "tuning authors"
LISTS = {"lists of 4-8": (4, 5, 6, 7, 8), "lists of 9-12": (9, 10, 11, 12)}
WISHES = {"5-8 wishes": (5, 6, 7, 8)}
NOUNS = {"known nouns": 0.0, "renamed nouns": 1.0}  # share of each home's kinds that have another name
SETS = (TUNING, *LISTS, *WISHES, *NOUNS)
MAX_SHORT = 14  # words of a wish that is joined with others
MAX_TOGETHER = 75  # words of joined wishes: they fit into the context twice, with their goal
MAX_DRAWS = 100  # for each sentence that is made


@dataclass(frozen=True, kw_only=True)
class Item:
    """A sentence in a home.

    Attributes:
        inventory: The home as the GPT reads it.
        own_names: Names of the home alone that the sentence may mean.
    """

    sentence: Sentence
    state: State = field(repr=False)
    inventory: str = field(repr=False)
    own_names: str = ""

    @property
    def right_answer(self) -> Answer:
        """The right type of answer: a question back where a word is unread."""
        return "ask" if "unread" in self.sentence.tags else self.sentence.kind


def measured_set(name: str, limit: int) -> list[Item]:
    """Return the sentences of a set, at most `limit`; always the same ones."""
    rng = random.Random(name)
    if name == TUNING:
        said = [_item(sentence, home.state) for home in _homes() for sentence in home.sentences]
        return [said[i] for i in sorted(rng.sample(range(len(said)), min(limit, len(said))))]
    if name in LISTS:
        items = _listed(LISTS[name], MAX_DRAWS * limit, rng)
    elif name in WISHES:
        items = _joined(WISHES[name], MAX_DRAWS * limit, rng)
    else:
        items = _templates(Split(name="unseen phrasings", phrases="test", parts=(1,)), limit, NOUNS[name])
    made: dict[str, Item] = {}
    while len(made) < limit and (item := next(items, None)) is not None:
        made.setdefault(item.sentence.text, item)
    return list(made.values())


@lru_cache(maxsize=1)
def _homes() -> list[PeopleHome]:
    return read_people(people_folder() / "tuning")


def _item(sentence: Sentence, state: State) -> Item:
    return Item(
        sentence=sentence, state=state, inventory=text_format.inventory(state),
        own_names=own_names(sentence.text, state.world),
    )  # fmt: skip


def _templates(split: Split, limit: int, renamed: float = 0.0) -> Iterator[Item]:
    """Yield our own phrasings that no training document has, in unseen homes."""
    for trial in draw_trials(split, limit, seed=0, renamed=renamed):
        assert trial.goal is not None
        goal = format_goal(trial.goal, trial.start.world.domain)
        yield _item(plain_sentence(normalize(trial.instruction), goal), trial.start)


def _listed(lengths: Sequence[int], draws: int, rng: random.Random) -> Iterator[Item]:
    """Yield wishes for one thing that became wishes for a list of things."""
    split = Split(name="lists", phrases="test", parts=(1,), conditions=(1, 1), noise=False)
    for item in _templates(split, draws):
        exchange = unchanged(rng, frozenset(item.state.world.entities_by_category))
        if (sentence := with_list(item.sentence, exchange, rng, lengths)) is not None:
            yield _item(sentence, item.state)


def _joined(numbers: Sequence[int], draws: int, rng: random.Random) -> Iterator[Item]:
    """Yield several wishes of one author in one breath."""
    homes = [(home.state, [s for s in home.sentences if _is_short(s)]) for home in _homes()]
    for _ in range(draws):
        state, short = rng.choice(homes)
        sentence = together(rng.sample(short, rng.choice(numbers)), rng)
        if sentence is None or len(sentence.words) > MAX_TOGETHER:
            continue
        goal = parse_goal(sentence.goal, state.world.domain, scene=state.world.scene)
        if missing(goal, state) is None:  # what the home lacks is refused, whatever was read
            yield _item(sentence, state)


def _is_short(sentence: Sentence) -> bool:
    return bool(sentence.conditions) and "unread" not in sentence.tags and len(sentence.words) <= MAX_SHORT
