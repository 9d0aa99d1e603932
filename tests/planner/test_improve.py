from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import planner.learning.cycle
import planner.learning.judging
import planner.learning.proposing.proposals
import planner.learning.training_examples
from envs.symbolic.actions import Action, State, applicable, parse_action, successor
from envs.symbolic.goals import format_goal, parse_goal
from envs.symbolic.scoring import holds
from gpt.data.tokenized_documents import TokenizedDocuments
from gpt.tokenization.tokenizer import Tokenizer
from gpt.weights.checkpoint import read_tensors, save_model
from gpt.weights.model_folder import WEIGHTS_FILE
from planner.api import Planner
from planner.goals.comparison import shape
from planner.improve import main
from planner.io.json_lines import Record, read_lines, write_lines
from planner.learning.acceptance import before_and_after, decide, plot
from planner.learning.cycle import run_cycle
from planner.learning.proposing.hindsight import relabel
from planner.learning.proposing.proposals import Proposal, initial_state_of
from planner.learning.sizes import Sizes
from planner.learning.training_examples import TrainingExample, example_from_hindsight, example_from_success, weights
from planner.learning.training_mixture import build_mixture
from planner.prompts import text_format
from planner.rollouts.progress_log import Reporter
from planner.rollouts.resumable_stage import stage
from planner.verification.plan_verification import verify
from tests.planner.json_answers import checked

MOST_KILLS = 5
TINY = Sizes(
    homes=1, per_home=2, varied=1, composed=1, samples=0, steps=3, rows=1, held_out=1, known=0, blends=(1.0, 0.5)
)
TO_TABLE = ("open cabinet 1", "pick up mug 1", "put mug 1 on dining table 1")


class Killed(BaseException):
    """A kill, as far as a stage can tell."""


def actions(state: State, *subtasks: str) -> list[Action]:
    return [parse_action(state.world, subtask) for subtask in subtasks]


def walk(state: State, steps: int, seed: int) -> list[Action]:
    rng, done = random.Random(seed), list[Action]()
    for _ in range(steps):
        done.append(rng.choice(applicable(state)))
        state = successor(state, done[-1])
    return done


# Lessons


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 14))
def test_hindsight_finds_a_goal_that_was_reached_and_did_not_hold(seed: int, steps: int) -> None:
    start = initial_state_of(5, parse_goal("no ceiling light on"))
    found = relabel(start, walk(start, steps, seed))
    if found is not None:
        goal, kept = found
        assert verify(start, goal, kept).ok
        assert not any(holds(start, c, start) for c in goal.conditions)
        assert not kept or not verify(start, goal, kept[:-1]).ok  # nothing is kept that the goal does not need


def test_a_failed_plan_teaches_what_it_did_reach(flat: State) -> None:
    found = relabel(flat, actions(flat, *TO_TABLE))
    assert found is not None
    assert format_goal(found[0]) == "mug on dining table ; cabinet open"
    assert example_from_hindsight(flat, actions(flat, *TO_TABLE)) is not None
    assert example_from_hindsight(flat, []) is None


def test_a_lesson_has_the_full_goal_all_facts_and_the_whole_plan(flat: State) -> None:
    goal = parse_goal("mug on dining table ; fork on dining table ; plate on dining table")
    fork, plate = (("pick up " + x, f"put {x} on dining table 1") for x in ("fork 1", "plate 1"))
    steps = (*TO_TABLE, *fork, *plate)
    lesson = example_from_success("lay the table", goal, flat, actions(flat, *steps))
    (understanding, whole), rests = lesson.documents, lesson.remainders
    assert [s.text for s in understanding][1:3] == ["lay the table", format_goal(goal)]
    said = [s.text for s in whole if s.special_token == "[SEP]"]
    assert said[1] == format_goal(goal)
    assert all(name in said[2] for name in ("mug 1", "fork 1", "plate 1", "cabinet 1", "dining table 1"))
    assert tuple(said[3:]) == steps
    # What is left after each achievement is a lesson too, down to two conditions.
    assert [[s.text for s in d][2] for d in rests] == ["fork on dining table ; plate on dining table"]


def test_rare_and_hard_tasks_count_more() -> None:
    def lesson(name: str, weight: float = 1.0) -> TrainingExample:
        return TrainingExample(documents=(), shape=name, weight=weight)

    common, also, rare, hard = weights([lesson("a"), lesson("a"), lesson("b"), lesson("c", 3.0)])
    assert common == also < rare < hard


def test_goals_that_differ_only_in_their_things_have_one_shape() -> None:
    assert shape(parse_goal("mug on desk")) == shape(parse_goal("cup in fridge"))
    assert shape(parse_goal("mug on desk")) != shape(parse_goal("clean mug on desk"))
    assert shape(parse_goal("fridge open")) != shape(parse_goal("every window closed"))


def test_training_reads_no_more_new_documents_than_asked_for(flat: State, tokenizer: Tokenizer) -> None:
    lesson = example_from_success("lay", parse_goal("mug on dining table"), flat, actions(flat, *TO_TABLE))
    new = [tuple(text_format.encode(d, tokenizer)[0]) for d in lesson.documents]
    replay = TokenizedDocuments.from_lists([[1, 2, 3, 4]] * 5)
    for n_tokens in (2_000, 100_000):
        mixture = build_mixture(
            [lesson], [], replay, tokenizer, n_tokens, new_share=0.8, limit=513, rng=random.Random(0)
        )
        found = mixture.documents
        assert len(mixture.values) == len(found.tokens) and set(mixture.values.tolist()) == {1.0}
        lengths = [int(b - a) for a, b in zip(found.offsets[:-1], found.offsets[1:], strict=True)]
        read_new = sum(n for n in lengths if n > 4)
        assert n_tokens <= sum(lengths) < n_tokens + 600
        known = sum(map(len, new))
        assert read_new <= min(0.4 * n_tokens, 6 * known) + known


# Stages


def test_a_killed_stage_goes_on_without_losing_or_doubling_a_record(tmp_path: Path) -> None:
    ids = [str(i) for i in range(6)]
    made: list[str] = []

    def make(key: str) -> Record:
        if len(made) == 3 and "killed" not in made:
            made.append("killed")
            raise Killed
        made.append(key)
        return {"id": key, "square": int(key) ** 2}

    path = tmp_path / "episodes.jsonl"
    with pytest.raises(Killed):
        stage(path, ids, make, "test")
    assert not path.exists()
    beside = path.with_suffix(".partial.jsonl")
    beside.write_bytes(beside.read_bytes() + b'{"id": "3", "squ')  # the kill came in the middle of a line
    records = stage(path, ids, make, "test")
    assert [r["id"] for r in records] == ids == [m for m in made if m != "killed"]
    assert records == read_lines(path) and not beside.exists()
    assert stage(path, ids, make, "test") == records and len(made) == 7  # done is done


@pytest.fixture
def cycle_home(flat: State, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every home is the small flat, where the memorized GPT can do one task and fails at others."""
    for module in (planner.learning.proposing.proposals, planner.learning.training_examples):
        monkeypatch.setattr(module, "initial_state_of", lambda home, goal, geometry=False: flat)


def a_cycle(folder: Path, model: Path, goals: dict[str, str]) -> planner.learning.cycle.CycleResult:
    folder.mkdir(parents=True, exist_ok=True)
    tasks = [Proposal(id=f"0/{i}", home=0, instruction=said, goal=goal) for i, (said, goal) in enumerate(goals.items())]
    if not (folder / "proposals.jsonl").exists():
        write_lines(folder / "proposals.jsonl", [t.as_dict() for t in tasks])
    valid = planner.learning.judging.draw_held_out_tasks(TINY.held_out, 0, planner.learning.cycle.SPLITS["valid"])
    old: list[Record] = [{"id": t.id, "split": t.split, "alone": False, "verified": False} for t in valid]
    replay = TokenizedDocuments.from_lists([[5, 6, 7, 8]] * 9)
    return run_cycle(folder, model, old, replay, TINY, number=1, seed=0)


GOALS = {
    "put the mug on the table": "mug on dining table",
    "fork, please": "fork on dining table",
    "plate and mug": "plate on dining table ; mug on dining table",
    "light": "desk lamp on",
}


@pytest.mark.usefixtures("cycle_home")
def test_a_killed_cycle_ends_with_the_same_bytes(
    model_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = a_cycle(tmp_path / "whole", model_folder, GOALS)
    records = read_lines(tmp_path / "whole" / "episodes.jsonl")
    assert [r["goal"] for r in records] == list(GOALS.values()) and any(r["kept"] for r in records)

    reach, calls = Planner.plan_for_goal, list[int]()

    def dying(self: Planner, *args: object, **settings: object) -> object:
        calls.append(1)
        if len(calls) == 3:
            raise Killed
        return reach(self, *args, **settings)  # type: ignore[arg-type]

    monkeypatch.setattr(Planner, "plan_for_goal", dying)
    with pytest.raises(Killed):
        a_cycle(tmp_path / "killed", model_folder, GOALS)
    assert 0 < len(read_lines(tmp_path / "killed" / "episodes.partial.jsonl")) < 4
    monkeypatch.setattr(Planner, "plan_for_goal", reach)
    monkeypatch.setattr(planner.learning.cycle, "save_model", _die)  # and once more, after training
    with pytest.raises(Killed):
        a_cycle(tmp_path / "killed", model_folder, GOALS)
    monkeypatch.setattr(planner.learning.cycle, "save_model", save_model)
    resumed = a_cycle(tmp_path / "killed", model_folder, GOALS)
    for name in ("proposals.jsonl", "episodes.jsonl", "held_out.jsonl", "training.json", "model/config.json"):
        assert (tmp_path / "whole" / name).read_bytes() == (tmp_path / "killed" / name).read_bytes(), name
    # Their weights too; safetensors writes the two words of its header in any order.
    weights_of = [read_tensors(tmp_path / run / "model" / WEIGHTS_FILE)[0] for run in ("whole", "killed")]
    assert weights_of[0].keys() == weights_of[1].keys()
    assert all(torch.equal(tensor, weights_of[1][name]) for name, tensor in weights_of[0].items())
    assert resumed.decision == whole.decision


def _die(*args: object, **settings: object) -> None:
    raise Killed


@pytest.mark.usefixtures("cycle_home")
def test_without_a_task_the_old_weights_stay(model_folder: Path, tmp_path: Path) -> None:
    verdict = a_cycle(tmp_path / "cycle-1", model_folder, {})
    assert not verdict.decision.accepted
    assert verdict.model == model_folder
    assert json.loads((tmp_path / "cycle-1" / "metrics.json").read_text())["reason"].startswith("nothing was learnt")


# Judging


def outcomes(alone: str, verified: str) -> list[Record]:
    pairs = zip(alone, verified, strict=True)
    return [{"id": i, "split": "all", "alone": a == "1", "verified": v == "1"} for i, (a, v) in enumerate(pairs)]


def test_new_weights_are_accepted_only_if_held_out_success_rose() -> None:
    old = outcomes("110000", "111000")
    assert decide(old, outcomes("111000", "111000")).accepted
    assert not decide(old, old).accepted
    assert not decide(old, outcomes("100000", "111000")).accepted
    assert not decide(old, outcomes("101000", "111000")).accepted  # one gained, one lost


def test_a_better_direct_pass_does_not_make_up_for_worse_verified_plans() -> None:
    old, new = outcomes("0" * 20, "1" * 20), outcomes("1" * 20, "1" * 10 + "0" * 10)
    decision = decide(old, new)
    assert not decision.accepted and "fell" in decision.reason


def judged(verified: str, *, split: str = "all", misread: str = "", steps: int = 4, tokens: int = 30) -> list[Record]:
    """Outcomes of tasks with the direct pass as good as the full planner."""
    return [
        {"id": f"{split}/{i}", "split": split, "alone": v == "1", "verified": v == "1",
         "steps": steps, "tokens": tokens, "misread": misread[i : i + 1] == "1"}
        for i, v in enumerate(verified)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        (judged("1" * 200, split="known"), judged("1" * 198 + "00", split="known"), "known tasks were lost"),
        (judged("1" * 10), judged("1" * 10, misread="1" * 10), "silent misreads rose"),
        (judged("1" * 10), judged("1" * 10, steps=5), "plans became longer"),
        (judged("1" * 10), judged("1" * 10, tokens=40), "plans take more tokens"),
    ],
)
def test_what_matters_must_not_become_worse(old: list[Record], new: list[Record], why: str) -> None:
    more = judged("0000", split="5-10"), judged("1111", split="5-10")
    decision = decide([*old, *more[0]], [*new, *more[1]])
    assert not decision.accepted and decision.reason.startswith(why)
    assert decide([*old, *more[0]], [*old, *more[1]]).accepted


@pytest.mark.parametrize("known", [40, 200])
def test_one_known_task_may_go(known: int) -> None:
    old, new = judged("1" * known, split="known"), judged("1" * (known - 1) + "0", split="known")
    gain = judged("00", split="5-10"), judged("11", split="5-10")
    decision = decide([*old, *gain[0]], [*new, *gain[1]])
    assert decision.accepted and decision.known is not None and decision.known.losses == 1
    assert decision.gained == 2  # in two ways, two gained and one lost


def test_the_mixture_of_old_and_new_weights_that_gains_most_is_kept(
    model_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "cycle-1"
    shutil.copytree(model_folder, folder / "trained")
    gained = {"trained": "0011", "blend-0.75": "0111", "blend-0.5": "0111"}

    def outcomes_of(model: Path, *args: object, **settings: object) -> list[Record]:
        return judged(gained[model.name], split="5-10")

    monkeypatch.setattr(planner.learning.judging, "evaluate_weights", outcomes_of)
    before = judged("0001", split="5-10")
    best = planner.learning.judging.best_blend(
        folder, model_folder, [], before, Sizes(blends=(1.0, 0.75, 0.5)), None, Reporter()
    )
    assert (best.share, best.decision.gained) == (0.75, 4)
    kept = read_tensors(folder / "model" / WEIGHTS_FILE)[0]
    blend = read_tensors(folder / "blend-0.75" / WEIGHTS_FILE)[0]
    assert all(torch.equal(tensor, blend[name]) for name, tensor in kept.items())
    assert read_lines(folder / "held_out.jsonl") == best.outcomes


def test_outcomes_of_other_tasks_are_no_comparison() -> None:
    with pytest.raises(ValueError, match="of different tasks"):
        decide(outcomes("1", "1"), outcomes("11", "11"))


def test_results_show_intervals_and_the_paired_test() -> None:
    shown = before_and_after(outcomes("1000", "1100"), outcomes("1110", "1100"))
    assert "25.0 % [5, 70]" in shown and "75.0 % [30, 95]" in shown and "+2 -0" in shown and "0.500" in shown


def test_silent_misreads_are_shown_where_both_runs_counted_them() -> None:
    old, new = outcomes("10", "10"), outcomes("10", "10")
    assert "misreads" not in before_and_after(old, new)
    old, new = ([{**o, "misread": misread} for o in run] for run, misread in ((old, True), (new, False)))
    assert "misreads" not in before_and_after(outcomes("10", "10"), new)  # an earlier version wrote the first
    (row,) = [line for line in before_and_after(old, new).splitlines() if line.startswith("silent misreads, ")]
    assert "100.0 % [34, 100]" in row and "0.0 % [0, 66]" in row


def test_the_figure_is_valid_svg() -> None:
    figure = ElementTree.fromstring(plot("cycle 1", {"before": outcomes("10", "11"), "after": outcomes("11", "11")}))
    bars = figure.findall("{http://www.w3.org/2000/svg}rect")
    assert len(bars) == 1 + 4 + 2  # background, two ways by two series, legend


# The command


def test_no_teacher_and_no_corpus_takes_part(model_folder: Path, tmp_path: Path) -> None:
    program = f"""
import random, sys
from dataclasses import replace
from pathlib import Path
from gpt.data.batches import TokenizedDocuments
from planner.learning.sizes import Sizes
from planner.improve import improve
from planner.learning.proposing.proposals import Proposal
from planner.io.json_lines import write_lines

folder = Path({str(tmp_path)!r})
replay = folder / "model" / "replay"
TokenizedDocuments.from_lists([[5, 6, 7, 8]] * 9).save(replay)
tasks = [Proposal(id=f"0/{{i}}", home=i, instruction="light", goal="no ceiling light on") for i in range(3)]
write_lines(folder / "run" / "cycle-1" / "proposals.jsonl", [t.as_dict() for t in tasks])
sizes = Sizes(homes=1, per_home=2, varied=1, composed=1, samples=0, steps=2, rows=1, held_out=1, known=0, blends=(1.0,))
results = improve(folder / "run", folder / "model", sizes, cycles=1, seed=0)
forbidden = {{"planner.corpus.teacher", "planner.corpus.corpus", "pybullet"}}
print(results["cycles"][0]["lessons"], *sorted(forbidden & set(sys.modules)))
"""
    for name in ("model.safetensors", "config.json", "tokenizer.json"):
        (tmp_path / "model").mkdir(exist_ok=True)
        (tmp_path / "model" / name).write_bytes((model_folder / name).read_bytes())
    root = str(Path(planner.learning.cycle.__file__).parents[2])
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=root, check=False)
    assert done.returncode == 0, done.stderr
    checked("planner.improve", (tmp_path / "run" / "results.json").read_text(encoding="utf-8"))
    lessons, *imported = done.stdout.split()
    assert int(lessons) > 0, "nothing was trained, so this proves nothing"
    assert imported == []


# Moments are counted, not timed: before a file is put in its place, after a record is written, before a training step.
RUN_TO_BE_KILLED = """
import os, random, signal, sys
from pathlib import Path
import torch
from gpt.data.batches import PackedBatches
from gpt.data.tokenized_documents import TokenizedDocuments
from planner.learning.sizes import Sizes
from planner.improve import improve
from planner.rollouts.progress_log import Advance
from planner.learning.proposing.proposals import Proposal
from planner.io.json_lines import write_lines

folder, name, most_kills, most_moments = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
moments, last = 0, 0

def counted(owner, name):
    real = getattr(owner, name)
    def call(*args, **settings):
        global moments
        moments += 1
        if moments == last:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*args, **settings)
    setattr(owner, name, call)

def run():
    proposals = folder / name / "cycle-1" / "proposals.jsonl"
    if not proposals.exists():
        tasks = [Proposal(id=f"0/{i}", home=i, instruction="light", goal="no ceiling light on") for i in range(6)]
        write_lines(proposals, [t.as_dict() for t in tasks])
    sizes = Sizes(
        homes=1, per_home=2, varied=1, composed=1, hindsight=2, samples=0, steps=24, rows=1, held_out=1, known=0,
        blends=(1.0,),
    )
    improve(folder / name, folder / "model", sizes, cycles=1, seed=0)

counted(os, "replace")
counted(Advance, "advance")
counted(PackedBatches, "batch")
torch.optim.AdamW([torch.zeros(1, requires_grad=True)])  # imports, once for all processes, what an optimizer needs
rng, kills = random.Random(0), 0
while kills < most_kills:
    last = rng.randint(4, most_moments // 2)  # of the next process
    if not (child := os.fork()):
        run()
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    if not os.WIFSIGNALED(status):
        assert status == 0
        break  # it came to its end
    kills += 1
last = 0
run()
print(kills, moments)
"""


def test_a_run_that_is_killed_at_random_moments_ends_with_the_same_bytes(model_folder: Path, tmp_path: Path) -> None:
    TokenizedDocuments.from_lists([[5, 6, 7, 8]] * 9).save(tmp_path / "model" / "replay")
    for name in ("model.safetensors", "config.json", "tokenizer.json"):
        (tmp_path / "model" / name).write_bytes((model_folder / name).read_bytes())
    root = str(Path(planner.learning.cycle.__file__).parents[2])

    def run(name: str, most_kills: int, most_moments: int) -> list[int]:
        command = [sys.executable, "-c", RUN_TO_BE_KILLED, str(tmp_path), name, str(most_kills), str(most_moments)]
        # Sets have another order in each of the two.
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONHASHSEED": str(most_kills)}
        done = subprocess.run(command, capture_output=True, text=True, cwd=root, env=environment, check=False)
        assert done.returncode == 0, done.stderr
        return [int(word) for word in done.stdout.split()]

    _, moments = run("whole", 0, 0)
    assert moments > 40
    kills, left = run("killed", MOST_KILLS, moments)
    assert kills > 2 and left < moments, "few runs were killed, or nothing was left of them, so this proves nothing"
    files = ("episodes.jsonl", "hindsight.jsonl", "hindsight_episodes.jsonl", "held_out.jsonl", "training.json")
    for name in (*(f"cycle-1/{file}" for file in files), "test-before.jsonl", "validation-before.jsonl"):
        assert (tmp_path / "whole" / name).read_bytes() == (tmp_path / "killed" / name).read_bytes(), name
    weights = [read_tensors(tmp_path / n / "cycle-1" / "model" / WEIGHTS_FILE)[0] for n in ("whole", "killed")]
    assert all(torch.equal(tensor, weights[1][name]) for name, tensor in weights[0].items())


def test_the_command_decodes_on_one_thread(
    model_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    told: list[int] = []

    def improve(*_: object, **__: object) -> Record:
        assert told == [1], "the threads are limited before anything is decoded"
        return {"cycles": []}

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("gpt.inference.threads.limit_blas_threads", told.append)
    monkeypatch.setattr("planner.improve.improve", improve)
    assert main(["--model", str(model_folder), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"cycles": []}


def test_a_run_is_not_overwritten_without_being_asked(
    model_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs" / "improve").mkdir(parents=True)
    (tmp_path / "runs" / "improve" / "config.json").write_text("{}")
    assert main(["--model", str(model_folder)]) == 2
    assert "--resume" in capsys.readouterr().err
    assert main(["--model", str(model_folder), "--resume"]) == 2  # but it is a run of something else
    assert "resume with the same" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ["--cycles", "0"],
        ["--minutes", "0"],
        ["--physics", "-1"],
        ["--model", "nowhere"],
        ["--device", "tpu"],
        ["--instructions", "nowhere"],
        ["--home", "studio", "--instructions", "nowhere"],
    ],
)
def test_wrong_use_is_exit_code_2_and_one_message(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.err.count("\n") == 1 and not captured.out


def test_sizes_follow_the_time_that_is_given() -> None:
    half, short = Sizes().scaled(0.5), Sizes().scaled(0.01)
    assert short.held_out >= 10 and short.known >= 100  # a decision on fewer tasks is chance
    assert (half.homes, half.tasks, half.steps, half.held_out) == (30, 800, 600, 12)
    assert (
        replace(half, homes=60, tasks=1600, reworded=160, hindsight=160, steps=1200, held_out=25, known=200) == Sizes()
    )
