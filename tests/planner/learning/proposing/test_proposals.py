from __future__ import annotations

import pickle
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

import planner.learning.proposing.proposals
from envs.symbolic.actions import State
from envs.symbolic.goals import format_goal, parse_goal
from envs.symbolic.scoring import holds
from planner.api import Planner
from planner.learning.proposing.composition import _rarest, compose, condition_forms
from planner.learning.proposing.jobs import ProposeTasks, VerbalizeGoal
from planner.learning.proposing.proposals import Proposal, Proposer, initial_state_of
from planner.tasks.task_sampler import goal_is_held_out


def proposed(written: list[tuple[str, str]], model: Planner, monkeypatch: pytest.MonkeyPatch) -> list[Proposal]:
    def sample(self: Proposer, state: State, home: int, count: int) -> Iterator[tuple[str, str]]:
        yield from written

    monkeypatch.setattr(Proposer, "_sample", sample)
    return list(Proposer(model, 0).propose(7, len(written)))


def test_what_is_no_task_is_dropped_with_its_reason(
    memorized: Planner, flat: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planner.learning.proposing.proposals, "initial_state_of", lambda home, goal: flat)
    told = "put the mug on the table"
    names = sorted(flat.world.domain.objects)
    held_out = next(g for name in names if goal_is_held_out(parse_goal(g := f"hot {name} on countertop")))
    cases = [
        (told, "mug on dining table", ""),
        (told, "mug on dining table", "duplicate"),
        (told, "mug table", "unparsable"),
        ("", "mug on dining table", "unparsable"),
        (told, "mug on bed", "not feasible"),
        (told, held_out, "held out"),
        (told, "plate on countertop", "true already"),
        (told, "fork on dining table", "not read back"),
    ]
    found = proposed([(said, goal) for said, goal, _ in cases], memorized, monkeypatch)
    assert [p.dropped for p in found] == [reason for _, _, reason in cases]


def test_a_gpt_that_never_saw_proposals_proposes_nothing_and_does_no_harm(random_planner: Planner) -> None:
    assert all(p.dropped for p in Proposer(random_planner, 0).propose(1, 4))


def test_sampling_repeats_with_its_seed(random_planner: Planner) -> None:
    runs = [list(Proposer(random_planner, seed).propose(1, 3)) for seed in (0, 0)]
    assert runs[0] == runs[1]


def some_proposals(home: int) -> list[Proposal]:
    state = initial_state_of(home, parse_goal("no ceiling light on"))
    world = state.world
    names = sorted(set(world.categories[world.n_fixtures :]))
    places = ("countertop", "dining table", "bed", "sink")
    goals = [format_goal(parse_goal(f"{name} on {place}")) for name in names for place in places]
    kept = [
        g
        for g in goals
        if not planner.learning.proposing.proposals.rejection_reason(
            parse_goal(g), initial_state_of(home, parse_goal(g))
        )
    ]
    return [Proposal(id=f"{home}/{i}", home=home, instruction=g.lower(), goal=g) for i, g in enumerate(kept)]


def test_composed_tasks_ask_for_all_that_their_parts_ask_for() -> None:
    parts = some_proposals(11)
    joined = list(compose(parts, 9, 0))
    assert {j.origin for j in joined} >= {"joined", "in turn"}
    assert any(len(parse_goal(j.goal).conditions) >= 5 for j in joined)
    by_goal = {p.goal: p.instruction for p in parts}
    for task in joined:
        if task.origin == "merged":
            continue
        conditions = task.goal.split(" then " if task.origin == "in turn" else " ; ")
        assert len(conditions) == task.parts == len(set(conditions))
        assert all(by_goal[c] in task.instruction for c in conditions)


def test_tasks_to_be_done_in_turn_keep_their_order() -> None:
    for task in compose(some_proposals(11), 12, 1):
        if task.origin == "in turn":
            said = [task.instruction.index(c.lower()) for c in task.goal.split(" then ")]
            assert said == sorted(said) and len(parse_goal(task.goal).phases) == task.parts


def test_what_is_exchanged_is_exchanged_in_words_and_goal_and_what_was_seldom_tried_comes_first() -> None:
    kept = [Proposal(id="0", home=11, instruction="put the mug on the desk", goal="mug on desk")]
    present = ["desk", "dining table", "mug", "plate"]
    tried = Counter({"plate": 10_000, "mug": 10_000, "desk": 10_000})
    found = planner.learning.proposing.proposals._with_random_category(random.Random(0), kept, present, tried)
    assert found == ("put the mug on the dining table", "mug on dining table", "dining table")
    assert (
        planner.learning.proposing.proposals._with_random_category(random.Random(0), kept, ["mug", "desk"], Counter())
        is None
    )


def test_a_varied_task_is_one_that_can_be_done_and_need_not_be_read_yet(random_planner: Planner) -> None:
    varied = list(Proposer(random_planner, 0).vary(some_proposals(11), 9, Counter()))
    assert {p.origin for p in varied} == {"varied"} and any(not p.dropped for p in varied)
    for task in varied:
        if not task.dropped:
            goal = parse_goal(task.goal)
            assert planner.learning.proposing.proposals.rejection_reason(goal, initial_state_of(11, goal)) == ""


def test_a_goal_that_cannot_be_put_into_words_is_dropped(random_planner: Planner) -> None:
    task = Proposer(random_planner, 0).verbalize(11, parse_goal("mug on dining table"), "0", "clean mug")
    assert (task.origin, task.dropped, task.instruction) == ("hindsight", "not read back", "")


def test_a_home_is_not_yet_as_its_goal_wants_it() -> None:
    goal = parse_goal("every ceiling light on")
    assert not holds(initial_state_of(3, goal), goal.conditions[0], initial_state_of(3, goal))
    assert initial_state_of(3, goal)[1:] == initial_state_of(3, goal)[1:]


def test_of_several_compositions_the_form_that_was_made_most_seldom_is_taken() -> None:
    common, rare = parse_goal("mug on desk ; fork on desk"), parse_goal("mug on desk ; every toy on shelf")
    made = Counter({form: 5 for form in condition_forms(common)})
    assert _rarest([([], common), None, ([], rare)], made) == ([], rare)
    assert _rarest([None], made) is None


def test_what_a_worker_proposes_depends_on_the_home_alone(model_folder: Path) -> None:
    job = ProposeTasks(model=model_folder, seed=3, count=2)
    first, again = job("7"), pickle.loads(pickle.dumps(job))("7")
    assert first == again and first["id"] == "7"
    found = first["proposals"]
    assert isinstance(found, list) and [p["id"] for p in found] == ["7/0", "7/1"]
    assert job.failed("7") == {"id": "7", "proposals": []}


def test_a_goal_for_which_no_words_are_found_is_dropped(model_folder: Path) -> None:
    reached = Proposal(id="7/hindsight/0/0", home=7, instruction="", goal="lamp on", furnished_for="lamp on")
    job = VerbalizeGoal(model=model_folder, seed=3, reached={reached.id: reached})
    written = Proposal(**job(reached.id))  # type: ignore[arg-type]
    assert (written.goal, written.instruction) == ("lamp on", "") and written.dropped
    assert Proposal(**job.failed(reached.id)).dropped == "lost"  # type: ignore[arg-type]


def test_each_cycle_may_join_one_condition_more() -> None:
    parts = some_proposals(11)

    def longest(limit: int) -> int:
        joined = [p for seed in range(4) for p in compose(parts, 12, seed, longest=limit) if p.origin == "joined"]
        return max(len(parse_goal(p.goal).conditions) for p in joined)

    assert [longest(limit) for limit in (2, 3, 5, 7)] == [2, 3, 5, 7]
    assert longest(99) <= 10


def test_words_that_are_there_already_are_not_given_again(
    memorized: Planner, flat: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planner.learning.proposing.proposals, "initial_state_of", lambda home, goal: flat)
    words = ["fork, please", "put the mug on the table", "nonsense"]
    monkeypatch.setattr(Proposer, "_wordings", lambda self, *args: iter(words))
    goal = parse_goal("mug on dining table")
    worded = [Proposer(memorized, 0).verbalize(11, goal, "0", "mug on dining table", but=but) for but in ("", words[1])]
    assert [(p.instruction, p.dropped) for p in worded] == [(words[1], ""), ("", "not read back")]
