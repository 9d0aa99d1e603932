"""Reaching a goal in a home that is known in part: it is looked for, found, missed, and never claimed."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from envs.simulation.symbolic_home import SymbolicHome
from envs.symbolic.actions import Action, State, parse_action
from envs.symbolic.disturbances import Disturbance, disturbed_state
from envs.symbolic.goals import Goal, parse_goal
from planner.execution.events import (
    Begun,
    Ended,
    Episode,
    Event,
    Looked,
    Looking,
    Missed,
    Replanned,
    Search,
    Step,
    Waiting,
)
from planner.exploration.information_needs import information_needs
from planner.exploration.search_order import SearchAction, nearest
from planner.plans.planning_result import Plan
from planner.world_model.belief import Belief, Known
from tests.planner.world_model.two_rooms import TWO_ROOMS, Intruder, TaughtPlanner, seen_at_start, sought, two_rooms


@pytest.fixture
def start(tmp_path: Path) -> State:
    return two_rooms(tmp_path)


def search_of(episode: Episode) -> Search:
    assert episode.search is not None
    return episode.search


def subtasks(episode: Episode) -> list[str]:
    return [step.subtask for step in episode.steps]


def told(start: State, **where: str) -> Belief:
    things = {name.replace("_", " "): place for name, place in where.items()}
    return Belief.of_map(start.world.scene).with_statements(
        {name: Known(category=name.rpartition(" ")[0], place=place, source="told") for name, place in things.items()}
    )


def test_what_is_hidden_is_found_and_brought(start: State) -> None:
    episode, _ = sought("mug on dining table", start)
    assert (episode.success, search_of(episode).shortfall) == (True, ())
    assert [look.found for look in search_of(episode).looks][-1] == ("mug 1",)


def test_what_is_in_sight_is_not_looked_for(start: State) -> None:
    episode, _ = sought("plate on dining table", start)
    assert (episode.success, search_of(episode).looks) == (True, ())
    assert subtasks(episode) == ["pick up plate 1", "put plate 1 on dining table 1"]


def test_all_that_lies_openly_in_a_room_is_seen_by_one_walk(start: State) -> None:
    episode, _ = sought("watch on dining table", start)
    assert [s for s in subtasks(episode) if s.startswith("go to")] != []
    assert (episode.success, search_of(episode).opened) == (True, 0)


def test_the_planner_is_never_shown_what_was_not_seen(start: State) -> None:
    planner = TaughtPlanner()
    sought("mug on dining table", start, planner=planner)
    assert planner.asked
    assert not {"apple 1", "shirt 1"} & {name for state in planner.asked for name in state.world.names}


def test_no_subtask_names_a_thing_before_it_was_seen(start: State) -> None:
    _, events = sought("mug in box on desk", start)
    seen = set(seen_at_start(start).things)
    for event in events:
        if isinstance(event, Looked):
            seen |= set(event.found)
        if isinstance(event, Begun):
            words = parse_action(start.world, event.subtask).args
            assert {w for w in words if start.world.index[w] >= start.world.n_fixtures} <= seen


@pytest.mark.parametrize("goal", ["mug on desk", "shirt on bed", "pen in box", "hot apple on desk", "no book on desk"])
def test_no_place_is_looked_at_twice_while_nobody_else_is_at_work(start: State, goal: str) -> None:
    episode, _ = sought(goal, start)
    opened = Counter(look.look.place for look in search_of(episode).looks if look.opened)
    walked = Counter(look.look.place for look in search_of(episode).looks if not look.opened)
    assert episode.success and max(opened.values(), default=1) == 1 and max(walked.values(), default=1) == 1


def test_what_is_nowhere_is_looked_for_everywhere_it_fits_and_reported(start: State) -> None:
    episode, events = sought("holding teddy bear", start)
    search = search_of(episode)
    assert (episode.success, episode.rate) == (False, 0.0)
    (said,) = search.shortfall
    assert said.startswith("looked in all ") and said.endswith("there is no teddy bear")
    fits = {
        name for i, name in enumerate(start.world.names[: start.world.n_fixtures])
        if start.world.domain.fits("teddy bear", start.world.categories[i])
    }  # fmt: skip
    assert fits <= search.belief.looked
    assert isinstance(events[-1], Ended)


def test_what_is_nowhere_does_not_keep_the_rest_from_being_done(start: State) -> None:
    episode, _ = sought("holding teddy bear ; plate on dining table", start)
    assert episode.met == (False, True)


def test_too_few_are_counted(start: State) -> None:
    episode, _ = sought("2 mug on dining table", start)
    assert not episode.success
    assert search_of(episode).shortfall[0].endswith("there is only 1 mug")


def test_every_is_settled_only_when_all_places_were_looked_at(tmp_path: Path) -> None:
    text = TWO_ROOMS.replace("drawer: [pen]", "drawer: [pen]\n  wardrobe: [dirty glass]").replace(
        "  wardrobe: [shirt]\n", ""
    )
    episode, _ = sought("every dirty glass on dining table", two_rooms(tmp_path, text))
    assert episode.success
    assert {"cabinet 1", "cabinet 2", "fridge 1"} <= search_of(episode).belief.looked


def test_no_holds_only_after_a_look_at_the_places_it_is_about(start: State) -> None:
    episode, _ = sought("no book on side table", start)
    assert episode.success and subtasks(episode)[0].startswith("go to")


def test_a_fixtures_state_is_seen_before_it_is_taken_to_be_so(tmp_path: Path) -> None:
    start = two_rooms(tmp_path, TWO_ROOMS.replace("wardrobe,", "wardrobe: [open],"))
    episode, _ = sought("every wardrobe closed", start)
    assert episode.success and subtasks(episode)[-1] == "close wardrobe 1"


def test_a_tool_that_is_needed_is_looked_for(tmp_path: Path) -> None:
    start = two_rooms(tmp_path, TWO_ROOMS.replace("drawer: [pen]", "drawer: [pen, knife]"))
    episode, _ = sought("sliced apple", start)
    assert episode.success and any("knife 1" in look.found for look in search_of(episode).looks)


def test_the_hand_is_emptied_before_something_is_opened(start: State) -> None:
    holding = seen_at_start(start)
    home = SymbolicHome(start)
    home.execute(Action("pick up", ("plate 1",)))
    episode, _ = sought("mug on dining table", start, belief=holding, home=home)
    put = next(i for i, s in enumerate(subtasks(episode)) if s.startswith("put plate 1"))
    assert episode.success and put < next(i for i, s in enumerate(subtasks(episode)) if s.startswith("open"))


def test_what_a_person_would_not_leave_open_is_closed_again(start: State) -> None:
    episode, _ = sought("holding teddy bear", start)
    done = subtasks(episode)
    assert done[done.index("open fridge 1") + 1] == "close fridge 1"


def test_a_stage_of_the_goal_is_reached_before_what_the_next_needs_is_looked_for(start: State) -> None:
    _, events = sought("plate on dining table then holding shirt", start)
    first_look = next(i for i, e in enumerate(events) if isinstance(e, Looking))
    assert any(isinstance(e, Begun) and e.subtask.startswith("put plate 1") for e in events[:first_look])


# What was told or remembered


def test_what_is_told_is_gone_for_directly(start: State) -> None:
    episode, _ = sought("holding mug", start, belief=told(start, mug_1="cabinet 2"))
    assert (subtasks(episode), search_of(episode).looks) == (["open cabinet 2", "pick up mug 1"], ())


@pytest.mark.parametrize("place", ["cabinet 1", "desk 1"])
def test_what_is_told_wrongly_is_noticed_there_and_then_looked_for(start: State, place: str) -> None:
    episode, events = sought("holding mug", start, belief=told(start, mug_1=place))
    assert episode.success and [m.thing for m in search_of(episode).missed] == ["mug 1"]
    assert [e.place for e in events if isinstance(e, Missed)] == [place]
    assert "pick up mug 1" not in subtasks(episode)[:-1]


def test_a_thing_that_is_told_of_and_does_not_exist_is_never_handled(start: State) -> None:
    episode, _ = sought("holding teddy bear", start, belief=told(start, teddy_bear_4="bed 1"))
    assert not episode.success and not any("teddy bear" in s for s in subtasks(episode))


def test_what_is_remembered_empty_is_looked_into_last(start: State) -> None:
    belief = replace(Belief.of_map(start.world.scene), remembered=frozenset({"cabinet 1", "drawer 1", "fridge 1"}))
    episode, _ = sought("holding mug", start, belief=belief)
    assert episode.success and subtasks(episode) == ["open cabinet 2", "pick up mug 1"]


# What somebody else does meanwhile


def test_what_was_moved_into_sight_is_taken_from_there(start: State) -> None:
    moved = Disturbance(kind="move", name="plate 1", place="dining table 1")
    episode, _ = sought("plate in fridge", start, disturbances=[(1, moved)])
    assert episode.success


def test_what_was_moved_out_of_sight_is_looked_for_again(start: State) -> None:
    moved = Disturbance(kind="move", name="plate 1", place="cabinet 1")
    episode, events = sought("plate on dining table", start, disturbances=[(1, moved)])
    assert [e.thing for e in events if isinstance(e, Missed)] == ["plate 1"]
    assert episode.success and any("plate 1" in look.found for look in search_of(episode).looks)


def test_a_place_is_looked_at_again_once_something_turns_out_to_have_moved(start: State) -> None:
    home, belief = SymbolicHome(start), seen_at_start(start)
    for subtask in ("open cabinet 1", "close cabinet 1", "go to bed 1"):
        home.execute(parse_action(start.world, subtask))
        belief = belief.observe(home.state())
    home.change(disturbed_state(home.state(), Disturbance(kind="move", name="plate 1", place="cabinet 1")))
    episode, events = sought("holding plate", start, belief=belief, home=home)
    assert [e.thing for e in events if isinstance(e, Missed)] == ["plate 1"]
    assert episode.success and "open cabinet 1" in subtasks(episode)


def test_nobody_can_take_what_only_the_home_knows_to_have_moved(start: State) -> None:
    """The shirt was seen in the wardrobe, and is in the drawer by now: it is not taken through the wall."""
    home = SymbolicHome(start)
    for subtask in ("open wardrobe 1", "go to fridge 1"):
        home.execute(parse_action(start.world, subtask))
    seen = seen_at_start(start)
    seen = replace(
        seen,
        things={**seen.things, "shirt 1": Known(category="shirt", place="wardrobe 1")},
        fixtures={**seen.fixtures, "wardrobe 1": frozenset({"open"})},
        looked=seen.looked | {"wardrobe 1"},
    )
    place = list(home.state().place)
    place[start.world.index["shirt 1"]] = start.world.index["drawer 1"]
    home.change(home.state()._replace(place=tuple(place)))
    episode, events = sought("holding shirt", start, belief=seen, home=home)
    done = subtasks(episode)
    assert [e.place for e in events if isinstance(e, Missed)] == ["wardrobe 1"]
    assert episode.success and done[0] == "go to wardrobe 1"
    assert done.index("open drawer 1") < done.index("pick up shirt 1")


# A plan to begin with


def plan(start: State, *subtasks: str) -> list[Action]:
    return [parse_action(start.world, s) for s in subtasks]


def test_a_given_plan_is_followed_while_what_it_names_is_there(start: State) -> None:
    given = plan(start, "open cabinet 2", "pick up mug 1", "put mug 1 on desk 1")
    planner = TaughtPlanner()
    episode, _ = sought("mug on desk", start, plan=given, planner=planner)
    assert (episode.success, planner.asked, search_of(episode).looks) == (True, [], ())


def test_a_given_plan_that_rests_on_what_is_not_there_gives_way_to_looking(start: State) -> None:
    given = plan(start, "open cabinet 1", "pick up mug 1", "put mug 1 on desk 1")
    episode, events = sought("mug on desk", start, plan=given)
    assert episode.success and episode.steps[0].subtask == "open cabinet 1"
    assert isinstance(next(e for e in events if isinstance(e, Looking | Replanned)), Looking)


# What fails


class Stuck(SymbolicHome):
    """A home in which one fixture cannot be opened."""

    def __init__(self, state: State, fixture: str) -> None:
        super().__init__(state)
        self.fixture, self.tries = fixture, 0

    def execute(self, action: Action) -> Step:
        if action == Action("open", (self.fixture,)):
            self.tries += 1
            return Step(subtask=f"open {self.fixture}", status="failed", reason="it is stuck", duration_s=1.0)
        return super().execute(action)


def test_a_place_that_cannot_be_opened_is_tried_twice_and_said_to_be_left_out(start: State) -> None:
    home = Stuck(start, "cabinet 2")
    episode, _ = sought("holding mug", start, home=home)
    assert (episode.success, home.tries) == (False, 2)
    assert search_of(episode).shortfall[0].endswith("could not look in cabinet 2; no mug found")
    assert [look.reason for look in search_of(episode).looks if look.reason] == ["it is stuck", "it is stuck"]


def test_what_fails_twice_in_a_plan_is_kept_from_the_next_plans(tmp_path: Path) -> None:
    start = two_rooms(tmp_path, TWO_ROOMS.replace("[plate, dirty glass]", "[2 plate, dirty glass]"))

    class Heavy(SymbolicHome):
        def execute(self, action: Action) -> Step:
            if action == Action("pick up", ("plate 1",)):  # there is another
                return Step(subtask="pick up plate 1", status="failed", reason="it slips", duration_s=1.0)
            return super().execute(action)

    class Listening(TaughtPlanner):
        def __init__(self) -> None:
            super().__init__()
            self.avoided: list[set[str]] = []

        def plan_for_goal(self, goal: Goal, state: State, *args: object, **more: object) -> Plan:
            self.avoided.append({state.world.names[i] for i in cast(frozenset[int], more["avoid"])})
            return super().plan_for_goal(goal, state, *args, **more)  # type: ignore[arg-type]

    planner = Listening()
    sought("plate on dining table", start, home=Heavy(start), planner=planner)
    assert planner.avoided[:3] == [set(), set(), {"plate 1"}]


def test_something_else_may_happen_once_before_each_subtask(start: State) -> None:
    home = SymbolicHome(start)
    intruder = Intruder(home)
    episode, _ = sought("mug on dining table ; plate on desk", start, home=home, disturb=intruder)
    assert episode.success and intruder.step == len(episode.steps)


def test_without_a_plan_that_works_it_says_so(start: State) -> None:
    class Helpless(TaughtPlanner):
        def plan_for_goal(self, *args: object, **more: object):  # type: ignore[no-untyped-def, override]
            return replace(super().plan_for_goal(*args, **more), status="unverified", reason="not reached: a")  # type: ignore[arg-type]

    episode, _ = sought("plate on dining table", start, planner=Helpless())
    assert search_of(episode).shortfall == ("no plan reaches plate on dining table: not reached: a",)


# The order of looking, and what is told of it


def test_the_likeliest_place_for_its_time_comes_first(start: State) -> None:
    episode, _ = sought("shirt on bed", start)
    first = search_of(episode).looks[0].look
    assert (first.place, first.opens) == ("wardrobe 1", True)  # and all that lies openly is seen on the way
    episode, _ = sought("holding apple", start)
    assert search_of(episode).looks[0].look.place == "fridge 1"


def test_any_other_order_of_looking_finds_it_too(start: State) -> None:
    def by_name(looks: Sequence[SearchAction]) -> SearchAction:
        return max(looks, key=lambda look: look.fixture)

    for choose in (nearest, by_name):
        assert sought("mug on dining table", start, choose=choose)[0].success


def test_a_look_is_told_of_before_and_after(start: State) -> None:
    _, events = sought("mug on dining table", start)
    kinds: list[type[Event]] = [type(e) for e in events]
    first = kinds.index(Looking)
    assert Begun in kinds[first : kinds.index(Looked)] and kinds[-1] is Ended


def test_what_is_told_of_a_search_is_plain_data(start: State) -> None:
    episode, _ = sought("holding mug", start)
    data = json.loads(json.dumps(search_of(episode).as_dict()))
    assert data["opened"] == search_of(episode).opened and data["shortfall"] == data["missed"] == []
    assert data["looks"][-1]["found"] == ["mug 1"] and data["looks"][-1]["look"]["place"] == "cabinet 2"


@pytest.mark.parametrize(("goal", "wanted"), [("plate beside mug", ["mug"]), ("plate beside dirty glass", [])])
def test_a_neighbor_that_is_not_known_is_looked_for(start: State, goal: str, wanted: list[str]) -> None:
    (condition,) = parse_goal(goal).conditions
    needs = information_needs(condition, seen_at_start(start))
    assert [need.label for need in needs] == wanted


def test_something_is_put_beside_what_had_to_be_found(start: State) -> None:
    episode, _ = sought("plate beside mug", start)
    assert episode.success
    assert subtasks(episode)[-2:] == ["put plate 1 in cabinet 2", "close cabinet 2"]


def test_the_robot_waits_for_times_in_a_home_that_it_knows_in_part(start: State) -> None:
    goal = "plate on dining table then after 10 min : mug on dining table"
    episode, events = sought(goal, start)
    (waiting,) = [event for event in events if isinstance(event, Waiting)]
    assert episode.success and (waiting.seconds, waiting.goal) == (600, "mug on dining table")
    assert not any(isinstance(event, Looking) for event in events[: events.index(waiting)])


def test_a_phase_whose_test_is_false_when_its_time_comes_is_left_out(start: State) -> None:
    episode, events = sought("at 07:00 : if plate on dining table : mug on dining table", start)
    assert episode.success and episode.steps == ()
    assert [event.until for event in events if isinstance(event, Waiting)] == ["07:00 on day 2"]
