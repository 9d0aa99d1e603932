"""What each construct of the goal language means, as a table: the goal, what was done, whether it is reached."""

from __future__ import annotations

import pytest

from envs.symbolic.actions import State, parse_action
from envs.symbolic.domain import load_domain
from envs.symbolic.goals import Every, parse_goal
from envs.symbolic.progress import Progress, advance, begin, score
from envs.symbolic.scoring import matching_objects
from tests.envs.homes_for_tests import after, state


@pytest.fixture(scope="module")
def home() -> State:
    return state(
        [
            "dining table 1",
            "coffee table 1 @ living room",
            "sofa 1 @ living room",
            "bookshelf 1 @ living room",
            "desk 1: white @ guest bedroom",
            "bed 1 @ guest bedroom",
            "ceiling light 1: on",
            "ceiling light 2: on @ guest bedroom",
            "desk lamp 1: on @ guest bedroom",
            "sink 1",
            "cabinet 1: open",
            "microwave 1: open",
            "oven 1: open",
            "person 1",
            "person 2",
        ],
        {
            "mug 1: red dirty": "sink 1",
            "mug 2: blue": "cabinet 1",
            "mug 3: red Anna's": "dining table 1",
            "bowl 1: big green": "dining table 1",
            "bowl 2: small green": "cabinet 1",
            "plate 1: dirty": "sink 1",
            "plate 2: dirty": "dining table 1",
            "plate 3": "cabinet 1",
            "glass 1": "dining table 1",
            "glass 2": "cabinet 1",
            "magazine 1": "sofa 1",
            "magazine 2": "bed 1",
            "book 1": "desk 1",
            "book 2": "bed 1",
            "book 3": "sofa 1",
            "book 4": "bookshelf 1",
            "spoon 1": "dining table 1",
            "spoon 2": "dining table 1",
            "potato 1": "cabinet 1",
            "laptop 1": "desk 1",
            "cell phone 1: Ben's": "sofa 1",
            "butter knife 1": "cabinet 1",
            "bread 1": "dining table 1",
        },
        people=("Anna", "Ben"),
    )


def move(*pairs: str) -> list[str]:
    """Return the subtasks that bring objects to places: "mug 1 > dining table 1"."""
    subtasks = []
    for pair in pairs:
        name, place = pair.split(" > ")
        skill = "give {} to {}" if place.startswith("person") else "put {} on {}"
        subtasks += [f"pick up {name}", skill.format(name, place)]
    return subtasks


def progress_after(home: State, goal: str, subtasks: list[str]) -> Progress:
    now, progress = home, begin(parse_goal(goal, scene=home.world.scene), home)
    for text in subtasks:
        now = after(now, text)
        progress = advance(progress, now, parse_action(now.world, text))
    return progress


HEAT = ["pick up potato 1", "put potato 1 in {0} 1", "close {0} 1", "turn on {0} 1", "turn off {0} 1"]


@pytest.mark.parametrize(
    ("goal", "subtasks", "reached"),
    [
        # properties
        ("red mug on dining table", [], True),
        ("green bowl in sink", move("bowl 1 > sink 1"), True),
        ("big green bowl in sink", move("bowl 2 > sink 1"), False),
        ("red mug on coffee table", move("mug 2 > coffee table 1"), False),
        ("Anna's mug on coffee table", move("mug 3 > coffee table 1"), True),
        ("Anna's mug on coffee table", move("mug 1 > coffee table 1"), False),
        ("mug on white desk", move("mug 2 > desk 1"), True),
        ("mug on black desk", move("mug 2 > desk 1"), False),
        # amounts
        ("exactly 2 plate on dining table", move("plate 3 > dining table 1"), True),
        ("exactly 1 plate on dining table", move("plate 3 > dining table 1"), False),
        ("at most 1 plate on dining table", [], True),
        ("at most 1 plate on dining table", move("plate 3 > dining table 1"), False),
        ("1 more glass on dining table", [], False),
        ("1 more glass on dining table", move("glass 2 > dining table 1"), True),
        # choices, made at the start
        ("1 of dirty plate is clean", ["turn on sink 1"], True),
        ("2 of dirty plate is clean", ["turn on sink 1"], False),
        ("every dirty plate is clean", [*move("plate 2 > sink 1"), "turn on sink 1"], True),
        ("1 of magazine from sofa on bookshelf", move("magazine 1 > bookshelf 1"), True),
        ("1 of magazine from sofa on bookshelf", move("magazine 2 > bookshelf 1"), False),
        ("1 of magazine on bookshelf", move("magazine 1 > bookshelf 1", "magazine 2 > bookshelf 1"), False),
        ("every book except book from desk on bookshelf", move("book 2 > bookshelf 1", "book 3 > bookshelf 1"), True),
        ("every book except book from desk on bookshelf",
         move("book 1 > bookshelf 1", "book 2 > bookshelf 1", "book 3 > bookshelf 1"), False),
        ("all but 1 of book on bookshelf", move("book 2 > bookshelf 1", "book 1 > bookshelf 1"), True),
        ("all but 1 of book on bookshelf", move("book 2 > bookshelf 1"), False),
        ("half of book on bookshelf", move("book 2 > bookshelf 1"), True),
        ("half of book on bookshelf", move("book 2 > bookshelf 1", "book 1 > bookshelf 1"), False),
        ("half of plate on coffee table", move("plate 3 > coffee table 1"), True),
        ("half of plate on coffee table", move("plate 3 > coffee table 1", "plate 1 > coffee table 1"), True),
        ("every book on bookshelf", move("book 1 > bookshelf 1", "book 2 > bookshelf 1", "book 3 > bookshelf 1"), True),
        ("5 of book on bookshelf", move("book 1 > bookshelf 1", "book 2 > bookshelf 1", "book 3 > bookshelf 1"), False),
        # rooms
        ("book in guest bedroom", [], True),
        ("every book in living room", move("book 1 > sofa 1", "book 2 > coffee table 1"), True),
        ("Ben's cell phone in bedroom", move("cell phone 1 > bed 1"), True),
        ("no book in living room", move("book 3 > bed 1"), False),
        ("no book from sofa on living room", move("book 3 > bed 1"), True),
        ("no lamp in bedroom on", ["turn off desk lamp 1", "turn off ceiling light 2"], True),
        ("no lamp in bedroom on", ["turn off desk lamp 1", "turn off ceiling light 1"], False),
        ("every lamp except desk lamp off", ["turn off ceiling light 1", "turn off ceiling light 2"], True),
        ("ceiling light in kitchen off", ["turn off ceiling light 2"], False),
        # people by name
        ("mug with Ben", move("mug 2 > person 2"), True),
        ("mug with Ben", move("mug 2 > person 1"), False),
        ("mug with person", move("mug 2 > person 2"), True),
        # every place, beside, means
        ("spoon in every mug on dining table", move("mug 2 > dining table 1", "spoon 1 > mug 2"), False),
        ("spoon in every mug on dining table",
         move("mug 2 > dining table 1", "spoon 1 > mug 2", "spoon 2 > mug 3"), True),
        ("spoon in every mug on dining table", move("spoon 1 > mug 3"), True),
        ("spoon in every mug on dining table", move("mug 3 > coffee table 1"), False),
        ("cell phone beside laptop", move("cell phone 1 > desk 1"), True),
        ("cell phone beside laptop", [], False),
        ("book beside book", [], False),
        ("hot potato by microwave", [s.format("microwave") for s in HEAT], True),
        ("hot potato by microwave", [s.format("oven") for s in HEAT], False),
        ("hot potato", [s.format("oven") for s in HEAT], True),
        ("sliced bread by butter knife", ["pick up butter knife 1", "slice bread 1"], True),
        # several states of a fixture, tests, rules
        ("microwave closed off", ["close microwave 1"], True),
        ("if oven open : oven closed", [], False),
        ("if oven open : oven closed", ["close oven 1"], True),
        ("if not oven open : glass on desk", [], True),
        ("if oven on : oven off then ceiling light in kitchen off", ["turn off ceiling light 1"], True),
        ("if oven open and mug on dining table : oven closed", [], False),
        ("glass on coffee table while never open oven", move("glass 1 > coffee table 1"), True),
        ("glass on coffee table while never mug in sink", move("glass 1 > coffee table 1"), False),
        ("glass on coffee table while never pick up mug",
         move("mug 2 > dining table 1", "glass 1 > coffee table 1"), False),
        ("glass on coffee table while never pick up blue mug",
         move("mug 3 > coffee table 1", "glass 1 > coffee table 1"), True),
        ("glass on coffee table while never go to bedroom",
         move("book 1 > coffee table 1", "glass 1 > coffee table 1"), False),
        ("after 10 min : oven closed", ["close oven 1"], True),
    ],
)  # fmt: skip
def test_a_goal_is_reached_as_people_mean_it(home: State, goal: str, subtasks: list[str], reached: bool) -> None:
    assert score(progress_after(home, goal, subtasks)).success is reached


def test_a_broken_rule_is_reported_with_its_step_and_stays_broken(home: State) -> None:
    goal = "glass on coffee table while never mug with person ; never open oven"
    result = score(progress_after(home, goal, move("mug 2 > person 1", "mug 2 > sink 1", "glass 1 > coffee table 1")))
    assert result.met == (True,)
    assert result.rate == 1.0
    assert result.broken == ((0, 2),)
    assert not result.success


def test_a_test_is_made_when_its_phase_begins(home: State) -> None:
    goal = "glass on coffee table then if book on coffee table : oven closed"
    assert score(progress_after(home, goal, move("glass 1 > coffee table 1"))).success
    late = move("glass 1 > coffee table 1", "book 1 > coffee table 1")
    assert score(progress_after(home, goal, late)).success
    early = move("book 1 > coffee table 1", "glass 1 > coffee table 1")
    assert score(progress_after(home, goal, early)).met == (True, False)


def test_the_class_that_has_the_name_of_a_category_is_the_category(home: State) -> None:
    assert len(home.world.objects_of("book")) == 4  # not the magazines


def test_a_kind_means_itself_and_a_class_its_members() -> None:
    domain = load_domain()
    everything = state(["dining table 1"], {f"{kind} 1": "dining table 1" for kind in domain.objects})
    for word in (*domain.objects, *domain.members):
        goal = parse_goal(f"every {word} on dining table")
        (condition,) = goal.conditions
        assert isinstance(condition, Every)
        kinds = {everything.world.categories[i] for i in matching_objects(everything, condition.thing)}
        assert kinds == ({word} if word in domain.objects else {*domain.members[word]}), word


def test_a_phase_with_a_time_counts_only_what_is_used_in_it(home: State) -> None:
    goal = "glass on coffee table then after 10 min : spoon on desk by bowl"
    carry = ["pick up spoon 1", "put spoon 1 in bowl 1", "pick up bowl 1", "put bowl 1 on {} 1"]
    glass = move("glass 1 > coffee table 1")
    early = [*(s.format("dining table") for s in carry), *move("spoon 1 > dining table 1"), *glass]
    assert not score(progress_after(home, goal, [*early, *move("spoon 1 > desk 1")])).success
    assert score(progress_after(home, goal, [*early, *(s.format("desk") for s in carry)])).success
