"""Documents of what people said: accounts of words, wrong goals, goals in words; and nothing held out."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace

import pytest

from planner.corpus.free_text.sentences import PeopleHome, Sentence, plain_sentence
from planner.corpus.free_text.trees import (
    MAX_WORDS,
    FreeText,
    Shares,
    altered,
    documents,
    found_out,
    modified,
    unchanged,
)
from planner.prompts.text_format import LABELS, RIGHT, WRONG, Document

ALL = Shares(accounts=1.0, wrong=1.0, reworded=1.0)
NONE = Shares(
    exchanged=0.0, joined=0.0, wrapped=0.0, modified=0.0, corrected=0.0, listed=0.0, mistyped=0.0, accounts=0.0,
    wrong=0.0, own=0.0, reworded=0.0,
)  # fmt: skip
SENTENCE = plain_sentence("put the red mug in the sink, please", "red mug in sink")


class Writer:
    """Writes one wrong goal for whatever is said."""

    def __init__(self, goal: str) -> None:
        self.goal, self.prompts = goal, []  # type: ignore[var-annotated]

    def wrong_goal(self, sentence: Sentence, inventory: str, rng: random.Random) -> str:
        self.prompts.append((sentence, inventory))
        return self.goal


def free_text(people: list[PeopleHome], seed: int, shares: Shares | None = None, goal: str = "") -> FreeText:
    writer = Writer(goal) if goal else None
    return FreeText(people, random.Random(seed), shares, writer)  # type: ignore[arg-type]


def marks(document: Document) -> str:
    return "".join(segment.special_token for segment in document)


def texts(document: Document) -> list[str]:
    return [segment.text for segment in document]


@pytest.mark.parametrize("seed", range(12))
def test_a_home_is_followed_by_its_sentences(people: list[PeopleHome], seed: int) -> None:
    tree = free_text(people, seed).tree(8)
    assert marks(tree.trunk) == "[CLS]" and tree.trunk[0].text
    assert 8 <= len(tree.branches) <= 3 * 8
    for branch in tree.branches:
        assert marks(branch) in (
            "[SEP][SEP][SEP]", "[SEP][SEP][REFUSE][EOS]", "[SEP][SEP][ASK][EOS]", "[TASK][SEP][SEP][EOS]",
            f"[SEP][SEP][SEP][FEEDBACK][SEP]{RIGHT}", f"[SEP][SEP][SEP][FEEDBACK][SEP]{WRONG}",
        )  # fmt: skip
        assert len(branch[0].text.split(" ")) <= MAX_WORDS
        looks = [segment for segment in branch if segment.special_token == "[FEEDBACK]"]
        for segment in looks:
            assert segment.text == branch[0].text
            assert len(segment.labels) in (0, len(segment.text.split(" ")))


def test_the_same_seed_gives_the_same_documents(people: list[PeopleHome]) -> None:
    first, second = (free_text(people, 5) for _ in range(2))
    assert [first.tree(6) for _ in range(3)] == [second.tree(6) for _ in range(3)]
    assert free_text(people, 5).tree(6) != free_text(people, 6).tree(6)


def test_without_an_inventory_none_is_shown(people: list[PeopleHome]) -> None:
    assert free_text(people, 1).tree(4, with_inventory=False).trunk[0].text == ""


def test_whatever_is_said_or_wanted_is_in_the_inventory(people: list[PeopleHome]) -> None:
    home = people[0]
    present = home.state.world.entities_by_category
    for seed in range(8):
        tree = free_text([home], seed, replace(NONE, accounts=1.0)).tree(8)
        for branch in tree.branches:
            goal = branch[1].text if len(branch) > 3 else ""
            for kind in present:
                if f" {kind} " in f" {goal} ":
                    assert f" {kind} " in f" {tree.trunk[0].text} "


def test_if_nothing_is_to_be_changed_sentences_are_those_of_the_home(people: list[PeopleHome]) -> None:
    for seed in range(5):
        home = people[seed]
        said = {(sentence.text, sentence.goal) for sentence in home.sentences}
        for branch in free_text([home], seed, NONE).tree(8).branches:
            goal = branch[1].text
            assert (branch[0].text, goal) in said


def test_each_share_has_an_effect(people: list[PeopleHome]) -> None:
    counts: dict[str, Counter[str]] = {}
    for name in ("wrong", "reworded", "accounts"):
        for share in (0.0, 1.0):
            shares = replace(Shares(), **({"accounts": 1.0} | {name: share}))
            trees_drawn = [free_text(people, seed, shares).tree(8) for seed in range(4)]
            counts[f"{name} {share:.0f}"] = Counter(marks(b) for tree in trees_drawn for b in tree.branches)
    look = "[SEP][SEP][SEP][FEEDBACK][SEP]"
    assert counts["wrong 0"][look + WRONG] == 0 < counts["wrong 1"][look + WRONG]
    assert counts["reworded 0"]["[TASK][SEP][SEP][EOS]"] == 0 < counts["reworded 1"]["[TASK][SEP][SEP][EOS]"]
    assert counts["accounts 1"]["[SEP][SEP][SEP]"] == 0 < counts["accounts 0"]["[SEP][SEP][SEP]"]


def test_a_sentence_has_its_goal_a_wrong_one_and_its_goal_in_words() -> None:
    right, wrong, words = documents(SENTENCE, random.Random(0), ALL, ("mug", "fork", "sink"))
    assert texts(right)[:2] == [SENTENCE.text, SENTENCE.goal]
    assert right[3].labels == (LABELS["read"],) * len(SENTENCE.words)
    assert right[-1].special_token == RIGHT and right[-1].loss_on_special
    assert wrong[-1].special_token == WRONG and texts(wrong)[1] != SENTENCE.goal
    assert not any(segment.loss_on_text for segment in wrong)  # nobody learns to write it
    assert texts(words)[1:3] == [SENTENCE.goal, SENTENCE.text]


def test_a_goal_is_not_put_into_words_that_it_cannot_say() -> None:
    tags = tuple("unread" if word == "red" else "read" for word in SENTENCE.words)
    unread = replace(SENTENCE, tags=tags)
    made = list(documents(unread, random.Random(0), ALL, ("mug", "sink")))
    assert not any(document[0].special_token == "[TASK]" for document in made)
    assert made[0][3].labels[2] == LABELS["unread"]


@pytest.mark.parametrize(("kind", "mark"), [("ask", "[ASK]"), ("refuse", "[REFUSE]")])
def test_a_refusal_has_no_second_look(kind: str, mark: str) -> None:
    sentence = Sentence(words=("sing",), tags=("read",), kind=kind, say="I cannot.")  # type: ignore[arg-type]
    (document,) = documents(sentence, random.Random(0), ALL, ())
    assert marks(document) == f"[SEP][SEP]{mark}[EOS]" and document[2].text == "I cannot."


def test_what_a_wrong_goal_leaves_out_is_unread() -> None:
    document = found_out(SENTENCE, "mug in sink", ["red"])
    assert [label == LABELS["unread"] for label in document[3].labels] == [word == "red" for word in SENTENCE.words]
    assert found_out(SENTENCE, "fork in sink", [])[3].labels == ()  # not known


def test_goals_that_a_gpt_writes_wrongly_are_found_out(people: list[PeopleHome]) -> None:
    drawn = free_text(people, 2, replace(NONE, own=1.0), "vase in sink")
    tree = drawn.tree(6)
    found = [branch for branch in tree.branches if branch[-1].special_token == WRONG]
    assert len(found) == 6 and all(branch[1].text == "vase in sink" for branch in found)
    assert all(inventory == tree.trunk[0].text for _, inventory in drawn.writer.prompts)  # type: ignore[union-attr]


def test_goals_of_generated_instructions_are_kept(people: list[PeopleHome]) -> None:
    for seed in range(60):
        drawn = FreeText(people, random.Random(seed))
        document = next(drawn.generated("give the mug to anna", "mug with Anna", ("mug", "fork")))
        assert "mug with anna" in document[1].text


@pytest.mark.parametrize("seed", range(30))
def test_an_altered_sentence_keeps_a_tag_for_each_word(people: list[PeopleHome], seed: int) -> None:
    drawn = free_text(people, seed)
    rng = random.Random(seed)
    for sentence in rng.sample(rng.choice(people).sentences, 20):
        exchange = unchanged(rng, frozenset(("mug", "fork", "desk")))
        shares = Shares(modified=1.0, wrapped=1.0, mistyped=1.0)
        changed = altered(sentence, rng, shares, drawn.pieces, drawn.stories, exchange)
        assert len(changed.words) == len(changed.tags) and changed.kind == sentence.kind
        if sentence.kind != "plan":
            assert changed.goal == sentence.goal


def test_a_foil_stands_where_an_unread_word_stands(people: list[PeopleHome]) -> None:
    pieces = free_text(people, 0).pieces
    kinds = frozenset(("mug", "sink", "fork", "desk", "fridge"))
    draws = ((rng := random.Random(seed), unchanged(rng, kinds)) for seed in range(300))
    tags = Counter(modified(SENTENCE, rng, pieces, exchange).tags[-1] for rng, exchange in draws)
    assert min(tags["unread"], tags["context"]) > 10


def test_stories_are_short_and_no_tasks(people: list[PeopleHome]) -> None:
    stories = free_text(people, 0).stories
    assert len(stories) > 100
    assert all(story.kind == "refuse" and len(story.words) <= 25 for story in stories)
