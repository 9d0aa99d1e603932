"""A reader that understands what people say: tests tell it what each part of some instructions becomes.

No GPT of a test knows the second look, so that these readings are made; all that follows them is real.
"""

from __future__ import annotations

import pytest

from envs.symbolic.actions import State
from envs.symbolic.goals import (
    Goal,
    Query,
    Rule,
    format_goal,
    format_query,
    format_rule,
    parse_goal,
    parse_query,
    parse_rule,
)
from planner.language.normalization import normalize
from planner.plans.options import Options
from planner.plans.planning_result import ParsedInstruction, SpokenPart
from planner.understanding.answering import answered
from planner.understanding.instruction_reader import InstructionReader
from planner.understanding.spoken_words import asked_about_unread

TIRED = "put the mug on the table since i'm tired"
TWO = "put the mug on the table and the plate on the counter"
QUIETLY = "put the mug on the table quietly, please"
WHERE = "where is my mug?"
WHERE_HEAVY = "where is my heavier mug?"
FRUIT = "any fruit left somewhere?"
NO_FRIDGE = "never open the fridge again"
NO_MUG = "the mug must not be in the cabinet"
BOTH = "the fridge stays shut and no fork on the table"
NO_HEAVY = "never take the heavier mug"

# Instruction: what it becomes, and its parts. `?` is what it becomes, too; `-` is context, `!` is unread.
READINGS: dict[str, tuple[str, tuple[tuple[str, str], ...]]] = {
    TIRED: ("mug on dining table", (("put the mug on the table", "?"), ("since i'm tired", "-"))),
    TWO: (
        "mug on dining table ; plate on countertop",
        (("put the mug on the table", "mug on dining table"), ("and the plate on the counter", "plate on countertop")),
    ),
    QUIETLY: ("mug on dining table", (("put the mug on the table", "?"), ("quietly,", "!"), ("please", "-"))),
    WHERE: ("? where mug", ((WHERE, "?"),)),
    FRUIT: ("? where fruit", ((FRUIT, "?"),)),
    WHERE_HEAVY: ("? where mug", (("where is my", "?"), ("heavier", "!"), ("mug?", "?"))),
    NO_FRIDGE: ("never open fridge", ((NO_FRIDGE, "?"),)),
    NO_MUG: ("never mug in cabinet", ((NO_MUG, "?"),)),
    BOTH: ("never open fridge ; never fork on dining table", ((BOTH, "?"),)),
    NO_HEAVY: ("never pick up mug", (("never take the", "?"), ("heavier", "!"), ("mug", "?"))),
}
_USES = {"-": "context", "!": "unread"}


def reading_of(text: str, state: State) -> ParsedInstruction | None:
    """Return the reading of an instruction in a home; None if tests tell of none."""
    if (told := READINGS.get(normalize(text))) is None:
        return None
    meaning, parts = told
    scene, goal, query, rules = state.world.scene, None, None, ()
    if meaning.startswith("?"):
        query = parse_query(meaning, scene=scene)
    elif meaning.startswith("never "):
        rules = tuple(parse_rule(rule.strip(), scene=scene) for rule in meaning.split(";"))
    else:
        goal = parse_goal(meaning, scene=scene)
    parsed = ParsedInstruction(
        instruction=normalize(text), goal=goal, goal_text=_written(goal, query, rules), query=query, rules=rules,
        logprob=-0.1, tokens=5, right=0.9,
        words=tuple(
            SpokenPart(text=words, became=_USES.get(use, meaning if use == "?" else use)) for words, use in parts
        ),
    )  # fmt: skip
    if parsed.unread:
        return asked_about_unread(parsed, state.world.domain)
    return answered(parsed, state) if query is not None else parsed


def _written(goal: Goal | None, query: Query | None, rules: tuple[Rule, ...]) -> str:
    if goal is not None:
        return format_goal(goal)
    return format_query(query) if query is not None else " ; ".join(map(format_rule, rules))


def teach_readings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every reader know the readings of this file; all other instructions are read by its GPT."""
    by_gpt = InstructionReader.understand

    def understand(
        self: InstructionReader, instruction: str, state: State, options: Options | None = None
    ) -> ParsedInstruction:
        return reading_of(instruction, state) or by_gpt(self, instruction, state, options)

    monkeypatch.setattr(InstructionReader, "understand", understand)
