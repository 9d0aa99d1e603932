"""Masked-span infilling: a GPT that reads what is before and after a hole, and writes what belongs into it.

In the manner of Bavarian et al. 2022 (fill in the middle, arXiv:2207.14255), with the holes where they are, as in
Donahue et al. 2020 (ILM, arXiv:2005.05339). An infilling document of m >= 1 holes is

    context [EOS] answer 1 [MASK] answer 2 ... [MASK] answer m [EOS]

The context is the original document with [MASK] in place of each hidden span; answer i is what the i-th of them hides.
An [EOS] that ends the original is dropped, as the context has its own. Loss is on the answers and on what ends them,
[MASK] or [EOS]; never on the context. A hidden span may hold separators ([SEP]), so that a hole may be several
subtasks long; that is why [MASK] parts the answers and [SEP] does not. It holds no other special token, so each stays
where it is, and none is ever to be written but a separator. [MASK] itself stands for holes alone: no original has it.

The project names masked-span infilling as one of its parts; the planner writes the same format itself
(`planner/prompts/text_format.py`) and does not call this.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch

from gpt.data.tokenized_documents import TokenizedDocuments
from gpt.errors import ConfigError, ContextError
from gpt.generation.sampling import Session, check_room, sample
from gpt.model.transformer import GPT
from gpt.tokenization.tokenizer import SPECIAL_TOKENS, Tokenizer

Span = tuple[int, int]
"""First token and one past the last."""


@dataclass(frozen=True, kw_only=True)
class Marks:
    """The ids that infilling needs to tell apart.

    Args:
        mask: Of a hole, and between answers.
        eos: Ends the context, and the last answer.
        separators: Special ids that part segments and may be inside of a hole.
        fixed: Special ids that are never hidden, `mask` and `eos` among them.
    """

    mask: int
    eos: int
    separators: frozenset[int]
    fixed: frozenset[int]

    @classmethod
    def of(cls, tokenizer: Tokenizer, separators: Sequence[str] = ("[SEP]",)) -> Marks:
        """The marks of a tokenizer."""
        inside = frozenset(map(tokenizer.special, separators))
        mask, eos = tokenizer.special("[MASK]"), tokenizer.special("[EOS]")
        if inside & {mask, eos}:
            raise ConfigError(f"[MASK] and [EOS] cannot be separators; given are {' '.join(separators)}")
        return cls(
            mask=mask, eos=eos, separators=inside, fixed=frozenset(map(tokenizer.special, SPECIAL_TOKENS)) - inside
        )


class Filling(NamedTuple):
    """What a GPT wrote into holes.

    Attributes:
        answers: Ids for each hole, in order.
        complete: Whether it ended them all; if not, the room was used up, and holes it did not come to are empty.
    """

    answers: list[list[int]]
    complete: bool


def hide(ids: Sequence[int], spans: Sequence[Span], marks: Marks) -> tuple[list[int], list[bool]]:
    """The infilling document that hides these spans, and which of its tokens carry loss.

    Args:
        ids: A document.
        spans: In order, apart or touching, each of one token at least.
        marks: Of the tokenizer.

    Raises:
        ConfigError: There is no span, or it is out of place or holds a special token that stays; or the document
            holds [MASK], or [EOS] before its end.
    """
    body = _body(ids, marks)
    if not spans:
        raise ConfigError("no span is given; an infilling document hides one at least")
    context: list[int] = []
    answers: list[int] = []
    at = 0
    for start, stop in spans:
        if not at <= start < stop <= len(body):
            raise ConfigError(f"span {start}..{stop} is empty, out of order or outside of {len(body)} tokens")
        kept = next((i for i in range(start, stop) if body[i] in marks.fixed), None)
        if kept is not None:
            raise ConfigError(f"span {start}..{stop} would hide the special token {body[kept]} at {kept}")
        context += [*body[at:start], marks.mask]
        answers += [*body[start:stop], marks.mask]
        at = stop
    context += [*body[at:], marks.eos]
    answers[-1] = marks.eos
    return context + answers, [False] * len(context) + [True] * len(answers)


def fill(context: Sequence[int], answers: Sequence[Sequence[int]], marks: Marks) -> list[int]:
    """The context, with an answer in place of each [MASK]; an [EOS] at its end is dropped."""
    body = list(context[:-1] if context and context[-1] == marks.eos else context)
    if body.count(marks.mask) != len(answers):
        raise ConfigError(f"{len(answers)} answers for {body.count(marks.mask)} holes")
    rest = iter(answers)
    return [token for id in body for token in (next(rest) if id == marks.mask else (id,))]


def restore(ids: Sequence[int], marks: Marks) -> list[int]:
    """The document, without [EOS], that `hide` made an infilling document of.

    Raises:
        ConfigError: It is no infilling document.
    """
    ends = [place for place, token in enumerate(ids) if token == marks.eos]
    if len(ends) != 2 or ends[1] != len(ids) - 1:
        raise ConfigError(f"an infilling document has [EOS] after its context and at its end; here at {ends}")
    return fill(ids[: ends[0]], _split(ids[ends[0] + 1 : -1], marks.mask), marks)


def draw_spans(ids: Sequence[int], marks: Marks, holes: int, rng: np.random.Generator) -> list[Span]:
    """Spans to hide: runs of whole segments, which are what stands between special tokens.

    Where holes begin and end is drawn among the edges of segments, as fill in the middle draws its two cuts. A hole
    that would hide a special token that stays ends before it. There is a segment at least between two holes.

    Args:
        ids: A document.
        marks: Of the tokenizer.
        holes: Spans at most; fewer where the document has too few segments.
        rng: Source of randomness.
    """
    body = _body(ids, marks)
    special = marks.fixed | marks.separators
    begins = [i for i, token in enumerate(body) if token not in special and (i == 0 or body[i - 1] in special)]
    ends = [next((j for j in range(i, len(body)) if body[j] in special), len(body)) for i in begins]
    n = min(holes, (len(begins) + 1) // 2)
    cuts = np.sort(rng.permutation(len(begins) + 1)[: 2 * n]).tolist()
    spans: list[Span] = []
    for first, after in zip(cuts[::2], cuts[1::2], strict=True):
        last = first
        while last + 1 < after and not marks.fixed.intersection(body[ends[last] : begins[last + 1]]):
            last += 1
        spans.append((begins[first], ends[last]))
    return spans


def infilling_documents(
    documents: TokenizedDocuments, marks: Marks, rng: np.random.Generator, holes: int = 1
) -> TokenizedDocuments:
    """One infilling document for each document that has something to hide.

    Args:
        documents: Without branches.
        marks: Of the tokenizer.
        rng: Source of randomness.
        holes: Most holes of a document; how many it gets is drawn from 1 to that.
    """
    if documents.branch.any():
        raise ConfigError("documents with branches cannot be infilled: a hole has one right side")
    lists: list[list[int]] = []
    counted: list[list[bool]] = []
    for first, end in zip(documents.offsets[:-1].tolist(), documents.offsets[1:].tolist(), strict=True):
        ids: list[int] = documents.tokens[first:end].tolist()
        spans = draw_spans(ids, marks, int(rng.integers(1, holes + 1)), rng)
        if spans:
            hidden, learn = hide(ids, spans, marks)
            lists.append(hidden)
            counted.append(learn)
    return TokenizedDocuments.from_lists(lists, counted)


def infill(
    model: GPT,
    tokenizer: Tokenizer,
    left: Sequence[int],
    right: Sequence[int],
    *more: Sequence[int],
    max_new_tokens: int,
    marks: Marks | None = None,
    temperature: float = 0.0,
    top_p: float | None = None,
    generator: torch.Generator | None = None,
) -> Filling:
    """Let a GPT that was trained on infilling documents fill the holes between pieces of a document.

    Only what the format has can be written: ordinary tokens, separators, and one mark after each answer. Decoding stops
    at [EOS].

    Args:
        model: The model.
        tokenizer: Its tokenizer.
        left: What is before the first hole.
        right: What is after it, without [EOS].
        more: With these there is one more hole before each.
        max_new_tokens: For all answers and the marks after them.
        marks: Those of the training documents; by default the tokenizer's with [SEP] as separator.
        temperature: 0 takes the likeliest.
        top_p: As in `sample`.
        generator: As in `sample`.

    Raises:
        ContextError: Pieces and answers do not fit into the model's `block_size`.
    """
    marks = marks or Marks.of(tokenizer)
    pieces = (left, right, *more)
    prompt = [token for piece in pieces for token in (*piece, marks.mask)]
    prompt[-1] = marks.eos
    if max_new_tokens < 1:
        raise ContextError(f"max_new_tokens is {max_new_tokens}; a hole needs one at least, for [EOS]")
    check_room(model, len(prompt), max_new_tokens)
    never = torch.zeros(model.config.vocab_size, dtype=torch.bool)
    never[tokenizer.n_used :] = True
    never[list(marks.fixed)] = True
    session = Session(model)
    logits = session.feed(prompt)
    answers: list[list[int]] = [[]]
    for left_over in reversed(range(max_new_tokens)):
        end = marks.eos if len(answers) == len(pieces) - 1 else marks.mask
        never[end] = False
        token, _ = sample(logits.cpu().masked_fill(never, -torch.inf), temperature, None, top_p, generator)
        never[end] = True
        if token == marks.eos:
            return Filling(answers, True)
        if token == marks.mask:
            answers.append([])
        else:
            answers[-1].append(token)
        if left_over:
            logits = session.feed([token])
    return Filling(answers + [[] for _ in range(len(pieces) - 1 - len(answers))], False)


def _body(ids: Sequence[int], marks: Marks) -> list[int]:
    body = list(ids[:-1] if len(ids) and ids[-1] == marks.eos else ids)
    for name, mark in (("[MASK]", marks.mask), ("[EOS]", marks.eos)):
        if mark in body:
            raise ConfigError(f"the document has {name} at {body.index(mark)}; infilling needs it for itself")
    return body


def _split(ids: Sequence[int], mark: int) -> list[list[int]]:
    parts: list[list[int]] = [[]]
    for token in ids:
        if token == mark:
            parts.append([])
        else:
            parts[-1].append(token)
    return parts
