"""The corpus: what its documents are, and what they are never made of."""

from __future__ import annotations

import itertools
import random
from pathlib import Path

import pytest

from envs.symbolic.domain import load_domain
from envs.symbolic.goals import format_goal, parse_goal
from envs.symbolic.scoring import holds
from gpt.tokenization.tokenizer import Tokenizer
from planner.corpus.corpus import NO_TASK, Corpus, Recipe
from planner.corpus.recipe_file import read_recipe
from planner.goals.feasibility import is_feasible
from planner.language.phrase_patterns import is_held_out, load_families
from planner.prompts import text_format
from planner.tasks.home_splits import SPLITS, sample_home
from planner.tasks.task_files import TaskLine
from planner.tasks.task_sampler import TaskDrawer, goal_is_held_out
from tests.envs.homes_for_tests import state
from tests.planner.conftest import Drawn

PLACES = [name for name, kind in load_domain().fixtures.items() if kind.relation]
MOVES = [parse_goal(f"{thing} on {place}") for thing in load_domain().objects for place in PLACES]


def some(seed: int, count: int = 25, **options: object) -> list[text_format.Document]:
    recipe = Recipe(**options.pop("recipe", {}))  # type: ignore[arg-type]
    return list(itertools.islice(Corpus(recipe, seed, **options).documents(), count))  # type: ignore[arg-type]


def goals(documents: list[text_format.Document]) -> list[str]:
    """The goals that documents write or are given: the third segment, or the second of a proposal."""
    found = []
    for d in documents:
        segment = d[2]
        if segment.special_token == "[SEP]" and segment.text:
            found.append(segment.text)
    return found


# Seeds and splits


def test_the_same_seed_gives_the_same_documents() -> None:
    assert some(3) == some(3)


def test_another_seed_gives_other_documents() -> None:
    assert not set(some(3)) & set(some(4))


def test_validation_documents_are_not_those_of_training() -> None:
    assert not set(some(3)) & set(some(3, split="valid"))


def test_the_splits_draw_their_homes_from_ranges_that_do_not_meet() -> None:
    spans = sorted(SPLITS.values())
    assert len(spans) == 4
    assert all(low < high for low, high in spans)
    assert all(before[1] <= after[0] for before, after in itertools.pairwise(spans))


@pytest.mark.parametrize("split", SPLITS)
def test_every_home_of_a_split_is_of_its_range(split: str) -> None:
    corpus = Corpus(Recipe(), 0, split=split)  # type: ignore[arg-type]
    low, high = SPLITS[split]  # type: ignore[index]
    for _ in range(5):
        assert low <= sample_home(corpus.rng, corpus.span).world.scene.seed < high


# What is held out


def test_no_goal_that_is_held_out_is_in_a_training_document(documents: list[text_format.Document]) -> None:
    assert len(goals(documents)) > 300
    assert [goal for goal in goals(documents) if goal_is_held_out(parse_goal(goal))] == []


def test_held_out_goals_are_drawn_and_thrown_away(drawn: list[Drawn]) -> None:
    assert any(d.task.goal is not None and goal_is_held_out(d.task.goal) for d in drawn)


def test_about_one_goal_in_thirty_is_held_out() -> None:
    assert 0.025 < sum(map(goal_is_held_out, MOVES)) / len(MOVES) < 0.042


def test_only_a_single_thing_at_a_fixture_can_be_held_out() -> None:
    for goal in ("2 mug on desk", "holding mug", "mug of coffee", "every toy in box", "desk lamp on", "pen in cup"):
        assert not goal_is_held_out(parse_goal(goal))


def test_no_pattern_of_the_test_is_drawn_for_training() -> None:
    for split in SPLITS:
        patterns = Corpus(Recipe(), 0, split=split).drawer.patterns
        assert [p for name in patterns for p in patterns[name] if is_held_out(name, p)] == []


def test_the_patterns_of_the_test_can_be_drawn() -> None:
    drawer = TaskDrawer(random.Random(0), phrases="test")
    assert len(drawer.families) > 50


# Documents


def test_documents_fit_the_context(documents: list[text_format.Document], tokenizer: Tokenizer) -> None:
    block = read_recipe("home").model["block_size"]
    assert block == 512
    lengths = [
        len(text_format.encode(d, tokenizer)[0]) for d in documents
    ]  # a smaller vocabulary than the recipe's: longer
    assert sum(n <= block for n in lengths) >= 0.995 * len(lengths)


def test_every_document_begins_and_asks_for_something_to_be_written(documents: list[text_format.Document]) -> None:
    for d in documents:
        assert d[0].special_token == "[CLS]"
        assert any(s.loss_on_text for s in d)
        assert d[-1].special_token in ("[EOS]", "[SEP]") and d[-1].loss_on_special


def test_every_goal_of_a_document_is_in_its_canonical_wording(documents: list[text_format.Document]) -> None:
    for goal in goals(documents):
        assert format_goal(parse_goal(goal)) == goal


def test_documents_are_of_every_kind(documents: list[text_format.Document]) -> None:
    marks = [{s.special_token for s in d} for d in documents]
    assert any("[REFUSE]" in m for m in marks)
    assert any("[TASK]" in m for m in marks)
    assert any("[HINT]" in m for m in marks)
    assert any(not d[0].text and not d[1].text for d in documents)  # from a goal alone
    assert any(d[0].text for d in documents) and any(not d[0].text and d[1].text for d in documents)


def test_no_inventory_is_shown_if_the_recipe_says_so() -> None:
    assert not any(d[0].text for d in some(1, recipe={"with_inventory": 0.0, "proposals": 0.0}))


def test_nothing_is_refused_if_the_recipe_says_so() -> None:
    assert not any(s.special_token == "[REFUSE]" for d in some(1, 60, recipe={"refusals": 0.0}) for s in d)


def test_human_instructions_are_mixed_in() -> None:
    line = TaskLine(id="1", instruction="Bring ME the Tome!", goal=parse_goal("book with person"))
    found = some(1, 20, recipe={"human": 1.0, "dropped": 0.0}, human=[line])
    assert {(d[1].text, d[2].text) for d in found} == {("bring me the tome", "book with person")}


@pytest.mark.parametrize(("extra", "reason"), [({}, NO_TASK), ({"say": "I cannot sing."}, "I cannot sing.")])
def test_human_instructions_that_are_no_task_are_refused(extra: dict[str, object], reason: str) -> None:
    line = TaskLine(id="1", instruction="Sing!", goal=None, answer="refuse", extra=extra)
    found = some(1, 20, recipe={"human": 1.0, "dropped": 0.0}, human=[line])
    assert {(d[1].text, d[3].special_token, d[3].text) for d in found} == {("sing", "[REFUSE]", reason)}


def test_a_human_goal_that_is_held_out_is_left_out() -> None:
    kept = TaskLine(id="1", instruction="kept", goal=parse_goal("book with person"))
    goal = next(filter(goal_is_held_out, MOVES))
    left_out = TaskLine(id="2", instruction="left out", goal=goal)
    found = some(1, 20, recipe={"human": 1.0}, human=[kept, left_out])
    assert "left out" not in {s.text for d in found for s in d}


def test_a_recipe_names_its_reading_format() -> None:
    first = [d for d in some(1, 40, recipe={"reading": "first", "plans": 0.0, "proposals": 0.0}) if len(d) > 2]
    assert first and all(d[2].special_token == "[FEEDBACK]" and d[2].text == d[1].text for d in first)
    assert "people" in Recipe(people=0.5).kinds and "people" not in Recipe(people=0.5, reading="written").kinds
    with pytest.raises(ValueError, match="reading must be one of labels, written, direct, first, found 'last'"):
        Recipe(reading="last")  # type: ignore[arg-type]


# Drawn tasks


def test_a_drawn_task_is_not_done_yet(drawn: list[Drawn]) -> None:
    for d in drawn:
        assert d.task.goal is not None
        assert not all(holds(d.task.start, c, d.task.start) for c in d.task.goal.phases[-1])


def test_a_drawn_task_is_about_what_the_home_has(drawn: list[Drawn]) -> None:
    for d in drawn:
        assert d.task.goal is not None
        assert is_feasible(d.task.goal, d.task.start), d.task.goal_text


def test_a_drawn_instruction_is_never_empty(drawn: list[Drawn]) -> None:
    assert all(d.task.instruction for d in drawn)


def test_what_is_refused_for_lack_of_a_thing_lacks_it() -> None:
    drawer = TaskDrawer(random.Random(1))
    now = sample_home(random.Random(1), SPLITS["train"])
    refused = [t for _ in range(200) if (t := drawer.draw_refusal(now, inventory_known=True)) and t.family == "missing"]
    assert len(refused) > 10
    for task in refused:
        assert task.refuse is not None and task.goal is None
        assert task.refuse.removeprefix("there is no ").removesuffix(" here") not in now.world.categories


@pytest.mark.parametrize(
    "goal",
    ["mug on bed", "teddy bear on desk", "sliced apple on desk", "2 apple on desk", "clean plate on desk",
     "every toy on desk",
     "every dirty food is clean", "apple on desk ; no apple on desk", "hot apple", "desk clean", "cup of milk",
     "every cabinet open ; cabinet closed", "apple on desk ; apple in cabinet"],
)  # fmt: skip
def test_a_goal_that_cannot_be_reached_is_not_feasible(goal: str) -> None:
    now = state(["desk 1: dirty", "cabinet 1", "shelf 1"], {"apple 1": "shelf 1", "plate 1: dirty": "shelf 1"})
    assert not is_feasible(parse_goal(goal), now)


@pytest.mark.parametrize(
    "goal",
    ["apple on desk", "plate in cabinet", "apple on plate", "every cabinet open", "no apple on shelf", "holding plate",
     "every food on desk ; plate in cabinet", "apple on desk then apple in cabinet", "desk clean"],
)  # fmt: skip
def test_a_goal_that_can_be_reached_is_feasible(goal: str) -> None:
    things = {"apple 1": "shelf 1", "plate 1: dirty": "shelf 1", "cloth 1": "shelf 1"}
    now = state(["desk 1: dirty", "cabinet 1", "shelf 1"], things)
    assert is_feasible(parse_goal(goal), now)


def test_every_family_that_has_a_goal_can_be_drawn(drawn: list[Drawn]) -> None:
    names = {f.name for f in load_families() if f.goals}
    seen = {name for d in drawn for name in d.task.family.split("+")}
    assert seen <= names
    assert len(seen) > 0.3 * len(names)


def test_a_recipe_with_an_impossible_share_is_an_error() -> None:
    with pytest.raises(ValueError, match="refusals must be a fraction"):
        Recipe(refusals=2)


def test_the_corpus_needs_no_file_of_the_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    some(1, 3)
    assert list(tmp_path.iterdir()) == []
