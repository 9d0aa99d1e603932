"""What a refusal or a question claims is true of the home, or something else is said."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from envs.scenes.home_file import load_home, parse_home
from envs.symbolic.goals import Goal, parse_goal
from envs.symbolic.state import NOWHERE, State, World
from planner.plans.planning_result import ParsedInstruction
from planner.understanding.claims import NOT_UNDERSTOOD
from planner.understanding.claims.checking import checked
from planner.understanding.goal_search import ScoredGoal

HOME = """
people: [Anna, Ben]
things:
  phone book: {like: book}
  globe: {like: ball, words: [world globe]}
furniture:
  desk fan: {like: fan}
  lava lamp: {like: desk lamp}
rooms:
  kitchen: [countertop, cabinet, sink, fridge, dining table, ceiling light]
  bedroom: [bed, desk, cabinet, lava lamp, desk fan, ceiling light, person]
objects:
  countertop: [plate, plate, apple, banana, kettle]
  cabinet 1: [fork, fork, fork, knife]
  sink: [blue mug]
  dining table: [wine glass]
  desk: [red mug, phone book, globe, pen, red book, blue book]
  bed: [red pillow, red pillow, Anna's blanket, Ben's blanket, hand towel]
  person: [cell phone]
"""
BUNDLED = ("family_house", "hotel_room", "shared_flat", "studio")


@pytest.fixture(scope="module")
def home() -> State:
    return World(parse_home(HOME, geometry=False)).initial()


@pytest.fixture(scope="module")
def bundled() -> dict[str, State]:
    return {name: World(load_home(name, geometry=False)).initial() for name in BUNDLED}


def unchanged(parsed: ParsedInstruction) -> ParsedInstruction:
    return parsed


def said(
    text: str,
    state: State,
    instruction: str = "do it",
    goals: tuple[str, ...] = (),
    look: Callable[[ParsedInstruction], ParsedInstruction] = unchanged,
) -> ParsedInstruction:
    """Return what becomes of a refusal or question that a GPT writes, which finds these goals likely."""
    parsed = ParsedInstruction(instruction=instruction)
    parsed = replace(parsed, question=text) if text.endswith("?") else replace(parsed, refusal=text)

    def likely() -> Iterator[tuple[Goal, ScoredGoal]]:
        for goal in goals:
            yield parse_goal(goal, scene=state.world.scene), ScoredGoal(ids=(1,), logprob=math.log(0.2))

    return checked(parsed, state, likely, look)


def is_kept(text: str, state: State, instruction: str = "do it") -> bool:
    parsed = said(text, state, instruction)
    return text in (parsed.refusal, parsed.question)


# -- what is missing ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "noun",
    [
        "mug", "mugs", "red mug", "phone book", "world globe", "fan", "fruit", "lamp", "refrigerator", "blue book",
        "Anna's blanket", "mug in the sink", "book on the desk", "kitchen light", "Ben",
        "kitchen", "water", "clean plate", "towel", "cell phone",
    ],
)  # fmt: skip
def test_what_is_there_is_not_said_to_be_missing(noun: str, home: State) -> None:
    for text in (f"There is no {noun} here.", f"there is no {noun} here"):
        assert said(text, home).refusal == NOT_UNDERSTOOD


@pytest.mark.parametrize(
    "noun",
    [
        "umbrella", "green mug", "red plate", "lumpy pillow", "dirty plate", "hair dryer", "juice", "bathroom", "Carla",
        "Carla's blanket", "mug in the fridge", "book on the bed", "spaceship", "vase", "third fridge", "toaster",
    ],
)  # fmt: skip
def test_what_is_not_there_may_be_said_to_be_missing(noun: str, home: State) -> None:
    assert is_kept(f"There is no {noun} here.", home, f"bring me the {noun.lower()}")


def test_a_word_that_nobody_said_is_not_said_to_be_missing(home: State) -> None:
    said_of = {"bring me the gobbler": "There is no gobbler here.", "do it": NOT_UNDERSTOOD}
    for instruction, refusal in said_of.items():
        assert said("There is no crossword pup here.", home, instruction).refusal == refusal
    assert is_kept("There is no umbrella here.", home, "bring me the brolly")  # a word for it
    assert is_kept("There is no violin here.", home, "play the voilin")


def test_a_toy_is_not_what_it_is_like(bundled: dict[str, State]) -> None:
    assert bundled["family_house"].world.objects_of("toy car")
    assert not is_kept("There is no toy car here.", bundled["family_house"])


def test_a_floor_is_everywhere(home: State) -> None:
    assert said("There is no floor here.", home).refusal == "I cannot do that."


@pytest.mark.parametrize("text", ["There is no here.", "there are no in this home", "The cannot be folded."])
def test_a_claim_that_names_nothing_is_not_said(home: State, text: str) -> None:
    assert said(text, home).refusal == NOT_UNDERSTOOD


def test_no_kind_of_a_bundled_home_is_missing(bundled: dict[str, State]) -> None:
    for state in bundled.values():
        for kind in state.world.entities_by_category:
            assert not is_kept(f"There is no {kind} here.", state), kind


def test_a_goal_that_says_the_same_replaces_a_false_refusal(home: State) -> None:
    goals = ("holding red mug", "pen on countertop", "red mug on countertop")
    parsed = said("There is no mug here.", home, "put the red mug on the counter", goals)
    assert parsed.goal == parse_goal("red mug on countertop", scene=home.world.scene)
    assert (parsed.refusal, parsed.reading) == ("", "grounded")


def test_a_goal_that_leaves_a_thing_out_replaces_nothing(home: State) -> None:
    parsed = said("there is no fan here", home, "turn on the fan and the lava lamp", ("desk fan on",))
    assert (parsed.goal, parsed.options, parsed.refusal) == (None, (), NOT_UNDERSTOOD)


def test_a_goal_that_says_more_is_offered(home: State) -> None:
    parsed = said("there is no towel here", home, "hang up the towels", ("every hand towel on desk",))
    assert parsed.question == "Do you mean: put every hand towel on the desk?"
    assert list(map(str, parsed.options)) == ["every hand towel on desk"]
    assert (parsed.refusal, parsed.goal) == ("", None)


def test_a_goal_that_is_rather_wrong_on_a_second_look_is_only_offered(home: State) -> None:
    parsed = said("there is no fan here", home, "turn on the fan", ("desk fan on",), lambda p: replace(p, right=0.2))
    assert parsed.goal is None
    assert [str(goal) for goal in parsed.options] == ["desk fan on"]


def test_what_is_really_missing_is_named_instead(home: State) -> None:
    parsed = said("there is no kettle here", home, "turn on the kettle and the toaster", ("kettle on countertop",))
    assert parsed.refusal == "There is no toaster here."


# -- what cannot be done -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("thing", "verb"),
    [
        ("fridge", "opened"), ("cabinet", "closed"), ("lava lamp", "turned on or off"), ("fan", "switched off"),
        ("apple", "sliced"), ("banana", "cut"), ("hand towel", "folded"), ("kettle", "filled"), ("pen", "moved"),
        ("ceiling light", "turned on"), ("mug", "washed"),
    ],
)  # fmt: skip
def test_what_can_be_done_is_not_said_to_be_impossible(thing: str, verb: str, home: State) -> None:
    assert said(f"The {thing} cannot be {verb}.", home).refusal == NOT_UNDERSTOOD


@pytest.mark.parametrize(
    ("thing", "verb"),
    [
        ("pen", "opened"), ("mug", "closed"), ("fridge", "turned off"), ("bed", "switched on"), ("plate", "sliced"),
        ("book", "cut"), ("globe", "folded"), ("pen", "filled"), ("bed", "moved"), ("blanket", "dried"),
        ("countertop", "watered"), ("floor", "moved"), ("spaceship", "opened"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_may_be_said(thing: str, verb: str, home: State) -> None:
    assert is_kept(f"The {thing} cannot be {verb}.", home)


def test_what_is_not_there_is_said_to_be_missing_not_to_be_unable(home: State) -> None:
    assert said("The umbrella cannot be opened.", home).refusal == "There is no umbrella here."


def test_what_fits_is_not_said_to_be_too_big(home: State) -> None:
    assert is_kept("The pillow will not fit there.", home, "put the pillow in the mug")
    assert said("The apple will not fit there.", home, "put the apple in the fridge").refusal == NOT_UNDERSTOOD
    assert said("The umbrella will not fit there.", home, "put it in").refusal == "There is no umbrella here."


# -- which one ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("noun", "listed"),
    [
        ("mug", "the blue mug or the red mug"),
        ("book", "the red book, the blue book or the phone book"),
        ("blanket", "Anna's blanket or Ben's blanket"),
        ("light", "the ceiling light in the kitchen or the ceiling light in the bedroom"),
        ("cabinet", "the cabinet in the kitchen or the cabinet in the bedroom"),
        ("fruit", "the apple or the banana"),
    ],
)
def test_a_question_lists_things_by_what_tells_them_apart(noun: str, listed: str, home: State) -> None:
    question = said(f"Which {noun} do you mean?", home).question
    assert {*re.split(", | or ", question.partition(": ")[2].rstrip("?"))} == {*re.split(", | or ", listed)}
    assert question.startswith(f"Which {noun} do you mean: ")


def test_a_word_for_a_kind_means_no_class_of_that_name(bundled: dict[str, State]) -> None:
    question = said("Which book do you mean?", bundled["family_house"]).question
    assert "magazine" not in question


def test_things_that_nobody_has_seen_are_not_listed(home: State) -> None:
    def with_unseen(*names: str) -> State:
        unseen = {home.world.index[name] for name in names}
        return home._replace(place=tuple(NOWHERE if i in unseen else place for i, place in enumerate(home.place)))

    assert said("Which fruit do you mean?", with_unseen("apple 1")).question == "Which fruit do you mean?"
    assert is_kept("Which mug do you mean?", with_unseen("mug 1", "mug 2"))


def test_an_own_list_of_the_gpt_is_written_anew(home: State) -> None:
    parsed = said("Which fruit do you mean: the apple, the lemon or the apple?", home)
    assert parsed.question == "Which fruit do you mean: the apple or the banana?"


def test_things_to_choose_from_come_with_their_goals(home: State) -> None:
    parsed = said("Which mug do you mean?", home, "put the mug on the counter", ("mug on countertop",))
    assert {*map(str, parsed.options)} == {"blue mug on countertop", "red mug on countertop"}
    parsed = said("Which light do you mean?", home, "turn on the light", ("ceiling light on",))
    assert {*map(str, parsed.options)} == {"ceiling light in kitchen on", "ceiling light in bedroom on"}


def test_goals_that_say_something_else_offer_no_choice(home: State) -> None:
    assert said("Which mug do you mean?", home, "the mug, swap it", ("mug on countertop",)).options == ()
    assert said("Which mug do you mean?", home, "put the mug there", ("pen on countertop",)).options == ()


def test_one_thing_is_no_choice(home: State) -> None:
    parsed = said("Which kettle do you mean?", home, "hold the kettle", ("holding kettle",))
    assert parsed.goal == parse_goal("holding kettle", scene=home.world.scene)
    assert said("Which kettle do you mean?", home, "the kettle").question == "Do you mean the kettle?"


def test_things_that_nothing_tells_apart_are_no_choice(home: State) -> None:
    parsed = said("Which fork do you mean?", home, "put a fork in the sink", ("fork in sink",))
    assert parsed.goal == parse_goal("fork in sink", scene=home.world.scene)
    assert is_kept("Which fork do you mean?", home, "the fork, not that one, the good one")


def test_what_is_not_there_is_no_choice(home: State) -> None:
    assert said("Which umbrella do you mean?", home).refusal == "There is no umbrella here."
    assert said("Which scissors do you mean?", home).refusal == "There are no scissors here."
    assert said("Which Nikes do you mean?", home).question == "Which thing do you mean?"
    assert is_kept("Which thing do you mean?", home)


def test_words_that_the_home_does_not_know_leave_a_choice(home: State) -> None:
    assert (
        said("Which good mug do you mean?", home).question == "Which good mug do you mean: the blue mug or the red mug?"
    )


def test_questions_in_bundled_homes_list_at_most_five_things_each_once(bundled: dict[str, State]) -> None:
    for state in bundled.values():
        for noun in ("book", "mug", "plate", "lamp", "drawer", "towel", "fork", "chair", "fruit", "bottle", "drink"):
            question = said(f"Which {noun} do you mean?", state).question
            if ": " in question:
                listed = re.split(", | or ", question.partition(": ")[2].rstrip("?"))
                assert 2 <= len(listed) <= 6
                assert len(set(listed)) == len(listed)


# -- this or that ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("question", "instead"),
    [
        ("The apple or the banana?", "The apple or the banana?"),
        ("The red mug or the blue mug?", "The red mug or the blue mug?"),
        ("The red or the blue?", "The red or the blue?"),
        ("The kettle or the kettle?", "Do you mean the kettle?"),
        ("The mug or the mugs?", "Which mug do you mean: the blue mug or the red mug?"),
        ("The apple or the lemon?", "Do you mean the apple?"),
        ("The umbrella or the pen?", "Do you mean the pen?"),
        ("The one or the one?", "Which thing do you mean?"),
        ("The fridge or the refrigerator?", "Do you mean the fridge?"),
    ],
)
def test_what_is_offered_is_there_and_not_the_same_twice(question: str, instead: str, home: State) -> None:
    assert said(question, home).question == instead


def test_neither_of_two_is_there(home: State) -> None:
    assert said("The umbrella or the toaster?", home).refusal == "There is no umbrella here."


# -- other questions ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("question", "instead"),
    [
        ("Where should I put the mug?", "Where should I put the mug?"),
        ("Where should I put the thing?", "Where should I put the thing?"),
        ("Where should I put the big boy?", "Where should I put that?"),
        ("Where should I put the umbrella?", "There is no umbrella here."),
        ("What should I do with the lumpy pillow?", "What should I do with the lumpy pillow?"),
        ("What should I do with the zorp?", "What should I do with that?"),
        ("What should I put on the sofa?", "There is no sofa here."),
        ("To whom should I bring the shoe?", "There is no shoe here."),
        ("To whom should I bring the book?", "To whom should I bring the book?"),
        ("How many plates?", "How many plates?"),
        ("How many kettles?", "Do you mean the kettle?"),
        ("How many spoons?", "There are no spoons here."),
        ("How many do you want?", "How many do you want?"),
        ("Should the fan be on or off?", "Should the fan be on or off?"),
        ("Should the bed be on or off?", "The bed cannot be turned on or off."),
        ("Should the stereo be on or off?", "There is no stereo here."),
        ("When should I do that?", "When should I do that?"),
    ],
)
def test_a_question_is_about_what_is_there(question: str, instead: str, home: State) -> None:
    parsed = said(question, home)
    assert (parsed.question or parsed.refusal) == instead


def test_a_rule_is_quoted_as_it_was_said(home: State) -> None:
    instruction = "whenever the neighbor plays drums, hide the mug"
    assert is_kept("I cannot keep a rule like that: whenever the neighbor plays drums", home, instruction)
    parsed = said("I cannot keep a rule like that: when the cat sings", home, instruction)
    assert "I cannot keep a rule like that." in (parsed.question, parsed.refusal)


@pytest.mark.parametrize(
    "text",
    [
        "That is not a task.", "I can only do household tasks.", "I cannot do that.", "That would not be safe.",
        "I do not know that.", "I do not understand that.", "What should I do?", "The instruction is empty",
        "There are only 2 plates here", "There is no such thing here.",
    ],
)  # fmt: skip
def test_what_claims_nothing_is_said_without_a_search(text: str, home: State) -> None:
    def likely() -> Iterator[tuple[Goal, ScoredGoal]]:
        raise AssertionError("a search")

    parsed = ParsedInstruction(instruction="the mug", refusal=text)
    assert checked(parsed, home, likely, unchanged) is parsed
