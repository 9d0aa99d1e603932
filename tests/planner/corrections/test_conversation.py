"""Answers to what corrects an answer. The teacher plans, and a list of sentences is understood."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from envs.symbolic.actions import State, format_action, successor
from envs.symbolic.goals import Goal, format_goal, parse_goal
from planner.api import Planner
from planner.corpus.teacher_chunks import plan_in_chunks
from planner.corrections import conversation
from planner.corrections.conversation import (
    NO_OTHER,
    NOTHING_BEFORE,
    NOTHING_MORE,
    NOTHING_TO_UNDO,
    WHAT_ELSE,
    Conversation,
)
from planner.plans.options import Options
from planner.plans.planning_result import ParsedInstruction, Plan
from planner.understanding.reply_reading import Reply
from planner.verification.plan_verification import verify
from tests.planner.world_model.two_rooms import two_rooms

if TYPE_CHECKING:
    from planner.understanding.instruction_reader import InstructionReader

HOME = """\
name: two rooms
rooms:
  kitchen: [countertop, 2 cabinet, microwave, fridge, dining table]
  bedroom: [bed, desk]
objects:
  cabinet 2: [mug, bowl]
  countertop: [plate, fork, apple, bread]
  desk: [2 book]
"""
MEANT = {
    "put the mug on the desk": "mug on desk",
    "put the mug on the desk. no, the bowl": "bowl on desk",
    "put the mug on the desk. no, on the bed": "mug on bed",
    "put the mug on the desk. and the fork too": "mug on desk ; fork on desk",
    "put the mug on the desk. bowl, dear, the bowl": "bowl on desk",
    "put the mug on the desk. i said the mug": "mug on desk",
    "and the fork too": "clean fork",
    "open the fridge": "fridge open",
    "open the fridge. no, the microwave": "microwave open",
    "sorry, open the microwave": "microwave open",
    "bring me a book": "holding book",
    "put a book on the bed": "book on bed",
}
LIKELY = {"and the fork too": 0.3, "sorry, open the microwave": 0.95}


class Taught(Planner):
    """Understands `MEANT`, and plans by the teacher's rules with what may be used."""

    def __init__(self) -> None:
        self.calibration = self.notes = None
        self.kinds = frozenset()
        self.reader = cast("InstructionReader", SimpleNamespace(understand=self.understand))

    def understand(self, instruction: str, state: State, options: Options | None = None) -> ParsedInstruction:
        text = instruction.lower()
        if text not in MEANT:
            return ParsedInstruction(instruction=text, question="What do you mean?")
        goal = parse_goal(MEANT[text])
        return ParsedInstruction(instruction=text, goal=goal, goal_text=format_goal(goal), right=LIKELY.get(text, 0.6))

    def plan(self, instruction: str, home: State, options: Options | None = None) -> Plan:  # type: ignore[override]
        parsed = self.understand(instruction, home, options)
        if parsed.goal is None:
            return Plan.declined(parsed, home, 0.0)
        return self.plan_for_goal(parsed.goal, home, options, instruction=parsed.instruction)

    def sure(self, parsed: ParsedInstruction, state: State, options: Options) -> ParsedInstruction:
        return parsed

    def plan_parsed(self, parsed: ParsedInstruction, state: State, options: Options) -> Plan:
        assert parsed.goal is not None
        return self.plan_for_goal(parsed.goal, state, options, instruction=parsed.instruction)

    def plan_for_goal(self, goal: Goal, state: State, options: Options | None = None, **also: object) -> Plan:
        avoid = also.get("avoid", frozenset())
        assert isinstance(avoid, frozenset)
        view = state._replace(world=state.world.without(avoid))
        try:
            actions = [action for *_, piece in plan_in_chunks(view, goal) for action in piece]
        except LookupError:
            actions = []
        report = verify(state, goal, actions, initial_state=state)
        return Plan(
            instruction=str(also.get("instruction", "")), status="verified" if report.ok else "unverified",
            reason=report.reason, goal=goal, goal_text=format_goal(goal), actions=tuple(actions),
            subtasks=tuple(format_action(state.world, a) for a in actions), start=state, report=report, tried=1,
            tokens=0, seconds=0.0,
        )  # fmt: skip


class Talk:
    """A dialogue in which every plan is executed."""

    def __init__(self, start: State) -> None:
        self.planner, self.state = Taught(), start
        self.conversation = Conversation(self.planner, Options())

    def say(self, line: str) -> Plan:
        plan = self.conversation.answer(line, self.state)
        if plan.is_proven:
            for action in plan.actions:
                self.state = successor(self.state, action)
        return plan

    def place(self, name: str) -> str:
        world = self.state.world
        return world.names[self.state.place[world.index[name]]]


@pytest.fixture
def talk(tmp_path: Path) -> Talk:
    return Talk(two_rooms(tmp_path, HOME))


def test_another_thing_is_meant_and_the_wrong_one_is_put_back(talk: Talk) -> None:
    talk.say("put the mug on the desk")
    plan = talk.say("No, the bowl")
    assert (plan.status, plan.corrects, plan.goal_text) == ("verified", "instead", "bowl on desk")
    assert talk.place("bowl 1") == "desk 1" and talk.place("mug 1") == "cabinet 2"
    talk.conversation.end()
    (lesson,) = talk.conversation.lessons
    assert (lesson.said, lesson.corrections) == ("put the mug on the desk", ("No, the bowl",))
    assert (lesson.understood, lesson.goal) == (("mug on desk",), "bowl on desk")


def test_another_place_is_meant_without_a_detour(talk: Talk) -> None:
    talk.say("put the mug on the desk")
    plan = talk.say("no, on the bed")
    assert talk.place("mug 1") == "bed 1" and sum(a.skill == "pick up" for a in plan.actions) == 1


def test_what_was_switched_or_opened_for_the_wrong_goal_is_undone(talk: Talk) -> None:
    talk.say("open the fridge")
    assert [a.skill for a in talk.say("no, the microwave").actions if a.skill != "go to"] == ["close", "open"]


def test_what_is_no_instruction_by_itself_may_be_about_the_last_one(talk: Talk) -> None:
    talk.say("put the mug on the desk")
    plan = talk.say("Bowl, dear, the bowl!")
    assert (plan.corrects, plan.goal_text) == ("instead", "bowl on desk") and talk.place("mug 1") == "cabinet 2"
    assert (talk.say("what a day").status, talk.place("bowl 1")) == ("ask", "desk 1")


def test_more_is_asked_for(talk: Talk) -> None:
    talk.say("put the mug on the desk")
    plan = talk.say("and the fork too")
    assert plan.goal_text == "mug on desk ; fork on desk"
    assert not any("mug 1" in a.args for a in plan.actions)


def test_what_begins_alike_and_is_understood_better_alone_is_an_instruction(talk: Talk) -> None:
    talk.say("put the mug on the desk")
    plan = talk.say("sorry, open the microwave")
    assert (plan.corrects, plan.goal_text) == ("", "microwave open") and talk.place("mug 1") == "desk 1"


def test_the_same_reading_is_no_answer_to_a_correction(talk: Talk) -> None:
    talk.say("put the mug on the desk")
    plan = talk.say("I said the mug")
    assert (plan.status, plan.reason, plan.corrects) == ("ask", WHAT_ELSE, "instead")
    talk.conversation.end()
    assert not any(lesson.goal == "bowl on desk" for lesson in talk.conversation.lessons)


def test_the_other_one_is_taken_until_there_is_none(talk: Talk) -> None:
    first = talk.say("put a book on the bed")
    second = talk.say("no, the other one")
    assert second.is_proven and second.corrects == "other"
    books = {"book 1", "book 2"}
    assert len({next(n for a in plan.actions for n in a.args if n in books) for plan in (first,)}) == 1
    assert {talk.place("book 1"), talk.place("book 2")} == {"bed 1", "desk 1"}
    third = talk.say("the other book")
    assert (third.status, third.reason) == ("refused", NO_OTHER)


def test_undo_goes_back_step_by_step(talk: Talk) -> None:
    start = talk.state
    talk.say("put the mug on the desk")
    talk.say("open the fridge")
    assert talk.say("undo").corrects == "undo"
    assert talk.place("mug 1") == "desk 1" and talk.say("put it back").is_proven
    assert (talk.state.place, talk.state.flags) == (start.place, start.flags)
    assert talk.say("undo").reason == NOTHING_TO_UNDO
    assert talk.conversation.lessons == []


def test_one_thing_is_put_back(talk: Talk) -> None:
    talk.say("put the mug on the desk")
    assert talk.say("put the mug back").corrects == "undo" and talk.place("mug 1") == "cabinet 2"


def test_again_means_what_was_meant_in_the_end(talk: Talk) -> None:
    assert talk.say("again").reason == NOTHING_BEFORE
    talk.say("open the fridge")
    talk.say("no, the microwave")
    again = talk.say("again")
    assert (again.corrects, again.goal_text) == ("again", "microwave open")


def test_no_alone_is_asked_about(talk: Talk) -> None:
    talk.say("open the fridge")
    assert (talk.say("no!").status, talk.say("that's wrong").reason) == ("ask", WHAT_ELSE)
    assert "corrects" in talk.say("no").as_dict() and "corrects" not in talk.say("open the fridge").as_dict()


REPLIES = {
    "may it be as ever it was": "undo",
    "mug to its old place, the way it was": "undo",
    "encore une fois": "again",
    "its twin, dear": "other",
    "i will do it": "stop",
    "you are an angel": "thanks",
    "now the icebox": "new",
    "candle i said, no, crockery": "bowl on desk",
}


@pytest.fixture
def heard(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> Talk:
    """A dialogue with a GPT that hears replies: it understands `REPLIES`, and nothing else."""

    def read_reply(reader: object, said: str, done: str, line: str, *rest: object) -> Reply | None:
        answer = REPLIES.get(line)
        if answer is None:
            return None
        parsed = ParsedInstruction(instruction=f"{said}. {line}")
        if " " not in answer:
            return Reply(word=answer, parsed=parsed)  # type: ignore[arg-type]
        return Reply(word=None, parsed=ParsedInstruction(instruction=parsed.instruction, goal=parse_goal(answer)))

    monkeypatch.setattr(conversation, "read_reply", read_reply)
    monkeypatch.setitem(MEANT, "now the icebox", "fridge open")
    talk.planner.kinds = frozenset({"replies"})
    return talk


def test_a_reply_in_any_words_is_what_the_gpt_takes_it_for(heard: Talk) -> None:
    start = heard.state
    heard.say("put the mug on the desk")
    meant = heard.say("candle i said, no, crockery")
    assert (meant.corrects, meant.goal_text) == ("instead", "bowl on desk")
    assert (heard.place("mug 1"), heard.place("bowl 1")) == ("cabinet 2", "desk 1")
    assert heard.say("may it be as ever it was").corrects == "undo"
    assert heard.state.place == start.place
    heard.say("put a book on the bed")
    assert heard.say("its twin, dear").corrects == "other"
    thanks, stop = heard.say("you are an angel"), heard.say("i will do it")
    assert (thanks.corrects, stop.corrects, stop.reason) == ("", "stop", NOTHING_MORE)
    assert heard.say("encore une fois").corrects == "again"


def test_a_reply_that_is_an_instruction_is_done_as_one(heard: Talk) -> None:
    heard.say("put the mug on the desk")
    new = heard.say("now the icebox")
    assert (new.corrects, new.goal_text) == ("", "fridge open")
    assert heard.place("mug 1") == "desk 1"


def test_a_reply_that_the_gpt_does_not_understand_is_told_by_its_wording(heard: Talk) -> None:
    heard.say("put the mug on the desk")
    assert heard.say("no, the bowl").goal_text == "bowl on desk"
