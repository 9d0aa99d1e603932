"""Questions about a home that is wholly known: one plain sentence each."""

from __future__ import annotations

import re

import pytest

from envs.errors import GoalError
from envs.symbolic.goals import Query, Test, format_query, parse_query
from envs.symbolic.state import HELD, NOWHERE, State
from planner.exploration.belief_answers import answer_from_belief
from planner.language.answering.answers import answer
from planner.tasks.random_goals import random_goals
from planner.world_model.belief import Belief
from tests.envs.homes_for_tests import state


@pytest.fixture(scope="module")
def home() -> State:
    furniture = [
        "fridge 1", "oven 1", "sink 1: dirty", "cabinet 1", "cabinet 2: open", "dining table 1", "countertop 1",
        "ceiling light 1: on", "drawer 1 @ bedroom", "drawer 2: open @ bedroom", "bed 1 @ bedroom", "desk 1 @ bedroom",
        "desk lamp 1: on @ bedroom", "window 1: open @ bedroom", "window 2 @ bedroom", "plant 1: watered @ bedroom",
        "laundry basket 1 @ bedroom", "wardrobe 1: white @ bedroom", "shelf 1 @ bedroom", "person 1",
        "person 2 @ bedroom",
    ]  # fmt: skip
    objects = {
        "wallet 1": "drawer 1", "mug 1: red dirty": "dining table 1", "mug 2: blue": "bed 1",
        "mug 3: Anna's": "cabinet 1", "mug 4: red": "cabinet 1", "egg 1: cold": "fridge 1", "egg 2: cold": "fridge 1",
        "milk 1: cold of milk": "fridge 1", "orange 1: cold": "fridge 1", "cup 1: of tea": "bed 1", "pen 1": "mug 2",
        "box 1": "desk 1", "ring 1": "box 1", "cell phone 1: Anna's": "bed 1", "cell phone 2: Ben's": "desk 1",
        "apple 1": "person 2", "knife 1": "box 1", "glasses 1: Ben's": "desk 1", "scissors 1": "drawer 2",
        "bread 1: sliced": "countertop 1", "shirt 1: folded": "wardrobe 1", "shirt 2: dirty": "laundry basket 1",
        "sock 1: dirty": "laundry basket 1", "sock 2: dirty": "laundry basket 1", "spoon 1": "cup 1",
        "book 1": "desk 1", "book 2: red": "desk 1", "book 3": "bed 1", "toilet paper 1": "drawer 2",
        "plate 1: dirty": "sink 1", "plate 2": "cabinet 2", "plate 3": "cabinet 2", "fork 1": "countertop 1",
        "key chain 1": "countertop 1", "tray 1: wooden": "countertop 1", "bowl 1: big": "tray 1", "tomato 1": "bowl 1",
    }  # fmt: skip
    start = state(furniture, objects, people=("Anna", "Ben", "Carl"))
    index = start.world.index
    place = list(start.place)
    place[index["fork 1"]], place[index["key chain 1"]] = HELD, NOWHERE
    return start._replace(place=tuple(place), held=index["fork 1"])


WHERE = [
    ("Anna", "Anna is in the kitchen."),
    ("ben", "Ben is in the bedroom."),
    ("Carl", "I do not know where Carl is."),
    ("person", "There are 2 people: one in the kitchen and one in the bedroom."),
    ("desk lamp", "The desk lamp is in the bedroom."),
    ("white wardrobe", "The white wardrobe is in the bedroom."),
    ("cabinet", "There are 2 cabinets in the kitchen."),
    ("lamp", "There are 2 lamps: one in the bedroom and one in the kitchen."),
    ("freezer", "There is no freezer here."),
    ("black wardrobe", "There is no black wardrobe here."),
    ("bed in kitchen", "There is no bed in the kitchen."),
    ("wallet", "The wallet is in drawer 1 in the bedroom, which is closed."),
    (
        "red mug",
        "There are 2 red mugs: one on the dining table in the kitchen and one in closed cabinet 1 in the kitchen.",
    ),
    (
        "mug",
        "There are 4 mugs: a dirty red mug on the dining table in the kitchen, a blue mug on the bed in the bedroom, "
        "and Anna's mug and a red mug in closed cabinet 1 in the kitchen.",
    ),
    ("Anna's cell phone", "Anna's cell phone is on the bed in the bedroom."),
    (
        "cell phone",
        "There are 2 cell phones: Anna's cell phone on the bed in the bedroom and Ben's cell phone on the desk in the "
        "bedroom.",
    ),
    ("Ben's glasses", "Ben's glasses are on the desk in the bedroom."),
    ("scissors", "The scissors are in drawer 2 in the bedroom."),
    ("toilet paper", "The toilet paper is in drawer 2 in the bedroom."),
    ("fork", "The fork is in the robot's hand."),
    ("key chain", "The key chain is on the floor."),
    ("ring", "The ring is in the box on the desk in the bedroom."),
    ("pen", "The pen is in the blue mug on the bed in the bedroom."),
    ("tomato", "The tomato is in the bowl on the tray on the countertop in the kitchen."),
    ("apple", "The apple is with Ben in the bedroom."),
    ("egg", "There are 2 eggs in the fridge in the kitchen, which is closed."),
    ("sock", "There are 2 socks in the laundry basket in the bedroom."),
    ("folded shirt", "The folded shirt is in the wardrobe in the bedroom, which is closed."),
    ("cup of tea", "The cup of tea is on the bed in the bedroom."),
    ("vegetable", "A tomato is in the bowl on the tray on the countertop in the kitchen."),
    (
        "dirty dishes",
        "There are 2 dirty dishes: a dirty red mug on the dining table in the kitchen and a dirty plate in the sink in "
        "the kitchen.",
    ),
    ("book from desk", "There are 2 books from the desk on the desk in the bedroom."),
    ("Anna's dishes", "Anna's mug is in cabinet 1 in the kitchen, which is closed."),
    ("Ben's electronics", "Ben's cell phone is on the desk in the bedroom."),
    ("umbrella", "There is no umbrella here."),
    ("boots", "There are no boots here."),
    ("cookware", "There is no cookware here."),
    ("wallet from desk", "There is no wallet from the desk here."),
    ("mug of coffee", "There is no mug of coffee here."),
    ("Carl's book", "Carl has no book here."),
    ("clean red mug", "The clean red mug is in cabinet 1 in the kitchen, which is closed."),
]
HOW_MANY = [
    ("mug", "There are 4 mugs here."),
    ("clean mug in kitchen", "There are 2 clean mugs in the kitchen."),
    ("glasses", "There is one pair of glasses here."),
    ("milk", "There is one carton of milk here."),
    ("toilet paper", "There is one roll of toilet paper here."),
    ("sliced bread", "There is one sliced loaf of bread here."),
    ("dirty dishes", "There are 2 dirty dishes here."),
    ("dirty dishes in sink", "There is one dirty dish in the sink."),
    ("food in fridge", "There are 3 pieces of food in the fridge."),
    ("food on bed", "There is no food on the bed."),
    ("fork with Anna", "There are no forks with Anna."),
    ("umbrella", "There are no umbrellas here."),
    ("scissors on desk", "There are no scissors on the desk."),
    ("anything in drawer", "There are 3 things in the drawers."),
    ("anything in drawer in bedroom", "There are 3 things in the drawers in the bedroom."),
    ("mug beside book", "There is one mug beside the book."),
    ("Anna's mug", "Anna has one mug here."),
    ("Anna's dishes in kitchen", "Anna has one dish in the kitchen."),
    ("pen in mug", "There is one pen in the mugs."),
    ("pen in every mug", "There is one pen in the mugs."),
    ("spoon in cup", "There is one spoon in the cup."),
    ("ring in box on desk", "There is one ring in the box on the desk."),
    ("fork with Carl", "I do not know where Carl is."),
]
WHETHER = [
    ("window open", "Yes: window 1 in the bedroom is open."),
    ("not window open", "No: window 1 in the bedroom is open."),
    ("every window open", "No: window 2 in the bedroom is closed."),
    ("no window open", "No: window 1 in the bedroom is open."),
    ("every lamp on", "Yes: both lamps are on."),
    ("no lamp on", "No: both lamps are on."),
    ("lamp in bedroom on", "Yes: the desk lamp is on."),
    ("oven on", "No: the oven is off."),
    ("not oven on", "Yes: the oven is off."),
    ("sink clean", "No: the sink is dirty."),
    ("plant watered", "Yes: the plant is watered."),
    ("cabinet open", "Yes: cabinet 2 in the kitchen is open."),
    ("drawer open", "Yes: drawer 2 in the bedroom is open."),
    ("freezer open", "There is no freezer here."),
    ("black oven on", "There is no black oven here."),
    ("window open and oven on", "No: window 1 in the bedroom is open and the oven is off."),
    ("not oven on and mug on bed", "Yes: the oven is off and there is one mug on the bed."),
    ("mug on bed", "Yes: there is one mug on the bed."),
    ("2 mug on bed", "No: there is one mug on the bed."),
    ("red mug on bed", "No: there are no red mugs on the bed."),
    ("not mug with Ben", "Yes: there are no mugs with Ben."),
    ("exactly 2 egg in fridge", "Yes: there are 2 eggs in the fridge."),
    ("at most 1 egg in fridge", "No: there are 2 eggs in the fridge."),
    ("no mug on bed", "No: there is one mug on the bed."),
    ("dirty mug", "Yes: there is one dirty mug here."),
    ("Anna's cell phone on bed", "Yes: Anna has one cell phone on the bed."),
    ("every mug is clean", "No: 3 of the 4 mugs are clean."),
    ("every book on desk", "No: 2 of the 3 books are on the desk."),
    ("every sock in laundry basket", "Yes: both socks are in the laundry basket."),
    ("every egg on bed", "No: neither of the 2 eggs is on the bed."),
    ("every wallet in drawer", "Yes: the wallet is in closed drawer 1 in the bedroom."),
    ("every scissors on desk", "No: the scissors are not on the desk."),
    ("every book except red book on desk", "No: one of the 2 books except the red book is on the desk."),
    ("half of book on desk", "Yes: 2 of the 3 books are on the desk."),
    ("every umbrella on bed", "No: there is no umbrella here."),
    ("orange in every mug", "No: an orange is in none of the mugs."),
    ("every bowl except red bowl on desk", "No: the only bowl except the red bowl is not on the desk."),
    ("spoon in every mug", "No: a spoon is in none of the mugs."),
    ("holding fork", "Yes: the robot holds a fork."),
    ("not holding fork", "No: the robot holds a fork."),
    ("mug with Carl", "I do not know where Carl is."),
]
WHAT = [
    ("in fridge", "In the fridge are 2 cold eggs, cold milk and a cold orange."),
    (
        "on bed",
        "On the bed are Anna's cell phone, a blue mug with a pen in it, a book and a cup of tea with a spoon in it.",
    ),
    ("in box", "In the box are a knife and a ring."),
    ("in box on desk", "In the box on the desk are a knife and a ring."),
    ("in laundry basket", "In the laundry basket are a dirty shirt and 2 dirty socks."),
    ("in white wardrobe", "In the white wardrobe is a folded shirt."),
    (
        "in drawer",
        "In drawer 1 in the bedroom is a wallet; in drawer 2 in the bedroom are scissors and toilet paper.",
    ),
    ("in cup", "In the cup on the bed in the bedroom are a spoon and tea."),
    ("in mug", "In the blue mug on the bed in the bedroom is a pen."),
    ("in red mug", "There is nothing in the red mugs."),
    ("in every red mug", "There is nothing in the red mugs."),
    ("in oven", "There is nothing in the oven."),
    ("on shelf", "There is nothing on the shelf."),
    ("on tray", "On the tray is a big bowl with a tomato in it."),
    ("on countertop", "On the countertop are sliced bread and a wooden tray with a big bowl on it."),
    ("with Ben", "With Ben is an apple."),
    ("with Anna", "There is nothing with Anna."),
    ("with Carl", "I do not know where Carl is."),
    ("on sofa", "There is no sofa here."),
    ("on black desk", "There is no black desk here."),
    ("on Anna's desk", "Anna has no desk here."),
    ("in bathroom", "There is no bathroom here."),
    ("beside cup", "Beside the cup are Anna's cell phone, a blue mug with a pen in it and a book."),
    ("beside wallet", "There is nothing beside the wallet."),
    ("beside umbrella", "There is no umbrella here."),
]
CASES = [
    *((f"? where {rest}", expected) for rest, expected in WHERE),
    *((f"? how many {rest}", expected) for rest, expected in HOW_MANY),
    *((f"? whether {rest}", expected) for rest, expected in WHETHER),
    *((f"? what {rest}", expected) for rest, expected in WHAT),
]


@pytest.mark.parametrize(("question", "expected"), CASES)
def test_a_question_is_answered_in_one_plain_sentence(home: State, question: str, expected: str) -> None:
    assert answer(parse_query(question, scene=home.world.scene), home) == expected


@pytest.mark.parametrize("question", [question for question, _ in CASES])
def test_a_question_reads_back_as_it_is_written(home: State, question: str) -> None:
    query = parse_query(question, scene=home.world.scene)
    assert parse_query(format_query(query), scene=home.world.scene) == query


def test_what_is_in_a_full_room_is_not_listed_to_the_end(home: State) -> None:
    words = answer(parse_query("? what in bedroom"), home)
    assert words.endswith(" more things.") and words.count(",") <= 13
    assert answer(parse_query("? where anything"), home).endswith(", and 17 more elsewhere.")


def test_a_thing_that_no_home_has_is_a_question_that_does_not_parse(home: State) -> None:
    with pytest.raises(GoalError, match="no object or class is called 'walet'; did you mean 'wallet'"):
        parse_query("? where walet")


def test_a_person_whom_nobody_knows_is_named(home: State) -> None:
    with pytest.raises(GoalError, match="nobody here is called 'Dora'; known: Anna, Ben, Carl"):
        parse_query("? how many fork with Dora", scene=home.world.scene)
    nameless = state(["desk 1", "person 1"], {"fork 1": "desk 1"})
    assert answer(parse_query("? how many fork with Dora"), nameless) == "Nobody here is called Dora."


def test_what_is_at_several_places_is_told_place_by_place() -> None:
    furniture = [
        "shelf 1 @ bedroom 1", "shelf 2 @ bedroom 2", "desk lamp 1: on @ bedroom 1", "desk lamp 2: on @ bedroom 2",
        "floor lamp 1 @ hall",
    ]  # fmt: skip
    home = state(furniture, {"book 1": "shelf 1", "pen 1": "shelf 1", "ball 1": "shelf 2"})
    words = "On the shelf in bedroom 1 are a book and a pen; on the shelf in bedroom 2 is a ball."
    assert answer(parse_query("? what on shelf"), home) == words
    assert answer(parse_query("? where ball"), home) == "The ball is on the shelf in bedroom 2."
    assert answer(parse_query("? whether every lamp off"), home) == (
        "No: the desk lamp in bedroom 1 and the desk lamp in bedroom 2 are on."
    )
    assert answer(parse_query("? whether television in hall on"), home) == "There is no television in the hall."
    assert answer(parse_query("? what on sofa in hall"), home) == "There is no sofa in the hall."


def test_answers_are_sentences_for_every_construct() -> None:
    wrong = re.compile(
        r"None|the the|  |there there|There are one|\b[Aa] [aeiou]|\b[Aa]n [^aeiou]|\.\.|, \.|the [A-Z]\w+'s"
    )
    for _, goal, start in random_goals(60, 0):
        belief = Belief.of_map(start.world.scene).observe(start)
        for condition in goal.conditions:
            thing, place = getattr(condition, "thing", None), getattr(condition, "place", None)
            queries = [Query(asks="whether", tests=(Test(condition=condition),))]
            queries += (
                [Query(asks="where", thing=thing), Query(asks="how many", thing=thing, place=place)] if thing else []
            )
            queries += [Query(asks="what", place=place)] if place else []
            for query in queries:
                for words in (answer(query, start), answer_from_belief(query, belief)):
                    assert words[0].isupper() and words.endswith(".") and not wrong.search(words), (query, words)


def test_rooms_are_named_only_where_there_are_several() -> None:
    one_room = state(["desk 1", "cabinet 1"], {"mug 1": "desk 1", "mug 2": "cabinet 1"})
    assert (
        answer(parse_query("? where mug"), one_room)
        == "There are 2 mugs: one on the desk and one in the closed cabinet."
    )
    assert answer(parse_query("? what on desk"), one_room) == "On the desk is a mug."
