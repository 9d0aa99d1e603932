"""`python -m planner.plan`: what it prints, and what it says when something is wrong."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from planner import api
from planner.api import Planner
from planner.cli.dialogue import MAX_INSTRUCTION
from planner.errors import PlannerError
from planner.plan import main, open_home
from tests.conftest import ROOT
from tests.planner.command_calls import Call, Outcome, called, refused

MUG = "put the mug on the table"
MUG_PLAN = ["open cabinet 1", "pick up mug 1", "put mug 1 on dining table 1", "close cabinet 1"]


@pytest.fixture
def plan(
    capsys: pytest.CaptureFixture[str],
    flat_file: Path,
    model_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Call:
    """The command in an empty folder, by default with the small flat and the memorized GPT."""
    monkeypatch.chdir(tmp_path)

    def call(*argv: str, home: str | None = str(flat_file), model: str | None = str(model_folder)) -> Outcome:
        rest = [*(("--home", home) if home is not None else ()), *(("--model", model) if model is not None else ())]
        return called("python -m planner.plan", main, [*argv, *rest], capsys)

    return call


# What it prints


def test_it_prints_goal_plan_and_status(plan: Call) -> None:
    outcome = plan(MUG)
    goal, steps, status = outcome.out.splitlines()
    assert (outcome.code, outcome.err) == (0, "")
    assert goal == "goal: mug on dining table"
    assert steps == f"plan: {MUG} → " + " → ".join(MUG_PLAN)
    assert status.startswith("verified (")


def test_rules_of_the_home_are_not_repeated_with_every_goal(plan: Call, flat_file: Path, tmp_path: Path) -> None:
    path = tmp_path / "strict.yaml"
    path.write_text("rules: [never fridge open]\n" + flat_file.read_text())
    outcome = plan("--goal", "mug on dining table while never apple on dining table", home=str(path))
    assert outcome.out.startswith("goal: mug on dining table while never apple on dining table\nplan: ")
    refused = plan("--goal", "fridge open", home=str(path)).out.splitlines()
    assert refused[0] == "goal: fridge open"
    assert refused[1].startswith("refused: a rule does not allow it: never fridge open (")
    assert len(refused) == 2


def test_a_plan_that_misses_its_goal_is_printed_with_what_each_step_does(plan: Call) -> None:
    outcome = plan("--goal", "mug on dining table ; freezer open")
    *_, status, first, second = outcome.out.splitlines()
    assert outcome.code == 1 and status.startswith("unverified: ")
    assert first.startswith("  step ") and first.endswith(": mug on dining table")
    assert second == "  not reached: freezer open"
    proof = json.loads(plan("--goal", "mug on dining table ; freezer open", "--json").out)["proof"]
    assert [condition["met"] for condition in proof["conditions"]] == [True, False]


def test_with_json_it_prints_one_object(plan: Call) -> None:
    outcome = plan(MUG, "--json")
    answer = json.loads(outcome.out)
    assert outcome.code == 0 and outcome.out.count("\n") == 1
    assert (answer["status"], answer["plan"], answer["home"]) == ("verified", MUG_PLAN, "small flat")


def test_it_carries_the_plan_out(plan: Call) -> None:
    outcome = plan(MUG, "--execute", "--backend", "symbolic")
    assert outcome.code == 0
    assert "success: yes (symbolic)" in outcome.out and "goal conditions: 1 of 1 (100%)" in outcome.out
    assert [
        line.split("] ")[1].split(" done")[0].strip() for line in outcome.out.splitlines() if "] " in line
    ] == MUG_PLAN


def test_with_json_the_episode_is_in_the_object(plan: Call) -> None:
    answer = json.loads(plan(MUG, "--execute", "--backend", "symbolic", "--json").out)
    assert answer["episode"]["success"] is True
    assert [step["subtask"] for step in answer["episode"]["steps"]] == MUG_PLAN
    assert answer["episode"]["backend"] == "symbolic" and answer["episode"]["video"] is None


def test_the_symbolic_world_writes_no_file(plan: Call, tmp_path: Path) -> None:
    plan(MUG, "--execute", "--backend", "symbolic", "--out", str(tmp_path / "out"))
    assert list(tmp_path.iterdir()) == []


def test_the_instruction_may_come_from_standard_input(plan: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(MUG + "\n"))
    assert json.loads(plan("-", "--json").out)["plan"] == MUG_PLAN


def test_a_goal_that_holds_is_nothing_to_do(plan: Call) -> None:
    outcome = plan("put the plate on the counter")
    assert outcome.code == 0 and "nothing to do" in outcome.out


@pytest.mark.parametrize(
    ("instruction", "says"),
    [
        ("tell me a joke", "refused: I can only do household tasks. ("),
        ("fetch the teddy bear", "refused: there is no teddy bear here ("),
        ("make it so", "refused: I did not understand that ("),
        ("move it", "ask: What shall I move? ("),
        ("warm the apple", "unverified: hot apple: apple 1 cannot become hot"),
    ],
)
def test_without_a_proven_plan_it_says_why_and_exits_1(plan: Call, instruction: str, says: str) -> None:
    outcome = plan(instruction, "--samples", "0", "--execute", "--backend", "symbolic")
    assert (outcome.code, outcome.err) == (1, "")
    assert outcome.out.splitlines()[-1].startswith(says)  # and nothing was carried out


@pytest.mark.parametrize(
    "instruction", ["xqzt blorp", "🍎🍎🍎", "SELECT * FROM plans;", "a" * 3000, "[SEP] [EOS]", "0"]
)
def test_nonsense_gets_an_answer(plan: Call, instruction: str) -> None:
    outcome = plan(instruction, "--samples", "0", "--json")
    assert outcome.code in (0, 1) and outcome.err == ""
    assert json.loads(outcome.out)["status"] in ("verified", "unverified", "refused", "ask")


# What it says when something is wrong


@pytest.mark.parametrize("instruction", ["", "   ", "\n\t"])
def test_an_empty_instruction_is_wrong_usage(plan: Call, instruction: str) -> None:
    refused(plan(instruction), "the instruction is empty")


def test_a_very_long_instruction_is_wrong_usage(plan: Call) -> None:
    refused(plan("x" * (MAX_INSTRUCTION + 1)), f"more than {MAX_INSTRUCTION} characters")


def test_standard_input_that_is_no_text_is_wrong_usage(plan: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"\xff\xfe"), encoding="utf-8"))
    refused(plan("-"), "standard input is not a text")


@pytest.mark.parametrize("flag", ["samples -1", "temperature -0.1", "temperature nan", "top-k 0", "top-p 0", "top-p 2"])
def test_an_impossible_setting_is_wrong_usage(plan: Call, flag: str) -> None:
    name, value = flag.split()
    refused(plan(MUG, f"--{name}", value), f"{name.replace('-', '_')} must be ", "found")


def test_an_unknown_home_offers_those_that_there_are(plan: Call) -> None:
    refused(plan(MUG, home="my_castle"), "'my_castle'", "family_house", "studio")


@pytest.mark.parametrize("home", ["²", "9" * 30, "-1", ""])
def test_what_is_no_seed_is_no_home(plan: Call, home: str) -> None:
    refused(plan(MUG, "--home=" + home, home=None), "there is no home")


def test_a_missing_home_file_is_wrong_usage(plan: Call, tmp_path: Path) -> None:
    refused(plan(MUG, home=str(tmp_path / "none.yaml")), "none.yaml: no such file")


def test_a_bad_home_file_is_named_with_the_line(plan: Call, tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text("rooms:\n  kitchen:\n    - frige\n")
    refused(plan(MUG, home=str(bad)), "bad.yaml: line 3: ", "fridge")


def test_a_missing_model_folder_is_wrong_usage(plan: Call, tmp_path: Path) -> None:
    refused(plan(MUG, model=str(tmp_path / "none")), "none: no such model folder")


def test_a_model_folder_without_weights_is_wrong_usage(plan: Call, tmp_path: Path, model_folder: Path) -> None:
    for name in ("config.json", "tokenizer.json"):
        (tmp_path / name).write_bytes((model_folder / name).read_bytes())
    refused(plan(MUG, model=str(tmp_path)), "model.safetensors: no such file")


@pytest.mark.parametrize("name", ["model.safetensors", "config.json", "tokenizer.json"])
def test_a_truncated_model_is_wrong_usage(plan: Call, tmp_path: Path, model_folder: Path, name: str) -> None:
    for path in model_folder.iterdir():
        whole = path.read_bytes()
        (tmp_path / path.name).write_bytes(whole[: len(whole) // 2] if path.name == name else whole)
    refused(plan(MUG, model=str(tmp_path)), name)


def test_a_folder_of_another_program_is_wrong_usage(plan: Call, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"architectures": ["GPT2LMHeadModel"]}')
    (tmp_path / "tokenizer.json").write_text("{}")
    refused(plan(MUG, model=str(tmp_path)), "not a model config of this project")


def test_without_released_weights_it_says_how_to_get_some(plan: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> None:
        raise FileNotFoundError("no released GPT 'home' in planner/released; there is: none")

    monkeypatch.setattr(api, "released_dir", none)
    refused(plan(MUG, model=None), "no released GPT 'home'", "--model")


def test_an_output_folder_that_cannot_be_made_is_wrong_usage_and_leaves_nothing(plan: Call, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("mine")
    refused(plan(MUG, "--execute", "--out", str(file / "below")), "cannot be written to", "--out")
    assert [path.name for path in tmp_path.iterdir()] == ["file"] and file.read_text() == "mine"


def test_an_unknown_flag_is_wrong_usage(plan: Call, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        plan(MUG, "--fly")
    assert stopped.value.code == 2 and "--fly" in capsys.readouterr().err


def test_a_text_that_begins_with_a_question_mark_is_a_question(plan: Call) -> None:
    by_goal = plan("--goal", "? where mug").out
    assert plan("? where mug").out == plan(" ?where mug").out == by_goal and "cabinet" in by_goal
    assert json.loads(plan("? where mug", "--json").out)["status"] == "answered"
    refused(plan("? where mugg"), "'? where mugg'", "'mug'")
    refused(plan("? where mug", "--execute"), "a question cannot be combined with --execute")
    refused(plan("? where mug", "--agenda", "a.jsonl"), "a question is answered now")


@pytest.mark.parametrize(
    "flag",
    ["--video a.mp4", "--backend symbolic", "--grasp physical", "--no-video", "--out x", "--disturb nan",
     "--view split", "--max-replans 0", "--disturb-seed 3", "--gui", "--filmstrip a.png"],
)  # fmt: skip
def test_a_flag_of_an_execution_that_nobody_asked_for_is_wrong_usage(plan: Call, tmp_path: Path, flag: str) -> None:
    refused(plan(MUG, *flag.split()), f"{flag.split(maxsplit=1)[0]} needs --execute")
    assert list(tmp_path.iterdir()) == []


# One instruction after another


@pytest.fixture
def typed(plan: Call, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Outcome]:
    """The command with `--interactive`, given lines on standard input."""

    def call(lines: str, *argv: str) -> Outcome:
        monkeypatch.setattr("sys.stdin", io.StringIO(lines))
        return plan("--interactive", *argv)

    return call


def test_each_line_is_answered_by_one_line_of_json(typed: Callable[..., Outcome]) -> None:
    outcome = typed(f"{MUG}\n\ntell me a joke\n{'x' * 9000}\nmove it", "--json", "--samples", "0")
    answers = [json.loads(line) for line in outcome.out.splitlines()]
    assert (outcome.code, outcome.err) == (0, "")
    assert [a["status"] for a in answers[:3]] == ["verified", "refused", "refused"] and len(answers) == 5
    assert answers[0]["plan"] == MUG_PLAN and answers[4]["status"] == "ask"


def test_an_answer_comes_before_the_next_line_is_read(
    plan: Call, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    said: list[str] = []

    class Typing(io.StringIO):
        """What is typed: the line, and then no more."""

        def readline(self, size: int | None = -1, /) -> str:
            said.append(capsys.readouterr().out)
            return super().readline(size)

    monkeypatch.setattr("sys.stdin", Typing(MUG))
    assert plan("--interactive", "--json").code == 0
    before, between = said
    assert not before and json.loads(between)["plan"] == MUG_PLAN


def test_without_execution_every_line_finds_the_home_as_it_was(typed: Callable[..., Outcome]) -> None:
    answers = [json.loads(line) for line in typed(f"{MUG}\n{MUG}\n", "--json").out.splitlines()]
    assert [a["plan"] for a in answers] == [MUG_PLAN, MUG_PLAN]


def test_with_execution_a_line_finds_the_home_as_the_one_before_left_it(typed: Callable[..., Outcome]) -> None:
    outcome = typed(f"{MUG}\n{MUG}\n", "--json", "--execute", "--backend", "symbolic")
    first, second = (json.loads(line) for line in outcome.out.splitlines())
    assert first["episode"]["success"] is True and [s["subtask"] for s in first["episode"]["steps"]] == MUG_PLAN
    assert second["status"] == "verified" and second["plan"] == []


def test_a_person_reads_plan_and_score(typed: Callable[..., Outcome]) -> None:
    outcome = typed(MUG, "--execute", "--backend", "symbolic")
    assert outcome.err.startswith("ready: small flat")
    assert "goal: mug on dining table" in outcome.out and "success: yes (symbolic)" in outcome.out


def test_a_question_in_a_dialogue_is_answered_and_the_dialogue_goes_on(typed: Callable[..., Outcome]) -> None:
    lines = f"move it\n? where mug\n  ?whether drawer open\n? where nonsense\n{MUG}"
    answers = [json.loads(line) for line in typed(lines, "--json", "--ask").out.splitlines()]
    assert [a["status"] for a in answers] == ["ask", "answered", "answered", "refused", "verified"]
    assert answers[1]["question"] == "? where mug" and "cabinet" in answers[1]["answer"]
    assert "'nonsense'" in answers[3]["reason"] and answers[3]["plan"] == []
    assert "The mug is in" in typed("? where mug").out


def test_what_one_instruction_alone_can_have_is_wrong_usage(plan: Call) -> None:
    refused(plan(MUG, "--interactive"), "--interactive cannot be combined with an instruction")
    refused(plan("--interactive", "--execute", "--disturb", "0.5"), "--interactive cannot be combined with --disturb")


# Several instructions


@pytest.mark.parametrize(
    "text", [f"{MUG}\ntell me a joke", f"\ufeff{MUG}\r\n\r\n  \0\n tell me a joke\r\n", f"{MUG}\u2028tell me a joke"]
)
@pytest.mark.parametrize("source", ["argument", "-"])
def test_several_lines_are_several_instructions(
    plan: Call, monkeypatch: pytest.MonkeyPatch, text: str, source: str
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(text))
    argument = text if source == "argument" else "-"
    outcome = plan(argument, "--json")
    first, second = (json.loads(line) for line in outcome.out.splitlines())
    assert (outcome.code, outcome.err) == (1, "")  # one was refused
    assert first["plan"] == MUG_PLAN and (second["instruction"], second["status"]) == ("tell me a joke", "refused")
    monkeypatch.setattr("sys.stdin", io.StringIO(text))
    lines = plan(argument).out.splitlines()
    assert [line for line in lines if line.startswith("instruction: ")][1] == "instruction: tell me a joke"
    assert "goal: mug on dining table" in lines


def test_several_instructions_are_executed_one_after_another(plan: Call) -> None:
    outcome = plan(f"{MUG}\n{MUG}", "--execute", "--backend", "symbolic", "--json")
    first, second = (json.loads(line) for line in outcome.out.splitlines())
    assert outcome.code == 0
    assert first["episode"]["success"] is True and second["plan"] == []


@pytest.mark.parametrize(
    "flags",
    [
        "--format bt",
        "--execute --video a.mp4",
        "--execute --out films",
        "--execute --disturb 0.5",
        "--observe",
        "--ask",
    ],
)
def test_what_holds_one_plan_is_refused_for_several_instructions(plan: Call, tmp_path: Path, flags: str) -> None:
    refused(plan(f"{MUG}\ntell me a joke", *flags.split()), "several instructions cannot be combined with --")
    assert list(tmp_path.iterdir()) == []


def test_a_long_line_among_several_is_named(plan: Call) -> None:
    refused(plan(f"{MUG}\n{'x' * (MAX_INSTRUCTION + 1)}"), "instruction 2 has more than")


def test_standard_input_that_is_closed_is_wrong_usage(plan: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", None)
    refused(plan("-"), "standard input is closed")


def test_standard_input_is_utf_8_in_any_terminal(plan: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(f"“{MUG}”".encode()), encoding="ascii"))
    assert json.loads(plan("-", "--json", "--samples", "0").out)["instruction"] == f'"{MUG}"'


@pytest.mark.parametrize("instruction", ["put the mug on the table " * 70, f"{MUG}\ntell me a joke"])
def test_the_library_refuses_what_it_would_half_read(memorized: Planner, flat_file: Path, instruction: str) -> None:
    answer = memorized.plan(instruction, flat_file)
    assert answer.status == "refused" and "by" in answer.reason and not answer.subtasks
    assert memorized.plan(f"\n  {MUG}\r\n", flat_file).status == "verified"


# Homes


def test_a_home_is_a_seed_a_name_or_a_file(flat_file: Path) -> None:
    assert open_home("7").world.scene.seed == 7
    assert open_home("studio").world.scene.name == "studio"
    assert open_home(str(flat_file)).world.scene.name == "small flat"


def test_a_name_is_not_a_path() -> None:
    with pytest.raises(PlannerError, match="there is no home"):
        open_home("README")


# As a program


def program(*argv: str, before: str = "") -> subprocess.CompletedProcess[str]:
    code = f"import sys\nfrom planner.plan import main\ncode = main({list(argv)!r})\n"
    script = before + code + "print('torch' in sys.modules, file=sys.stderr)\nsys.exit(code)"
    return subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=600, check=False
    )


def test_a_plan_imports_neither_gymnasium_nor_an_engine() -> None:
    script = (
        f"import sys\nfrom planner.plan import main\ncode = main([{MUG!r}, '--json'])\n"
        "print(*{'gymnasium', 'pybullet', 'torch'} & set(sys.modules), file=sys.stderr)\nsys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=600, check=False
    )
    assert json.loads(done.stdout)["instruction"] and done.stderr == "\n"


def test_help_exits_0_fits_a_screen_and_names_its_flags() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "planner.plan", "-h"], cwd=ROOT, capture_output=True, text=True, timeout=600, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("usage: python -m planner.plan")
    assert len(done.stdout.splitlines()) <= 50
    for flag in ("--home", "--execute", "--model", "--json", "--backend"):
        assert flag in done.stdout


def test_help_does_not_wait_for_torch() -> None:
    script = (
        "import sys\nfrom planner.plan import main\n"
        "try: main(['-h'])\nexcept SystemExit: pass\n"
        "print(sorted({'torch', 'pybullet'} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=600, check=False
    )
    assert (done.returncode, done.stderr) == (0, "[]\n")


@pytest.mark.parametrize("flags", [(), ("--execute", "--backend", "symbolic")])
def test_planning_imports_no_torch(flat_file: Path, model_folder: Path, flags: tuple[str, ...]) -> None:
    done = program(MUG, "--home", str(flat_file), "--model", str(model_folder), *flags)
    assert (done.returncode, done.stderr) == (0, "False\n")
    assert "goal: mug on dining table" in done.stdout


def test_an_unknown_home_is_said_without_waiting_for_torch() -> None:
    done = program(MUG, "--home", "my_castle")
    message, torch_is_there = done.stderr.splitlines()
    assert (done.returncode, torch_is_there) == (2, "False")
    assert "there is no home 'my_castle'" in message
