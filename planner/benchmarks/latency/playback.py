"""A model that replays recorded answers, to measure the planning time outside of the GPT.

A `RecordedModel` runs a model and records its answers; after a rewind, it returns them in the same order without
computation. The plan is the same, and the rest can be timed without wrapping any function.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gpt.inference.session import Runtime, Session
    from gpt.model.config import GPTConfig
    from gpt.weights.model_folder import Floats


class RecordedModel:
    """A `Runtime` that records its answers and replays them."""

    def __init__(self, model: Runtime) -> None:
        """Run and record a model until rewound."""
        self.config: GPTConfig = model.config
        self._model: Runtime | None = model
        self._answers: list[Floats] = []
        self._position = 0

    def rewind(self) -> None:
        """Replay the answers from the first one."""
        self._model, self._position = None, 0

    def begin(self) -> RecordedSession:
        """Return an empty context."""
        return RecordedSession(model=self, session=None if self._model is None else self._model.begin())

    def keep(self, answer: Floats) -> Floats:
        """Record an answer."""
        self._answers.append(answer)
        return answer

    def recall(self) -> Floats:
        """Return the next recorded answer."""
        answer = self._answers[self._position]
        self._position += 1
        return answer


@dataclass(kw_only=True)
class RecordedSession:
    """A `Session` of a `RecordedModel`; `session` is the real one, None during replay."""

    model: RecordedModel
    session: Session | None
    length: int = 0

    @property
    def capacity(self) -> int:
        """Max number of tokens."""
        return self.model.config.block_size

    def feed(self, ids: Sequence[int], candidate_ids: Sequence[int] | None = None) -> Floats:
        """Feed tokens and return the logits, computed or recorded."""
        self.length += len(ids)
        return self.model.recall() if self.session is None else self.model.keep(self.session.feed(ids, candidate_ids))

    def feed_each(self, ids: Sequence[int], candidate_ids: Sequence[int]) -> Floats:
        """Feed tokens and return the logits behind each, computed or recorded."""
        self.length += len(ids)
        if self.session is None:
            return self.model.recall()
        return self.model.keep(self.session.feed_each(ids, candidate_ids))

    def rewind(self, length: int) -> None:
        """Truncate the context to the first `length` tokens."""
        self.length = length
        if self.session is not None:
            self.session.rewind(length)

    def fork(self) -> RecordedSession:
        """Return an independent copy of the context."""
        return RecordedSession(
            model=self.model, session=None if self.session is None else self.session.fork(), length=self.length
        )  # fmt: skip
