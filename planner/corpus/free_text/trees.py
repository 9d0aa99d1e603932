"""Homes with what people said in them, as documents: each sentence changed, joined, wrapped, and mistyped at random."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from planner.corpus.free_text.constructs import (
    with_exception,
    with_origin,
    with_property,
    with_rule,
    with_selection,
    with_slip,
    with_test,
    with_time,
    with_unread,
    with_way,
)
from planner.corpus.free_text.corrections import corrected
from planner.corpus.free_text.exchange import Exchange
from planner.corpus.free_text.joining import each_with_its_place, in_story, together, with_list
from planner.corpus.free_text.noise import noisy
from planner.corpus.free_text.pieces import Pieces, load_pieces
from planner.corpus.free_text.putting import put_in
from planner.corpus.free_text.replies import exchange_tree, read_exchanges, replies
from planner.corpus.free_text.sentences import PeopleHome, Sentence, plain_sentence
from planner.corpus.wrong_goals.made import kinds_left_out, wrong_goal
from planner.language.mentions import bare
from planner.language.realization import Realizer
from planner.prompts import text_format

if TYPE_CHECKING:
    from planner.corpus.wrong_goals.written import GoalWriter

MAX_TOGETHER = 6
MAX_WORDS = 110  # a longer sentence would fill the context
DROPPED = 0.12  # share of a home's unneeded kinds that are left out of its inventory


@dataclass(frozen=True, kw_only=True)
class Shares:
    """How often sentences are changed; each is a fraction of sentences in [0, 1].

    Attributes:
        exchanged: Of homes: kinds, colors, names, rooms and numbers are exchanged.
        joined: Wishes that are joined with others.
        wrapped: Sentences with a story, a reason or politeness around them.
        modified: Sentences with a word more that matters: a color, a time, a rule, or one that goals cannot say.
        corrected: Wishes that the person corrects behind them.
        replies: Wishes that are also done, rightly or not, and replied to; of homes, those with exchanges as people
            wrote them.
        listed: Wishes for one thing that become wishes for a list of things.
        mistyped: Sentences with typing errors, fillers and the like.
        accounts: Goals that are followed by what each word of the sentence was for.
        wrong: Sentences that also appear with a wrong goal, for the second look.
        own: Sentences that also appear with the goal that a trained GPT writes, if it is wrong.
        reworded: Goals that are put into the words of the sentence.
    """

    exchanged: float = 0.8
    joined: float = 0.12
    wrapped: float = 0.12
    modified: float = 0.3
    corrected: float = 0.05
    replies: float = 0.0
    listed: float = 0.08
    mistyped: float = 0.3
    accounts: float = 1.0
    wrong: float = 0.2
    own: float = 0.08
    reworded: float = 0.15


GENERATED = 0.4
"""Generated instructions, which have typing errors already, are changed that much less often."""


class FreeText:
    """Draws documents from sentences of people."""

    def __init__(
        self,
        homes: Sequence[PeopleHome],
        rng: random.Random,
        shares: Shares | None = None,
        writer: GoalWriter | None = None,
        excluded: Callable[[str, str], bool] | None = None,
    ) -> None:
        """Prepare to draw from these homes, each in proportion to what was said in it.

        `writer` writes the goals that are found out; None: there are none. A sentence (its text or what the robot
        says to it, and its goal) that `excluded` is true for is left out, and so is a home with such an inventory.
        """
        self.excluded = excluded or (lambda text, goal: False)
        self.homes, self.rng, self.shares, self.writer = list(homes), rng, shares or Shares(), writer
        self.pieces: Pieces = load_pieces()
        self.weights = [len(home.sentences) for home in homes]
        self.exchanges = read_exchanges() if self.shares.replies else []
        self.stories = [
            s for home in homes for s in home.sentences if s.say == "That is not a task." and len(s.words) <= 25
        ]

    def tree(self, n_sentences: int, *, with_inventory: bool = True) -> text_format.Tree:
        """Return a home with sentences that were said in it."""
        rng = self.rng
        if self.exchanges and rng.random() < self.shares.replies:
            (told,) = rng.choices(self.exchanges, [len(found) for _, found in self.exchanges])
            return exchange_tree(
                told, n_sentences, rng, mistyped=self.shares.mistyped, with_inventory=with_inventory
            )  # fmt: skip
        (home,) = rng.choices(self.homes, self.weights)
        world = home.state.world
        scene = world.scene
        counts = {kind: len(entities) for kind, entities in world.entities_by_category.items()}
        if rng.random() < self.shares.exchanged:
            exchange = Exchange(rng, frozenset(counts), {room.name: room.kind for room in scene.rooms}, scene.people)
        else:
            exchange = unchanged(rng, frozenset(counts))
        sentences: list[Sentence] = []
        for _ in range(4 * n_sentences):
            if len(sentences) == n_sentences:
                break
            sentence = self._drawn(home, exchange)
            if sentence is not None and len(sentence.words) <= MAX_WORDS and not self._is_excluded(sentence):
                sentences.append(sentence)
        present = exchange.inventory(counts)
        fixtures = {exchange.kinds.get(k, k) for k in counts if world.entities_by_category[k][-1] < world.n_fixtures}
        inventory = self._inventory(present, fixtures, sentences) if with_inventory else ""
        if self.excluded(inventory, ""):
            return self.tree(n_sentences, with_inventory=with_inventory)
        branches = [
            document
            for s in sentences
            for document in (*documents(s, rng, self.shares, tuple(present)), *self._own(s, inventory, self.shares))
        ]
        branches += replies(sentences, exchange, rng, share=self.shares.replies, mistyped=self.shares.mistyped)
        return text_format.Tree(text_format.home_part(inventory), tuple(branches))

    def _own(self, sentence: Sentence, inventory: str, shares: Shares) -> Iterator[text_format.Document]:
        """Yield what a trained GPT takes the sentence for, if that is wrong."""
        if self.writer is None or self.rng.random() >= shares.own:
            return
        wrong = self.writer.wrong_goal(sentence, inventory, self.rng)
        if wrong:
            yield found_out(sentence, wrong, kinds_left_out(sentence, wrong))

    def generated(self, instruction: str, goal: str, present: Sequence[str]) -> Iterator[text_format.Document]:
        """Yield the documents of a generated instruction, with words that matter, stories and noise like the others."""
        shares = Shares(**{field.name: GENERATED * getattr(self.shares, field.name) for field in fields(Shares)})
        exchange = unchanged(self.rng, frozenset(present))
        plain = plain_sentence(instruction, goal)
        sentence = altered(plain, self.rng, shares, self.pieces, self.stories, exchange)
        if self._is_excluded(sentence):
            sentence = plain
        yield from documents(sentence, self.rng, shares, present)

    def _is_excluded(self, sentence: Sentence) -> bool:
        return self.excluded(f"{sentence.text} {sentence.say}", sentence.goal if sentence.kind == "plan" else "")

    def _drawn(self, home: PeopleHome, exchange: Exchange) -> Sentence | None:
        rng, shares = self.rng, self.shares
        if rng.random() < shares.listed / 4:
            sentence = each_with_its_place(exchange, rng)
        else:
            sentence = exchange(rng.choice(home.sentences))
        if sentence is None:
            return None
        if sentence.conditions and rng.random() < shares.listed:
            sentence = with_list(sentence, exchange, rng) or sentence
        if sentence.conditions and rng.random() < shares.joined:
            more = [
                s for _ in range(rng.choice((1, 1, 1, 2, 2, 3, 4, 5))) if (s := exchange(rng.choice(home.sentences)))
            ]
            sentence = together([sentence, *(s for s in more if s.conditions)][:MAX_TOGETHER], rng) or sentence
        return altered(sentence, rng, shares, self.pieces, self.stories, exchange)

    def _inventory(self, counts: dict[str, int], fixtures: set[str], sentences: Sequence[Sentence]) -> str:
        said = " ".join(s.goal for s in sentences) + " ".join(s.text for s in sentences)
        kept = {k: n for k, n in counts.items() if k in said or self.rng.random() >= DROPPED}
        return text_format.inventory_of(
            {k: n for k, n in kept.items() if k not in fixtures}, {k: n for k, n in kept.items() if k in fixtures}
        )


def unchanged(rng: random.Random, present: frozenset[str]) -> Exchange:
    """Return an exchange of a home's kinds that leaves everything as it is."""
    exchange = Exchange(rng, present, {}, ())
    exchange.kinds, exchange.words, exchange.present = {}, {}, present
    exchange.realizer = Realizer(rng, present, plainness=exchange.realizer.plain_share)
    return exchange


def altered(
    sentence: Sentence,
    rng: random.Random,
    shares: Shares,
    pieces: Pieces,
    stories: Sequence[Sentence],
    exchange: Exchange,
) -> Sentence:
    """Return a sentence with words that matter, a story around it, and noise, each at random."""
    if sentence.kind == "plan" and rng.random() < shares.modified:
        sentence = modified(sentence, rng, pieces, exchange)
    if rng.random() < shares.corrected:
        sentence = corrected(sentence, exchange, rng) or sentence
    if rng.random() < shares.wrapped and sentence.kind in ("plan", "query", "rule"):
        sentence = in_story(sentence, stories, pieces, rng)
    return noisy(sentence, rng) if rng.random() < shares.mistyped else sentence


def modified(sentence: Sentence, rng: random.Random, pieces: Pieces, exchange: Exchange) -> Sentence:
    """Say a word more that matters, or, as a foil in the same place, one that does not.

    All of a kind is rarely said, so exceptions and parts of all are tried first.
    """
    if sentence.goal.startswith("every ") and rng.random() < 0.6:
        first, second = with_selection(sentence, rng), with_exception(sentence, exchange, rng)
        if changed := (first or second) if rng.random() < 0.4 else (second or first):
            return changed
    kinds: list[tuple[float, Callable[[], Sentence | None]]] = [
        (0.24, lambda: with_unread(sentence, pieces, rng)),
        (0.16, lambda: with_property(sentence, rng)),
        (0.18, lambda: with_origin(sentence, exchange, rng)),
        (0.09, lambda: with_time(sentence, pieces, rng)),
        (0.06, lambda: with_test(sentence, pieces, rng)),
        (0.08, lambda: with_rule(sentence, pieces, rng)),
        (0.07, lambda: with_slip(sentence, exchange, rng)),
        (0.06, lambda: with_way(sentence, exchange, rng)),
        (0.06, lambda: put_in(sentence, len(sentence.words), pieces.text("context behind", rng), "context")),
    ]
    (change,) = rng.choices([change for _, change in kinds], [weight for weight, _ in kinds])
    return change() or sentence


def documents(
    sentence: Sentence, rng: random.Random, shares: Shares, present: Sequence[str]
) -> Iterator[text_format.Document]:
    """Yield the documents of a sentence: its answer, a wrong goal that is found out, its goal put into words."""
    if sentence.kind in ("ask", "refuse"):
        yield text_format.refusal_document(
            sentence.text, "[ASK]" if sentence.kind == "ask" else "[REFUSE]", sentence.say
        )
        return
    accounted = rng.random() < shares.accounts
    account = text_format.account_part(sentence.text, sentence.tags, is_right=True) if accounted else ()
    yield (*text_format.goal_document(sentence.text, sentence.goal), *account)
    if accounted and rng.random() < shares.wrong:
        wrong = wrong_goal(sentence, present, rng)
        if wrong is not None:
            yield found_out(sentence, wrong.goal, wrong.left_out)
    if rng.random() < shares.reworded and "unread" not in sentence.tags and sentence.kind == "plan":
        yield text_format.description_document(sentence.goal, sentence.text)


def found_out(sentence: Sentence, wrong: str, left_out: Iterable[str]) -> text_format.Document:
    """Return a sentence with a wrong goal, which the GPT tells from a right one; what it leaves out is unread."""
    left = set(left_out)
    tags = tuple("unread" if bare(w) in left else t for w, t in zip(sentence.words, sentence.tags, strict=True))
    return (
        *text_format.instruction_part(sentence.text),
        *text_format.written_goal_part(wrong),
        *text_format.account_part(sentence.text, tags if left else (), is_right=False),
    )
