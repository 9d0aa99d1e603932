"""Sentence and goal are changed together, and stay a sentence and its goal."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from envs.symbolic.domain import load_domain
from envs.symbolic.goals import Goal, Query
from planner.corpus.free_text.exchange import Exchange, renamed
from planner.corpus.free_text.sentences import PeopleHome, Sentence, plain_sentence
from planner.goals.comparison import shape
from planner.language.named_kinds import kinds_in, liquids_in, with_kinds
from planner.tasks.random_names import FIRST_NAMES
from tests.planner.corpus.free_text.drawn_sentences import draws, exchange_of, is_named, is_well_formed, read

SEEDS = range(60)


def exchange(kinds: dict[str, str] | None = None, words: dict[str, str] | None = None, **options: object) -> Exchange:
    """An exchange that was not drawn."""
    made = Exchange(random.Random(0), frozenset(load_domain().objects), options.get("rooms", {}), ())  # type: ignore[arg-type]
    made.kinds, made.words, made.people = kinds or {}, words or {}, options.get("people", {})  # type: ignore[assignment]
    return made


@pytest.mark.parametrize("seed", SEEDS)
def test_every_word_keeps_a_tag_and_every_goal_can_be_read(people: list[PeopleHome], seed: int) -> None:
    for draw in draws(people, seed):
        assert is_well_formed(draw.after)
        assert draw.after.kind == draw.before.kind and draw.after.say == draw.before.say
        if draw.after.goal:
            read(draw.after, draw.scene)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_goal_is_of_the_same_form_as_before(people: list[PeopleHome], seed: int) -> None:
    for draw in draws(people, seed):
        if not draw.after.goal:
            assert draw.after == draw.before
            continue
        before, after = read(draw.before, draw.scene), read(draw.after, draw.scene)
        if isinstance(before, Goal):
            assert isinstance(after, Goal) and shape(after) == shape(before)
        elif isinstance(before, Query):
            assert isinstance(after, Query) and after.asks == before.asks
        else:
            assert not isinstance(after, Query | Goal) and len(after) == len(before)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_goal_names_what_its_sentence_names(people: list[PeopleHome], seed: int) -> None:
    for draw in draws(people, seed):
        for kind in {*kinds_in(draw.after.goal)} - {*kinds_in(draw.before.goal)}:
            assert is_named(draw.after.words, kind)


@pytest.mark.parametrize("seed", SEEDS)
def test_context_stays_context_and_unread_words_stay_unread(people: list[PeopleHome], seed: int) -> None:
    for draw in draws(people, seed):
        for tag in ("context", "unread"):
            assert (tag in draw.after.tags) == (tag in draw.before.tags)


@pytest.mark.parametrize("seed", range(20))
def test_a_home_has_as_many_things_as_before(people: list[PeopleHome], seed: int) -> None:
    rng = random.Random(seed)
    home = rng.choice(people)
    counts = {kind: len(entities) for kind, entities in home.state.world.entities_by_category.items()}
    drawn = exchange_of(home, rng)
    assert sorted(drawn.inventory(counts).values()) == sorted(counts.values())
    assert sorted(drawn.kinds) == sorted(drawn.kinds.values())  # a permutation


@pytest.mark.parametrize("seed", range(20))
def test_nobody_gets_the_name_of_someone_who_lives_there(people: list[PeopleHome], seed: int) -> None:
    rng = random.Random(seed)
    home = rng.choice(people)
    drawn = exchange_of(home, rng)
    assert not {*drawn.people.values()} & {name.lower() for name in home.state.world.scene.people}
    assert len({*drawn.people.values()}) == len(drawn.people)
    assert {*drawn.people.values()} <= {name.lower() for name in FIRST_NAMES}


def test_the_same_seed_gives_the_same_exchange(people: list[PeopleHome]) -> None:
    first, second = (list(draws(people, 7)) for _ in range(2))
    assert [draw.after for draw in first] == [draw.after for draw in second]


def test_sentences_are_exchanged_and_not_only_repeated(people: list[PeopleHome]) -> None:
    drawn = [draw for seed in range(40) for draw in draws(people, seed, kinds=("plan",))]
    changed = Counter(draw.after.goal != draw.before.goal for draw in drawn)
    assert changed[True] > 0.3 * changed.total()


def test_an_exchange_of_nothing_changes_nothing(people: list[PeopleHome]) -> None:
    for draw in draws(people, 3):
        unchanged = exchange()
        unchanged.rng = random.Random(0)
        after = unchanged(draw.before)
        assert after is not None
        if sum(word.isdigit() for word in draw.before.goal.split()) != 1:
            assert after == draw.before


@pytest.mark.parametrize(
    ("text", "goal", "kinds", "new_text", "new_goal"),
    [
        ("the mug to the sink", "mug in sink", {"mug": "vase"}, "the vase to the sink", "vase in sink"),
        ("a mug, please", "mug with person", {"mug": "apple"}, "an apple, please", "apple with person"),
        ("an apple!", "apple with person", {"apple": "mug"}, "a mug!", "mug with person"),
        ("mugs in sink", "every mug in sink", {"mug": "vase"}, "vases in sink", "every vase in sink"),
        ("mug on mug", "mug on mug", {"mug": "vase"}, "vase on vase", "vase on vase"),
        (
            "cup beside mug", "cup beside mug", {"cup": "mug", "mug": "cup"},
            "mug beside cup", "mug beside cup",
        ),
        ("the mug's on the sink", "mug in sink", {"vase": "mug"}, "the mug's on the sink", "mug in sink"),
    ],
)  # fmt: skip
def test_kinds_are_exchanged_in_sentence_and_goal(
    text: str, goal: str, kinds: dict[str, str], new_text: str, new_goal: str
) -> None:
    made = exchange(kinds)
    made.realizer.plainness = 1.0
    after = made(plain_sentence(text, goal))
    assert after is not None
    assert (after.text, after.goal) == (new_text, new_goal)


@pytest.mark.parametrize(
    ("text", "goal", "kinds"),
    [
        ("the thing to the sink", "mug in sink", {"mug": "vase"}),  # the sentence has no word for it
        ("milk, and a glass of milk", "glass of milk with person ; milk with person", {"milk": "bread"}),
        ("my glass", "glass with person", {"glass": "cup"}),  # also a material
    ],
)
def test_what_is_not_named_clearly_is_not_said(text: str, goal: str, kinds: dict[str, str]) -> None:
    assert exchange(kinds)(plain_sentence(text, goal)) is None


@pytest.mark.parametrize(
    ("text", "goal", "kinds"),
    [
        ("paper towels for me", "paper towel roll with person", {"towel": "napkin"}),
        ("a glass of milk", "glass of milk with person", {"milk": "bread"}),
        ("coffee table clean", "coffee table clean", {"coffee": "tea box"}),
    ],
)
def test_a_longer_name_and_a_liquid_are_no_kinds(text: str, goal: str, kinds: dict[str, str]) -> None:
    sentence = plain_sentence(text, goal)
    assert exchange(kinds)(sentence) == sentence


def test_colors_names_and_rooms_are_exchanged_where_both_say_them() -> None:
    words = {"red": "blue", "blue": "red", "anna": "ben", "kitchen": "bedroom", "living room": "dining room"}
    made = exchange(words=words)
    after = made(plain_sentence("anna's red mug, the red one, to the living room", "Anna's red mug in living room"))
    assert after is not None and after.goal == "ben's blue mug in dining room"
    assert after.text == "ben's blue mug, the blue one, to the dining room"
    only_said = plain_sentence("the red mug", "mug with person")
    assert made(only_said) == only_said


def test_an_orange_is_no_color() -> None:
    for seed in range(50):
        drawn = Exchange(random.Random(seed), frozenset(["orange"]), {}, ())
        assert "orange" not in drawn.words


@pytest.mark.parametrize(
    ("goal", "text", "words"),
    [
        ("mug in bedroom 2", "mug to bedroom 2", {"bedroom": "kitchen"}),
        ("plant in desk area watered", "water the plant in the desk area", {}),
    ],
)
def test_rooms_with_a_name_of_their_own_keep_it(goal: str, text: str, words: dict[str, str]) -> None:
    rooms = {"bedroom 2": "bedroom", "desk area": "office"}
    made = exchange({"desk": "shelf"}, words, rooms=rooms)
    after = made(plain_sentence(text, goal))
    assert after is None or after.goal == goal


def test_a_room_called_after_someone_is_called_after_the_new_name() -> None:
    names = {"anna": "zoe"}
    made = exchange(words=names, people=names, rooms={"room of Anna": "bedroom"})
    after = made(plain_sentence("mug on anna's bed", "mug on bed in room of Anna"))
    assert after is not None and (after.text, after.goal) == ("mug on zoe's bed", "mug on bed in room of zoe")


def test_a_number_is_exchanged_only_if_it_is_said_once() -> None:
    seen = set()
    for seed in range(60):
        made = exchange()
        made.rng = random.Random(seed)
        after = made(plain_sentence("three forks on the table", "3 fork on dining table"))
        assert after is not None
        number = after.goal.split(" ")[0]
        seen.add((after.words[0], number))
        twice = plain_sentence("three forks for the three of us", "3 fork with person")
        assert made(twice) == twice
        time = plain_sentence("at 7:03 the lamp", "at 07:03 : desk lamp on")
        assert made(time) == time
    assert len(seen) > 5 and ("three", "3") in seen and ("seven", "7") in seen


def test_a_refusal_that_names_what_is_exchanged_is_not_said() -> None:
    made = exchange({"mug": "vase"})
    refusal = Sentence(words=("eat", "the", "mug"), tags=("read",) * 3, kind="refuse", say="I cannot eat.")
    assert made(refusal) is None
    other = Sentence(words=("eat", "the", "fork"), tags=("read",) * 3, kind="refuse", say="I cannot eat.")
    assert made(other) == other


def test_a_new_name_keeps_the_punctuation() -> None:
    words, tags = renamed(["take", '("mugs"),', "quickly"], ["read", "read", "unread"], 1, 2, "wine glasses")
    assert words == ["take", '("wine', 'glasses"),', "quickly"]
    assert tags == ["read", "read", "read", "unread"]


@pytest.mark.parametrize(
    ("goal", "kinds", "liquids"),
    [
        ("paper towel roll with person", ("paper towel roll", "person"), ()),
        ("glass of milk with person", ("glass", "person"), ("milk",)),
        ("half of milk in fridge ; 1 of mug in sink", ("milk", "fridge", "mug", "sink"), ()),
        ("white hot mug of coffee on coffee table by microwave", ("mug", "coffee table", "microwave"), ("coffee",)),
        ("CD on TV stand ; CD in box", ("CD", "TV stand", "CD", "box"), ()),
        ("every anything from bedroom 2 in laundry basket", ("laundry basket",), ()),
        ("? where mug", ("mug",), ()),
        ("glass bottle on shelf ; glass on shelf", ("glass bottle", "shelf", "glass", "shelf"), ()),
        ("orange mug in sink ; 2 orange in bowl", ("mug", "sink", "orange", "bowl"), ()),
        ("at 07:30 : never pick up knife", ("knife",), ()),
    ],
)
def test_the_kinds_of_a_goal(goal: str, kinds: tuple[str, ...], liquids: tuple[str, ...]) -> None:
    assert (kinds_in(goal), liquids_in(goal)) == (kinds, liquids)
    assert with_kinds(goal, {}) == goal
    assert kinds_in(with_kinds(goal, dict.fromkeys(kinds, "vase"))) == ("vase",) * len(kinds)
