"""Constrained decoding: only allowed sequences can be written, and forced tokens take no forward pass."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gpt.weights.model_folder import Floats
from planner.decoding.constrained_decoding import choose_sequence, sequence_probabilities, write_until
from planner.prompts.cursor import Cursor, Ids

V = 12
SEP, EOS = 10, 11


class StubSession:
    """Returns random logits, or prefers the tokens of a script; records what it was fed."""

    def __init__(self, seed: int = 0, *, script: Sequence[int] = (), capacity: int = 1000) -> None:
        self.rng = np.random.default_rng(seed)
        self.script = list(script)
        self.capacity = capacity
        self.read: list[int] = []

    @property
    def length(self) -> int:
        return len(self.read)

    def feed(self, ids: Sequence[int], candidate_ids: Sequence[int] | None = None) -> Floats:
        assert ids, "a session must be fed something"
        self.read += ids
        logits = self.rng.normal(size=V).astype(np.float32)
        if self.script:
            logits[self.script.pop(0)] = 100.0
        return logits if candidate_ids is None else logits[list(candidate_ids)]


def cursor(session: StubSession, **options: object) -> Cursor:
    return Cursor(session=session, pending=[0], **options)  # type: ignore[arg-type]


def choose(
    session: StubSession, options: Sequence[Ids], marks: Sequence[int] = (SEP, EOS), **more: object
) -> tuple[Ids, int]:
    index, mark = choose_sequence(cursor(session, **more), options, lambda i: marks)
    return options[index], mark


sequences = st.lists(
    st.lists(st.integers(0, 5), min_size=1, max_size=5).map(tuple), min_size=1, max_size=8, unique=True
)


@given(options=sequences, seed=st.integers(0, 1000), temperature=st.sampled_from([0.0, 1.0]))
@settings(max_examples=60, deadline=None)
def test_only_an_allowed_sequence_and_end_token_are_chosen(options: list[Ids], seed: int, temperature: float) -> None:
    session = StubSession(seed)
    position = cursor(session, temperature=temperature, rng=np.random.default_rng(seed))
    index, mark = choose_sequence(position, options, lambda i: (SEP, EOS) if i % 2 else (SEP,))
    assert mark in ((SEP, EOS) if index % 2 else (SEP,))
    assert session.read + position.pending == [
        0,
        *options[index],
        mark,
    ]  # the GPT reads the chosen sequence exactly once
    assert position.written == len(options[index]) + 1


def test_every_allowed_sequence_can_be_chosen() -> None:
    options = [(1, 2), (1, 3), (2,), (2, 4, 5), (2, 4)]
    rng = np.random.default_rng(0)
    chosen = {choose(StubSession(seed), options, temperature=1.0, rng=rng)[0] for seed in range(200)}
    assert chosen == set(options)


def test_a_sequence_may_be_a_prefix_of_another() -> None:
    options = [(1,), (1, 2), (1, 2, 3)]
    assert choose(StubSession(script=[SEP]), options) == ((1,), SEP)
    assert choose(StubSession(script=[2, SEP]), options) == ((1, 2), SEP)
    assert choose(StubSession(script=[2, 3, SEP]), options) == ((1, 2, 3), SEP)


def test_a_longer_sequence_can_be_chosen_if_its_prefix_may_not_end_the_plan() -> None:
    options = [(1,), (1, 2)]
    index, mark = choose_sequence(cursor(StubSession(script=[2, EOS])), options, lambda i: (SEP, EOS) if i else (SEP,))
    assert (index, mark) == (1, EOS)


def test_the_most_likely_token_is_skipped_if_it_is_not_allowed() -> None:
    # Token 9 is by far the most likely at every step.
    sequence, mark = choose(StubSession(script=[9] * 10), [(1, 2), (3, 4)])
    assert sequence in [(1, 2), (3, 4)] and mark in (SEP, EOS)


def test_forced_tokens_cost_no_forward_pass() -> None:
    session = StubSession()
    position = cursor(session)
    assert choose_sequence(position, [(1, 2, 3, 4)], lambda i: (SEP,)) == (0, SEP)
    assert (position.passes, session.read) == (0, [])
    assert position.pending == [0, 1, 2, 3, 4, SEP]


def test_forced_tokens_are_read_together_with_the_next_free_one() -> None:
    session = StubSession(script=[SEP])
    position = cursor(session)
    choose_sequence(position, [(1, 2, 3)], lambda i: (SEP, EOS))
    assert (position.passes, session.read, position.pending) == (1, [0, 1, 2, 3], [SEP])


def test_each_free_choice_takes_one_forward_pass() -> None:
    position = cursor(StubSession(script=[1, 4, SEP]))
    choose_sequence(position, [(1, 2, 4), (1, 2, 5), (2, 2)], lambda i: (SEP, EOS))
    assert position.passes == 3


def test_a_forced_token_has_probability_one() -> None:
    position = cursor(StubSession())
    choose_sequence(position, [(1, 2)], lambda i: (SEP,))
    assert position.logprob == 0.0


def test_a_free_choice_has_probability_below_one() -> None:
    position = cursor(StubSession())
    choose_sequence(position, [(1,), (2,)], lambda i: (SEP,))
    assert position.logprob < 0.0


def test_end_tokens_are_requested_only_for_a_complete_sequence() -> None:
    requested: list[int] = []

    def ends(i: int) -> Sequence[int]:
        requested.append(i)
        return (SEP,)

    choose_sequence(cursor(StubSession(script=[1, 2])), [(1, 2), (3, 4), (5,)], ends)
    assert requested == [0]


@pytest.mark.parametrize("count", [1, 3])
def test_unconstrained_writing_ends_at_a_stop_token(count: int) -> None:
    position = cursor(StubSession(script=[*[4] * count, SEP]))
    assert write_until(position, frozenset({SEP, EOS}), 20) == ([4] * count, SEP)


def test_unconstrained_writing_ends_at_its_limit() -> None:
    assert write_until(cursor(StubSession(script=[4] * 30)), frozenset({SEP}), 5) == ([4] * 5, None)


def test_unconstrained_writing_ends_at_the_end_of_the_context() -> None:
    session = StubSession(script=[4] * 30, capacity=8)
    ids, stop = write_until(cursor(session), frozenset({SEP}), 20)
    assert stop is None and session.length <= session.capacity
    assert len(ids) == 7 - 1


def test_the_remaining_room_includes_pending_tokens() -> None:
    position = cursor(StubSession(capacity=10))
    position.force([1, 2, 3])
    assert position.room == 6


def test_the_same_seed_makes_the_same_choice() -> None:
    options = list(itertools.permutations(range(4), 3))

    def once() -> Ids:
        return choose(StubSession(5), options, temperature=1.0, rng=np.random.default_rng(5))[0]

    assert once() == once()


class FixedSession(StubSession):
    """Logits depend on the tokens read, like those of a GPT; the session can be rewound."""

    def feed(self, ids: Sequence[int], candidate_ids: Sequence[int] | None = None) -> Floats:
        super().feed(ids)
        logits = np.random.default_rng(self.read).normal(size=V).astype(np.float32)
        return logits if candidate_ids is None else logits[list(candidate_ids)]

    def rewind(self, length: int) -> None:
        del self.read[length:]


@settings(deadline=None)
@given(st.sets(st.lists(st.integers(0, 4), min_size=1, max_size=4).map(tuple), min_size=1, max_size=12))
def test_sequence_probabilities_sum_to_one_and_leave_the_session_unchanged(sequences_without_end: set[Ids]) -> None:
    options = [(*ids, EOS) for ids in sorted(sequences_without_end)]
    session = FixedSession()
    session.feed([SEP])
    probabilities = sequence_probabilities(session, [3], options, floor=0.0)
    assert sum(probabilities) == pytest.approx(1.0) and min(probabilities) > 0.0
    assert session.read == [SEP]


def test_a_sequence_has_the_product_of_its_choice_probabilities() -> None:
    options: list[Ids] = [(1, 2, EOS), (1, 3, EOS), (4, EOS)]
    first = np.exp(FixedSession().feed([SEP], [1, 4]))
    session = FixedSession()
    session.read = [SEP]
    second = np.exp(session.feed([1], [2, 3]))
    one, other = first / first.sum(), second / second.sum()
    expected = [one[0] * other[0], one[0] * other[1], one[1]]
    assert sequence_probabilities(FixedSession(), [SEP], options) == pytest.approx(expected)


def test_unlikely_sequences_share_their_probability_without_being_read() -> None:
    options: list[Ids] = [(1, 2, EOS), (1, 3, EOS), (4, EOS)]
    probabilities = sequence_probabilities(FixedSession(), [SEP], options, floor=1.0)
    assert probabilities[0] == probabilities[1] and sum(probabilities) == pytest.approx(1.0)
