"""What is read at night, and what becomes of it: counts, documents, an adapter, its use."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from pathlib import Path

import pytest

from envs.scenes.home_file import parse_home
from envs.symbolic.actions import State
from envs.symbolic.goals import parse_goal
from gpt.data.tokenized_documents import TokenizedDocuments
from gpt.errors import CheckpointError
from gpt.model.transformer import GPT
from gpt.tokenization.tokenizer import Tokenizer
from gpt.weights.adapter import load_adapter, save_adapter
from gpt.weights.checkpoint import load_model, save_model
from planner import improve, plan
from planner.api import Planner
from planner.exploration.learned_prior import (
    OPENED,
    STUCK,
    HabitsError,
    LearnedHabits,
    check_home,
    place_of,
    with_habits,
)
from planner.household import adaptation, adapter_documents
from planner.household.adapter_training import AdapterSizes, AdapterTrainer
from planner.household.counting_baseline import CountingPrior
from planner.household.daily_records import Observations, count_observations, replaced_words
from planner.io.json_lines import Record
from planner.prompts import text_format
from planner.world_model.belief import Belief
from planner.world_model.location_prior import COMMON
from tests.planner.json_answers import checked
from tests.planner.world_model.two_rooms import two_rooms

DAY: Record = {
    "day": 1,
    "tasks": [
        {"said": "put the tugboat on the desk", "plainly": "put the pen on the desk", "goal": "pen on desk"},
        {"said": "get the marmot", "plainly": "get the spoon", "goal": None},
        {"said": "put the book on the bed", "goal": "book on bed"},
    ],
    "seen": {"pen 1": "drawer 1", "plate 1": "countertop 1"},
    "looked": ["drawer 1", "countertop 1", "cabinet 1"],
    "tried": [["drawer 1", STUCK], ["drawer 1", STUCK], ["drawer 1", OPENED], ["cabinet 1", OPENED]],
}
OLD = TokenizedDocuments.from_lists([[5, 6, 7, 8]] * 9)


@pytest.fixture
def start(tmp_path: Path) -> State:
    return two_rooms(tmp_path)


def test_days_are_counted() -> None:
    diary = count_observations([DAY, DAY])
    assert diary.seen == {("pen", "drawer 1"): 2, ("plate", "countertop 1"): 2}
    assert diary.looked["cabinet 1"] == 2
    assert (diary.opened, diary.stuck) == ({"drawer 1": 2, "cabinet 1": 2}, {"drawer 1": 4})


def test_a_word_is_learnt_from_what_was_understood_the_second_time_alone() -> None:
    assert count_observations([DAY]).words == {"tugboat": "pen"}


@pytest.mark.parametrize(
    ("said", "plainly", "words"),
    [
        ("put the old faithful, please, on it", "put the mug, please, on it", {"old faithful": "mug"}),
        ("the moon on the throne", "the cup on the sofa", {"moon": "cup", "throne": "sofa"}),
        ("the same", "the same", {}),
    ],
)
def test_what_was_said_otherwise_is_found(said: str, plainly: str, words: dict[str, str]) -> None:
    assert replaced_words(said, plainly) == words


def test_counting_nothing_is_common_habit(start: State) -> None:
    scene, habits = start.world.scene, CountingPrior(count_observations([]))
    assert habits.rates("mug", scene) == COMMON.rates("mug", scene)
    assert habits.opens("drawer 1") == 1.0


def test_what_was_seen_is_likelier_and_what_was_not_where_it_was_looked_less_likely(start: State) -> None:
    scene, common = start.world.scene, COMMON.rates("pen", start.world.scene)
    rates = CountingPrior(count_observations([DAY] * 5)).rates("pen", scene)
    assert rates["drawer 1"] > 0.8 and rates["cabinet 1"] < common["cabinet 1"] / 5
    assert rates["desk 1"] == common["desk 1"]


def test_a_door_that_stuck_is_expected_to(start: State) -> None:
    habits = CountingPrior(count_observations([DAY] * 5))
    assert habits.opens("drawer 1") == pytest.approx(6 / 16) and habits.opens("cabinet 1") == 1.0


def test_documents_of_places_are_as_frequent_as_was_counted(start: State) -> None:
    scene, diary = start.world.scene, count_observations([DAY] * 9)
    answers, doors = Counter[str](), Counter[str]()
    for tree in itertools.islice(adapter_documents.location_documents(diary, scene, random.Random(0)), 3000):
        for branch in tree.branches:
            if tree.trunk[1].text == "where is the pen":
                answers[branch[0].text] += 1
            if tree.trunk[1].text == "open drawer 1":
                doors[branch[0].text] += 1
    rates = CountingPrior(diary).rates("pen", scene)
    wanted = rates["drawer 1"] / sum(rates.values())
    assert answers["in drawer 1"] / sum(answers.values()) == pytest.approx(wanted, abs=0.03)
    assert doors[OPENED] / sum(doors.values()) == pytest.approx(10 / 28, abs=0.05)


def test_a_question_and_an_answer_are_one_document_as_it_is_asked_later(start: State) -> None:
    tree = next(adapter_documents.location_documents(count_observations([DAY]), start.world.scene, random.Random(1)))
    asked = (*tree.trunk, *tree.branches[0])
    name, place = tree.trunk[1].text.removeprefix("where is the "), tree.branches[0][0].text
    assert asked == text_format.location_document(name, place) or asked == text_format.opening_document(
        name.removeprefix("open "), place
    )


def test_a_word_that_was_explained_is_said_in_many_ways_with_its_goal(start: State) -> None:
    days: list[Record] = [DAY]
    trees = list(
        itertools.islice(
            adapter_documents.instruction_documents(
                days, count_observations(days), start.world.scene, random.Random(0)
            ),
            12,
        )
    )
    branches = [branch for tree in trees for branch in tree.branches]
    nicknamed = {branch[0].text: branch[1].text for branch in branches if "tugboat" in branch[0].text}
    assert len(nicknamed) > 15 and all(str(parse_goal(goal)) and "pen" in goal for goal in nicknamed.values())


def test_where_nothing_was_misunderstood_there_is_nothing_to_say(start: State) -> None:
    day = DAY | {"tasks": [{"said": "put the book on the bed", "goal": "book on bed"}]}
    assert not list(
        adapter_documents.instruction_documents([day], count_observations([day]), start.world.scene, random.Random(0))
    )


def test_a_place_is_named_as_hints_name_it(start: State) -> None:
    assert place_of(start.world.scene, "drawer 1") == "in drawer 1"
    assert place_of(start.world.scene, "desk 1") == "on desk 1"


FLAT_DAY: Record = {
    "day": 1,
    "tasks": [],
    "seen": {"mug 1": "fridge 1", "plate 1": "dining table 1", "fork 1": "cabinet 1"},
    "looked": ["fridge 1", "dining table 1", "cabinet 1", "countertop 1"],
    "tried": [["cabinet 1", STUCK], ["cabinet 1", STUCK], ["cabinet 1", OPENED], ["fridge 1", OPENED]],
}


@pytest.fixture(scope="module")
def base(random_gpt: GPT, tokenizer: Tokenizer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a GPT whose weights are random: features enough for an adapter to learn a small home by heart."""
    folder = tmp_path_factory.mktemp("base")
    save_model(random_gpt, tokenizer, folder)
    return folder


@pytest.fixture(scope="module")
def taught(base: Path, flat: State, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An adapter of the small flat after a long night."""
    folder = tmp_path_factory.mktemp("night")
    model, tokenizer, _ = load_model(base)
    sleeper = AdapterTrainer(model, tokenizer, OLD, AdapterSizes(steps=120, lr=1e-2, rank=16), folder)
    path = folder / "small_flat.adapter.safetensors"
    save_adapter(path, sleeper.train_adapter([FLAT_DAY] * 9, flat.world.scene, None, seed=0))
    return path


def test_a_night_teaches_where_things_are(base: Path, taught: Path, flat: State) -> None:
    planner, scene = Planner.load(base, adapter=taught), flat.world.scene
    habits = with_habits(Belief.of_map(scene), planner).habits
    before, known = LearnedHabits(Planner.load(base).prompts), 0
    for thing, place in (("mug", "fridge 1"), ("plate", "dining table 1"), ("fork", "cabinet 1")):
        rates, guessed = habits.rates(thing, scene), before.rates(thing, scene)
        assert max(rates, key=lambda name: rates[name]) == place
        assert sum(rates.values()) == pytest.approx(sum(COMMON.rates(thing, scene).values()))
        known += max(guessed, key=lambda name: guessed[name]) == place
    assert known < 3  # random weights may guess one right, and which of them is a matter of chance


def test_a_night_goes_on_from_the_night_before(base: Path, taught: Path, flat: State, tmp_path: Path) -> None:
    model, tokenizer, _ = load_model(base)
    sleeper = AdapterTrainer(model, tokenizer, OLD, AdapterSizes(steps=2, lr=1e-5), tmp_path)
    before = load_adapter(taught)
    after = sleeper.train_adapter([FLAT_DAY], flat.world.scene, before, seed=1)
    name = next(iter(before.up))
    assert abs(after.up[name] - before.up[name]).max() < 1e-3 < abs(before.up[name]).max()


def test_without_its_adapter_the_planner_is_the_one_that_it_was(base: Path, taught: Path, flat: State) -> None:
    before, adapted, after = (Planner.load(base, adapter=path) for path in (None, taught, None))
    said = "put the mug on the table"
    found = [planner.understand(said, flat) for planner in (before, adapted, after)]
    assert found[0] == found[2] and found[0].logprob != found[1].logprob
    assert before.notes is None and with_habits(Belief.of_map(flat.world.scene), before).habits is COMMON


def test_the_adapter_of_another_home_is_refused(base: Path, taught: Path, start: State) -> None:
    planner = Planner.load(base, adapter=taught)
    with pytest.raises(HabitsError, match="small flat"):
        check_home(planner, start.world.scene)


def test_the_adapter_of_other_weights_is_refused(model_folder: Path, taught: Path) -> None:
    with pytest.raises(CheckpointError, match="adapter is for another model"):
        Planner.load(model_folder, adapter=taught)


def test_plan_takes_an_adapter_and_refuses_that_of_another_home(
    base: Path, taught: Path, flat_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["put the mug on the table", "--model", str(base), "--adapter", str(taught)]
    assert plan.main([*given, "--home", str(flat_file), "--observe"]) in (0, 1)
    assert plan.main([*given, "--home", "studio"]) == 2
    assert "small flat" in capsys.readouterr().err


def test_the_habits_are_asked_for_once(random_planner: Planner, start: State, monkeypatch: pytest.MonkeyPatch) -> None:
    habits = LearnedHabits(random_planner.prompts)
    first = habits.rates("mug", start.world.scene), habits.opens("drawer 1")
    monkeypatch.setattr(random_planner.prompts, "home", None)
    assert (habits.rates("mug", start.world.scene), habits.opens("drawer 1")) == first


def test_what_can_be_nowhere_is_not_asked_for(random_planner: Planner) -> None:
    scene = parse_home("name: hall\nrooms:\n  hall: [door]\nobjects: {}\n", geometry=False)
    assert LearnedHabits(random_planner.prompts).rates("mug", scene) == {}


def test_the_command_writes_an_adapter_beside_the_home_and_what_the_days_were(
    model_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    two_rooms(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(adaptation, "find_replay", lambda *_: OLD)
    monkeypatch.setattr(adaptation, "AdapterSizes", lambda: AdapterSizes(steps=2))
    given = ["--home", "two_rooms.yaml", "--days", "2", "--model", str(model_folder), "--json"]
    assert improve.main(given) == 0
    results = checked("planner.improve", capsys.readouterr().out)
    assert results["adapter"] == "two_rooms.adapter.safetensors" and [d["day"] for d in results["days"]] == [1, 2]
    assert load_adapter(tmp_path / "two_rooms.adapter.safetensors").extra["days"] == 2
    written = {path.name for path in (tmp_path / "runs" / "own-home").iterdir()}
    assert {"config.json", "days.jsonl", "results.json", "night"} <= written


def test_the_command_says_what_is_wrong_with_its_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    assert improve.main(["--home", "studio", "--days", "0"]) == 2
    assert "--days is at least 1" in capsys.readouterr().err


@pytest.mark.parametrize(("home", "path"), [("a/b.yaml", "a/b"), ("studio", "runs/x/studio"), ("7", "runs/x/7")])
def test_an_adapter_goes_beside_the_file_of_its_home(home: str, path: str) -> None:
    assert adaptation.adapter_path(home, Path("runs/x")) == Path(f"{path}.adapter.safetensors")


def test_diary_of_no_days_is_empty() -> None:
    assert count_observations([]) == Observations(seen={}, looked={}, opened={}, stuck={}, words={})
