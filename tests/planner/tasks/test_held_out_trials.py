"""Held-out tasks, and the prompt made from a line of a task file."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envs.symbolic.domain import load_domain
from envs.symbolic.goals import format_goal
from envs.symbolic.kinds.spoken_words import named_in, own_kinds
from planner.tasks.held_out_trials import BUILT_IN, Split, draw_trials, family_of, sample_lines, trial_from_line
from planner.tasks.home_splits import SPLITS
from planner.tasks.renaming.nouns import known_words, split_of
from planner.tasks.task_files import TaskLine, with_steps
from planner.tasks.task_sampler import goal_is_held_out

BY_NAME = {split.name: split for split in BUILT_IN}
LINE = TaskLine(id="x", instruction="Wash the mug", goal=None, answer="ask")


@pytest.mark.parametrize("split", BUILT_IN, ids=[s.name for s in BUILT_IN])
def test_every_built_in_split_draws_tasks_as_declared(split: Split) -> None:
    trials = list(draw_trials(split, 8, seed=3))
    assert len(trials) == 8
    for task in trials:
        assert SPLITS["test"][0] <= task.start.world.scene.seed < SPLITS["test"][1]
        assert task.answer == split.answer
        assert (task.goal is not None) == (split.answer == "plan")
        if task.goal is not None:
            assert goal_is_held_out(task.goal) == split.new_goal
            min_conditions, max_conditions = split.conditions or (1, 99)
            assert min_conditions <= len(task.goal.conditions) <= max_conditions


def test_every_kind_of_answer_has_a_split() -> None:
    assert {split.answer for split in BUILT_IN} == {"plan", "refuse", "ask"}


def test_a_longer_draw_starts_with_the_shorter_one() -> None:
    shorter, longer = (list(draw_trials(BY_NAME["unseen homes"], n, seed=1)) for n in (3, 6))
    assert [t.instruction for t in shorter] == [t.instruction for t in longer[:3]]
    other = list(draw_trials(BY_NAME["unseen homes"], 3, seed=2))
    assert [t.instruction for t in shorter] != [t.instruction for t in other]


def test_the_scene_of_a_task_defines_its_whole_initial_state() -> None:
    # The physical home is built from the scene: an object that a task wants clean must be dirty there too.
    for task in draw_trials(BY_NAME["unseen homes"], 40, seed=5):
        assert task.start == task.start.world.initial()


def test_the_family_is_given_by_the_file_or_alfreds_task_type_or_all() -> None:
    assert family_of(LINE) == "all"
    assert family_of(replace(LINE, extra={"alfred": {"task_type": "pick_heat"}})) == "pick_heat"
    assert family_of(replace(LINE, extra={"alfred": {"task_type": "pick_heat"}, "family": "mine"})) == "mine"
    assert family_of(replace(LINE, extra={"alfred": "odd", "family": 3})) == "all"


def test_a_limit_samples_evenly_and_keeps_the_order() -> None:
    lines = [TaskLine(id=str(i), instruction="x", goal=None) for i in range(100)]
    sample_ids = [int(line.id) for line in sample_lines(lines, 10, 0)]
    assert sample_ids == sorted(sample_ids) and len(set(sample_ids)) == 10 and max(sample_ids) > 30
    assert sample_lines(lines, None, 0) == lines


# Nouns that no document has


def test_renamed_trials_are_about_things_that_no_document_names() -> None:
    trials = list(draw_trials(BUILT_IN[0], 5, seed=0, renamed=1.0))
    assert len(trials) == 5
    for trial in trials:
        world = trial.start.world
        own = own_kinds(world.domain)
        assert trial.goal is not None
        assert set(world.categories[world.n_fixtures :]) <= own
        assert named_in(format_goal(trial.goal, world.domain), own)
        assert trial.nouns == "never seen"
        unknown = {word for kind in own for word in kind.split()} - known_words()
        assert {split_of(word) for word in unknown} <= {"test"}


def test_a_share_of_the_kinds_may_be_renamed() -> None:
    (trial,) = draw_trials(BUILT_IN[0], 1, seed=0, renamed=0.3)
    world = trial.start.world
    kinds = {*world.categories[world.n_fixtures :]}
    assert 0 < len(kinds & own_kinds(world.domain)) < len(kinds)


def test_known_trials_do_not_depend_on_renamed_ones() -> None:
    before = next(iter(draw_trials(BUILT_IN[0], 1, seed=0)))
    list(draw_trials(BUILT_IN[0], 1, seed=0, renamed=1.0))
    after = next(iter(draw_trials(BUILT_IN[0], 1, seed=0)))
    assert (before.instruction, before.goal) == (after.instruction, after.goal)
    assert before.nouns == "known" and before.start.world.domain is load_domain()


# Step-by-step descriptions


def test_steps_follow_the_instruction_without_their_own_punctuation() -> None:
    prompt = with_steps("Wash the mug.", ["Go to the sink. ", " turn on the tap;", "wait..."])
    assert prompt == "Wash the mug. steps: Go to the sink. turn on the tap. wait"


@given(st.text(), st.lists(st.sampled_from(["", " ", ".", " ... ", "\n"])))
def test_empty_steps_add_nothing_to_the_instruction(instruction: str, steps: list[str]) -> None:
    assert with_steps(instruction, steps) == " ".join(instruction.split())


def test_the_prompt_has_steps_only_if_requested() -> None:
    line = replace(LINE, extra={"steps": ["Go to the sink."]})
    assert trial_from_line(line).prompt == "Wash the mug"
    assert trial_from_line(line, steps=True).prompt == "Wash the mug steps: Go to the sink"
    assert trial_from_line(line, steps=True).instruction == "Wash the mug"


@pytest.mark.parametrize("steps", [None, "go", ["go", 3], {}])
def test_steps_that_are_not_a_list_of_strings_are_ignored(steps: object) -> None:
    assert replace(LINE, extra={"steps": steps}).steps == ()
