"""Reading ablations: variants that differ in one thing, formats that are read back, and scores."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import torch
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from envs.symbolic.actions import State
from gpt.data.tokenized_documents import NO_LABEL
from gpt.model.config import GPTConfig
from gpt.model.transformer import GPT
from gpt.tokenization.tokenizer import Tokenizer
from planner.benchmarks.reading_ablations import __main__ as command
from planner.benchmarks.reading_ablations import measured_sets, variants
from planner.benchmarks.reading_ablations.format_reader import Answered, FormatReader, words_of
from planner.benchmarks.reading_ablations.measured_sets import LISTS, WISHES, Item, measured_set
from planner.benchmarks.reading_ablations.scores import figures, outcome, tables
from planner.benchmarks.reading_ablations.variants import BASE, GROUPS, SIZES, VARIANTS, Variant, trees_for
from planner.corpus import builder
from planner.corpus.free_text.sentences import Sentence, Tag, plain_sentence
from planner.corpus.recipe_file import read_recipe
from planner.prompts import text_format
from planner.prompts.document_kinds import DocumentKind
from planner.prompts.sessions import Prompts
from planner.prompts.text_format import Document, Encoded, Reading
from planner.tasks.task_files import Answer

READINGS: tuple[Reading, ...] = ("labels", "written", "direct", "first")
TAGS = {"put": "read", "mug": "read", "old": "unread", "heavy": "unread", "please": "context", "on": "read"}


class KnowsByHeart:
    """A runtime and session that says what documents say, behind each of their beginnings."""

    config = GPTConfig(vocab_size=8, block_size=512)

    def __init__(self, documents: Sequence[Encoded], n_ids: int, read: Sequence[int] = ()) -> None:
        self.documents, self.n_ids, self.ids = documents, n_ids, list(read)

    @property
    def length(self) -> int:
        return len(self.ids)

    @property
    def capacity(self) -> int:
        return 512

    def begin(self) -> KnowsByHeart:
        return KnowsByHeart(self.documents, self.n_ids)

    def fork(self) -> KnowsByHeart:
        return KnowsByHeart(self.documents, self.n_ids, self.ids)

    def rewind(self, length: int) -> None:
        del self.ids[length:]

    def feed(self, ids: Sequence[int], candidate_ids: Sequence[int] | None = None) -> npt.NDArray[np.float32]:
        logits: npt.NDArray[np.float32] = self.feed_each(ids, candidate_ids or range(self.n_ids))[-1]
        return logits

    def feed_each(self, ids: Sequence[int], candidate_ids: Sequence[int]) -> npt.NDArray[np.float32]:
        logits = np.zeros((len(ids), self.n_ids), dtype=np.float32)
        for row, token in enumerate(ids):
            self.ids.append(token)
            length = len(self.ids)
            for document in self.documents:
                if document.ids[:length] == self.ids and length < len(document.ids) and document.loss[length]:
                    label = document.labels[length]
                    logits[row, document.ids[length] if label == NO_LABEL else label] = 9.0
        return np.take(logits, list(candidate_ids), axis=1)


def reader(branches: Sequence[Document], reading: Reading, tokenizer: Tokenizer) -> FormatReader:
    home = text_format.home_part("mug desk")
    known = [
        text_format.encode_labeled((*home, *converted), tokenizer)
        for branch in branches
        if (converted := text_format.in_reading(branch, reading))
    ]
    model = KnowsByHeart(known, tokenizer.vocab_size)
    kinds: tuple[DocumentKind, ...] = ("people",) if reading == "labels" else ()
    return FormatReader(Prompts(model, tokenizer, kinds), reading)


@settings(deadline=None, max_examples=30)
@given(words=st.lists(st.sampled_from(sorted(TAGS)), min_size=1, max_size=8))
@pytest.mark.parametrize("reading", READINGS)
def test_what_a_format_teaches_is_read_back(tokenizer: Tokenizer, words: list[str], reading: Reading) -> None:
    text, tags = " ".join(words), [TAGS[word] for word in words]
    account = text_format.account_part(text, tags, is_right=True)
    branch = (*text_format.goal_document(text, "mug on desk"), *account)
    answered = reader([branch], reading, tokenizer).read(text, "mug desk")
    unread = tuple(tag == "unread" and reading != "direct" for tag in tags)
    expected = Answered(kind="ask" if any(unread) else "plan", goal="mug on desk", unread=unread)
    assert replace(answered, sure=1.0) == expected
    assert 0.5 < answered.sure <= 1.0 or any(unread)


@pytest.mark.parametrize("reading", READINGS)
def test_refusals_questions_and_rules_are_read_in_every_format(tokenizer: Tokenizer, reading: Reading) -> None:
    kinds: dict[str, Answer] = {"sing": "refuse", "move it": "ask", "where is it": "query", "no oven": "rule"}
    goals = {"where is it": "? where mug", "no oven": "never oven on"}
    branches = [
        text_format.goal_document(text, goals[text])
        if text in goals
        else text_format.refusal_document(text, "[ASK]" if kind == "ask" else "[REFUSE]", "What?")
        for text, kind in kinds.items()
    ]
    read = reader(branches, reading, tokenizer).read
    assert {text: read(text, "mug desk").kind for text in kinds} == kinds


def test_an_instruction_that_does_not_fit_is_refused(tokenizer: Tokenizer) -> None:
    answered = reader([], "first", tokenizer).read("mug " * 400 + "mug", "mug desk")
    assert answered.kind == "refuse" and len(answered.unread) == 401


def test_weights_without_a_second_look_are_read_without_one(tokenizer: Tokenizer) -> None:
    prompts = Prompts(KnowsByHeart([], tokenizer.vocab_size), tokenizer)
    assert FormatReader(prompts, "labels").reading == "direct"


@pytest.mark.parametrize(
    ("text", "spans", "marked"),
    [
        ("put the old mug away", "old", "00100"),
        ("the old mug on the old desk", "old , old", "0100010"),
        ("wash it very slowly, please", "very slowly,", "00110"),
        ("wash it", "gently", "00"),
        ("wash it", "", "00"),
        ("wash it", "wash it now", "00"),
    ],
)
def test_written_spans_mark_the_words_that_they_quote(text: str, spans: str, marked: str) -> None:
    assert words_of(text.split(" "), spans) == tuple(mark == "1" for mark in marked)


# Variants


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda v: v.name)
def test_every_variant_is_a_recipe_and_a_model_that_can_be_built(variant: Variant) -> None:
    resolved = variant.settings(read_recipe("people"), "small")
    assert GPTConfig(vocab_size=2048, **resolved.model).block_size == 512  # type: ignore[arg-type]
    assert resolved.corpus.plans == 0
    assert {key: getattr(resolved.corpus, key) for key in variant.corpus} == dict(variant.corpus)


def test_a_variant_differs_from_the_base_in_its_own_fields_alone() -> None:
    recipe = read_recipe("people")
    base = next(v for v in VARIANTS if v.name == BASE).settings(recipe, "small")
    for variant in VARIANTS:
        own = variant.settings(recipe, "small")
        unchanged = {key: getattr(base.corpus, key) for key in variant.corpus}
        assert replace(own.corpus, **unchanged) == base.corpus
        assert (own.model == base.model) == (variant.size is None)


def test_names_of_variants_are_unique_and_three_formats_and_sizes_are_compared() -> None:
    assert len({v.name for v in VARIANTS}) == len(VARIANTS)
    assert set(GROUPS) == {"text", "pairs", "noise", "recombination", "people", "format", "size", "nouns"}
    assert {v.corpus.get("reading", "labels") for v in VARIANTS} == set(READINGS)
    assert sum(v.group == "size" for v in VARIANTS) == 3


@pytest.mark.parametrize("name", ["2.5M", "5M", "10M"])
def test_a_size_has_about_as_many_parameters_as_it_says(name: str) -> None:
    shape = {**read_recipe("people").model, **SIZES[name]}
    with torch.device("meta"):
        model = GPT(GPTConfig(vocab_size=2048, **shape))  # type: ignore[arg-type]
    parameters = sum(p.numel() for p in model.parameters())
    assert parameters == pytest.approx(float(name[:-1]) * 1e6, rel=0.1)


def test_what_has_fewer_tokens_in_a_tree_gets_more_trees() -> None:
    base, templates, direct = (
        trees_for(variant.settings(read_recipe("people"), "small").corpus, 100_000)
        for name in (BASE, "templates", "direct")
        for variant in VARIANTS
        if variant.name == name
    )
    assert base < direct < templates


# Measured sets


@pytest.fixture(scope="module")
def long_sets() -> dict[str, list[Item]]:
    return {name: measured_set(name, 6) for name in (*LISTS, *WISHES)}


def test_generated_sets_have_as_many_things_or_wishes_as_they_say(long_sets: dict[str, list[Item]]) -> None:
    for name, lengths in LISTS.items():
        assert {len(item.sentence.conditions) for item in long_sets[name]} <= set(lengths)
    for item in long_sets["5-8 wishes"]:
        assert item.sentence.goal.count(" ; ") + item.sentence.goal.count(" then ") >= 4


def test_generated_sets_are_goals_of_their_homes_said_in_different_words(long_sets: dict[str, list[Item]]) -> None:
    for items in long_sets.values():
        assert len({item.sentence.text for item in items}) == len(items) == 6
        for item in items:
            answered = Answered(
                kind="plan", goal=item.sentence.goal, unread=tuple(tag == "unread" for tag in item.sentence.tags)
            )
            assert outcome(item, answered).is_right


def test_a_set_is_the_same_each_time(long_sets: dict[str, list[Item]]) -> None:
    again = measured_set("lists of 4-8", 6)
    assert [item.sentence for item in again] == [item.sentence for item in long_sets["lists of 4-8"]]


def test_held_out_authors_are_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    folders: list[Path] = []

    def read_people(folder: Path) -> list[object]:
        folders.append(folder)
        return []

    monkeypatch.setattr(measured_sets, "read_people", read_people)
    measured_sets._homes.cache_clear()
    assert measured_set("tuning authors", 5) == []
    measured_sets._homes.cache_clear()
    assert [folder.name for folder in folders] == ["tuning"]


# Scores


def item(text: str, goal: str, state: State, unread: Sequence[str] = (), kind: Answer = "plan") -> Item:
    words = tuple(text.split(" "))
    tags: list[Tag] = ["unread" if word in unread else "read" for word in words]
    return Item(sentence=Sentence(words=words, tags=tuple(tags), kind=kind, goal=goal), state=state, inventory="")


def answered(goal: str, words: int, flagged: Sequence[int] = (), kind: Answer = "plan", sure: float = 1.0) -> Answered:
    return Answered(kind=kind, goal=goal, unread=tuple(i in flagged for i in range(words)), sure=sure)


def test_order_of_conditions_does_not_matter(flat: State) -> None:
    asked = item("mug and plate on the table", "mug on dining table ; plate on dining table", flat)
    assert outcome(asked, answered("plate on dining table ; mug on dining table", 6)).is_right


@pytest.mark.parametrize("written", ["plate on dining table", "mug on dining table ; plate on dining table"])
def test_another_goal_is_a_silent_misread(flat: State, written: str) -> None:
    found = figures([outcome(item("the mug", "mug on dining table", flat), answered(written, 2))])
    assert (found["right"], found["same_goal"], found["misread"], found["right_kind"]) == (0, 0, 1, 1)


@pytest.mark.parametrize("written", ["table and so on", "teddy bear on dining table"])
def test_what_is_no_goal_about_this_home_is_a_refusal_not_a_misread(flat: State, written: str) -> None:
    found = figures([outcome(item("the mug", "mug on dining table", flat), answered(written, 2))])
    assert (found["refused"], found["misread"], found["right"]) == (1, 0, 0)


def test_to_act_on_unread_words_is_a_misread_even_with_the_right_goal(flat: State) -> None:
    asked = item("the old mug", "mug on dining table", flat, unread=["old"])
    acted = figures([outcome(asked, answered("mug on dining table", 3))])
    assert (acted["misread"], acted["same_goal"], acted["recall"], acted["precision"]) == (1, 1, 0, None)
    asks = figures([outcome(asked, answered("mug on dining table", 3, [1], "ask"))])
    assert (asks["misread"], asks["right"], asks["recall"], asks["precision"]) == (0, 1, 1, 1)


def test_flagged_words_are_counted_one_by_one(flat: State) -> None:
    asked = item("the very old mug please", "mug on dining table", flat, unread=["very", "old"])
    found = figures([outcome(asked, answered("mug on dining table", 5, [2, 4], "ask"))])
    assert (found["precision"], found["recall"], found["asked"]) == (0.5, 0.5, None)


@pytest.mark.parametrize(("kind", "figure"), [("ask", "asked"), ("refuse", "refused")])
def test_needless_questions_and_refusals_are_counted_apart(flat: State, kind: Answer, figure: str) -> None:
    found = figures([outcome(item("the mug", "mug on dining table", flat), answered("", 2, kind=kind))])
    assert {name: found[name] for name in ("asked", "refused", "misread")} == {
        "asked": 0, "refused": 0, "misread": 0, figure: 1,
    }  # fmt: skip


def test_questions_and_rules_are_compared_as_such(flat: State) -> None:
    query = item("where is the mug", "? where mug", flat, kind="query")
    assert outcome(query, answered("? where mug", 4, kind="query")).is_right
    assert not outcome(query, answered("? where plate", 4, kind="query")).is_right
    rule = item("keep the fridge shut", "never fridge open", flat, kind="rule")
    assert outcome(rule, answered("never fridge open", 4, kind="rule")).is_right
    assert not outcome(rule, answered("fridge closed", 4)).is_right


@pytest.mark.parametrize(("wrong", "ranked"), [((0.1, 0.2), 1.0), ((0.1, 0.5), 0.75), ((0.9, 0.8), 0.0)])
def test_confidence_ranks_right_actions_above_wrong_ones(flat: State, wrong: Sequence[float], ranked: float) -> None:
    asked = item("the mug", "mug on dining table", flat)
    outcomes = [outcome(asked, answered("plate on dining table", 2, sure=sure)) for sure in wrong]
    outcomes.append(outcome(asked, answered("mug on dining table", 2, sure=0.5)))
    assert figures(outcomes)["ranked"] == ranked
    assert figures(outcomes[:2])["ranked"] is None


def test_tables_show_the_mean_the_interval_and_the_gain_over_the_base_of_the_same_seed() -> None:
    def run(variant: str, seed: int, right: float | None) -> dict[str, object]:
        scores = {"right": right, "same_goal": None}
        common = {"parameters": 10, "tokens": 20, "seconds": 1.0}
        return {"variant": variant, "seed": seed, "sets": {"lists": scores}} | common

    runs = [run(BASE, 0, 0.5), run(BASE, 1, 0.7), run("direct", 0, 0.4), run("direct", 1, 0.6)]
    rows = [line.split("  ") for line in tables(runs).splitlines() if line.startswith(("base", "direct"))]
    assert [" ".join(filter(None, row)).split() for row in rows][2:] == [
        ["base", "60.0", "±", "127.1", *["-"] * 9],
        ["direct", "50.0", "±", "127.1", *["-"] * 8, "-10.0", "±", "0.0"],
    ]


# The command


@pytest.fixture
def recipe(tmp_path: Path) -> str:
    """A recipe of a second, without the sentences of people: to read them takes longer than to train."""
    path = tmp_path / "tiny.yaml"
    corpus = {"tasks_per_home": 2, "vocab_size": 512, "people": 0.0}
    path.write_text(yaml.safe_dump({"corpus": corpus, "model": {}, "train": {"steps": 1, "warmup_steps": 0}}))
    return str(path)


def test_runs_are_trained_once_and_each_is_a_line(
    recipe: str, tmp_path: Path, flat: State, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(builder, "VOCABULARY_SHARDS", 1)
    monkeypatch.setattr(builder, "TREES_PER_SHARD", 30)
    monkeypatch.setattr(builder, "VALIDATION_TREES", 10)
    monkeypatch.setitem(variants.SIZES, "small", {"n_layer": 1, "n_head": 2, "n_embd": 32})
    measured = Item(sentence=plain_sentence("the mug on the table", "mug on dining table"), state=flat, inventory="mug")
    monkeypatch.setattr(measured_sets, "measured_set", lambda name, limit: [measured] * limit)
    out = tmp_path / "out"
    flags = ["nouns", "--recipe", recipe, "--seeds", "1", "--steps", "2", "--rows", "1", "--limit", "1", "--out"]
    assert command.main([*flags, str(out), "--json"]) == 0
    runs = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [run["variant"] for run in runs] == [BASE, "renamed nouns"]
    assert {run["tokens"] for run in runs} == {2 * 512}
    assert all(set(run["sets"]) == set(measured_sets.SETS) for run in runs)
    assert all((out / f"{name}-0" / "model").is_dir() for name in ("base", "renamed_nouns"))
    assert not list(out.glob("*/corpus"))
    lines = (out / "runs.jsonl").read_text().splitlines()
    (out / "runs.jsonl").write_text("\n".join(lines).replace('"steps": 2, "tokens"', '"steps": 77, "tokens"') + "\n")
    assert command.main([*flags, str(out), "--json"]) == 0
    again = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [run["steps"] for run in again] == [77, 77]  # read, not trained again
    assert command.main([*flags[:5], *flags[7:], str(out)]) == 2  # other steps are another measurement
    assert "is of another run" in capsys.readouterr().err


def test_what_cannot_be_trained_is_left_out_and_named(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    args = command._parser().parse_args(["people", "size", "--human", str(tmp_path / "none.jsonl")])
    assert [v.name for v in command._variants(args)] == [BASE, "2.5M", "5M", "10M"]
    assert "real people: left out; no such file" in capsys.readouterr().err
    (tmp_path / "none.jsonl").touch()
    args.start = tmp_path
    assert [v.name for v in command._variants(args)] == [BASE, "real people"]
    assert "--start has a size already" in capsys.readouterr().err
    args.human = []
    assert [v.name for v in command._variants(args)] == [BASE]
    assert "name a task file with --human" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["formats"], "no such group 'formats'"),
        (["--seeds", "0"], "at least 1"),
        (["--start", "nowhere"], "no model folder"),
    ],
)
def test_a_wrong_call_says_what_would_do(
    flags: list[str], message: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert command.main([*flags, "--out", str(tmp_path)]) == 2
    assert message in capsys.readouterr().err
