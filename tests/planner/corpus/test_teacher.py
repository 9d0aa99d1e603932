"""The teacher: its plans are applicable, reach their goals, and are no longer than they need be."""

from __future__ import annotations

from collections import Counter

import pytest

from envs.symbolic.actions import Action, State, applicable, apply, format_action, successor
from envs.symbolic.goals import parse_goal
from envs.symbolic.scoring import holds
from planner.corpus.teacher import MAX_OBJECTS_PER_CONDITION, Taught, teach
from planner.corpus.teacher_chunks import plan_in_chunks, taught_actions
from planner.verification.plan_verification import verify
from tests.envs.homes_for_tests import after, state
from tests.planner.conftest import Drawn


def taught(now: State, goal: str) -> Taught:
    return teach(now, parse_goal(goal).conditions, now)


def plan(now: State, goal: str) -> list[str]:
    """The subtasks of a plan, which is also replayed."""
    found = taught(now, goal)
    assert found.actions is not None, found.reason
    assert verify(now, parse_goal(goal), found.actions).ok
    return [format_action(now.world, action) for action in found.actions]


def shortest(now: State, goal: str, at_most: int) -> int:
    """The length of a shortest plan, by breadth-first search."""
    conditions = parse_goal(goal).conditions
    seen, front = {now[1:5]}, [now]
    for depth in range(1, at_most + 1):
        reached = []
        for before in front:
            for action in applicable(before):
                then = successor(before, action)
                if all(holds(then, c, now) for c in conditions):
                    return depth
                if then[1:5] not in seen:
                    seen.add(then[1:5])
                    reached.append(then)
        front = reached
    raise AssertionError(f"no plan of {at_most} steps")


# Drawn tasks


def test_the_drawn_tasks_are_many_and_of_many_families(drawn: list[Drawn]) -> None:
    families = Counter(name for d in drawn for name in d.task.family.split("+"))
    assert len(drawn) >= 150 and len(families) >= 80


def test_every_step_of_a_taught_plan_is_applicable(drawn: list[Drawn]) -> None:
    for piece in (p for d in drawn for p in d.pieces or ()):
        now = piece.state
        for action in piece.actions:
            now = apply(now, action)  # raises if it is not


def test_the_chunks_of_a_taught_plan_together_reach_the_goal(drawn: list[Drawn]) -> None:
    for d in drawn:
        if d.pieces is not None:
            assert d.task.goal is not None
            actions = [action for piece in d.pieces for action in piece.actions]
            report = verify(d.task.start, d.task.goal, actions)
            assert report.ok, f"{d.task.goal_text}: {report.reason}"


def test_nearly_every_drawn_task_can_be_taught(drawn: list[Drawn]) -> None:
    stuck = [d.task.goal_text for d in drawn if d.pieces is None]
    assert len(stuck) <= 0.04 * len(drawn), stuck


def test_no_plan_does_a_step_and_at_once_undoes_it(drawn: list[Drawn]) -> None:
    opposite = {"open": "close", "close": "open"}
    for piece in (p for d in drawn for p in d.pieces or ()):
        for one, two in zip(piece.actions, piece.actions[1:], strict=False):
            if one.args == two.args:
                assert not (opposite.get(one.skill) == two.skill and one.skill == "open"), piece.actions


def test_no_plan_walks_without_doing_anything(drawn: list[Drawn]) -> None:
    assert not any(a.skill == "go to" for d in drawn for p in d.pieces or () for a in p.actions)


# Small scenes with their whole plans


def test_a_thing_in_a_closed_cabinet_is_reached_by_opening_it() -> None:
    now = state(["cabinet 1", "dining table 1"], {"mug 1": "cabinet 1"})
    assert plan(now, "mug on dining table") == ["open cabinet 1", "pick up mug 1", "put mug 1 on dining table 1"]


def test_a_closed_target_is_opened_before_the_hand_is_full() -> None:
    now = state(["cabinet 1", "dining table 1"], {"mug 1": "dining table 1"})
    assert plan(now, "mug in cabinet") == ["open cabinet 1", "pick up mug 1", "put mug 1 in cabinet 1"]


def test_a_fridge_is_closed_afterwards() -> None:
    now = state(["fridge 1", "desk 1"], {"milk 1: cold": "fridge 1"})
    assert plan(now, "milk on desk")[-1] == "close fridge 1"


def test_a_fridge_that_is_to_be_open_stays_open() -> None:
    now = state(["fridge 1", "desk 1"], {"milk 1: cold": "fridge 1"})
    assert "close fridge 1" not in plan(now, "milk on desk ; fridge open")


def test_heating() -> None:
    now = state(["microwave 1", "countertop 1"], {"apple 1": "countertop 1"})
    assert plan(now, "hot apple") == [
        "open microwave 1", "pick up apple 1", "put apple 1 in microwave 1", "close microwave 1",
        "turn on microwave 1", "turn off microwave 1",
    ]  # fmt: skip


def test_what_runs_is_switched_off_before_it_is_opened() -> None:
    now = state(["microwave 1: on", "countertop 1"], {"apple 1": "microwave 1"})
    assert plan(now, "apple on countertop")[:2] == ["turn off microwave 1", "open microwave 1"]


def test_cooling() -> None:
    now = state(["fridge 1", "countertop 1"], {"apple 1": "countertop 1"})
    assert plan(now, "cold apple") == [
        "open fridge 1", "pick up apple 1", "put apple 1 in fridge 1", "close fridge 1",
    ]  # fmt: skip


def test_slicing_puts_the_knife_down_beside() -> None:
    now = state(["countertop 1", "drawer 1"], {"apple 1": "countertop 1", "knife 1": "drawer 1"})
    assert plan(now, "sliced apple") == [
        "open drawer 1", "pick up knife 1", "slice apple 1", "put knife 1 on countertop 1",
    ]  # fmt: skip


def test_what_is_to_be_sliced_is_first_taken_out_of_the_cupboard() -> None:
    now = state(["countertop 1", "cabinet 1"], {"onion 1": "cabinet 1", "knife 1": "countertop 1"})
    steps = ["open cabinet 1", "pick up onion 1", "put onion 1 on countertop 1"]
    assert plan(now, "sliced onion") == [*steps, "pick up knife 1", "slice onion 1", "put knife 1 on countertop 1"]


def test_washing() -> None:
    now = state(["sink 1", "countertop 1"], {"plate 1: dirty": "countertop 1"})
    assert plan(now, "clean plate on countertop") == [
        "pick up plate 1", "put plate 1 in sink 1", "turn on sink 1", "turn off sink 1",
        "pick up plate 1", "put plate 1 on countertop 1",
    ]  # fmt: skip


def test_cooking_in_a_pan() -> None:
    now = state(["stove burner 1", "countertop 1"], {"pan 1": "stove burner 1", "egg 1": "countertop 1"})
    assert plan(now, "cooked egg") == [
        "pick up egg 1", "put egg 1 on pan 1", "turn on stove burner 1", "turn off stove burner 1",
    ]  # fmt: skip


def test_coffee() -> None:
    now = state(["coffee machine 1", "countertop 1", "desk 1"], {"mug 1": "countertop 1"})
    assert plan(now, "mug of coffee on desk") == [
        "pick up mug 1", "put mug 1 on coffee machine 1", "turn on coffee machine 1", "turn off coffee machine 1",
        "pick up mug 1", "put mug 1 on desk 1",
    ]  # fmt: skip


def test_pouring_puts_the_bottle_back() -> None:
    now = state(["countertop 1", "desk 1"], {"juice 1": "countertop 1", "glass 1": "desk 1"})
    assert plan(now, "glass of juice on desk") == [
        "pick up juice 1", "pour juice 1 into glass 1", "put juice 1 on countertop 1",
    ]  # fmt: skip


def test_a_vessel_full_of_something_else_is_not_filled() -> None:
    now = state(["sink 1", "cabinet 1", "desk 1"], {"cup 1: of coffee": "desk 1", "cup 2": "cabinet 1"})
    assert not any("cup 1" in step for step in plan(now, "cup of water"))


def test_watering_a_plant() -> None:
    now = state(["sink 1", "shelf 1", "plant 1"], {"watering can 1": "shelf 1"})
    assert plan(now, "plant watered") == [
        "pick up watering can 1", "put watering can 1 in sink 1", "turn on sink 1", "turn off sink 1",
        "pick up watering can 1", "pour watering can 1 into plant 1", "put watering can 1 on shelf 1",
    ]  # fmt: skip


def test_wiping_puts_the_cloth_back() -> None:
    now = state(["countertop 1", "desk 1: dirty"], {"cloth 1": "countertop 1"})
    assert plan(now, "desk clean") == ["pick up cloth 1", "wipe desk 1", "put cloth 1 on countertop 1"]


def test_folding() -> None:
    now = state(["bed 1", "laundry basket 1", "dresser 1"], {"shirt 1": "laundry basket 1"})
    steps = ["pick up shirt 1", "put shirt 1 on dresser 1", "fold shirt 1"]
    assert plan(now, "folded shirt on bed") == [*steps, "pick up shirt 1", "put shirt 1 on bed 1"]


def test_giving() -> None:
    now = state(["desk 1", "person 1"], {"book 1": "desk 1"})
    assert plan(now, "book with person") == ["pick up book 1", "give book 1 to person 1"]


def test_holding_under_the_lamp_turns_it_on_before_the_hand_is_full() -> None:
    now = state(["desk 1", "desk lamp 1"], {"book 1": "desk 1"})
    assert plan(now, "holding book ; desk lamp on") == ["turn on desk lamp 1", "pick up book 1"]


def test_setting_the_table_for_two() -> None:
    kept = {"plate": "cabinet 1", "fork": "drawer 1", "knife": "drawer 1", "glass": "cabinet 1"}
    things = {f"{name} {i}": place for name, place in kept.items() for i in (1, 2, 3)}
    now = state(["cabinet 1", "drawer 1", "dining table 1"], things)
    goal = "2 plate on dining table ; 2 fork on dining table ; 2 knife on dining table ; 2 glass on dining table"
    steps = plan(now, goal)
    assert steps[:3] == ["open cabinet 1", "pick up plate 1", "put plate 1 on dining table 1"]
    assert len(steps) == 2 * 8 + 2  # each of eight things is picked up and put down; a cabinet and a drawer are opened


def test_every_toy_goes_into_the_one_basket() -> None:
    things = {"basket 1": "shelf 1", "ball 1": "bed 1", "toy car 1": "sofa 1", "doll 1": "basket 1"}
    now = state(["shelf 1", "bed 1", "sofa 1"], things)
    assert plan(now, "every toy in basket") == [
        "pick up ball 1", "put ball 1 in basket 1", "pick up toy car 1", "put toy car 1 in basket 1",
    ]  # fmt: skip


def test_a_container_is_put_in_place_before_it_is_filled() -> None:
    now = state(["desk 1", "shelf 1"], {"cup 1": "shelf 1", "pen 1": "shelf 1"})
    assert plan(now, "pen in cup on desk") == [
        "pick up cup 1", "put cup 1 on desk 1", "pick up pen 1", "put pen 1 in cup 1",
    ]  # fmt: skip


def test_clearing_a_table_leaves_it_empty() -> None:
    now = state(["dining table 1", "countertop 1"], {"plate 1": "dining table 1", "mug 1": "dining table 1"})
    assert len(plan(now, "no dishes on dining table")) == 4


def test_what_is_in_the_hand_already_is_not_picked_up_again() -> None:
    now = after(state(["desk 1", "bed 1"], {"book 1": "desk 1"}), "pick up book 1")
    assert plan(now, "book on bed") == ["put book 1 on bed 1"]


def test_the_hand_is_freed_first() -> None:
    now = after(state(["desk 1", "cabinet 1"], {"book 1": "desk 1", "mug 1": "cabinet 1"}), "pick up book 1")
    steps = plan(now, "mug on desk")
    assert steps == ["put book 1 on desk 1", "open cabinet 1", "pick up mug 1", "put mug 1 on desk 1"]


def test_of_two_things_the_nearer_is_taken() -> None:
    now = state(["cabinet 1", "countertop 1", "desk 1"], {"mug 1": "cabinet 1", "mug 2": "countertop 1"})
    assert plan(now, "mug on desk") == ["pick up mug 2", "put mug 2 on desk 1"]


def test_of_two_things_one_that_is_already_as_wanted_is_taken() -> None:
    now = state(["sink 1", "countertop 1", "desk 1"], {"mug 1: dirty": "countertop 1", "mug 2": "countertop 1"})
    assert plan(now, "clean mug on desk") == ["pick up mug 2", "put mug 2 on desk 1"]


def test_two_conditions_about_one_category_take_two_things() -> None:
    now = state(["countertop 1", "desk 1", "sofa 1"], {"doll 1": "countertop 1", "doll 2": "countertop 1"})
    assert plan(now, "doll on desk ; doll on sofa") == [
        "pick up doll 1", "put doll 1 on desk 1", "pick up doll 2", "put doll 2 on sofa 1",
    ]  # fmt: skip


def test_what_an_earlier_chunk_put_in_place_is_left_there() -> None:
    things = {"mug 1": "desk 1", "mug 2": "cabinet 1"}
    now = state(["desk 1", "cabinet 1", "sofa 1"], things)
    both = parse_goal("mug on desk ; mug on sofa").conditions
    found = teach(now, both[1:], now, phase=both)
    assert found.actions == (
        Action("open", ("cabinet 1",)), Action("pick up", ("mug 2",)), Action("put", ("mug 2", "sofa 1")),
    )  # fmt: skip


def test_a_goal_that_holds_needs_no_step() -> None:
    now = state(["desk 1"], {"mug 1": "desk 1"})
    assert taught(now, "mug on desk").actions == ()


SIMPLE = (
    "mug on desk", "apple in cabinet", "cold apple", "sliced apple on desk", "holding mug", "cabinet open",
    "mug in cabinet ; apple on desk", "every dishes on desk", "desk clean", "mug of water", "apple on plate on desk",
    "clean plate in cabinet", "drawer open ; cabinet open",
)  # fmt: skip


@pytest.mark.parametrize("goal", SIMPLE)
def test_a_simple_plan_is_about_as_short_as_any(goal: str) -> None:
    fixtures = ["countertop 1", "cabinet 1", "fridge 1", "microwave 1", "sink 1", "desk 1: dirty", "drawer 1"]
    things = {"mug 1": "cabinet 1", "apple 1": "countertop 1", "plate 1: dirty": "sink 1", "knife 1": "drawer 1",
              "cloth 1": "sink 1"}  # fmt: skip
    now = state(fixtures, things)
    steps = plan(now, goal)
    # What a person would do beyond the goal: switch off what ran, put the tool down, shut the fridge.
    manners = sum(s.startswith(("turn off", "put knife", "put cloth", "close")) for s in steps)
    assert len(steps) - manners <= shortest(now, goal, at_most=len(steps))


# Phases, limits and what cannot be


def test_phases_are_planned_one_after_the_other() -> None:
    now = state(["desk 1", "bed 1", "sofa 1"], {"book 1": "desk 1"})
    goal = parse_goal("book on bed then book on sofa")
    pieces = [[format_action(now.world, a) for a in actions] for *_, actions in plan_in_chunks(now, goal)]
    assert pieces == [
        ["pick up book 1", "put book 1 on bed 1"], ["pick up book 1", "put book 1 on sofa 1"],
    ]  # fmt: skip


def test_the_second_phase_may_undo_the_first() -> None:
    now = state(["desk lamp 1"], {})
    goal = parse_goal("desk lamp on then desk lamp off")
    actions = taught_actions(now, goal)
    assert actions == [Action("turn on", ("desk lamp 1",)), Action("turn off", ("desk lamp 1",))]


def test_more_things_than_a_few_are_moved_in_several_chunks() -> None:
    things = {f"pen {i}": "bed 1" if i % 2 else "sofa 1" for i in range(1, 13)}
    now = state(["bed 1", "sofa 1", "desk 1"], things)
    pieces = list(plan_in_chunks(now, parse_goal("every pen on desk")))
    assert [len(actions) for *_, actions in pieces] == [
        2 * MAX_OBJECTS_PER_CONDITION,
        2 * (12 - MAX_OBJECTS_PER_CONDITION),
    ]


@pytest.mark.parametrize(
    ("goal", "reason"),
    [
        ("sliced apple", "there is no knife"),
        ("hot apple", "nothing here makes apple 1 hot"),
        ("2 apple on desk", "there are not enough of: apple"),
        ("apple in fridge", "no fridge can take it"),
        ("every dirty plate is clean", "there is no dirty plate"),
        ("holding mug", "there is no mug"),
        ("plant watered", "there is no plant"),
        ("desk clean", "there is no cloth or sponge"),
        ("no apple", "things cannot be made to vanish: apple"),
        ("apple on desk ; no apple on desk", "the conditions undo each other"),
        ("dirty apple", "there are not enough of: apple"),
        ("mug of milk on desk", "there are not enough of: mug"),
    ],
)
def test_an_impossible_goal_gives_no_plan_and_a_reason(goal: str, reason: str) -> None:
    now = state(["desk 1: dirty", "shelf 1"], {"apple 1": "shelf 1"})
    found = taught(now, goal)
    assert (found.actions, found.reason) == (None, reason)


def test_a_task_that_cannot_be_taught_raises_when_it_is_chunked() -> None:
    now = state(["desk 1"], {"apple 1": "desk 1"})
    with pytest.raises(LookupError, match="there is no knife"):
        list(plan_in_chunks(now, parse_goal("sliced apple")))


# Floors and classes of fixtures


def test_the_floor_is_cleared_and_nothing_is_put_down_on_it() -> None:
    now = state(
        ["floor 1", "bed 1", "bookshelf 1"],
        {"toy car 1": "floor 1", "ball 1": "floor 1", "book 1": "floor 1", "sock 1": "bed 1"},
    )
    assert plan(now, "no toy on floor") == [
        "pick up toy car 1", "put toy car 1 on bed 1", "pick up ball 1", "put ball 1 on bed 1",
    ]  # fmt: skip
    assert "put book 1 on bookshelf 1" in plan(now, "no anything on floor")
    assert plan(now, "sock on floor") == ["pick up sock 1", "put sock 1 on floor 1"]
    holding = after(now, "pick up book 1")
    assert not [step for step in plan(holding, "toy car on bookshelf") if "on floor" in step]


def test_every_member_of_a_class_of_fixtures_is_seen_to() -> None:
    now = state(["desk lamp 1: on", "floor lamp 1", "ceiling light 1: on", "fan 1: on", "fridge 1: open"])
    assert plan(now, "every lamp off") == ["turn off desk lamp 1", "turn off ceiling light 1"]
    assert plan(now, "no lamp on") == ["turn off desk lamp 1", "turn off ceiling light 1"]
    assert plan(now, "no appliance on ; every appliance closed") == ["turn off fan 1", "close fridge 1"]
    assert plan(after(now, "turn off desk lamp 1", "turn off ceiling light 1"), "lamp on") == ["turn on desk lamp 1"]
