"""`python -m planner.plan` and what people say: parts of an instruction, questions about the home, rules."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from planner.plan import main
from planner.plans.plan_text import split_plan
from tests.planner.command_calls import Call, Outcome, called
from tests.planner.spoken import BOTH, NO_FRIDGE, NO_HEAVY, NO_MUG, QUIETLY, TIRED, TWO, WHERE, WHERE_HEAVY

MUG = "put the mug on the table"
MUG_PLAN = ["open cabinet 1", "pick up mug 1", "put mug 1 on dining table 1", "close cabinet 1"]
IN_CABINET = "The mug is in the cabinet, which is closed."

pytestmark = pytest.mark.usefixtures("readings")


@pytest.fixture
def plan(
    capsys: pytest.CaptureFixture[str], flat_file: Path, model_folder: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Call:  # fmt: skip
    """The command in an empty folder, with the small flat and the memorized GPT; `typed` is standard input."""
    monkeypatch.chdir(tmp_path)

    def call(*argv: str, typed: str = "") -> Outcome:
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        rest = ["--home", str(flat_file), "--model", str(model_folder), "--samples", "0"]
        return called("python -m planner.plan", main, [*argv, *rest], capsys)

    return call


@pytest.fixture
def dialogue(plan: Call) -> Callable[..., list[dict[str, object]]]:
    """The answers of `--interactive --json` to some lines."""

    def call(*lines: str, flags: tuple[str, ...] = ()) -> list[dict[str, object]]:
        outcome = plan("--interactive", "--json", *flags, typed="\n".join(lines))
        assert outcome.code == 0
        return [json.loads(line) for line in outcome.out.splitlines()]

    return call


# Words


def test_it_says_what_each_part_of_an_instruction_became(plan: Call) -> None:
    goal, steps, words, status = plan(TIRED).out.splitlines()
    assert words == 'words: "put the mug on the table" → mug on dining table · "since i\'m tired" → context'
    assert goal.startswith("goal: ") and steps.startswith("plan: ") and status.startswith("verified (")
    assert '"and the plate on the counter" → plate on countertop' in plan(TWO).out
    data = json.loads(plan(TIRED, "--json").out)
    assert data["words"][1] == {"text": "since i'm tired", "became": "context"}


def test_an_instruction_of_one_part_has_no_line_for_it(plan: Call) -> None:
    assert "words:" not in plan(MUG).out + plan(WHERE).out + plan(NO_FRIDGE).out


def test_words_that_were_not_understood_are_named_with_a_question(plan: Call) -> None:
    outcome = plan(QUIETLY)
    words, status = outcome.out.splitlines()
    assert outcome.code == 1 and '"quietly" → not understood · "please" → context' in words
    assert status.startswith("ask: ") and '"quietly"' in status and "dining table" in status


def test_what_is_printed_is_still_a_plan_that_can_be_read(plan: Call) -> None:
    text = split_plan(plan(TIRED).out)
    assert [step.text for step in text.steps] == [TIRED, *MUG_PLAN] and text.goal == "mug on dining table"


# Questions about the home


def test_a_question_in_plain_words_is_answered(plan: Call) -> None:
    outcome = plan(WHERE)
    question, status = outcome.out.splitlines()
    assert (outcome.code, outcome.err, question) == (0, "", "question: ? where mug")
    assert status.startswith(f"answered: {IN_CABINET} (")
    data = json.loads(plan(WHERE, "--json").out)
    assert (data["status"], data["answer"], data["goal"], data["plan"]) == ("answered", IN_CABINET, "? where mug", [])


@pytest.mark.parametrize("flags", [("--execute", "--backend", "symbolic"), ("--agenda", "agenda.jsonl")])
@pytest.mark.parametrize(("instruction", "what"), [(WHERE, "a question was answered"), (NO_FRIDGE, "a rule was noted")])
def test_what_needs_a_plan_says_that_there_is_none(
    plan: Call, tmp_path: Path, flags: tuple[str, ...], instruction: str, what: str
) -> None:
    outcome = plan(instruction, *flags)
    assert outcome.code == 0 and what in outcome.err
    assert "nothing to execute" in outcome.err or "nothing was added to agenda.jsonl" in outcome.err
    assert not list(tmp_path.iterdir())


def test_an_answer_is_no_plan_to_export_but_it_is_json(plan: Call, tmp_path: Path) -> None:
    for instruction, status in ((WHERE, "answered"), (NO_FRIDGE, "noted")):
        outcome = plan(instruction, "--format", "bt")
        assert (outcome.code, outcome.out) == (1, "") and f"{status}: " in outcome.err
        outcome = plan(instruction, "--format", "json", "--out", str(tmp_path / status))
        assert (outcome.code, outcome.err) == (0, "")
        assert json.loads((tmp_path / status / "plan.json").read_text())["status"] == status
    outcome = plan(QUIETLY, "--format", "json", "--out", str(tmp_path / "ask"))
    assert outcome.code == 1 and json.loads((tmp_path / "ask" / "plan.json").read_text())["status"] == "ask"


def test_with_observe_a_question_is_answered_from_what_is_known(plan: Call) -> None:
    outcome = plan(WHERE, "--observe")
    assert outcome.code == 0 and "answered: I have not seen a mug" in outcome.out
    outcome = plan(WHERE, "--observe", "--tell", "mug 1 in cabinet 1")
    assert outcome.code == 0 and "cabinet" in outcome.out
    outcome = plan(NO_FRIDGE, "--observe")
    assert outcome.code == 0 and "noted: never open fridge (" in outcome.out
    outcome = plan(TIRED, "--observe")
    assert '"since i\'m tired" → context' in outcome.out


# Rules


def test_a_rule_is_noted_and_it_says_how_to_keep_it(plan: Call) -> None:
    outcome = plan(NO_FRIDGE)
    assert outcome.code == 0 and outcome.out.startswith("noted: never open fridge (")
    assert "--rule 'never open fridge'" in outcome.err
    data = json.loads(plan(BOTH, "--json").out)
    assert data["rules"] == ["never open fridge", "never fork on dining table"]
    assert "--rule 'never open fridge' --rule 'never fork on dining table'" in plan(BOTH).err


def test_a_rule_holds_for_the_rest_of_a_dialogue(dialogue: Callable[..., list[dict[str, object]]]) -> None:
    before, noted, after, other = dialogue(TWO, NO_FRIDGE, "warm the apple", TIRED)
    assert [before["status"], noted["status"], other["status"]] == ["verified", "noted", "verified"]
    assert "never open fridge" in str(after["goal"]) or after["status"] == "refused"
    assert {"rule": "never open fridge", "broken_at": None} in other["proof"]["rules"]  # type: ignore[index]
    assert before["proof"]["rules"] == []  # type: ignore[index]


def test_a_rule_that_is_broken_when_it_is_stated_holds_as_soon_as_it_is_kept(
    plan: Call, dialogue: Callable[..., list[dict[str, object]]]
) -> None:
    flags = ("--execute", "--backend", "symbolic")
    _, done, after = dialogue(NO_MUG, TIRED, TWO, flags=flags)
    assert done["status"] == "verified" and done["proof"]["rules"] == []  # type: ignore[index]
    assert {"rule": "never mug in cabinet", "broken_at": None} in after["proof"]["rules"]  # type: ignore[index]
    assert "not so now: never mug in cabinet" in plan("--interactive", typed=NO_MUG).out


def test_rules_and_questions_are_no_failures_among_several_instructions(plan: Call) -> None:
    assert plan(f"{NO_FRIDGE}\n{WHERE}\n{MUG}").code == 0
    assert plan(f"{NO_FRIDGE}\n{QUIETLY}").code == 1


def test_questions_in_a_dialogue_are_answered_from_the_home_as_it_is(
    dialogue: Callable[..., list[dict[str, object]]],
) -> None:
    before, _, after = dialogue(WHERE, MUG, WHERE, flags=("--execute", "--backend", "symbolic"))
    assert before["answer"] == IN_CABINET and after["answer"] == "The mug is on the dining table."


# Answers to questions back


@pytest.mark.parametrize(
    "answer",
    ["yes", "Yes please.", "yeah, go ahead", "ok", "sure, do it", "all the same", "no matter", "1", "y", "please"],
)
def test_yes_takes_the_goal_that_is_offered(plan: Call, answer: str) -> None:
    outcome = plan(QUIETLY, "--ask", typed=answer)
    assert outcome.code == 0 and "goal: mug on dining table" in outcome.out
    assert '"quietly" → not understood' in outcome.out
    assert '"quietly"' in outcome.err and "1." not in outcome.err


@pytest.mark.parametrize("answer", ["no", "No, thanks!", "nope", "forget it", "don't", "never mind", "cancel that"])
def test_no_does_nothing(plan: Call, answer: str) -> None:
    for instruction in (QUIETLY, WHERE_HEAVY, "move it"):
        outcome = plan(instruction, "--ask", typed=answer)
        assert outcome.code == 1 and "refused: nothing is done, as you said" in outcome.out


@pytest.mark.parametrize("answer", ["tell me a joke", "no, tell me a joke", "thanks"])
def test_another_answer_is_no_yes(plan: Call, answer: str) -> None:
    assert "goal: " not in plan(QUIETLY, "--ask", typed=answer).out


def test_an_answer_may_be_the_instruction_once_more(plan: Call) -> None:
    for answer in (MUG, f"no, {MUG}", f"ok: {MUG}"):
        outcome = plan("move it", "--ask", typed=answer)
        assert outcome.code == 0 and "goal: mug on dining table" in outcome.out


def test_yes_to_a_question_without_a_goal_asks_again(plan: Call) -> None:
    outcome = plan("move it", "--ask", typed="yes\nok\nyes\n")
    assert outcome.code == 1 and outcome.err.count("What shall I move?") == 3
    outcome = plan(NO_HEAVY, "--ask", typed="yes")
    assert outcome.code == 1 and "ask: " in outcome.out and "noted" not in outcome.out


def test_yes_to_a_question_about_the_home_answers_it(plan: Call) -> None:
    outcome = plan(WHERE_HEAVY, "--ask", typed="yes")
    assert outcome.code == 0 and f"answered: {IN_CABINET}" in outcome.out


def test_in_a_dialogue_the_line_after_a_question_answers_it(
    dialogue: Callable[..., list[dict[str, object]]],
) -> None:
    asked, done, asked_again, refused, last = dialogue(QUIETLY, "yes", QUIETLY, "no", WHERE, flags=("--ask",))
    assert [asked["status"], done["status"]] == ["ask", "verified"] and asked["options"] == [done["goal"]]
    assert [asked_again["status"], refused["status"], last["status"]] == ["ask", "refused", "answered"]
