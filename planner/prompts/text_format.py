"""The text that the GPT reads and writes: segments, each opened by its special token.

    [CLS] inventory [SEP] instruction [SEP] goal [SEP] facts [SEP] subtask [SEP] subtask ... [EOS]

Inventory and instruction may be empty (the plan then follows from goal and facts alone); a plan may be absent (the
goal alone); `[REFUSE] reason` stands where the goal would. A subtask may carry, after [HINT], the fact it relies on.
Where a plan broke, `[FEEDBACK] what happened` follows the facts. A plan of which a span is to be filled in follows them
as [MASK] and the steps that come after, and the span is written behind it (gpt/generation/infilling.py has the format):

    ... [SEP] facts [FEEDBACK] notes [SEP] [MASK] [SEP] next subtask ... [EOS] subtask [SEP] subtask ... [EOS]

What the adapter of one home learns besides (planner/household/) is where things usually are and how doors open there:

    [CLS] [SEP] where is the mug [HINT] in drawer 2 [EOS]          [CLS] [SEP] open drawer 2 [FEEDBACK] closed [EOS]

Loss is on what the GPT writes: goal, subtasks, hints, refusals and the tokens that end them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from envs.symbolic.actions import Action, State, format_action, successor
from envs.symbolic.goals import Goal, format_goal
from gpt.data.packing import MAX_BRANCHES
from planner.facts.retrieval import location

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from envs.symbolic.goals import Condition
    from gpt.tokenization.tokenizer import Tokenizer

MOST_OF_A_KIND = 12  # in a home that is told of with all its counts; sampled and bundled ones have 9 at most
Mark = Literal["[CLS]", "[SEP]", "[EOS]", "[HINT]", "[REFUSE]", "[ASK]", "[MASK]", "[TASK]", "[FEEDBACK]"]


@dataclass(frozen=True, slots=True)
class Segment:
    """A special token and the plain text after it, and whether the GPT is to learn to write each."""

    mark: Mark
    text: str
    learn_mark: bool = False
    learn_text: bool = False


Document = tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class Tree:
    """A document, or several that begin alike: each branch continues the trunk (gpt/model/packed_layout.py)."""

    trunk: Document
    branches: tuple[Document, ...] = ()


def inventory(state: State) -> str:
    """Write the categories that a home has, with counts above one: `apple bowl 2 ... cabinet 3 sink`.

    Where there are more of a kind than in any home that the GPT was trained on, counts say no more than `2` for
    several: numbers that it has never read mislead it, and the context holds every category, but not their digits.
    """
    world = state.world
    of = world.entities_by_category
    most = 2 if max(map(len, of.values()), default=0) > MOST_OF_A_KIND else MOST_OF_A_KIND
    things = sorted((c for c in of if of[c][-1] >= world.n_fixtures), key=str.lower)
    fixtures = sorted((c for c in of if of[c][-1] < world.n_fixtures), key=str.lower)
    return " ".join(f"{c} {min(most, len(of[c]))}" if len(of[c]) > 1 else c for c in (*things, *fixtures))


def home_part(inventory_text: str) -> Document:
    """Return what every document about a home begins with."""
    return (Segment("[CLS]", inventory_text),)


def heading(inventory_text: str, instruction: str) -> Document:
    """Return the prompt that the goal is written after."""
    return (*home_part(inventory_text), Segment("[SEP]", instruction))


def goal_part(goal_text: str) -> Document:
    """Return the goal as the GPT writes it."""
    return (Segment("[SEP]", goal_text, False, True),)


def goal_document(instruction: str, goal_text: str) -> Document:
    """Return what follows the home: an instruction and its goal."""
    return (Segment("[SEP]", instruction), *goal_part(goal_text), Segment("[SEP]", "", True))


def refusal_document(instruction: str, mark: Literal["[REFUSE]", "[ASK]"], words: str) -> Document:
    """Return what follows the home: an instruction, and a refusal or a question in place of its goal."""
    answer = (Segment("[SEP]", ""), Segment(mark, words, True, True), Segment("[EOS]", "", True))
    return (Segment("[SEP]", instruction), *answer)


def proposal_document(instruction: str, goal_text: str) -> Document:
    """Return what follows the home: a task proposed for it."""
    task = (Segment("[TASK]", instruction, False, True), Segment("[SEP]", goal_text, True, True))
    return (*task, Segment("[EOS]", "", True))


def description_document(goal_text: str, instruction: str) -> Document:
    """Return what follows the home: a goal, and an instruction that asks for it."""
    goal = (Segment("[TASK]", ""), Segment("[SEP]", goal_text))
    return (*goal, Segment("[SEP]", instruction, False, True), Segment("[EOS]", "", True))


def plan_heading(conditions: Sequence[Condition]) -> Document:
    """Return what a plan's document begins with: neither home nor instruction, and the conditions to be met."""
    return (*heading("", ""), Segment("[SEP]", format_goal(Goal(phases=(tuple(conditions),)))))


def facts_part(facts: Sequence[str]) -> Document:
    """Return the facts segment; the mark that ends the goal is learned with it."""
    return (Segment("[SEP]", " ; ".join(facts), True, False),)


def feedback_part(notes: Sequence[str]) -> Document:
    """Return what says what went wrong (planner/facts/failure_notes.py); nothing if nothing did."""
    return (Segment("[FEEDBACK]", " ; ".join(notes)),) if notes else ()


def hole_part(following: Sequence[str]) -> Document:
    """Return a plan whose beginning is hidden, up to where what is hidden is written."""
    steps = (Segment("[SEP]", subtask) for subtask in following)
    return (Segment("[SEP]", ""), Segment("[MASK]", ""), *steps)


def answer_part(state: State, actions: Sequence[Action]) -> Document:
    """Return what a hole hides, from the mark that ends the plan around it: actions from `state`, with their hints."""
    first, *rest = plan_part(state, actions)
    return (Segment("[EOS]", first.text, False, True), *rest)


def plan_part(state: State, actions: Sequence[Action]) -> Document:
    """Return a plan from `state` as subtasks with their hints, and its end."""
    segments: list[Segment] = []
    for i, action in enumerate(actions):
        segments.append(Segment("[SEP]", format_action(state.world, action), i > 0, True))
        if (hint := hint_of(state, action)) is not None:
            segments.append(Segment("[HINT]", hint, True, True))
        state = successor(state, action)
    segments.append(Segment("[EOS]", "", True))
    return tuple(segments)


def location_document(category: str, place: str) -> Document:
    """Return a document that says where a thing of a category is; `place` is as in a hint, `in drawer 2`."""
    return (*heading("", f"where is the {category}"), Segment("[HINT]", place, False, True), Segment("[EOS]", "", True))


def opening_document(fixture: str, outcome: str) -> Document:
    """Return a document that says what came of trying to open a fixture."""
    return (*heading("", f"open {fixture}"), Segment("[FEEDBACK]", outcome, False, True), Segment("[EOS]", "", True))


def hint_of(state: State, action: Action) -> str | None:
    """Return the fact that a subtask relies on: where the thing is that is picked up."""
    if action.skill != "pick up":
        return None
    return location(state, state.world.index[action.args[0]]).strip()


def encode(document: Iterable[Segment], tokenizer: Tokenizer) -> tuple[list[int], list[bool]]:
    """Return token ids and, for each, whether it carries loss. Text can never become a special token."""
    ids: list[int] = []
    learn: list[bool] = []
    for segment in document:
        ids.append(tokenizer.special(segment.mark))
        learn.append(segment.learn_mark)
        if segment.text:
            found = tokenizer.encode(" " + segment.text)
            ids += found
            learn += [segment.learn_text] * len(found)
    return ids, learn


def encode_tree(
    tree: Tree, tokenizer: Tokenizer, limit: int | None = None
) -> Iterator[tuple[list[int], list[bool], list[int]]]:
    """Yield token ids, loss marks and branch numbers; as many copies of the trunk as its branches need.

    Args:
        tree: A document or several.
        tokenizer: Makes the ids.
        limit: Most tokens of a copy; a branch that is too long for any is left out, a document without branches is not.
    """
    trunk, counted = encode(tree.trunk, tokenizer)
    if not tree.branches:
        yield trunk, counted, [0] * len(trunk)
        return
    ids, learn, numbers = list(trunk), list(counted), [0] * len(trunk)
    for branch in tree.branches:
        more, marks = encode(branch, tokenizer)
        if limit is not None and len(trunk) + len(more) > limit:
            continue
        if numbers[-1] == MAX_BRANCHES or (limit is not None and len(ids) + len(more) > limit):
            yield ids, learn, numbers
            ids, learn, numbers = list(trunk), list(counted), [0] * len(trunk)
        number = numbers[-1] + 1
        ids, learn, numbers = [*ids, *more], [*learn, *marks], [*numbers, *[number] * len(more)]
    if numbers[-1]:
        yield ids, learn, numbers
