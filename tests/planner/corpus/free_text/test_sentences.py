"""Lines of task files as sentences: words with tags, and goals as the GPT writes them."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from planner.corpus.free_text.sentences import (
    PeopleHome,
    Sentence,
    canonical,
    is_goal,
    people_folder,
    plain_sentence,
    read_people,
    tagged,
)
from planner.language.normalization import normalize
from tests.planner.corpus.free_text.drawn_sentences import is_well_formed

SHORT = 7  # words
HOME = """\
name: two people
people: [Anna, Ben]
rooms:
  kitchen: [countertop, fridge, dining table, drawer, person, person]
  room of Anna: {kind: bedroom, fixtures: [bed, desk]}
objects:
  countertop: [Anna's red mug, Ben's mug, {knife: {owner: Anna}}, knife, orange, bowl]
"""


def sentences_of(tmp_path: Path, *lines: dict[str, object]) -> list[Sentence]:
    (tmp_path / "home.yaml").write_text(HOME, encoding="utf-8")
    texts = [json.dumps({"id": str(i), "home": "home.yaml", **line}) for i, line in enumerate(lines)]
    (tmp_path / "said.jsonl").write_text("\n".join(texts), encoding="utf-8")
    homes = read_people(tmp_path)
    return [sentence for home in homes for sentence in home.sentences]


def goal_of(tmp_path: Path, text: str, goal: str, answer: str = "plan") -> str:
    (sentence,) = sentences_of(tmp_path, {"instruction": text, "goal": goal, "answer": answer})
    return sentence.goal


@pytest.mark.parametrize(
    ("text", "context", "unread", "tags"),
    [
        ("wash it quickly", [], ["quickly"], "rru"),
        ("Hi! Wash it, please.", ["Hi!", "please"], [], "crrc"),
        ("the old mug, the old fork", [], ["old"], "rurrur"),  # each time that it is said
        ("wash it", [], [], "rr"),
        ("wash it", ["wash"], ["wash"], "ur"),  # unread matters more
        ("my mum's old mug", [], ["mum's old"], "ruur"),
        ("wash it", [""], ["nowhere"], "rr"),
        ("  wash\u00a0it  now ", [], ["now"], "rru"),
        ("wash it ...", [], [], "rr"),
    ],
)
def test_words_get_the_tags_of_their_spans(text: str, context: list[str], unread: list[str], tags: str) -> None:
    words, found = tagged(text, context, unread)
    assert list(words) == normalize(text).split(" ")
    assert "".join(tag[0] for tag in found) == tags


@pytest.mark.parametrize(
    ("text", "goal", "expected"),
    [
        ("red mug to anna's bed", "red mug on bed in room of Anna", "red mug on bed in room of anna"),
        ("my mug, please", "Anna's red mug with Anna", "mug with person"),  # who speaks has no name
        ("anna's mug for ben", "Anna's red mug with Ben", "anna's mug with ben"),
        ("the fruit in the bowl", "orange in bowl", "orange in bowl"),  # no color
        ("it's cluttered on my desk", "no anything on desk in room of Anna", "no anything on desk in room of anna"),
    ],
)
def test_a_goal_says_only_what_the_sentence_can_say(tmp_path: Path, text: str, goal: str, expected: str) -> None:
    assert goal_of(tmp_path, text, goal) == expected


@pytest.mark.parametrize(
    ("answer", "goal", "expected"),
    [
        ("query", "? where Ben's mug", "? where ben's mug"),
        ("rule", "never knife with Ben ; never fridge open", "never knife with ben ; never fridge open"),
    ],
)
def test_questions_and_rules_are_written_like_goals(tmp_path: Path, answer: str, goal: str, expected: str) -> None:
    assert goal_of(tmp_path, "ben's", goal, answer) == expected


def test_a_goal_that_says_nothing_without_unsaid_owners_is_left_out(tmp_path: Path) -> None:
    line = {"instruction": "all knives but mine in the drawer", "goal": "every knife except Anna's knife in drawer"}
    assert sentences_of(tmp_path, line, {"instruction": "wash it", "goal": "clean mug"})[0].goal == "clean mug"
    said = line | {"instruction": "all knives but anna's in the drawer"}
    assert goal_of(tmp_path, str(said["instruction"]), str(said["goal"])) == "every knife except anna's knife in drawer"


def test_a_refusal_and_a_question_back_have_words_instead_of_a_goal(tmp_path: Path) -> None:
    refusal, question = sentences_of(
        tmp_path,
        {"instruction": "Sing", "answer": "refuse", "say": "I cannot sing."},
        {"instruction": "Wash it", "answer": "ask", "say": "What?", "goal": "clean mug"},
    )
    assert (refusal.kind, refusal.goal, refusal.say) == ("refuse", "", "I cannot sing.")
    assert (question.kind, question.goal, question.say) == ("ask", "", "What?")


@pytest.mark.parametrize(
    ("kind", "goal", "conditions"),
    [
        ("plan", "mug in sink ; clean fork", ("mug in sink", "clean fork")),
        ("plan", "mug in sink then clean fork", ()),
        ("plan", "mug in sink while never knife in sink", ()),
        ("plan", "at 07:00 : mug in sink", ()),
        ("query", "? where mug", ()),
        ("rule", "never oven on", ()),
    ],
)
def test_only_plain_goals_have_conditions_to_join(kind: str, goal: str, conditions: tuple[str, ...]) -> None:
    sentence = Sentence(words=("x",), tags=("read",), kind=kind, goal=goal)  # type: ignore[arg-type]
    assert sentence.conditions == conditions


@pytest.mark.parametrize(
    ("goal", "expected"),
    [
        ("anna's clean red mug with anna", "anna's red clean mug with anna"),
        ("mug   with person", "mug with person"),
        ("mug from fridge in sink", "mug from fridge in sink"),
        ("blue red mug in sink", None),
        ("window watered", None),
    ],
)
def test_the_canonical_wording_of_a_goal_in_small_letters(goal: str, expected: str | None) -> None:
    assert canonical(goal) == expected


def test_a_plain_sentence_is_read_word_by_word() -> None:
    sentence = plain_sentence("give it to anna", "mug with Anna")
    assert sentence.words == ("give", "it", "to", "anna") and {*sentence.tags} == {"read"}
    assert sentence.goal == "mug with anna"


# The sentences to train on


def test_only_the_folder_itself_is_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for folder in ("tuning", "held_out"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "x.jsonl").write_text("this would be no task\n", encoding="utf-8")
    assert len(sentences_of(tmp_path, {"instruction": "wash it", "goal": "clean mug"})) == 1


def test_no_sentence_of_the_held_out_or_the_tuning_authors_is_read(people: list[PeopleHome]) -> None:
    said = {sentence.text for home in people for sentence in home.sentences}
    assert len(said) > 20_000
    for folder in ("tuning", "held_out"):
        files = sorted((people_folder() / folder).glob("*.jsonl"))
        assert files
        for file in files:
            texts = [normalize(json.loads(line)["instruction"]) for line in file.read_text("utf-8").splitlines()]
            # "make it stop" is what anyone may say.
            assert sum(text in said for text in texts if len(text.split(" ")) > SHORT) == 0, file.name
            assert sum(text in said for text in texts) <= 0.01 * len(texts), file.name


def test_every_sentence_has_tags_and_a_goal_that_its_home_can_read(people: list[PeopleHome]) -> None:
    unreadable = [
        (home.name, sentence.text)
        for home in people
        for sentence in home.sentences
        if not is_well_formed(sentence)
        or (sentence.kind in ("ask", "refuse") and not sentence.say)
        or (sentence.kind not in ("ask", "refuse") and not is_goal(sentence.goal, home.state.world.scene))
    ]
    assert unreadable == []


def test_there_are_sentences_of_every_kind_with_context_and_unread_words(people: list[PeopleHome]) -> None:
    sentences = [sentence for home in people for sentence in home.sentences]
    kinds = Counter(sentence.kind for sentence in sentences)
    assert {*kinds} == {"plan", "query", "rule", "ask", "refuse"} and min(kinds.values()) > 400
    for tag in ("context", "unread"):
        assert sum(tag in sentence.tags for sentence in sentences) > 1000
