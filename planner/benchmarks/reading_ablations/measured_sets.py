"""The sentences that reading is measured on: those of the tuning authors, and longer ones than the GPT is trained on.

Nothing of `datasets/people/held_out` is read. The longer ones are made of the tuning authors' sentences as the corpus
makes its own (planner/corpus/free_text/joining.py): a thing becomes a list of things, wishes are joined.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from envs.symbolic.goals import format_goal
from planner.corpus.free_text.joining import together, with_list
from planner.corpus.free_text.sentences import PeopleHome, Sentence, people_folder, plain_sentence, read_people
from planner.corpus.free_text.trees import unchanged
from planner.language.normalization import normalize
from planner.prompts import text_format
from planner.prompts.own_names import own_names
from planner.tasks.held_out_trials import Split, draw_trials
from planner.tasks.task_files import Answer

if TYPE_CHECKING:
    from envs.symbolic.state import State
    from planner.corpus.free_text.exchange import Exchange

TUNING = "tuning authors"
LISTS = {"lists of 4-8": (4, 5, 6, 7, 8), "lists of 9-12": (9, 10, 11, 12)}
WISHES = {"5-8 wishes": (5, 6, 7, 8)}
NOUNS = {"known nouns": 0.0, "renamed nouns": 1.0}  # share of each home's kinds that have another name
SETS = (TUNING, *LISTS, *WISHES, *NOUNS)
MAX_SHORT = 10  # words of a wish that is joined with others: eight of them fit into the context twice
MAX_DRAWS = 400  # for each sentence that is made


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
    if name in NOUNS:
        return list(_templates(name, limit))
    homes = _homes()
    if name == TUNING:
        items = [_item(sentence, home) for home in homes for sentence in home.sentences]
        return [items[i] for i in sorted(random.Random(name).sample(range(len(items)), min(limit, len(items))))]
    rng = random.Random(name)
    make = _listed(LISTS[name]) if name in LISTS else _joined(WISHES[name])
    made: dict[str, Item] = {}
    for _ in range(MAX_DRAWS * limit):
        if len(made) == limit:
            break
        home = rng.choice(homes)
        exchange = unchanged(rng, frozenset(home.state.world.entities_by_category))
        sentence = make(home, exchange, rng)
        if sentence is not None:
            made.setdefault(sentence.text, _item(sentence, home))
    return list(made.values())


@lru_cache(maxsize=1)
def _homes() -> list[PeopleHome]:
    return read_people(people_folder() / "tuning")


def _item(sentence: Sentence, home: PeopleHome) -> Item:
    return Item(
        sentence=sentence, state=home.state, inventory=text_format.inventory(home.state),
        own_names=own_names(sentence.text, home.state.world),
    )  # fmt: skip


Maker = Callable[[PeopleHome, "Exchange", random.Random], Sentence | None]


def _listed(lengths: Sequence[int]) -> Maker:
    def make(home: PeopleHome, exchange: Exchange, rng: random.Random) -> Sentence | None:
        sentence = rng.choice(home.sentences)
        return with_list(sentence, exchange, rng, lengths) if _is_plain(sentence) else None

    return make


def _joined(numbers: Sequence[int]) -> Maker:
    def make(home: PeopleHome, exchange: Exchange, rng: random.Random) -> Sentence | None:
        short = [s for s in home.sentences if _is_plain(s) and len(s.words) <= MAX_SHORT]
        number = rng.choice(numbers)
        return together(rng.sample(short, number), rng) if len(short) >= number else None

    return make


def _is_plain(sentence: Sentence) -> bool:
    return bool(sentence.conditions) and "unread" not in sentence.tags


def _templates(name: str, limit: int) -> Iterator[Item]:
    """Yield our own unseen phrasings; `draw_trials` draws the same number of tasks for each kind of nouns."""
    split = Split(name="unseen phrasings", phrases="test", parts=(1,))
    for trial in draw_trials(split, limit, seed=0, renamed=NOUNS[name]):
        text, world = normalize(trial.instruction), trial.start.world
        assert trial.goal is not None
        yield Item(
            sentence=plain_sentence(text, format_goal(trial.goal, world.domain)), state=trial.start,
            inventory=text_format.inventory(trial.start), own_names=own_names(text, world),
        )  # fmt: skip
