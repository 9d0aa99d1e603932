"""Common sense of choice: what people would take, what the facts show first, and what the decoder leaves out."""

from __future__ import annotations

import pytest

from envs.scenes.home_file import parse_home
from envs.symbolic.actions import Action, State, World, format_action, parse_action
from envs.symbolic.goals import Count, Every, Goal, Thing, parse_goal
from planner.api import Planner
from planner.corpus.teacher import teach
from planner.decoding import goal_planner
from planner.decoding.candidate_actions import leads_back, state_key
from planner.facts.failure_notes import facts_for, failure
from planner.facts.retrieval import Facts, retrieve_facts
from planner.goals import choice
from planner.goals.feasibility import is_feasible
from planner.plans.options import Options
from planner.verification.plan_verification import verify
from tests.envs.homes_for_tests import after, state
from tests.planner.conftest import Drawn

KITCHEN = ("countertop 1", "cabinet 1", "sink 1", "dining table 1", "garbage can 1", "person 1")


def facts_of(now: State, goal: str) -> Facts:
    conditions = parse_goal(goal).conditions
    return retrieve_facts(now, conditions[:1], now, phase=conditions, common_sense=True)


def used(now: State, goal: str) -> list[str]:
    """The objects of a goal's first condition that the plan may use, the best first."""
    facts = facts_of(now, goal)
    names = [now.world.names[e] for e in facts.entities if e >= now.world.n_fixtures]
    return [name for name in names if name not in facts.withheld]


def taught(now: State, goal: str) -> list[str]:
    """The teacher's plan with common sense; it is replayed."""
    conditions = parse_goal(goal).conditions
    lesson = teach(now, conditions, now, phase=conditions, common_sense=True)
    assert lesson.actions is not None, lesson.reason
    assert verify(now, parse_goal(goal), lesson.actions).ok
    return [format_action(now.world, action) for action in lesson.actions]


def rooms(objects: str) -> State:
    """Two rooms without a floor plan."""
    text = "rooms:\n  kitchen: [countertop, cabinet, sink, dining table]\n  bedroom: [desk, shelf, person]\nobjects:\n"
    return World(parse_home(text + objects, geometry=False)).initial()


# What is ranked first


@pytest.mark.parametrize("goal", ["plate on dining table", "plate with person", "clean plate on dining table",
                                  "hot plate on dining table", "holding plate"])  # fmt: skip
def test_a_clean_object_behind_a_door_comes_before_a_dirty_one_in_reach(goal: str) -> None:
    now = state([*KITCHEN, "microwave 1"], {"plate 1: dirty": "countertop 1", "plate 2": "cabinet 1"})
    assert used(now, goal) == ["plate 2"]
    assert "pick up plate 2" in taught(now, goal)


def test_dirty_objects_are_used_where_the_clean_ones_do_not_suffice() -> None:
    now = state(KITCHEN, {"fork 1: dirty": "countertop 1", "fork 2": "cabinet 1", "fork 3": "garbage can 1"})
    assert used(now, "2 fork on dining table") == ["fork 2", "fork 1"]
    assert used(now, "3 fork on dining table") == ["fork 2", "fork 1", "fork 3"]


@pytest.mark.parametrize("place", ["sink", "dishwasher"])
def test_dirty_objects_come_first_where_things_are_washed(place: str) -> None:
    now = state(
        ["countertop 1", "sink 1", "dishwasher 1"], {"plate 1": "countertop 1", "plate 2: dirty": "countertop 1"}
    )
    assert used(now, f"plate in {place}") == ["plate 2"]
    assert used(now, f"clean plate in {place}") == ["plate 1"]


def test_what_lies_in_the_laundry_basket_counts_as_dirty() -> None:
    now = state(["laundry basket 1", "wardrobe 1", "bed 1"], {"shirt 1": "laundry basket 1", "shirt 2": "wardrobe 1"})
    assert used(now, "shirt on bed") == ["shirt 2"]


@pytest.mark.parametrize("flaw", ["", ": dirty"])
def test_nothing_is_taken_from_a_bin_if_there_is_another(flaw: str) -> None:
    now = state(KITCHEN, {"fork 1": "garbage can 1", f"fork 2{flaw}": "cabinet 1"})
    assert used(now, "fork with person") == ["fork 2"]
    alone = state(KITCHEN, {"apple 1": "garbage can 1"})
    assert used(alone, "apple with person") == ["apple 1"]


@pytest.mark.parametrize(("goal", "objects", "free"), [
    ("mug on desk ; 2 mug on dining table", {"mug 1": "dining table 1", "mug 2": "cabinet 1"}, "mug 2"),
    ("mug on desk ; mug on dining table", {"mug 1": "dining table 1", "mug 2: dirty": "cabinet 1"}, "mug 2"),
    ("dishes on desk ; every mug on dining table", {"mug 1": "shelf 1", "cup 1: dirty": "cabinet 1"}, "cup 1"),
    ("mug on shelf ; mug of coffee on desk", {"mug 1: of coffee": "sofa 1", "mug 2": "cabinet 1"}, "mug 2"),
    ("clean mug on shelf ; 2 clean mug", {"mug 1": "desk 1", "mug 2": "cabinet 1"}, "mug 1"),
    ("apple on desk ; cold apple on shelf", {"apple 1: cold": "dining table 1", "apple 2": "cabinet 1"}, "apple 2"),
])  # fmt: skip
def test_nothing_is_taken_from_where_another_condition_needs_it(goal: str, objects: dict[str, str], free: str) -> None:
    assert used(state(["cabinet 1", "desk 1", "sofa 1", "shelf 1", "dining table 1"], objects), goal)[0] == free


def test_nothing_is_taken_out_of_a_persons_hands() -> None:
    now = state([*KITCHEN, "desk 1"], {"book 1": "person 1", "book 2": "cabinet 1"})
    assert used(now, "book on desk") == ["book 2"]


@pytest.mark.parametrize("goal", ["mug of milk with person", "mug on dining table"])
def test_vessels_with_something_in_them_come_after_empty_ones(goal: str) -> None:
    now = state([*KITCHEN, "fridge 1"], {
        "mug 1: of coffee": "countertop 1", "mug 2": "countertop 1", "pen 1": "mug 2", "mug 3": "cabinet 1",
        "milk 1": "fridge 1",
    })  # fmt: skip
    assert used(now, goal)[0] == "mug 3"


def test_what_has_the_wanted_liquid_is_not_full_but_ready() -> None:
    now = state(KITCHEN, {"glass 1": "countertop 1", "glass 2: of water": "countertop 1"})
    assert used(now, "glass of water with person") == ["glass 2"]
    assert used(now, "glass on dining table") == ["glass 1"]


def test_the_nearer_of_equals_is_taken_wherever_the_robot_stands() -> None:
    fixtures = ["desk 1", "shelf 1", "bed 1", "sofa 1", "dresser 1", "TV stand 1", "coffee table 1"]
    objects = {"book 1": "desk 1", "book 2": "dresser 1"}
    now = state(fixtures, objects)
    for at, robot in enumerate(fixtures):
        assert used(now._replace(at=at), "book on coffee table") == ["book 2"], robot
        assert used(now._replace(at=at), "book on shelf") == ["book 1"], robot


def test_without_a_floor_plan_the_same_room_is_nearer() -> None:
    now = rooms("  cabinet: [mug]\n  desk: [mug, book]\n  countertop: [book]\n")
    assert used(now, "book on shelf") == ["book 1"]
    assert used(now, "book on dining table") == ["book 2"]
    assert used(now, "mug on dining table") == ["mug 2"]  # another room is nearer than a closed door
    assert used(now, "mug on shelf") == ["mug 2"]


@pytest.mark.parametrize(("place", "taken"), [
    ("with Anna", "mug 2"), ("in kitchen", "mug 2"), ("in bedroom", "mug 1"), ("beside book", "mug 1"),
])  # fmt: skip
def test_the_way_leads_to_a_person_or_a_room(place: str, taken: str) -> None:
    objects = "  desk: [mug, book]\n  countertop: [mug]\n"
    text = (
        f"rooms:\n  bedroom: [desk]\n  kitchen: [countertop, dining table, person]\nobjects:\n{objects}people: [Anna]\n"
    )
    now = World(parse_home(text, geometry=False)).initial()
    condition = parse_goal(f"1 of mug {place}").conditions[0]
    assert isinstance(condition, Every)
    objects_there = [now.world.index["mug 1"], now.world.index["mug 2"]]
    assert now.world.names[choice.ranked(now, objects_there, condition.thing, condition.place)[0]] == taken


def test_a_closed_door_is_opened_once_for_all_that_is_behind_it() -> None:
    objects = {"glass 1": "cabinet 1", "glass 2": "cabinet 2", "glass 3": "cabinet 1", "glass 4": "cabinet 1"}
    now = state(["cabinet 1", "cabinet 2", "dining table 1"], objects)
    plan = taught(now, "3 glass on dining table")
    assert sum(step.startswith("open") for step in plan) == 1


@pytest.mark.parametrize(("goal", "tool"), [("sliced apple", "knife 2"), ("countertop clean", "cloth 2")])
def test_tools_are_clean_and_from_no_bin(goal: str, tool: str) -> None:
    now = state(["countertop 1: dirty", "drawer 1", "garbage can 1"], {
        "apple 1": "countertop 1", "knife 1: dirty": "countertop 1", "knife 2": "drawer 1", "knife 3": "garbage can 1",
        "cloth 1": "garbage can 1", "cloth 2": "drawer 1",
    })  # fmt: skip
    assert f"pick up {tool}" in taught(now, goal)
    assert tool in facts_of(now, goal).names


def test_food_is_cooked_in_a_clean_vessel_on_a_burner_with_room() -> None:
    now = state(["stove burner 1", "stove burner 2", "cabinet 1", "countertop 1"],
                {"pan 1: dirty": "stove burner 1", "pan 2": "cabinet 1", "egg 1": "countertop 1"})  # fmt: skip
    plan = taught(now, "cooked egg")
    assert "put egg 1 on pan 2" in plan and "turn on stove burner 2" in plan
    assert {"pan 2", "stove burner 2"} <= facts_of(now, "cooked egg").names


def test_food_is_cooked_in_a_dirty_pan_if_no_burner_has_room_for_a_clean_vessel() -> None:
    now = state(["stove burner 1", "countertop 1"],
                {"pan 1: dirty": "stove burner 1", "pot 1": "countertop 1", "egg 1": "pot 1"})  # fmt: skip
    assert "put egg 1 on pan 1" in taught(now, "cooked egg")
    assert {"pan 1", "stove burner 1"} <= facts_of(now, "cooked egg").names


def test_what_stands_where_there_is_no_room_for_another_is_used() -> None:
    now = state(
        ["kettle base 1", "countertop 1", "fridge 1"], {"kettle 1": "countertop 1", "kettle 2": "kettle base 1"}
    )
    assert used(now, "cold kettle on kettle base") == ["kettle 2"]
    taught(now, "cold kettle on kettle base")


def test_food_goes_into_a_clean_bowl_even_if_a_dirty_one_is_in_place() -> None:
    now = state(KITCHEN, {"bowl 1: dirty": "dining table 1", "bowl 2": "cabinet 1", "apple 1": "countertop 1"})
    assert "put apple 1 in bowl 2" in taught(now, "apple in bowl on dining table")
    assert {"bowl 2"} <= set(used(now, "apple in bowl on dining table"))


def test_a_drink_is_poured_from_its_package_not_from_somebodys_glass() -> None:
    now = state([*KITCHEN, "fridge 1"],
                {"milk 1": "fridge 1", "cup 1: of milk": "countertop 1", "mug 1": "cabinet 1"})  # fmt: skip
    assert "pour milk 1 into mug 1" in taught(now, "mug of milk")
    assert "milk 1" in facts_of(now, "mug of milk").names


def test_plants_are_not_watered_with_a_drink() -> None:
    now = state(["plant 1", "sink 1", "desk 1"], {"glass 1: of water": "desk 1", "watering can 1": "desk 1"})
    assert "watering can 1" in facts_of(now, "plant watered").names
    assert "glass 1" not in facts_of(now, "plant watered").names


# Microwaves and kettles


def test_metal_is_heated_without_the_microwave() -> None:
    now = state(["countertop 1", "microwave 1", "oven 1"], {"fork 1": "mug 1", "mug 1": "countertop 1"})
    for goal in ("hot fork", "hot mug"):
        plan = taught(now, goal)
        assert "turn on oven 1" in plan and "turn on microwave 1" not in plan


def test_a_microwave_with_metal_in_it_is_not_used_for_anything_else() -> None:
    now = state(["countertop 1", "microwave 1", "oven 1"], {"spoon 1": "microwave 1", "apple 1": "countertop 1"})
    assert "turn on oven 1" in taught(now, "hot apple")
    assert choice.is_dangerous(now, parse_action(now.world, "turn on microwave 1"))
    assert not choice.is_dangerous(now, parse_action(now.world, "turn on oven 1"))


def test_a_kettle_is_boiled_where_it_stands() -> None:
    now = state(["kettle base 1", "microwave 1", "countertop 1"], {"kettle 1: of water": "kettle base 1"})
    assert taught(now, "hot kettle") == ["turn on kettle base 1", "turn off kettle base 1"]
    pick_up = parse_action(now.world, "pick up kettle 1")
    names = frozenset({"kettle 1", "kettle base 1"})
    assert leads_back(now, pick_up, names, {state_key(now)})
    assert not leads_back(now, pick_up, names | {"countertop 1"}, {state_key(now)})


# The facts


def test_what_is_not_needed_is_shown_but_withheld() -> None:
    now = state(KITCHEN, {"plate 1: dirty": "countertop 1", "plate 2": "cabinet 1", "plate 3": "cabinet 1"})
    facts = facts_of(now, "2 plate on dining table")
    assert facts.withheld == {"plate 1"} and "plate 1 dirty on countertop 1" in facts.texts
    without = retrieve_facts(now, parse_goal("2 plate on dining table").conditions, now)
    assert not without.withheld and len(without.texts) == len(facts.texts)


def test_what_another_condition_needs_is_not_withheld() -> None:
    now = state([*KITCHEN, "desk 1"], {"mug 1": "countertop 1", "mug 2": "countertop 1"})
    conditions = parse_goal("mug on dining table ; mug on desk").conditions
    assert not retrieve_facts(now, conditions, now, phase=conditions, common_sense=True).withheld


def test_after_a_failure_of_the_best_nothing_is_withheld() -> None:
    now = state(KITCHEN, {"plate 1: dirty": "countertop 1", "plate 2": "cabinet 1"})
    goal = parse_goal("plate on dining table").conditions
    for action, withheld in ((Action("pick up", ("plate 2",)), set()), (Action("open", ("sink 1",)), {"plate 1"})):
        note = failure(now.world, action, f"cannot reach {action.args[0]}")
        facts = facts_for(now, goal, now, [note], common_sense=True)
        assert facts.withheld == withheld and {"plate 1", "plate 2"} <= facts.names


def test_the_number_of_facts_does_not_depend_on_how_objects_are_chosen(drawn: list[Drawn]) -> None:
    pieces = [piece for d in drawn for piece in d.pieces or ()]
    n_shown = {
        sense: sum(
            len(retrieve_facts(p.state, p.todo, p.start, phase=p.phase, common_sense=sense).texts) for p in pieces
        )
        for sense in (False, True)
    }
    assert abs(n_shown[True] - n_shown[False]) < 0.03 * n_shown[False]


def test_the_facts_name_what_the_teacher_uses_with_common_sense(drawn: list[Drawn]) -> None:
    taught_pieces = incomplete = 0
    for piece in (piece for d in drawn for piece in d.pieces or ()):
        lesson = teach(piece.state, piece.todo, piece.start, phase=piece.phase, common_sense=True)
        if lesson.actions is None:
            continue
        facts = retrieve_facts(piece.state, piece.todo, piece.start, phase=piece.phase, common_sense=True)
        allowed = {name for action in lesson.actions for name in action.args}.isdisjoint(facts.withheld)
        taught_pieces += 1
        incomplete += not (facts.name_all(lesson.actions) and allowed)
    assert taught_pieces > 150
    assert incomplete <= 0.02 * taught_pieces


# Decoding


def picked(planner: Planner, now: State, goal: Goal, options: Options) -> set[str]:
    plan = planner.plan_for_goal(goal, now, options)
    return {action.args[0] for action in plan.actions if action.skill == "pick up"}


def test_the_gpt_cannot_choose_what_is_withheld(random_planner: Planner) -> None:
    now = state(KITCHEN, {"plate 1: dirty": "countertop 1", "plate 2": "cabinet 1"})
    goal = parse_goal("plate on dining table")
    seen: dict[bool, set[str]] = {True: set(), False: set()}
    for seed in range(6):
        for sense in seen:
            options = Options(samples=0, temperature=2.0, seed=seed, common_sense=sense)
            seen[sense] |= picked(random_planner, now, goal, options)
    assert seen == {True: {"plate 2"}, False: {"plate 1", "plate 2"}}


def test_the_last_sample_may_use_whatever_the_facts_show(
    random_planner: Planner, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = state(KITCHEN, {"plate 1: dirty": "countertop 1", "plate 2": "cabinet 1"})
    offered: list[bool] = []

    def spy(*args: object, forbidden: frozenset[str], **options: object) -> State:
        offered.append("plate 1" not in forbidden)
        return now

    monkeypatch.setattr(goal_planner, "write", spy)
    random_planner.plan_for_goal(parse_goal("plate on dining table"), now, Options(samples=2))
    assert offered == [False, False, True]


def test_no_plan_runs_the_microwave_with_metal_in_it(random_planner: Planner) -> None:
    now = state(["countertop 1", "microwave 1", "oven 1"], {"spoon 1": "microwave 1", "apple 1": "countertop 1"})
    for seed in range(4):
        here = now
        options = Options(samples=0, temperature=1.0, seed=seed)
        for action in random_planner.plan_for_goal(parse_goal("hot apple"), now, options).actions:
            assert not choice.is_dangerous(here, action)
            here = after(here, format_action(here.world, action))


def test_what_is_feasible_does_not_depend_on_taste() -> None:
    now = state(KITCHEN, {"plate 1: dirty": "garbage can 1"})
    assert is_feasible(Goal(phases=((Count(thing=Thing(word="plate"), place=None),),)), now)
    assert used(now, "plate on dining table") == ["plate 1"]


# The cost


def test_the_cost_of_an_object_is_the_sum_of_its_flaws_and_of_the_seconds_that_it_takes() -> None:
    now = state(KITCHEN, {"plate 1: dirty": "countertop 1", "plate 2": "garbage can 1", "plate 3": "countertop 1"})
    thing = Thing(word="plate")
    clean = choice.cost_s(now, now.world.index["plate 3"], thing, [], False)
    assert choice.cost_s(now, now.world.index["plate 1"], thing, [], False) == clean + 2 * choice.HOUR_S
    assert choice.cost_s(now, now.world.index["plate 3"], thing, [], False, is_taken=True) == clean + 32 * choice.HOUR_S
    hot = choice.cost_s(now, now.world.index["plate 3"], Thing(word="plate", states=("hot",)), [], False)
    skills = now.world.domain.skills
    assert hot - clean == sum(skills[name].duration_s for name in ("put", "turn on", "turn off", "pick up")) == 32
    assert choice.door_s(now.world) == skills["open"].duration_s + skills["close"].duration_s == 20


def test_each_flaw_outweighs_all_that_follow_it_and_an_hour_on_the_way() -> None:
    for k, seconds in enumerate(choice.FLAWS_S):
        assert seconds >= sum(choice.FLAWS_S[k + 1 :]) + choice.HOUR_S
