"""Masked-span infilling: a GPT reads the text before and after each hole and writes the missing spans.

It follows Bavarian et al. 2022 (fill in the middle, arXiv:2207.14255), with the holes left in place, as in Donahue et
al. 2020 (ILM, arXiv:2005.05339). An infilling document with m >= 1 holes is

    context [EOS] answer 1 [MASK] answer 2 ... [MASK] answer m [EOS]

The context is the original document with [MASK] in place of each hidden span; answer i is the i-th hidden span. An
[EOS] at the end of the original is dropped, because the context has its own. The answers and the token that ends each
([MASK] or [EOS]) carry loss, the context does not. A hidden span may contain separators ([SEP]), so that a hole may be
several subtasks long; that is why [MASK] separates the answers and [SEP] does not. It contains no other special token:
those stay in the context, and the GPT never has to write any special token but a separator. No original document
contains [MASK].

The planner writes the same format itself (`planner/prompts/text_format.py`) and does not call this module; it is one of
the features that the README lists.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch

from gpt.data.tokenized_documents import TokenizedDocuments
from gpt.errors import ConfigError, ContextError, LogitsError
from gpt.generation.sampling import TorchSession, check_prompt, sample
from gpt.model.transformer import GPT
from gpt.tokenization.tokenizer import SPECIAL_TOKENS, Tokenizer

Span = tuple[int, int]
"""Index of the first token and one past the last."""


@dataclass(frozen=True, kw_only=True)
class Marks:
    """Special ids used by infilling.

    Args:
        mask: Marks a hole, and separates answers.
        eos: Ends the context, and the last answer.
        separators: Special ids that separate segments and may occur in a hole.
        fixed: Special ids that are never hidden, including `mask` and `eos`.
    """

    mask: int
    eos: int
    separators: frozenset[int]
    fixed: frozenset[int]

    @classmethod
    def from_tokenizer(cls, tokenizer: Tokenizer, separators: Sequence[str] = ("[SEP]",)) -> Marks:
        """Look up the ids in a tokenizer."""
        separator_ids = frozenset(map(tokenizer.special, separators))
        mask, eos = tokenizer.special("[MASK]"), tokenizer.special("[EOS]")
        if separator_ids & {mask, eos}:
            raise ConfigError(f"[MASK] and [EOS] cannot be separators; given are {' '.join(separators)}")
        return cls(
            mask=mask,
            eos=eos,
            separators=separator_ids,
            fixed=frozenset(map(tokenizer.special, SPECIAL_TOKENS)) - separator_ids,
        )


class Filling(NamedTuple):
    """The GPT's answers for the holes of a document.

    Attributes:
        answers: Ids for each hole, in order.
        complete: Whether all answers were ended; otherwise the token limit was reached, and unreached holes are empty.
    """

    answers: list[list[int]]
    complete: bool


def hide(ids: Sequence[int], spans: Sequence[Span], marks: Marks) -> tuple[list[int], list[bool]]:
    """Return the infilling document that hides these spans, and the loss mask of its tokens.

    Args:
        ids: A document.
        spans: In order, not overlapping, each of at least one token.
        marks: The tokenizer's.

    Raises:
        ConfigError: There is no span, or it is out of range or contains a fixed special token; or the document contains
            [MASK], or [EOS] before its end.
    """
    body = _body(ids, marks)
    if not spans:
        raise ConfigError("no span is given; an infilling document hides at least one")
    context: list[int] = []
    answers: list[int] = []
    position = 0
    for start, stop in spans:
        if not position <= start < stop <= len(body):
            raise ConfigError(f"span {start}..{stop} is empty, out of order or outside of {len(body)} tokens")
        fixed_at = next((i for i in range(start, stop) if body[i] in marks.fixed), None)
        if fixed_at is not None:
            raise ConfigError(f"span {start}..{stop} would hide the special token {body[fixed_at]} at {fixed_at}")
        context += [*body[position:start], marks.mask]
        answers += [*body[start:stop], marks.mask]
        position = stop
    context += [*body[position:], marks.eos]
    answers[-1] = marks.eos
    return context + answers, [False] * len(context) + [True] * len(answers)


def fill(context: Sequence[int], answers: Sequence[Sequence[int]], marks: Marks) -> list[int]:
    """Return the context with an answer in place of each [MASK]; an [EOS] at its end is dropped."""
    body = list(context[:-1] if context and context[-1] == marks.eos else context)
    if body.count(marks.mask) != len(answers):
        raise ConfigError(f"{len(answers)} answers for {body.count(marks.mask)} holes")
    remaining_answers = iter(answers)
    return [token for id in body for token in (next(remaining_answers) if id == marks.mask else (id,))]


def restore(ids: Sequence[int], marks: Marks) -> list[int]:
    """Return the original document, without [EOS], of an infilling document; the inverse of `hide`.

    Raises:
        ConfigError: It is not an infilling document.
    """
    eos_positions = [position for position, token in enumerate(ids) if token == marks.eos]
    if len(eos_positions) != 2 or eos_positions[1] != len(ids) - 1:
        raise ConfigError(f"an infilling document has [EOS] after its context and at its end; here at {eos_positions}")
    return fill(ids[: eos_positions[0]], _split(ids[eos_positions[0] + 1 : -1], marks.mask), marks)


def draw_spans(ids: Sequence[int], marks: Marks, holes: int, rng: np.random.Generator) -> list[Span]:
    """Draw spans to hide: runs of whole segments, which are the tokens between special tokens.

    The boundaries of holes are drawn among the boundaries of segments, as the two cuts are in fill in the middle. A
    hole that would hide a fixed special token ends before it. There is at least one segment between two holes.

    Args:
        ids: A document.
        marks: The tokenizer's.
        holes: Maximum number of spans; fewer if the document has too few segments.
        rng: Source of randomness.
    """
    body = _body(ids, marks)
    special = marks.fixed | marks.separators
    starts = [i for i, token in enumerate(body) if token not in special and (i == 0 or body[i - 1] in special)]
    ends = [next((j for j in range(i, len(body)) if body[j] in special), len(body)) for i in starts]
    n = min(holes, (len(starts) + 1) // 2)
    cuts = np.sort(rng.permutation(len(starts) + 1)[: 2 * n]).tolist()
    spans: list[Span] = []
    for first_segment, end_segment in zip(cuts[::2], cuts[1::2], strict=True):
        last_segment = first_segment
        while last_segment + 1 < end_segment and not marks.fixed.intersection(
            body[ends[last_segment] : starts[last_segment + 1]]
        ):
            last_segment += 1
        spans.append((starts[first_segment], ends[last_segment]))
    return spans


def infilling_documents(
    documents: TokenizedDocuments, marks: Marks, rng: np.random.Generator, holes: int = 1
) -> TokenizedDocuments:
    """Return one infilling document for each document that has something to hide.

    Args:
        documents: Without branches.
        marks: The tokenizer's.
        rng: Source of randomness.
        holes: Maximum number of holes per document; the number is drawn from 1 to this.
    """
    if documents.branch.any():
        raise ConfigError("documents with branches cannot be infilled: a hole has one right side")
    lists: list[list[int]] = []
    masks: list[list[bool]] = []
    for start, end in zip(documents.offsets[:-1].tolist(), documents.offsets[1:].tolist(), strict=True):
        ids: list[int] = documents.tokens[start:end].tolist()
        spans = draw_spans(ids, marks, int(rng.integers(1, holes + 1)), rng)
        if spans:
            hidden, mask = hide(ids, spans, marks)
            lists.append(hidden)
            masks.append(mask)
    return TokenizedDocuments.from_lists(lists, masks)


def infill(
    model: GPT,
    tokenizer: Tokenizer,
    left: Sequence[int],
    right: Sequence[int],
    *further: Sequence[int],
    max_new_tokens: int,
    marks: Marks | None = None,
    temperature: float = 0.0,
    top_p: float | None = None,
    generator: torch.Generator | None = None,
) -> Filling:
    """Let a GPT trained on infilling documents fill the holes between pieces of a document.

    Decoding is constrained to the format: ordinary tokens, separators, and a mark ([MASK] or [EOS]) after each answer.
    It stops at [EOS].

    Args:
        model: The model.
        tokenizer: Its tokenizer.
        left: Tokens before the first hole.
        right: Tokens after it, without [EOS].
        further: Other pieces, each with one more hole before it.
        max_new_tokens: For all answers and the marks after them.
        marks: The marks of the training documents; by default the tokenizer's, with [SEP] as separator.
        temperature: 0 takes the most likely.
        top_p: As in `sample`.
        generator: As in `sample`.

    Raises:
        ContextError: Pieces and answers do not fit into the model's `block_size`, or an id is not in the vocabulary.
        LogitsError: The model's logits are NaN or inf.
    """
    marks = marks or Marks.from_tokenizer(tokenizer)
    pieces = (left, right, *further)
    prompt = [token for piece in pieces for token in (*piece, marks.mask)]
    prompt[-1] = marks.eos
    if max_new_tokens < 1:
        raise ContextError(f"max_new_tokens is {max_new_tokens}; a hole needs at least one, for [EOS]")
    if tokenizer.n_used > model.config.vocab_size:
        raise ConfigError(f"the tokenizer uses {tokenizer.n_used} ids, but the model knows {model.config.vocab_size}")
    check_prompt(model, prompt, max_new_tokens)
    forbidden = torch.zeros(model.config.vocab_size, dtype=torch.bool)
    forbidden[tokenizer.n_used :] = True
    forbidden[list(marks.fixed)] = True
    session = TorchSession(model)
    logits = session.feed(prompt)
    answers: list[list[int]] = [[]]
    for remaining in reversed(range(max_new_tokens)):
        end = marks.eos if len(answers) == len(pieces) - 1 else marks.mask
        forbidden[end] = False
        try:
            token, _ = sample(logits.cpu().masked_fill(forbidden, -torch.inf), temperature, None, top_p, generator)
        except LogitsError as error:
            raise LogitsError(f"after {session.length} tokens: {error}") from None
        forbidden[end] = True
        if token == marks.eos:
            return Filling(answers, True)
        if token == marks.mask:
            answers.append([])
        else:
            answers[-1].append(token)
        if remaining:
            logits = session.feed([token])
    return Filling(answers + [[] for _ in range(len(pieces) - 1 - len(answers))], False)


def _body(ids: Sequence[int], marks: Marks) -> list[int]:
    body = list(ids[:-1] if len(ids) and ids[-1] == marks.eos else ids)
    for name, mark in (("[MASK]", marks.mask), ("[EOS]", marks.eos)):
        if mark in body:
            raise ConfigError(f"the document has {name} at {body.index(mark)}; it is reserved for infilling")
    return body


def _split(ids: Sequence[int], mark: int) -> list[list[int]]:
    parts: list[list[int]] = [[]]
    for token in ids:
        if token == mark:
            parts.append([])
        else:
            parts[-1].append(token)
    return parts
