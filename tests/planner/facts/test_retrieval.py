"""The facts in the prompt: everything that the plan needs, nothing else, and no more in a larger home."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from envs.scenes.scene_sampler import sample_scene
from envs.symbolic.actions import NOWHERE, State, World
from envs.symbolic.goals import parse_goal
from planner.facts.retrieval import Facts, describe, location, retrieve_facts
from planner.goals.chunking import MAX_CHANGES, MAX_CONDITIONS, estimated_changes, next_conditions
from planner.goals.grounding import MAX_OBJECTS_PER_CONDITION
from tests.envs.homes_for_tests import after, state
from tests.planner.conftest import Drawn, Piece


def facts_of(now: State, goal: str, **options: object) -> Facts:
    return retrieve_facts(now, parse_goal(goal).conditions, now, **options)  # type: ignore[arg-type]


def texts(now: State, goal: str) -> list[str]:
    return list(facts_of(now, goal).texts)


def pieces(drawn: list[Drawn]) -> list[Piece]:
    return [piece for d in drawn for piece in d.pieces or ()]


def named_in(facts: Facts, world: World) -> Iterator[str]:
    """Yield the instance names that the facts mention, longest first so that `butter knife 1` is not `knife 1`."""
    names = sorted(world.names, key=len, reverse=True)
    pattern = re.compile(r"\b(" + "|".join(map(re.escape, names)) + r")(?! ?\d)\b")
    for text in facts.texts:
        yield from pattern.findall(text)


# Named objects


def test_the_facts_name_everything_that_the_plan_uses(drawn: list[Drawn]) -> None:
    all_pieces = pieces(drawn)
    incomplete = []
    for piece in all_pieces:
        facts = retrieve_facts(piece.state, piece.todo, piece.start, phase=piece.phase)
        named = set(named_in(facts, piece.state.world))
        used = {name for action in piece.actions for name in action.args}
        if not used <= named:
            incomplete.append((piece.todo, used - named))
    assert len(all_pieces) > 150
    assert len(incomplete) <= 0.01 * len(all_pieces), incomplete


def test_the_facts_name_nothing_that_is_not_in_the_home(drawn: list[Drawn]) -> None:
    for piece in pieces(drawn):
        facts = retrieve_facts(piece.state, piece.todo, piece.start, phase=piece.phase)
        assert len(facts.texts) == len(facts.entities) == len(set(facts.entities))
        for entity, text in zip(facts.entities, facts.texts, strict=True):
            assert text == describe(piece.state, entity)
            for name in re.findall(r"[A-Za-z ]+? \d+", text):
                word = re.sub(r"^.*\b(on|in|with|closed|open) ", "", name).strip()
                assert word in piece.state.world.index, text


def test_the_facts_are_true(drawn: list[Drawn]) -> None:
    for piece in pieces(drawn)[:100]:
        now, world = piece.state, piece.state.world
        for entity in retrieve_facts(now, piece.todo, piece.start, phase=piece.phase).entities:
            words = describe(now, entity).split()
            for word in ("dirty", "hot", "cold", "sliced", "cooked", "folded"):
                if entity >= world.n_fixtures:
                    assert (word in words) == now.has(entity, word)


def test_the_prompt_does_not_grow_with_the_home() -> None:
    goals = ("mug on desk", "hot apple in cabinet", "2 plate on dining table ; fork on dining table", "plant watered")
    needed = {
        "mug": 2,
        "apple": 2,
        "plate": 3,
        "fork": 2,
        "watering can": 1,
    }  # in a home of any size, with one alternative
    fixtures = dict.fromkeys(("desk", "cabinet", "dining table", "plant", "sink", "microwave", "fridge"), 1)
    words: dict[int, int] = {}
    for size in (20, 140):
        contents = {"need_objects": needed, "need_fixtures": fixtures}
        homes = [sample_scene(seed, rooms=3, n_objects=size, geometry=False, **contents) for seed in range(12)]
        states = [World(home).initial() for home in homes]
        assert abs(sum(len(s.world.scene.objects) for s in states) / len(states) - size) < size / 4
        words[size] = sum(len(text.split()) for s in states for goal in goals for text in texts(s, goal))
    assert words[140] < 1.1 * words[20]


def test_no_fact_is_repeated() -> None:
    now = state(["desk 1", "shelf 1"], {"mug 1": "shelf 1", "cup 1": "shelf 1"})
    actual = texts(now, "mug on desk ; cup on desk")
    assert len(actual) == len(set(actual))


def test_conditions_that_hold_need_no_facts() -> None:
    now = state(["desk 1", "shelf 1"], {"mug 1": "desk 1", "cup 1": "shelf 1"})
    assert texts(now, "mug on desk ; cup on desk") == ["cup 1 on shelf 1", "desk 1"]


def test_the_same_state_and_goal_give_the_same_facts() -> None:
    now = state(["desk 1", "shelf 1"], {"mug 1": "shelf 1", "mug 2": "shelf 1"})
    assert texts(now, "2 mug on desk") == texts(now, "2 mug on desk")


# Wording, in small scenes


def test_a_fact_of_an_object_has_its_states_and_its_place() -> None:
    now = state(["cabinet 1", "desk 1"], {"mug 1: dirty cold of milk": "cabinet 1"})
    assert texts(now, "mug on desk") == ["mug 1 dirty cold of milk in cabinet 1 closed", "desk 1"]


def test_a_fact_of_an_object_in_a_container_names_the_container() -> None:
    now = state(["drawer 1: open", "desk 1"], {"cup 1": "drawer 1", "pen 1": "cup 1"})
    assert texts(now, "pen on desk")[0] == "pen 1 in cup 1 in drawer 1 open"


def test_a_fact_of_a_held_object_says_in_hand() -> None:
    now = after(state(["desk 1", "bed 1"], {"book 1": "desk 1"}), "pick up book 1")
    assert texts(now, "book on bed")[0] == "book 1 in hand"


def test_a_fact_of_a_fallen_object_says_on_floor() -> None:
    now = state(["desk 1"], {"book 1": "desk 1", "watch 1": "desk 1"})
    fallen = now._replace(place=(NOWHERE, NOWHERE, now.place[2]))
    assert location(fallen, 1) == " on floor"
    assert texts(fallen, "book on desk") == ["book 1 on floor", "desk 1"]


def test_a_fact_of_a_fixture_has_its_door_and_switch() -> None:
    now = state(["microwave 1", "countertop 1"], {"apple 1": "countertop 1"})
    assert texts(now, "hot apple") == ["apple 1 on countertop 1", "microwave 1 closed off"]


def test_an_alternative_object_is_named_in_case_the_first_fails() -> None:
    now = state(["shelf 1", "desk 1"], {"mug 1": "shelf 1", "mug 2": "shelf 1", "mug 3": "shelf 1"})
    assert texts(now, "mug on desk") == ["mug 1 on shelf 1", "desk 1", "mug 2 on shelf 1"]


def test_an_object_to_avoid_is_skipped() -> None:
    now = state(["shelf 1", "desk 1"], {"mug 1": "shelf 1", "mug 2": "shelf 1"})
    actual = facts_of(now, "mug on desk", avoid=frozenset({now.world.index["mug 1"]}))
    assert actual.texts == ("mug 2 on shelf 1", "desk 1")


def test_an_object_that_another_condition_needs_is_the_last_choice() -> None:
    now = state(["shelf 1", "desk 1", "sofa 1"], {"mug 1": "desk 1", "mug 2": "shelf 1"})
    both = parse_goal("mug on desk ; mug on sofa").conditions
    assert retrieve_facts(now, both[1:], now, phase=both).texts[0] == "mug 2 on shelf 1"


def test_slicing_needs_a_knife_and_a_worktop() -> None:
    now = state(["countertop 1", "cabinet 1"], {"onion 1": "cabinet 1", "knife 1": "countertop 1"})
    actual = ["onion 1 in cabinet 1 closed", "knife 1 on countertop 1", "countertop 1"]
    assert texts(now, "sliced onion") == actual


def test_a_place_for_the_knife_is_named_if_it_cannot_lie_beside_the_food() -> None:
    objects = {"bowl 1": "coffee machine 1", "onion 1": "bowl 1", "knife 1": "drawer 1"}
    now = state(["coffee machine 1", "drawer 1", "desk 1"], objects)
    assert "desk 1" in texts(now, "sliced onion")


def test_watering_needs_the_can_and_the_tap() -> None:
    now = state(["sink 1", "shelf 1", "plant 1"], {"watering can 1": "shelf 1"})
    assert texts(now, "plant watered") == ["plant 1", "watering can 1 on shelf 1", "sink 1 off"]


def test_places_are_named_for_all_objects_that_must_be_moved_away() -> None:
    # Each plate takes a quarter of a cabinet: the fifth needs another one.
    objects = {f"plate {i}": "desk 1" for i in range(1, 6)}
    now = state(["cabinet 1", "cabinet 2", "desk 1"], objects)
    actual = texts(now, "no plate on desk")
    assert actual[-2:] == ["cabinet 1 closed", "cabinet 2 closed"]


# Chunks


def test_a_chunk_has_a_limited_number_of_conditions() -> None:
    objects = {name: "bed 1" for name in ("pen 1", "book 1", "watch 1", "letter 1", "wallet 1")}
    now = state(["bed 1", "desk 1"], objects)
    goal = parse_goal(" ; ".join(f"{name[:-2]} on desk" for name in objects))
    assert len(next_conditions(now, goal.conditions, now)) == MAX_CONDITIONS


def test_a_chunk_has_a_limited_number_of_changes() -> None:
    objects = {f"{name} {i}": "bed 1" for name in ("pen", "pencil") for i in range(6)}
    now = state(["bed 1", "desk 1"], objects)
    conditions = parse_goal("6 pen on desk ; 6 pencil on desk").conditions
    actual = next_conditions(now, conditions, now)
    assert actual == conditions[:1]
    assert estimated_changes(now, actual, now) <= MAX_CHANGES < estimated_changes(now, conditions, now)


def test_a_single_condition_is_a_chunk_of_any_size() -> None:
    objects = {f"pen {i}": "bed 1" for i in range(12)}
    now = state(["bed 1", "desk 1"], objects)
    assert len(next_conditions(now, parse_goal("12 pen on desk").conditions, now)) == 1


def test_a_holding_condition_comes_last() -> None:
    objects = {name: "bed 1" for name in ("pen 1", "book 1", "watch 1", "letter 1")}
    now = state(["bed 1", "desk 1"], objects)
    goal = parse_goal("holding pen ; book on desk ; watch on desk ; letter on desk")
    assert next_conditions(now, goal.conditions, now) == goal.conditions[1:]


def test_there_is_no_chunk_when_all_conditions_hold() -> None:
    now = state(["desk 1"], {"mug 1": "desk 1"})
    assert next_conditions(now, parse_goal("mug on desk").conditions, now) == ()


@pytest.mark.parametrize("goal", ["every pen on desk", "no pen on bed"])
def test_facts_about_many_objects_are_limited_to_the_first_few(goal: str) -> None:
    objects = {f"pen {i}": "bed 1" for i in range(1, 15)}
    now = state(["bed 1", "desk 1"], objects)
    assert sum(text.startswith("pen ") for text in texts(now, goal)) == MAX_OBJECTS_PER_CONDITION


def test_facts_of_a_class_of_fixtures_name_the_members_that_must_change() -> None:
    now = state(["desk lamp 1: on", "floor lamp 1", "ceiling light 1: on", "fan 1: on"])
    assert texts(now, "every lamp off") == ["desk lamp 1 on", "ceiling light 1 on"]
    assert texts(now, "no appliance on") == ["fan 1 on"]


def test_a_fact_of_an_object_on_a_floor_names_the_floor() -> None:
    now = state(["floor 1", "laundry basket 1"], {"sock 1: dirty": "floor 1"})
    assert texts(now, "sock in laundry basket") == ["sock 1 dirty on floor 1", "laundry basket 1"]
