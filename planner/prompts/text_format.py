"""The text format that the GPT reads and writes: segments, each begun by a special token.

    [CLS] inventory [SEP] instruction [SEP] goal [SEP] facts [SEP] subtask [SEP] subtask ... [EOS]

The inventory lists the kinds that every home may have. Names that only this home has stand behind the instruction,
those alone that it may mean (planner/prompts/own_names.py): `[SEP] instruction [HINT] blender = mixer , on haik`.
Inventory and instruction may be empty (the plan then follows from goal and facts alone), the plan may be absent, and
`[REFUSE] reason` may replace the goal. After a subtask, [HINT] may give the fact that it relies on. After a plan
failed, `[FEEDBACK] what happened` follows the facts. To fill in a span of a plan, the prompt continues with [MASK], the
steps after the span and [EOS], and the GPT then writes the span (format: gpt/generation/infilling.py):

    ... [SEP] facts [FEEDBACK] notes [SEP] [MASK] [SEP] next subtask ... [EOS] subtask [SEP] subtask ... [EOS]

The adapter of one home (planner/household/) also learns where objects usually are and whether doors open:

    [CLS] [SEP] where is the mug [HINT] in drawer 2 [EOS]          [CLS] [SEP] open drawer 2 [FEEDBACK] closed [EOS]

The loss covers what the GPT writes: goal, subtasks, hints, refusals and the tokens that end them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, NamedTuple

from envs.symbolic.actions import Action, State, format_action, successor
from envs.symbolic.domain import Domain, load_domain
from envs.symbolic.goals import Goal, format_goal
from gpt.data.packing import MAX_BRANCHES
from gpt.data.tokenized_documents import NO_LABEL
from planner.facts.retrieval import location
from planner.prompts.own_names import kinds_shown_apart

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from envs.symbolic.goals import Condition
    from gpt.tokenization.tokenizer import Tokenizer

MAX_PER_CATEGORY = 12  # counts are shown up to this; sampled and bundled homes have at most 9
SpecialToken = Literal["[CLS]", "[SEP]", "[EOS]", "[HINT]", "[REFUSE]", "[ASK]", "[MASK]", "[TASK]", "[FEEDBACK]"]


@dataclass(frozen=True, slots=True)
class Segment:
    """A special token, the plain text after it, and whether each counts toward the training loss ("has loss")."""

    special_token: SpecialToken
    text: str
    loss_on_special: bool = False
    loss_on_text: bool = False
    labels: tuple[SpecialToken | None, ...] = ()
    """What the GPT must say behind each word of the text, instead of the next word; None: nothing."""


Document = tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class Tree:
    """A document, or several with a common trunk that each branch continues (gpt/model/packed_layout.py)."""

    trunk: Document
    branches: tuple[Document, ...] = ()


def inventory(state: State) -> str:
    """List the categories of a home, without its own kinds, with counts above one: `apple bowl 2 ... cabinet 3 sink`.

    If a home has more objects of a category than any training home, every count above one is written as `2`: numbers
    unseen in training mislead the GPT, and the context has room for all categories but not for all digits.
    """
    world = state.world
    own = set(kinds_shown_apart(world))
    counts = {c: len(entities) for c, entities in world.entities_by_category.items() if c not in own}
    furniture = {c for c in counts if world.entities_by_category[c][-1] < world.n_fixtures}
    return inventory_of(
        {c: n for c, n in counts.items() if c not in furniture}, {c: n for c, n in counts.items() if c in furniture}
    )


def inventory_of(objects: Mapping[str, int], fixtures: Mapping[str, int]) -> str:
    """List kinds with counts above one, objects first: `apple bowl 2 ... cabinet 3 sink`.

    If there are more of a kind than in any training home, every count above one is written as `2`.
    """
    max_count = 2 if max((*objects.values(), *fixtures.values()), default=0) > MAX_PER_CATEGORY else MAX_PER_CATEGORY
    return " ".join(
        f"{kind} {min(max_count, kinds[kind])}" if kinds[kind] > 1 else kind
        for kinds in (objects, fixtures)
        for kind in sorted(kinds, key=str.lower)
    )


def in_small_letters(goal: str, domain: Domain | None = None) -> str:
    """Return a goal with names of people and rooms in small letters, as instructions have them; kinds stay."""
    domain = domain or load_domain()
    capitals = [re.escape(kind) for kind in (*domain.objects, *domain.fixtures) if kind != kind.lower()]
    kinds = rf"\b({'|'.join(capitals)})\b|" if capitals else "()"  # such as `TV stand`
    return re.sub(rf"{kinds}[^\W\d_]+", lambda match: match[1] or match[0].lower(), goal)


def home_part(inventory_text: str) -> Document:
    """Return the beginning of every document about a home."""
    return (Segment("[CLS]", inventory_text),)


def instruction_part(instruction: str, own_names: str = "") -> Document:
    """Return an instruction, and the home's own names that it may mean, as `own_names.shown` writes them."""
    names = (Segment("[HINT]", own_names),) if own_names else ()
    return (Segment("[SEP]", instruction), *names)


def heading(inventory_text: str, instruction: str) -> Document:
    """Return the prompt for writing a goal."""
    return (*home_part(inventory_text), *instruction_part(instruction))


def goal_part(goal_text: str) -> Document:
    """Return the goal as the GPT writes it."""
    return (Segment("[SEP]", goal_text, False, True),)


def written_goal_part(goal_text: str) -> Document:
    """Return a goal that is given, not written: what follows it has loss, itself has none."""
    return (Segment("[SEP]", goal_text), Segment("[SEP]", ""))


LABELS: Mapping[str, SpecialToken] = {"read": "[HINT]", "context": "[EOS]", "unread": "[ASK]"}
"""What the GPT says behind a word of the instruction when it looks at it again, with the goal before it."""
RIGHT: SpecialToken = "[EOS]"
WRONG: SpecialToken = "[REFUSE]"


def account_part(instruction: str, tags: Sequence[str], *, is_right: bool) -> Document:
    """Return the second look behind a goal: the instruction again, what each word was for, and if the goal is right.

    Args:
        instruction: As the GPT read it.
        tags: `read`, `context` or `unread` for each word, split at spaces; empty if that is not known.
        is_right: Whether the goal is what the instruction says.
    """
    words = Segment("[FEEDBACK]", instruction, labels=tuple(LABELS[tag] for tag in tags))
    return (words, Segment("[SEP]", ""), Segment(RIGHT if is_right else WRONG, "", True))


def goal_document(instruction: str, goal_text: str, own_names: str = "") -> Document:
    """Return the part after the home: an instruction and its goal."""
    return (*instruction_part(instruction, own_names), *goal_part(goal_text), Segment("[SEP]", "", True))


def refusal_document(
    instruction: str, special_token: Literal["[REFUSE]", "[ASK]"], words: str, own_names: str = ""
) -> Document:
    """Return the part after the home: an instruction, and a refusal or a question instead of a goal."""
    answer = (Segment("[SEP]", ""), Segment(special_token, words, True, True), Segment("[EOS]", "", True))
    return (*instruction_part(instruction, own_names), *answer)


def proposal_document(instruction: str, goal_text: str) -> Document:
    """Return the part after the home: a task that the GPT proposes, as an instruction and its goal."""
    task = (Segment("[TASK]", instruction, False, True), Segment("[SEP]", goal_text, True, True))
    return (*task, Segment("[EOS]", "", True))


def description_document(goal_text: str, instruction: str) -> Document:
    """Return the part after the home: a goal, and an instruction that asks for it."""
    goal = (Segment("[TASK]", ""), Segment("[SEP]", goal_text))
    return (*goal, Segment("[SEP]", instruction, False, True), Segment("[EOS]", "", True))


def plan_heading(conditions: Sequence[Condition], domain: Domain | None = None) -> Document:
    """Return the beginning of a plan's document: the conditions as its goal, without inventory and instruction.

    `domain` is that of the home; None: the default one.
    """
    return (*heading("", ""), Segment("[SEP]", format_goal(Goal(phases=(tuple(conditions),)), domain)))


def facts_part(facts: Sequence[str]) -> Document:
    """Return the facts segment; its special token ends the goal and has loss."""
    return (Segment("[SEP]", " ; ".join(facts), True, False),)


def feedback_part(notes: Sequence[str]) -> Document:
    """Return the feedback segment (planner/facts/failure_notes.py); empty if there are no notes."""
    return (Segment("[FEEDBACK]", " ; ".join(notes)),) if notes else ()


def span_context_part(following: Sequence[str]) -> Document:
    """Return a plan whose beginning is masked: [MASK] and the steps after it. The masked span is written next."""
    steps = (Segment("[SEP]", subtask) for subtask in following)
    return (Segment("[SEP]", ""), Segment("[MASK]", ""), *steps)


def span_part(state: State, actions: Sequence[Action]) -> Document:
    """Return the actions of a masked span from `state`, with hints, after the [EOS] of the plan around it."""
    first_segment, *rest = plan_part(state, actions)
    return (Segment("[EOS]", first_segment.text, False, True), *rest)


def plan_part(state: State, actions: Sequence[Action]) -> Document:
    """Return a plan from `state`: subtasks with their hints, and [EOS]."""
    segments: list[Segment] = []
    for i, action in enumerate(actions):
        segments.append(Segment("[SEP]", format_action(state.world, action), i > 0, True))
        if (hint := hint_of(state, action)) is not None:
            segments.append(Segment("[HINT]", hint, True, True))
        state = successor(state, action)
    segments.append(Segment("[EOS]", "", True))
    return tuple(segments)


def location_document(category: str, place: str) -> Document:
    """Return a document that says where objects of a category are; `place` is written as in a hint: `in drawer 2`."""
    return (*heading("", f"where is the {category}"), Segment("[HINT]", place, False, True), Segment("[EOS]", "", True))


def opening_document(fixture: str, outcome: str) -> Document:
    """Return a document with the outcome of an attempt to open a fixture."""
    return (*heading("", f"open {fixture}"), Segment("[FEEDBACK]", outcome, False, True), Segment("[EOS]", "", True))


def hint_of(state: State, action: Action) -> str | None:
    """Return the fact that a subtask relies on: for `pick up`, where the object is; otherwise None."""
    if action.skill != "pick up":
        return None
    return location(state, state.world.index[action.args[0]]).strip()


class Encoded(NamedTuple):
    """A tokenized document; `loss`, `branch` and `labels` have one entry for each token (TokenizedDocuments)."""

    ids: list[int]
    loss: list[bool]
    branch: list[int]
    labels: list[int]


def encode(document: Iterable[Segment], tokenizer: Tokenizer) -> tuple[list[int], list[bool]]:
    """Return token ids and, for each, whether it has loss. Text can never become a special token."""
    encoded = encode_labeled(document, tokenizer)
    return encoded.ids, encoded.loss


def encode_labeled(document: Iterable[Segment], tokenizer: Tokenizer) -> Encoded:
    """Return a document's tokens with their loss and labels. Text can never become a special token.

    A label stands where the token behind its word stands, so a segment with labels must not be the last one.
    """
    ids: list[int] = []
    loss: list[bool] = []
    labels: dict[int, int] = {}
    for segment in document:
        ids.append(tokenizer.special(segment.special_token))
        loss.append(segment.loss_on_special)
        if segment.labels:
            for word, label in zip(segment.text.split(" "), segment.labels, strict=True):
                ids += tokenizer.encode(" " + word)
                if label is not None:
                    labels[len(ids)] = tokenizer.special(label)
            loss += [False] * (len(ids) - len(loss))
        elif segment.text:
            text_ids = tokenizer.encode(" " + segment.text)
            ids += text_ids
            loss += [segment.loss_on_text] * len(text_ids)
    for position in labels:
        loss[position] = True
    return Encoded(ids, loss, [0] * len(ids), [labels.get(position, NO_LABEL) for position in range(len(ids))])


def spoken(document: Document, say: Callable[[str], str]) -> Document:
    """Return a document with other words, for example with known names for a home's own kinds."""
    return tuple(replace(segment, text=say(segment.text)) for segment in document)


def encode_tree(tree: Tree, tokenizer: Tokenizer, limit: int | None = None) -> Iterator[Encoded]:
    """Yield tokenized documents with as many copies of the trunk as the branches need.

    Args:
        tree: One document, or several with a common prefix.
        tokenizer: Encodes the text.
        limit: Maximum tokens of a copy. A branch that exceeds it is dropped; a document without branches is kept.
    """
    trunk = encode_labeled(tree.trunk, tokenizer)
    if not tree.branches:
        yield trunk
        return

    def copy_of_trunk() -> Encoded:
        return Encoded([*trunk.ids], [*trunk.loss], [*trunk.branch], [*trunk.labels])

    copy = copy_of_trunk()
    for document in tree.branches:
        branch = encode_labeled(document, tokenizer)
        n_tokens = len(branch.ids)
        if limit is not None and len(trunk.ids) + n_tokens > limit:
            continue
        if copy.branch[-1] == MAX_BRANCHES or (limit is not None and len(copy.ids) + n_tokens > limit):
            yield copy
            copy = copy_of_trunk()
        number = copy.branch[-1] + 1
        copy.ids.extend(branch.ids)
        copy.loss.extend(branch.loss)
        copy.branch.extend([number] * n_tokens)
        copy.labels.extend(branch.labels)
    if copy.branch[-1]:
        yield copy
