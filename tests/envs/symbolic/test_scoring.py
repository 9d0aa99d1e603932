from __future__ import annotations

import pytest

from envs.symbolic.actions import State, parse_action
from envs.symbolic.goals import Count, Every, parse_goal
from envs.symbolic.progress import Score, advance, begin, score
from envs.symbolic.scoring import holds, matching_objects, quantified_objects, wanted_neighbors
from tests.envs.homes_for_tests import after, state


def goal_holds(goal: str, now: State, initial_state: State | None = None) -> bool:
    (condition,) = parse_goal(goal).conditions
    return holds(now, condition, initial_state or now)


def score_after(goal: str, initial_state: State, *subtasks: str) -> Score:
    """Return the score after an episode of subtasks."""
    now, progress = initial_state, begin(parse_goal(goal), initial_state)
    for text in subtasks:
        now = after(now, text)
        progress = advance(progress, now, parse_action(now.world, text))
    return score(progress)


@pytest.fixture(scope="module")
def table() -> State:
    return state(
        ["dining table 1", "coffee table 1", "fridge 1", "cabinet 1", "cabinet 2: open", "person 1"],
        {
            "plate 1": "dining table 1",
            "plate 2: dirty": "dining table 1",
            "plate 3: dirty": "coffee table 1",
            "cup 1: of tea": "coffee table 1",
            "spoon 1": "cup 1",
            "spoon 2": "dining table 1",
            "apple 1": "fridge 1",
            "apple 2": "dining table 1",
            "box 1": "dining table 1",
        },
    )


@pytest.mark.parametrize(
    ("goal", "expected"),
    [
        ("2 plate on dining table", True),
        ("3 plate on dining table", False),
        ("3 plate", True),
        ("2 dirty plate", True),
        ("2 dirty plate on dining table", False),
        ("clean plate on dining table", True),
        ("clean plate on coffee table", False),
        ("cold apple", True),
        ("cold apple on dining table", False),
        ("fruit in fridge", True),
        ("cup of tea on coffee table", True),
        ("cup of milk on coffee table", False),
        ("spoon in cup", True),
        ("spoon on coffee table", True),
        ("2 spoon in cup", False),
        ("spoon in cup on coffee table", True),
        ("spoon in cup on dining table", False),
        ("spoon in cup of tea", True),
        ("spoon in clean cup", True),
        ("spoon in dirty cup", False),
        ("spoon in dishes on coffee table", True),
        ("no apple on coffee table", True),
        ("no apple on dining table", False),
        ("no banana", True),
        ("no sliced apple", True),
        ("cabinet open", True),
        ("every cabinet open", False),
        ("no cabinet open", False),
        ("fridge closed", True),
        ("every fridge closed", True),
        ("no fridge open", True),
        ("oven open", False),
        ("every oven open", False),
        ("no oven open", True),
        ("holding apple", False),
        ("anything with person", False),
        ("4 anything on dining table", True),
        ("every spoon on coffee table", False),
        ("every cup on coffee table", True),
        ("every banana on coffee table", False),
        ("every apple except fruit in fridge", False),
        ("every clean plate on dining table", True),
        ("every plate is clean", False),
    ],
)
def test_a_condition_is_true_of_a_home(table: State, goal: str, expected: bool) -> None:
    assert goal_holds(goal, table) is expected


def test_a_number_counts_distinct_objects(table: State) -> None:
    now = after(table, "pick up plate 3", "put plate 3 on dining table 1")
    assert goal_holds("3 plate on dining table", now)


def test_states_and_place_must_hold_of_one_and_the_same_object(table: State) -> None:
    now = after(table, "open fridge 1")
    assert goal_holds("cold apple", now)
    assert goal_holds("apple on dining table", now)
    assert not goal_holds("cold apple on dining table", now)


def test_every_chooses_its_objects_at_the_start_of_the_episode(table: State) -> None:
    initial_state = state(["sink 1", "countertop 1"], {"plate 1: dirty": "sink 1", "plate 2": "countertop 1"})
    assert not goal_holds("every dirty plate is clean", initial_state)
    assert goal_holds("every dirty plate is clean", after(initial_state, "turn on sink 1"), initial_state)


def test_every_covers_only_objects_that_matched_at_the_start() -> None:
    initial_state = state(["fridge 1: open", "countertop 1"], {"apple 1: cold": "fridge 1", "apple 2": "countertop 1"})
    now = after(initial_state, "pick up apple 2", "put apple 2 in fridge 1", "close fridge 1")
    assert not goal_holds("every cold apple on countertop", now, initial_state)
    (condition,) = parse_goal("every cold apple on countertop").conditions
    assert isinstance(condition, Every)
    assert [initial_state.world.names[i] for i in quantified_objects(initial_state, condition)] == ["apple 1"]


def test_every_with_nothing_to_choose_is_false(table: State) -> None:
    assert not goal_holds("every cooked apple on dining table", table)


def test_every_excludes_the_container_itself() -> None:
    initial_state = state(["sofa 1", "bed 1"], {"box 1": "sofa 1", "book 1": "sofa 1"})
    assert goal_holds(
        "every anything in box", after(initial_state, "pick up book 1", "put book 1 in box 1"), initial_state
    )


def test_every_excludes_the_outer_container_too() -> None:
    initial_state = state(["sofa 1", "bed 1"], {"box 1": "sofa 1", "bowl 1": "box 1", "spoon 1": "bowl 1"})
    assert goal_holds("every anything in bowl in box", initial_state)


def test_an_exception_is_left_out(table: State) -> None:
    assert goal_holds("every cutlery except spoon on sofa", table) is False  # no object matches
    initial_state = state(["fridge 1"], {"apple 1": "fridge 1", "milk 1": "fridge 1"})
    assert goal_holds("every food except milk in fridge", initial_state)


def test_a_held_object_is_at_no_fixture(table: State) -> None:
    now = after(table, "pick up plate 1")
    assert not goal_holds("2 plate on dining table", now)
    assert goal_holds("holding clean plate", now)


def test_the_contents_of_a_held_container_stay_in_it(table: State) -> None:
    now = after(table, "pick up cup 1")
    assert goal_holds("spoon in cup", now)
    assert not goal_holds("spoon on coffee table", now)


def test_a_given_object_is_with_the_person(table: State) -> None:
    assert goal_holds("apple with person", after(table, "pick up apple 2", "give apple 2 to person 1"))


def test_the_chosen_are_listed_in_the_order_of_the_home(table: State) -> None:
    (condition,) = parse_goal("dirty plate").conditions
    assert isinstance(condition, Count)
    assert [table.world.names[i] for i in matching_objects(table, condition.thing)] == ["plate 2", "plate 3"]


def test_the_rate_is_the_fraction_of_conditions_that_hold(table: State) -> None:
    result = score_after("apple in fridge ; no spoon ; 9 plate ; fridge open", table)
    assert result.met == (True, False, False, False)
    assert result.rate == 0.25
    assert not result.success


def test_success_needs_all_conditions(table: State) -> None:
    assert score_after("apple in fridge ; fridge closed", table) == Score(success=True, rate=1.0, met=(True, True))


def test_an_earlier_phase_need_not_hold_at_the_end(table: State) -> None:
    result = score_after("fridge open then fridge closed", table, "open fridge 1", "close fridge 1")
    assert result.success


def test_phases_are_reached_in_order(table: State) -> None:
    assert score_after("fridge open then fridge closed", table).met == (False, False)


def test_a_reached_phase_stays_counted(table: State) -> None:
    assert score_after("fridge open then holding spoon", table, "open fridge 1").rate == 0.5
    assert score_after("fridge open then holding spoon", table, "open fridge 1", "close fridge 1").rate == 0.5


def test_the_last_phase_must_hold_at_the_end(table: State) -> None:
    goal = "fridge open then holding plate"
    steps = ("open fridge 1", "pick up plate 1", "put plate 1 on dining table 1")
    assert not score_after(goal, table, *steps).success


def test_a_phase_holds_only_if_all_its_conditions_hold_at_once(table: State) -> None:
    goal = "fridge open ; holding plate then fridge closed"
    assert not score_after(goal, table, "open fridge 1", "close fridge 1", "pick up plate 1").met[2]


def test_counts_in_different_homes_are_not_confused(table: State) -> None:
    other = state(["dining table 1"], {"plate 1": "dining table 1"})
    assert not goal_holds("2 plate on dining table", other)


LIGHTS = ["desk lamp 1: on", "floor lamp 1", "fan 1: on", "fridge 1: open", "microwave 1"]


@pytest.mark.parametrize(
    ("goal", "expected"),
    [
        ("lamp on", True),
        ("lamp off", True),
        ("every lamp off", False),
        ("no lamp on", False),
        ("no appliance on", False),
        ("appliance off", True),
        ("every appliance closed", False),
        ("appliance open", True),
    ],
)
def test_a_class_of_fixtures_means_all_its_members(goal: str, expected: bool) -> None:
    assert goal_holds(goal, state(LIGHTS)) is expected


def test_every_appliance_closed_is_not_about_those_without_a_door() -> None:
    now = after(state(LIGHTS), "close fridge 1")
    assert goal_holds("every appliance closed", now)  # the fan has no door


def test_every_lamp_of_a_home_without_one_is_not_off() -> None:
    now = state(["fan 1"])
    assert not goal_holds("every lamp off", now)
    assert goal_holds("no lamp on", now)


def test_objects_can_be_picked_up_from_and_put_on_the_floor() -> None:
    initial_state = state(
        ["floor 1", "laundry basket 1"], {"sock 1": "floor 1", "sock 2": "floor 1", "ball 1": "floor 1"}
    )
    assert goal_holds("2 sock on floor", initial_state)
    assert score_after("every clothing in laundry basket", initial_state, "pick up sock 1",
                       "put sock 1 in laundry basket 1", "pick up sock 2", "put sock 2 in laundry basket 1"
                       ).success  # fmt: skip
    assert score_after("no toy on floor", initial_state, "pick up ball 1").success
    assert score_after("ball on floor", initial_state, "pick up ball 1", "put ball 1 on floor 1").success


@pytest.fixture(scope="module")
def measured() -> State:
    """A desk of which distances are known: the laptop and the mug are apart, the phone is beside both."""
    home = state(
        ["desk 1", "sofa 1", "shelf 1"],
        {"laptop 1": "desk 1", "mug 1": "desk 1", "cell phone 1": "desk 1", "mug 2": "sofa 1", "book 1": "sofa 1"},
    )
    index = home.world.index
    return home._replace(apart=frozenset({(index["laptop 1"], index["mug 1"]), (index["mug 2"], index["book 1"])}))


@pytest.mark.parametrize(
    ("goal", "held"),
    [
        ("mug beside laptop", False),
        ("laptop beside mug", False),
        ("cell phone beside laptop", True),
        ("cell phone beside mug", True),
        ("mug beside cell phone", True),
        ("every mug beside cell phone", False),
        ("no mug beside laptop", True),
        ("no mug beside cell phone", False),
        ("book beside mug", False),
        ("mug beside book", False),
        ("cell phone beside every mug on desk", True),
        ("laptop beside every mug on desk", False),
        ("cell phone beside every mug", False),
    ],
)
def test_what_is_known_to_be_apart_is_not_beside_each_other(measured: State, goal: str, held: bool) -> None:
    assert goal_holds(goal, measured) == held


def test_the_symbolic_home_knows_no_distances(measured: State) -> None:
    assert goal_holds("mug beside laptop", measured.without_distances())
    assert measured.without_distances() != measured


def test_what_is_put_again_may_be_beside_everything_there(measured: State) -> None:
    lifted = after(measured, "pick up mug 1")
    assert len(lifted.apart) == 1
    assert not goal_holds("mug beside laptop", lifted)
    assert goal_holds("mug beside laptop", after(lifted, "put mug 1 on desk 1"))
    assert after(measured, "pick up mug 2").apart < measured.apart


@pytest.mark.parametrize(
    ("goal", "subtasks", "neighbors"),
    [
        ("mug beside laptop", ["pick up mug 1", "put mug 1 on desk 1"], ["laptop 1"]),
        ("mug beside laptop", ["pick up mug 1", "put mug 1 on sofa 1"], []),
        ("mug beside laptop", ["pick up mug 2", "put mug 2 on desk 1"], ["laptop 1"]),
        ("laptop beside mug", ["pick up mug 1", "put mug 1 on desk 1"], ["laptop 1"]),  # either may be moved
        ("mug beside laptop", ["pick up laptop 1", "put laptop 1 on sofa 1"], ["mug 2"]),
        ("every mug beside cell phone", ["pick up mug 2", "put mug 2 on desk 1"], ["cell phone 1"]),
        ("book beside mug on desk", ["pick up book 1", "put book 1 on desk 1"], ["mug 1"]),
        ("cell phone beside laptop", ["pick up mug 1", "put mug 1 on desk 1"], []),  # it is so already
        ("mug beside laptop", ["pick up book 1", "put book 1 on desk 1"], []),
        ("no mug beside laptop", ["pick up mug 1", "put mug 1 on desk 1"], []),
        ("at most 1 mug beside laptop", ["pick up mug 1", "put mug 1 on desk 1"], []),
        ("mug on desk", ["pick up mug 2", "put mug 2 on desk 1"], []),
        ("laptop beside every mug", ["pick up laptop 1", "put laptop 1 on desk 1"], ["mug 1"]),
        ("mug beside every anything", ["pick up mug 2", "put mug 2 on desk 1"], ["laptop 1", "mug 1"]),
    ],
)
def test_a_put_stands_beside_what_an_unmet_condition_names(
    measured: State, goal: str, subtasks: list[str], neighbors: list[str]
) -> None:
    *earlier, last = subtasks
    before = after(measured, *earlier)
    wanted = wanted_neighbors(parse_goal(goal).conditions, before, parse_action(before.world, last), measured)
    assert [before.world.names[i] for i in wanted] == neighbors
