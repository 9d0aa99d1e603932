"""Skills that a home or a robot describes: what they need, what they change, and what they leave as it is."""

from __future__ import annotations

import copy
import multiprocessing
import pickle
import random
from dataclasses import replace

import pytest

from envs.errors import ActionError, DomainError
from envs.scenes.home_file import load_home
from envs.symbolic.actions import (
    Action,
    applicable,
    apply,
    format_action,
    parse_action,
    successor,
    unmet_precondition,
)
from envs.symbolic.domain import load_domain
from envs.symbolic.skills.code_generation import compiled_skills
from envs.symbolic.skills.notation import parse_skills
from envs.symbolic.state import COLD, HELD, HOT, NOWHERE, State, World, apply_process, state_words
from tests.envs.homes_for_tests import scene
from tests.envs.symbolic.skills.own_skills import own_domain, own_scene, own_state


def after(state: State, *subtasks: str) -> State:
    for subtask in subtasks:
        state = apply(state, parse_action(state.world, subtask))
    return state


def why_not(state: State, subtask: str) -> str | None:
    return unmet_precondition(state, parse_action(state.world, subtask))


def states(state: State, name: str) -> set[str]:
    return set(state_words(state.flags[state.world.index[name]], state.world.domain))


def place(state: State, name: str) -> str:
    holder = state.place[state.world.index[name]]
    return state.world.names[holder] if holder >= 0 else {HELD: "hand", NOWHERE: "nowhere"}[holder]


def liquid(state: State, name: str) -> str:
    return state.liquid[state.world.index[name]]


def test_a_state_that_a_skill_sets_is_a_state_of_the_domain() -> None:
    domain = own_domain()
    assert {"vacuumed", "mopped", "charged", "sharp", "fed"} <= set(domain.states)
    assert [domain.bits[word] for word in load_domain().states] == list(load_domain().bits.values())


def test_a_state_can_be_had_by_what_a_skill_sets_it_on() -> None:
    domain = own_domain()
    assert domain.can_be("laptop", "charged")
    assert not domain.can_be("mug", "charged")
    assert domain.can_be("kitchen", "vacuumed")
    assert not domain.can_be("oven", "vacuumed")
    assert domain.can_be("oven", "unlocked")
    assert not domain.can_be("kitchen", "unlocked")


def test_built_in_states_are_had_by_the_same_kinds_as_without_own_skills() -> None:
    home, domain = (
        load_domain(),
        load_domain().extended(
            skills=parse_skills(
                {"vacuum": {"text": "vacuum {room}", "sets": ["{room} vacuumed"]}}, load_domain().vocabulary
            )
        ),
    )
    for word in home.states:
        assert domain.bearers[word] == home.bearers[word]


def test_rooms_are_entities_only_where_a_skill_is_about_rooms() -> None:
    home = load_home("family_house", geometry=False)
    names = {room.name for room in home.rooms}
    assert names.isdisjoint(f.name for f in home.fixtures)
    with_rooms = replace(home, domain=own_domain())
    assert [f.name for f in with_rooms.fixtures[-len(home.rooms) :]] == [room.name for room in home.rooms]
    assert with_rooms.furniture == home.fixtures
    assert replace(with_rooms, domain=load_domain()) == home


def test_a_domain_without_its_own_skills_is_the_one_that_it_was_made_from() -> None:
    home = load_domain()
    assert own_domain() is own_domain()
    assert own_domain().changed(skills=home.skills, states=home.states) is home


def test_what_a_room_was_at_the_start_is_kept() -> None:
    home = own_scene()
    vacuumed = tuple(replace(f, states=frozenset({"vacuumed"})) if f.name == "bedroom" else f for f in home.fixtures)
    state = World(replace(home, fixtures=vacuumed)).initial()
    assert states(state, "bedroom") == {"vacuumed"}
    assert states(state, "kitchen") == set()


def test_a_room_is_vacuumed_and_then_mopped() -> None:
    state = own_state()
    assert why_not(after(state, "pick up cloth 1"), "mop kitchen") == "vacuum the kitchen first"
    assert why_not(after(state, "pick up cloth 1"), "vacuum kitchen") == "the hand is not empty (holding cloth 1)"
    mopped = after(state, "vacuum kitchen", "pick up cloth 1", "mop kitchen")
    assert states(mopped, "kitchen") == {"mopped"}
    assert states(mopped, "bedroom") == set()
    assert mopped.world.names[mopped.at] == "kitchen"


def test_a_room_is_gone_to_and_nothing_else_is_done_to_it() -> None:
    state = own_state()
    assert state.world.names[after(state, "go to bedroom").at] == "bedroom"
    assert why_not(state, "open bedroom") == "bedroom is not a fixture"
    assert why_not(state, "vacuum sink 1") == "sink 1 is not a room"
    assert why_not(after(state, "pick up cloth 1"), "put cloth 1 on kitchen") == "kitchen is a room"
    assert why_not(state, "unlock kitchen") == "kitchen is a room"


def test_something_of_a_kind_must_hold_what_is_worked_on() -> None:
    state = own_state()
    assert why_not(state, "charge laptop 1") == "laptop 1 is at no desk"
    assert why_not(state, "charge book 1") == "book 1 is no electronics"
    charged = after(state, "charge cell phone 1")
    assert states(charged, "cell phone 1") == {"charged"}
    assert why_not(charged, "charge cell phone 1") == "cell phone 1 is already charged"
    assert states(after(state, "pick up laptop 1", "put laptop 1 on desk 1", "charge laptop 1"), "laptop 1") == {
        "charged"
    }


def test_something_of_a_kind_must_be_in_the_hand() -> None:
    state = own_state()
    assert why_not(state, "sharpen knife 1") == "not holding pot (holding nothing)"
    assert why_not(after(state, "pick up cup 1"), "sharpen knife 1") == "not holding pot (holding cup 1)"
    sharp = after(state, "pick up pot 1", "sharpen knife 1")
    assert states(sharp, "knife 1") == {"sharp"}
    assert liquid(sharp, "pot 1") == ""
    assert why_not(sharp, "sharpen knife 1") == "pot holds no water"


def test_what_is_used_from_the_hand_is_brought_to_where_the_work_is() -> None:
    state = own_state()
    assert why_not(state, "feed teddy bear 1 with bread 1") == "not holding bread 1 (holding nothing)"
    assert why_not(state, "feed teddy bear 1 with cup 1") == "cup 1 is no food"
    fed = after(state, "pick up bread 1", "feed teddy bear 1 with bread 1")
    assert states(fed, "teddy bear 1") == {"fed"}
    assert fed.world.names[fed.at] == "cart 1"
    assert place(fed, "bread 1") == "hand"


def test_what_is_moved_fits_and_finds_room_and_is_reachable() -> None:
    state = own_state()
    assert place(after(state, "load laptop 1 onto cart 1"), "laptop 1") == "cart 1"
    assert why_not(state, "load apple 1 onto cart 1") == "fridge 1 is closed"
    assert place(after(state, "open fridge 1", "load apple 1 onto cart 1"), "apple 1") == "cart 1"
    held = after(state, "pick up cup 1")
    assert why_not(held, "load cup 1 onto cart 1") == "cup 1 is in the hand"
    assert why_not(state, "stack laptop 1 onto plate 2") == "laptop 1 does not fit on plate 2"


def test_nothing_is_moved_into_itself_or_what_is_in_it() -> None:
    raw = {"nest": {"text": "nest {object 1} into {object 2}", "moves": ["{object 1} to {object 2}"]}}
    domain = load_domain().extended(skills=parse_skills(raw, load_domain().vocabulary))
    state = World(replace(own_scene(), domain=domain)).initial()
    nested = after(state, "nest cup 1 into pot 1")
    assert place(nested, "cup 1") == "pot 1"
    assert why_not(state, "nest cup 1 into cup 1") is not None
    assert why_not(nested, "nest pot 1 into cup 1") is not None
    for action in applicable(nested):
        successor(nested, action).root(nested.world.index["cup 1"])


def test_what_is_taken_is_taken_with_an_empty_hand() -> None:
    state = own_state()
    taken = after(state, "fetch book 1")
    assert place(taken, "book 1") == "hand"
    assert taken.world.names[taken.held] == "book 1"
    assert why_not(after(state, "pick up cup 1"), "fetch book 1") == "the hand is not empty (holding cup 1)"


def test_the_robot_must_be_in_a_room_for_a_skill_that_says_so() -> None:
    state = own_state()
    assert why_not(state, "heat plate 2") == "the robot is in no kitchen"
    assert why_not(after(state, "go to desk 1"), "heat plate 2") == "the robot is in no kitchen"
    assert "hot" in states(after(state, "go to sink 1", "heat plate 2"), "plate 2")
    assert "hot" in states(after(state, "go to kitchen", "heat plate 2"), "plate 2")


def test_a_room_where_the_robot_must_be_is_in_no_message_a_place_to_stand_at() -> None:
    skills = {"warm": {"text": "warm {room}", "when": ["robot in {room}"], "sets": ["{room} warm"]}}
    home = own_scene()
    domain = load_domain().extended(skills=parse_skills(skills, load_domain().vocabulary))
    state = World(replace(home, domain=domain)).initial()
    assert why_not(state, "warm kitchen") == "the robot is not in the kitchen"
    assert why_not(after(state, "go to sink 1"), "warm kitchen") is None


def test_a_state_ends_what_it_excludes() -> None:
    state = own_state()
    index = state.world.index["plate 2"]
    cold = state._replace(flags=tuple(f | COLD if i == index else f for i, f in enumerate(state.flags)))
    assert after(cold, "go to kitchen", "heat plate 2").flags[index] & (HOT | COLD) == HOT


def test_vessels_are_filled_and_emptied() -> None:
    state = own_state()
    assert liquid(after(state, "fill cup 1 at sink 1"), "cup 1") == "water"
    assert why_not(state, "fill cup 2 at sink 1") == "cup 2 is not empty"
    assert why_not(state, "fill book 1 at sink 1") == "book 1 cannot be filled"
    poured = after(state, "pour over cup 1 from cup 2")
    assert (liquid(poured, "cup 1"), states(poured, "cup 1")) == ("tea", {"hot"})
    assert why_not(state, "pour over cup 2 from cup 1") == "cup 1 is empty"


def test_an_effect_happens_only_if_its_guard_was_true() -> None:
    state = own_state()
    assert "dirty" in states(after(state, "spill cup 2 on countertop 1"), "countertop 1")
    spilled = after(state, "spill cup 2 on person 1")
    assert states(spilled, "person 1") == set()
    assert liquid(spilled, "cup 2") == ""


def test_a_precondition_holds_only_if_its_guard_is_true() -> None:
    state = own_state()
    assert why_not(state, "rinse off plate 1") is None
    assert why_not(state, "rinse off plate 2") == "plate 2 is not in a sink"


def test_a_process_runs_after_what_can_start_it_or_undo_it() -> None:
    state = after(own_state(), "turn on sink 1")
    assert states(state, "plate 1") == set()
    filled = after(state, "pick up cup 2", "put cup 2 in sink 1")
    assert liquid(after(filled, "spill cup 2 on countertop 1"), "cup 2") == "water"  # it stands under the tap


def test_a_skill_named_like_another_with_more_words_is_read_first() -> None:
    world = own_state().world
    assert parse_action(world, "pour over cup 1 from cup 2") == Action("pour over", ("cup 1", "cup 2"))
    assert parse_action(world, "pour cup 1 into cup 2") == Action("pour", ("cup 1", "cup 2"))
    with pytest.raises(ActionError, match=r"expected 'pour over \{cup 1\} from \{cup 2\}'"):
        parse_action(world, "pour over cup 1")


def test_names_that_contain_the_words_between_arguments_are_read() -> None:
    home = own_scene()
    objects = tuple(replace(o, name="letter with love") if o.name == "book 1" else o for o in home.objects)
    world = World(replace(home, objects=objects))
    action = Action("put", ("letter with love", "desk 1"))
    assert parse_action(world, format_action(world, action)) == action
    fixtures = tuple(replace(f, name="desk in use") if f.name == "desk 1" else f for f in home.fixtures)
    objects = tuple(replace(o, place="desk in use") if o.place == "desk 1" else o for o in objects)
    world = World(replace(home, objects=objects, fixtures=fixtures))
    action = Action("put", ("cup 1", "desk in use"))
    assert parse_action(world, format_action(world, action)) == action


@pytest.mark.parametrize("seed", range(5))
def test_random_walks_keep_every_invariant(seed: int) -> None:
    rng = random.Random(seed)
    state = own_state()
    world, skills = state.world, state.world.domain.skills
    for _ in range(150):
        actions = applicable(state)
        listed = set(actions)
        assert len(listed) == len(actions)
        for action in rng.sample(actions, min(3, len(actions))):
            assert parse_action(world, format_action(world, action)) == action
        for _ in range(30):
            skill = rng.choice(list(skills.values()))
            action = Action(skill.name, tuple(rng.choice(world.names) for _ in skill.parameters))
            assert (unmet_precondition(state, action) is None) == (action in listed), action
        by_skill: dict[str, list[Action]] = {}
        for action in actions:
            by_skill.setdefault(action.skill, []).append(action)
        action = rng.choice(by_skill[rng.choice(sorted(by_skill))])
        following = successor(state, action)
        assert [i for i, p in enumerate(following.place) if p == HELD] == [following.held][: following.held >= 0]
        assert following.at >= 0
        flags, liquids = list(following.flags), list(following.liquid)
        for fixture in range(world.n_fixtures):
            apply_process(world, following.place, flags, liquids, fixture)
        assert (tuple(flags), tuple(liquids)) == (following.flags, following.liquid), action
        for entity, category in enumerate(world.categories):
            had = state_words(following.flags[entity], world.domain)
            assert all(world.domain.can_be(category, word) for word in had), (action, category, had)
            assert not following.flags[entity] & HOT or not following.flags[entity] & COLD
            following.root(entity)  # ends: nothing is in itself
        state = following


def test_copies_and_pickles_have_the_same_skills() -> None:
    state = own_state()
    for other in (copy.copy(state), copy.deepcopy(state), pickle.loads(pickle.dumps(state))):
        assert other.world.domain is state.world.domain
        assert applicable(other) == applicable(state)


def _answers(pickled: bytes) -> tuple[list[Action], str | None, set[str]]:
    state: State = pickle.loads(pickled)
    vacuumed = apply(state, Action("vacuum", ("kitchen",)))
    return applicable(state), unmet_precondition(state, Action("mop", ("kitchen",))), states(vacuumed, "kitchen")


def test_another_process_compiles_the_same_skills_from_the_domain() -> None:
    pickled = pickle.dumps(own_state())
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.apply(_answers, (pickled,)) == _answers(pickled)


def test_no_word_of_the_notation_becomes_code() -> None:
    raw = {
        "shine": {
            "text": "shine {object}",
            "when": [{"need": "{object} clean", "else": "'\\\" + str(1/0) + f'{object}' # {hand}"}],
            "sets": ["{object} shiny"],
        }
    }
    domain = load_domain().extended(skills=parse_skills(raw, load_domain().vocabulary))
    state = World(replace(own_scene(), domain=domain)).initial()
    assert why_not(state, "shine plate 2") == "'\\\" + str(1/0) + f'plate 2' # nothing"


def test_the_source_of_a_compiled_skill_can_be_read() -> None:
    code = compiled_skills(own_domain())["charge"].code
    assert "def unmet(state, e0):" in code
    assert "found_around(state, e0, 'desk')" in code


def test_a_domain_has_a_bounded_number_of_states() -> None:
    letters = [a + b for a in "klmnpr" for b in "abdefghst"][:52]
    raw = {f"do {x}": {"text": f"do {x} {{object}}", "sets": [f"{{object}} {x}{x}-done"]} for x in letters}
    with pytest.raises(DomainError, match="61 states; at most 50"):
        load_domain().extended(skills=parse_skills(raw, load_domain().vocabulary))


def test_every_pair_of_two_free_arguments_is_listed() -> None:
    raw = {"lean": {"text": "lean {book} against {place}", "sets": ["{book} leaning"]}}
    domain = load_domain().extended(skills=parse_skills(raw, load_domain().vocabulary))
    home = replace(own_scene(), domain=domain)
    objects = tuple(replace(o, name="book 2", category="book") if o.name == "toy car 1" else o for o in home.objects)
    state = World(replace(home, objects=objects)).initial()
    listed = {action for action in applicable(state) if action.skill == "lean"}
    pairs = [Action("lean", (book, name)) for book in ("book 1", "book 2") for name in state.world.names]
    assert listed == {action for action in pairs if unmet_precondition(state, action) is None}
    assert len(listed) > len(state.world.names)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("hang {shirt} on {place}", "hang shirt 1 on wardrobe 1"),
        ("hang {shirt} {relation} {place}", "hang shirt 1 in wardrobe 1"),
        ("hang {shirt} into {place}", "hang shirt 1 into wardrobe 1"),
        ("lay {shirt} over {place}", "lay shirt 1 over wardrobe 1"),
    ],
)
def test_an_action_is_written_as_the_text_of_its_skill(text: str, written: str) -> None:
    skills = parse_skills({"a": {"text": text, "sets": ["{shirt} hung"]}}, load_domain().vocabulary)
    home = scene(["wardrobe 1", "bed 1", "person 1"], {"shirt 1": "bed 1"})
    world = World(replace(home, domain=load_domain().extended(skills=skills)))
    action = Action(next(iter(skills)), ("shirt 1", "wardrobe 1"))
    assert format_action(world, action) == written
    assert parse_action(world, written) == action
    person = Action(action.skill, ("shirt 1", "person 1"))
    assert parse_action(world, format_action(world, person)) == person
