"""From an instruction to a plan, with a GPT that writes at random and with one that knows a few documents by heart."""

from __future__ import annotations

import copy
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from envs.scenes.scene_sampler import sample_scene
from envs.symbolic.actions import State, World, apply, parse_action
from envs.symbolic.domain import load_domain
from envs.symbolic.goals import Goal, format_goal, parse_goal
from gpt.inference.numpy_model import NumpyModel
from gpt.inference.numpy_session import NumpySession
from gpt.model.transformer import GPT, GPTConfig
from gpt.tokenization.tokenizer import Tokenizer
from planner import api
from planner.api import Planner
from planner.decoding import draft_choice, goal_planner, plan_writer
from planner.errors import PlannerError, ReleaseError
from planner.goals.feasibility import missing
from planner.plans.options import Options
from planner.plans.planning_result import ParsedInstruction, Plan
from planner.prompts import text_format
from planner.prompts.cursor import Cursor, Ids
from planner.prompts.sessions import Prompts
from planner.understanding import instruction_reader
from planner.understanding.claims import NOT_UNDERSTOOD
from planner.understanding.instruction_reader import InstructionReader
from planner.verification.plan_progress import progress_along
from planner.verification.plan_verification import Report, verify
from tests.envs.homes_for_tests import state
from tests.planner.conftest import ASKED, KNOWN, REFUSED, Drawn

QUICK = Options(samples=0)


def replay(now: State, plan: Plan) -> State:
    for action in plan.actions:
        now = apply(now, action)  # raises if it is not applicable
    return now


def meaning(goal: str) -> Goal:
    return parse_goal(goal)


# A GPT that writes at random


@pytest.fixture(scope="module")
def random_plans(random_gpt: GPT, tokenizer: Tokenizer, drawn: list[Drawn]) -> list[tuple[State, Goal, Plan]]:
    planner = Planner(random_gpt, tokenizer)
    found = []
    for number, d in enumerate(drawn[:24]):
        assert d.task.goal is not None
        options = Options(samples=0, temperature=1.0, seed=number)
        found.append((d.task.start, d.task.goal, planner.plan_for_goal(d.task.goal, d.task.start, options)))
    return found


def test_every_step_of_a_constrained_plan_can_be_done(random_plans: list[tuple[State, Goal, Plan]]) -> None:
    assert sum(len(plan.actions) for *_, plan in random_plans) > 100
    for now, _, plan in random_plans:
        replay(now, plan)


def test_a_constrained_plan_names_only_what_is_there(random_plans: list[tuple[State, Goal, Plan]]) -> None:
    for now, _, plan in random_plans:
        assert {name for action in plan.actions for name in action.args} <= set(now.world.names)


def test_subtasks_are_the_words_of_the_actions(random_plans: list[tuple[State, Goal, Plan]]) -> None:
    for now, _, plan in random_plans:
        assert [parse_action(now.world, subtask) for subtask in plan.subtasks] == list(plan.actions)


def test_no_plan_is_verified_unless_its_replay_says_so(random_plans: list[tuple[State, Goal, Plan]]) -> None:
    for now, goal, plan in random_plans:
        report = verify(now, goal, plan.actions)
        assert (plan.status == "verified") == report.ok
        assert plan.status in ("verified", "unverified")
        assert bool(plan.reason) == (plan.status != "verified")


def test_a_plan_that_wanders_is_cut_off(random_plans: list[tuple[State, Goal, Plan]]) -> None:
    assert max(len(plan.actions) for *_, plan in random_plans) <= 200


def test_a_plan_never_returns_to_a_state_within_a_chunk(random_planner: Planner) -> None:
    now = state(["cabinet 1", "desk 1", "bed 1"], {"mug 1": "cabinet 1"})
    for seed in range(4):
        plan = random_planner.plan_for_goal(meaning("mug on bed"), now, Options(samples=0, temperature=1.0, seed=seed))
        seen, here = {now[1:4]}, now
        for action in plan.actions:
            here = apply(here, action)
            assert here[1:4] not in seen, plan.subtasks
            seen.add(here[1:4])


def test_the_same_seed_gives_the_same_plan(random_gpt: GPT, tokenizer: Tokenizer, flat: State) -> None:
    def once(seed: int) -> Plan:
        options = Options(samples=1, temperature=1.0, seed=seed)
        return Planner(random_gpt, tokenizer).plan_for_goal(meaning("mug in fridge"), flat, options)

    assert once(3).actions == once(3).actions
    assert len({once(seed).actions for seed in range(4)}) > 1


def test_what_was_planned_before_does_not_change_a_plan(random_gpt: GPT, tokenizer: Tokenizer, flat: State) -> None:
    fresh, used = Planner(random_gpt, tokenizer), Planner(random_gpt, tokenizer)
    other = state(["desk 1"], {"book 1": "desk 1"})
    used.plan("bring me the book", other, QUICK)
    used.plan_for_goal(meaning("holding plate"), flat, QUICK)
    instruction = "put the mug on the table"
    assert replace(fresh.plan(instruction, flat, QUICK), seconds=0) == replace(
        used.plan(instruction, flat, QUICK), seconds=0
    )


def test_a_plan_can_end_only_where_its_goal_holds(
    random_planner: Planner, flat: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    eos, sep = (random_planner.tokenizer.special(mark) for mark in ("[EOS]", "[SEP]"))

    def eager(cursor: Cursor, options: Sequence[Ids], ends: Callable[[int], Sequence[int]]) -> tuple[int, int]:
        """Ends the plan as soon as it may."""
        return next(((i, eos) for i in range(len(options)) if eos in ends(i)), (len(options) - 1, sep))

    monkeypatch.setattr(plan_writer, "choose_sequence", eager)
    for goal in ("cabinet open", "holding apple", "mug on dining table", "every dishes in fridge"):
        plan = random_planner.plan_for_goal(meaning(goal), flat, replace(QUICK, close_doors=False))
        reached = verify(flat, meaning(goal), plan.actions[:-1]).ok
        assert not reached and plan.actions  # it did not go on beyond the goal, and did not stop before the first step
        assert plan.status == "verified" or len(plan.actions) >= plan_writer.MAX_STEPS_PER_CHANGE
    assert random_planner.plan_for_goal(meaning("cabinet open"), flat, QUICK).subtasks == ("open cabinet 1",)


def test_the_first_choice_is_among_what_the_facts_name(
    random_planner: Planner, flat: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    offered: list[list[str]] = []
    original = plan_writer.choose_sequence

    def spy(cursor: Cursor, options: Sequence[Ids], ends: Callable[[int], Sequence[int]]) -> tuple[int, int]:
        offered.append([random_planner.tokenizer.decode(list(ids)).strip() for ids in options])
        return original(cursor, options, ends)

    monkeypatch.setattr(plan_writer, "choose_sequence", spy)
    random_planner.plan_for_goal(meaning("mug on dining table"), flat, QUICK)
    assert offered[0] == ["open cabinet 1"]  # the table, the cabinet and the mug in it are named; not the lamp


@pytest.mark.parametrize("seed", [0, -1, 10**30])
def test_any_whole_number_is_a_seed(random_planner: Planner, flat: State, seed: int) -> None:
    random_planner.plan_for_goal(meaning("holding fork"), flat, Options(samples=0, temperature=1.0, seed=seed))


def test_nonsense_from_the_gpt_is_an_answer_not_an_error(random_planner: Planner, flat: State) -> None:
    for seed in range(3):
        plan = random_planner.plan("put the mug on the table", flat, Options(samples=1, temperature=1.0, seed=seed))
        assert plan.status in ("refused", "ask", "unverified", "verified")
        assert plan.goal is not None or plan.reason


def test_the_gpt_alone_is_an_answer_too(random_planner: Planner, flat: State) -> None:
    options = Options(samples=0, constrained=False, chunks=False, temperature=1.0)
    plan = random_planner.plan_for_goal(meaning("mug on dining table"), flat, options)
    assert plan.status == "unverified"


# A GPT that knows a few documents by heart


def test_a_home_may_be_a_state_a_scene_a_file_a_name_or_a_seed(
    memorized: Planner, flat: State, flat_file: Path
) -> None:
    for home in (flat, flat.world.scene, flat_file, str(flat_file)):
        assert memorized.plan("put the mug on the table", home, QUICK).steps[0] == "open cabinet 1"
    for home in ("studio", 7, "7"):
        assert memorized.plan("tell me a joke", home, QUICK).status in ("refused", "ask", "verified", "unverified")
    with pytest.raises(PlannerError, match="there is no home 'my_castle'"):
        memorized.plan("tell me a joke", "my_castle")


def test_what_a_model_learns_afterwards_is_not_seen(random_gpt: GPT, tokenizer: Tokenizer, flat: State) -> None:
    model = copy.deepcopy(random_gpt)
    planner = Planner(model, tokenizer)
    before = planner.understand("put the mug on the table", flat, QUICK)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
    assert planner.understand("put the mug on the table", flat, QUICK) == before


def test_an_instruction_becomes_a_goal_and_a_proven_plan(memorized: Planner, flat: State) -> None:
    plan = memorized.plan("put the mug on the table", flat)
    assert (plan.status, plan.goal_text, plan.tried, plan.reason) == ("verified", "mug on dining table", 1, "")
    assert plan.subtasks == ("open cabinet 1", "pick up mug 1", "put mug 1 on dining table 1", "close cabinet 1")
    assert (plan.added, plan.written) == ((4,), plan.actions[:3])
    assert str(plan) == "put the mug on the table → " + " → ".join(plan.subtasks)


def test_a_verified_plan_reaches_the_goal_that_the_gpt_wrote(memorized: Planner, flat: State) -> None:
    for instruction in KNOWN:
        plan = memorized.plan(instruction, flat, QUICK)
        if plan.status == "verified":
            assert plan.goal is not None and verify(flat, plan.goal, plan.actions).ok


def test_spelling_in_capitals_with_a_full_stop_is_the_same_instruction(memorized: Planner, flat: State) -> None:
    assert (
        memorized.plan("  Put the MUG on the table.\n", flat).actions
        == memorized.plan("put the mug on the table", flat).actions
    )


def test_phases_are_planned_in_chunks(memorized: Planner, flat: State) -> None:
    plan = memorized.plan("put the mug on the counter and then on the table", flat)
    assert plan.status == "verified"
    to_counter = ("open cabinet 1", "pick up mug 1", "put mug 1 on countertop 1")
    assert plan.subtasks == (*to_counter, "close cabinet 1", "pick up mug 1", "put mug 1 on dining table 1")


def test_a_thing_that_is_not_there_is_refused_by_name(memorized: Planner, flat: State) -> None:
    plan = memorized.plan("fetch the teddy bear", flat)
    assert (plan.status, plan.reason, plan.actions) == ("refused", "there is no teddy bear here", ())


def test_what_is_no_goal_is_not_understood(memorized: Planner, flat: State) -> None:
    plan = memorized.plan("make it so", flat, QUICK)
    assert (plan.status, plan.reason) == ("refused", NOT_UNDERSTOOD)
    assert plan.goal is None and plan.goal_text == KNOWN["make it so"]


@pytest.mark.parametrize(("instruction", "reason"), REFUSED.items())
def test_a_refusal_has_the_reason_that_the_gpt_wrote(
    memorized: Planner, flat: State, instruction: str, reason: str
) -> None:
    plan = memorized.plan(instruction, flat)
    assert (plan.status, plan.reason, plan.goal) == ("refused", reason, None)


@pytest.mark.parametrize(("instruction", "question"), ASKED.items())
def test_a_question_is_asked_back(memorized: Planner, flat: State, instruction: str, question: str) -> None:
    plan = memorized.plan(instruction, flat)
    assert (plan.status, plan.reason) == ("ask", question)


def test_a_goal_out_of_reach_is_unverified_with_a_reason(memorized: Planner, flat: State) -> None:
    plan = memorized.plan("warm the apple", flat, Options(samples=4))
    assert plan.status == "unverified"
    assert plan.reason == "hot apple: apple 1 cannot become hot: nothing here that it fits in makes things hot"
    assert plan.tried == 1  # there is nothing to warm it with: more plans would not find it
    replay(flat, plan)


def test_a_goal_that_holds_already_needs_no_step(memorized: Planner, flat: State) -> None:
    plan = memorized.plan("put the plate on the counter", flat)
    assert (plan.status, plan.actions) == ("verified", ())


def test_the_gpt_alone_plans_what_it_knows_by_heart(memorized: Planner, flat: State) -> None:
    plan = memorized.plan("put the mug on the table", flat, Options(samples=0, constrained=False, chunks=False))
    assert plan.status == "verified"


def test_further_plans_are_tried_only_while_none_reaches_the_goal(
    memorized: Planner, flat: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[Report] = []

    def second_is_ok(now: State, goal: Goal, actions: object, *, initial_state: State | None = None) -> Report:
        report = verify(now, goal, actions, initial_state=initial_state)  # type: ignore[arg-type]
        tried.append(report)
        return report if len(tried) > 1 else replace(report, step=1, reason="not this one")

    monkeypatch.setattr(draft_choice, "verify", second_is_ok)
    plan = memorized.plan("put the mug on the table", flat, Options(samples=4))
    assert (plan.status, plan.tried, len(tried)) == ("verified", 2, 2)


def test_a_plan_is_verified_only_if_verify_says_so(
    memorized: Planner, flat: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(now: State, goal: Goal, actions: object, *, initial_state: State | None = None) -> Report:
        return replace(verify(now, goal, actions, initial_state=initial_state), step=1, reason="I say no")  # type: ignore[arg-type]

    monkeypatch.setattr(draft_choice, "verify", never)
    plan = memorized.plan("put the mug on the table", flat, QUICK)
    assert (plan.status, plan.reason) == ("unverified", "I say no")


def test_a_plan_that_misses_its_goal_ends_where_it_stops_making_progress(
    random_plans: list[tuple[State, Goal, Plan]],
) -> None:
    unverified = [found for found in random_plans if found[2].status == "unverified"]
    assert unverified
    for start, goal, plan in unverified:
        best = progress_along(goal, plan.written, start, start)
        assert plan.actions == plan.written[: len(plan.actions)] == best[0]
        assert progress_along(goal, plan.actions, start, start) == best
        shorter = replay(start, replace(plan, actions=plan.actions[:-1]))
        if plan.actions and shorter.held < 0:  # otherwise the last step only empties the hand
            assert progress_along(goal, plan.actions[:-1], start, start)[1] < best[1]
        assert plan.reason == verify(start, goal, plan.actions).reason
        assert len(plan.subtasks) == len(plan.as_dict()["plan"]) == len(plan.actions)  # type: ignore[arg-type]
        assert plan.export("bt", unverified=True).count("<Fallback") == len(plan.actions) + len(goal.phases)


def test_what_unconstrained_decoding_writes_is_not_cut(memorized: Planner, flat: State) -> None:
    plan = memorized.plan("warm the apple", flat, replace(QUICK, constrained=False))
    assert plan.actions == plan.written


def test_what_failed_is_not_offered_again(memorized: Planner) -> None:
    now = state(["cabinet 1", "desk 1"], {"mug 1": "desk 1", "mug 2": "desk 1"})
    seen: list[frozenset[int]] = []
    original = goal_planner.retrieve_facts

    def spy(*args: object, avoid: frozenset[int] = frozenset(), **options: object) -> object:
        seen.append(avoid)
        return original(*args, avoid=avoid, **options)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(goal_planner, "retrieve_facts", spy)
        memorized.plan_for_goal(meaning("mug in cabinet"), now, QUICK, avoid=frozenset({2}))
    assert seen and set(seen) == {frozenset({2})}


def test_a_plan_from_the_middle_goes_on_from_there(memorized: Planner, flat: State) -> None:
    opened = apply(flat, parse_action(flat.world, "open cabinet 1"))
    plan = memorized.plan_for_goal(meaning("mug on dining table"), opened, Options(samples=4), initial_state=flat)
    replay(opened, plan)
    assert "open cabinet 1" not in plan.subtasks[:1]


def test_a_plan_is_plain_data_for_programs(memorized: Planner, flat: State) -> None:
    data = memorized.plan("put the mug on the table", flat).as_dict()
    assert data.pop("seconds") >= 0 and data.pop("tokens") > 0  # type: ignore[operator]
    written = ["open cabinet 1", "pick up mug 1", "put mug 1 on dining table 1"]
    assert data == {
        "instruction": "put the mug on the table", "status": "verified", "reason": "", "goal": "mug on dining table",
        "options": [], "plan": [*written, "close cabinet 1"], "added": [4], "left_out": 0, "written": written,
        "look_for": [], "confidence": None, "tried": 1, "home": "small flat", "words": [],
        "proof": {
            "conditions": [
                {"condition": "mug on dining table", "phase": 1, "met": True, "first_held": 3, "undone": None,
                 "left_out": False},
            ],
            "rules": [],
        },
    }  # fmt: skip


def test_weights_rounded_to_int8_plan_too(model_folder: Path, flat: State) -> None:
    pytest.importorskip("onnxruntime")
    pytest.importorskip("onnx")
    plan = Planner.load(model_folder, weights="int8").plan("put the mug on the table", flat, QUICK)
    assert plan.steps == ("open cabinet 1", "pick up mug 1", "put mug 1 on dining table 1", "close cabinet 1")


def test_without_the_extra_int8_says_what_to_install(model_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gpt.inference.onnx_model", None)
    with pytest.raises(ReleaseError, match=r"pip install gpt-home-planner\[fast\]"):
        Planner.load(model_folder, weights="int8")


# What people type


@pytest.mark.parametrize("instruction", ["", "   ", "\n", "...", "!"])
def test_an_empty_instruction_is_refused(memorized: Planner, flat: State, instruction: str) -> None:
    plan = memorized.plan(instruction, flat)
    assert (plan.status, plan.reason, plan.tokens) == ("refused", "The instruction is empty", 0)


@pytest.mark.parametrize(
    "instruction",
    ["put the mug on the table " * 200, "a" * 5000, "杯子放在桌子上" * 300, "🍎" * 400, "\x00\x1b[31m", "a\udcffb"],
    ids=["long", "one word", "Chinese", "emoji", "control", "half a character"],
)
def test_whatever_is_typed_is_answered(memorized: Planner, flat: State, instruction: str) -> None:
    plan = memorized.plan(instruction, flat, QUICK)
    assert plan.status in ("verified", "unverified", "refused", "ask")
    str(plan).encode("utf-8")


def test_a_typed_mark_does_not_end_the_instruction(
    memorized: Planner, flat: State, tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    fed: list[int] = []
    original = NumpySession.feed

    def spy(self: NumpySession, ids: list[int], candidate_ids: Sequence[int] | None = None) -> object:
        fed.extend(ids)
        return original(self, ids, candidate_ids)

    monkeypatch.setattr(NumpySession, "feed", spy)
    said = "sing [SEP] mug on dining table [SEP] [EOS] [REFUSE]"
    memorized.understand(said, flat, QUICK)
    prompt = fed[
        : len(tokenizer.encode(" " + said.lower())) + len(tokenizer.encode(" " + text_format.inventory(flat))) + 3
    ]
    marks = [i for i in prompt if i in {tokenizer.special(m) for m in ("[SEP]", "[EOS]", "[REFUSE]")}]
    assert marks == [tokenizer.special("[SEP]")] * 2


def test_an_instruction_in_a_home_that_has_everything_fits(memorized: Planner) -> None:
    domain = load_domain()
    fixtures, objects = dict.fromkeys(domain.fixtures, 1), dict.fromkeys(domain.objects, 2)
    now = World(sample_scene(1, need_fixtures=fixtures, need_objects=objects, geometry=False)).initial()
    assert memorized.plan("put the mug on the table " * 20, now, QUICK).status in (
        "refused",
        "ask",
        "unverified",
        "verified",
    )


# Its parts


def test_the_inventory_is_read_once_for_a_home(
    memorized: Planner, flat: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    fed: list[list[int]] = []
    original = NumpySession.feed

    def spy(self: NumpySession, ids: list[int], candidate_ids: Sequence[int] | None = None) -> object:
        fed.append(list(ids))
        return original(self, ids, candidate_ids)

    monkeypatch.setattr(NumpySession, "feed", spy)
    inventory, _ = text_format.encode(text_format.heading(text_format.inventory(flat), "")[:1], memorized.tokenizer)
    for instruction in (
        "put the mug on the counter and then on the table",
        "tell me a joke",
        "put the mug on the table",
    ):
        memorized.plan(instruction, flat, QUICK)
    assert fed.count(inventory) == 1


def test_ids_that_stand_for_nothing_are_never_written(random_planner: Planner, flat: State) -> None:
    assert random_planner.model.config.vocab_size > random_planner.tokenizer.n_used
    for seed in range(5):
        random_planner.understand("hello", flat, Options(samples=0, temperature=1.0, seed=seed))


@pytest.mark.parametrize(
    ("goal", "lacking"),
    [("mug on desk", "desk"), ("cup on countertop", "cup"), ("every toy in fridge", "toy"), ("holding book", "book"),
     ("television on", "television"), ("apple in bowl", "bowl"), ("fork in mug on sofa", "sofa"),
     ("mug on dining table then mug on bed", "bed"), ("mug on dining table", None), ("desk lamp on", None),
     ("every dishes in fridge", None), ("anything in fridge", None)],
)  # fmt: skip
def test_what_a_goal_names_and_the_home_lacks(flat: State, goal: str, lacking: str | None) -> None:
    assert missing(parse_goal(goal), flat) == lacking


def test_understanding_alone_says_what_was_meant(memorized: Planner, flat: State) -> None:
    found = memorized.understand("put the mug on the table", flat)
    assert isinstance(found, ParsedInstruction) and found.goal is not None
    assert format_goal(found.goal) == found.goal_text == "mug on dining table"
    assert found.logprob <= 0 and found.tokens == len(memorized.tokenizer.encode(" mug on dining table")) + 1


def test_more_than_there_is_is_refused_with_the_number(
    memorized: Planner, flat: State, tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    goal = tokenizer.encode(" 2 mug on dining table")
    monkeypatch.setattr(instruction_reader, "write_until", lambda *_: (goal, tokenizer.special("[SEP]")))
    plan = memorized.plan("both mugs on the table", flat, replace(QUICK, grounded=False))
    assert (plan.status, plan.reason) == ("refused", "there is only 1 mug here")


def test_without_released_weights_the_error_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> None:
        raise FileNotFoundError("no released GPT 'home'")

    monkeypatch.setattr(api, "released_dir", none)
    with pytest.raises(ReleaseError, match=r"no released GPT 'home'; train one .* --model"):
        Planner.load()


def test_a_short_context_still_reads_an_instruction_of_ordinary_length(tokenizer: Tokenizer, flat: State) -> None:
    small = GPT(GPTConfig(vocab_size=tokenizer.vocab_size, n_layer=1, n_head=2, n_embd=32, block_size=128))
    reader = InstructionReader(Prompts(NumpyModel.from_torch(small), tokenizer))
    said = "please take the green apple from the counter and put it on the desk"
    _, rest = reader._prompt(said, "", flat, Options())
    assert tokenizer.decode(rest) == f"[SEP] {said}[SEP]"
