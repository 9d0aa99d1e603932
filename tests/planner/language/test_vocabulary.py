"""Every category of the domain has everyday names, occurs in instructions, and can be handled by the robot."""

from __future__ import annotations

import pytest

from envs.scenes.scene_sampler import sample_scene
from envs.symbolic.actions import World, successor
from envs.symbolic.domain import load_domain
from envs.symbolic.goals import parse_goal
from envs.symbolic.scoring import holds
from envs.words import plural
from planner.corpus.teacher_chunks import plan_in_chunks
from planner.language import noun_phrases
from planner.language.phrase_patterns import load_families, load_words
from planner.language.slot_binding import options_of
from planner.tasks.task_files import TaskLine
from planner.tasks.task_homes import home_for

DOMAIN = load_domain()
EVERYTHING = {*DOMAIN.objects, *DOMAIN.fixtures}
NAMED_ONE_WAY = {"person"}  # goals do not distinguish persons


def test_every_category_has_a_synonym() -> None:
    words = load_words()
    names = {**words.objects, **words.fixtures}
    assert {c for c in EVERYTHING if len(set(names[c])) < 2} <= NAMED_ONE_WAY


@pytest.mark.parametrize("word", ["couch", "fridge", "trash", "cell", "mobile", "remote", "tap"])
def test_everyday_names_are_known(word: str) -> None:
    words = load_words()
    named = [n for table in (words.objects, words.fixtures, words.classes) for names in table.values() for n in names]
    lines = [p for f in load_families() for p in f.phrases if f.goals]
    assert any(word in name.split() for name in named) or any(f"({word}|" in p or f"|{word}" in p for p in lines)


def test_every_category_is_asked_about_by_some_family() -> None:
    covered: set[str] = set()
    for family in load_families():
        if family.goals:
            covered.update(
                *(
                    options_of(slot_type, EVERYTHING, DOMAIN)
                    for slot_type in family.slots.values()
                    if slot_type != "unfit"
                )
            )
            covered |= {c for c in EVERYTHING for goal in family.goals if f" {c} " in f" {goal} "}
    assert covered >= EVERYTHING


@pytest.mark.parametrize("category", sorted(DOMAIN.objects))
def test_the_teacher_can_bring_every_object_to_a_place(category: str) -> None:
    place = next(f for f in ("dining table", "bed", "desk", "sofa", "shelf") if DOMAIN.fits(category, f))
    goal = parse_goal(f"{category} on {place}")
    state = home_for(TaskLine(id=category, instruction="", goal=goal), geometry=False)
    initial_state = state
    for _, _, _, actions in plan_in_chunks(state, goal):
        for action in actions:
            state = successor(state, action)
    assert all(holds(state, c, initial_state) for c in goal.conditions)


@pytest.mark.parametrize(("rooms", "n_objects"), [(1, 20), (2, 45), (8, 150)])
def test_homes_have_one_to_eight_rooms_and_20_to_150_objects(rooms: int, n_objects: int) -> None:
    scene = sample_scene(3, rooms=rooms, n_objects=n_objects, geometry=False)
    assert len(scene.rooms) >= rooms
    assert abs(len(scene.objects) - n_objects) <= 0.3 * n_objects
    assert World(scene).initial()


@pytest.mark.parametrize(
    ("name", "several"),
    [("fork", "forks"), ("knife", "knives"), ("red glass", "red glasses"), ("milk", "milk"), ("scissors", "scissors"),
     ("dishes", "dishes"), ("toy", "toys"), ("anything", "things"), ("bookshelf", "bookshelves"), ("fruit", "fruit"),
     ("watch", "watches"), ("slice of bread", "slices of bread")],
)  # fmt: skip
def test_a_name_has_one_plural_everywhere(name: str, several: str) -> None:
    assert plural(name) == several == noun_phrases.plural(name)


@pytest.mark.parametrize(
    ("name", "several"),
    [("milk", "cartons of milk"), ("fork", "forks"), ("scissors", "scissors"), ("dishes", "dishes")],
)
def test_what_is_not_counted_is_counted_in_pieces(name: str, several: str) -> None:
    assert plural(name, is_counted=True) == several
