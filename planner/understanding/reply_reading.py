"""Reads what a person says about an answer: what is meant now, or that everything is to be as before, and the like."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from envs.errors import GoalError
from envs.symbolic.goals import format_goal, parse_goal
from planner.decoding.constrained_decoding import write_until
from planner.goals.feasibility import missing, shortage
from planner.language.normalization import normalize
from planner.plans.planning_result import ParsedInstruction
from planner.prompts import text_format
from planner.prompts.reply_format import REPLY_WORDS, reply_heading
from planner.understanding.instruction_reader import MAX_GOAL_TOKENS

if TYPE_CHECKING:
    from envs.symbolic.state import State
    from planner.plans.options import Options
    from planner.prompts.reply_format import ReplyWord
    from planner.understanding.instruction_reader import InstructionReader


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What a reply asks for.

    Attributes:
        word: One of `REPLY_WORDS`; None: a goal.
        parsed: Instruction and reply with the goal that is meant now, if it is one.
    """

    word: ReplyWord | None
    parsed: ParsedInstruction


def read_reply(
    reader: InstructionReader, said: str, done: str, line: str, state: State, options: Options
) -> Reply | None:
    """Let the GPT say what a reply asks for; None if it does not fit into its context, or is not understood.

    Args:
        reader: Reads with a GPT that hears replies (`replies` in its kinds of documents).
        said: The instruction, with what corrected it since.
        done: The goal that was done, "" for none.
        line: What was said then.
        state: The home.
        options: Decoding options.
    """
    prompts, domain = reader.prompts, state.world.domain
    names = text_format.inventory(state) if options.inventory else ""
    document = reply_heading(normalize(said), text_format.in_small_letters(done, domain), normalize(line))
    ids, _ = text_format.encode(document, prompts.tokenizer)
    if len(ids) + MAX_GOAL_TOKENS > prompts.room(names):
        return None
    prompts.begin()
    cursor = prompts.cursor(*prompts.read(names, ids), options, 0)
    written, stop = write_until(cursor, prompts.stops, MAX_GOAL_TOKENS)
    words = prompts.tokenizer.decode(written).strip()
    whole = ParsedInstruction(
        instruction=normalize(f"{said.rstrip('.!;,')}. {line}"), logprob=cursor.logprob, tokens=cursor.written
    )
    if stop == prompts.special_ids["[EOS]"] and words in REPLY_WORDS:
        return Reply(word=next(word for word in REPLY_WORDS if word == words), parsed=whole)
    try:
        goal = parse_goal(words, scene=state.world.scene)
    except GoalError:
        return None
    if (absent := missing(goal, state)) is not None or shortage(goal, state) is not None:
        refusal = shortage(goal, state) or f"there is no {absent} here"
        return Reply(word=None, parsed=replace(whole, goal_text=words, refusal=refusal))
    parsed = replace(whole, goal=goal, goal_text=format_goal(goal, domain), parts=(whole.instruction,))
    return Reply(word=None, parsed=reader.accounted(parsed, state, options))
