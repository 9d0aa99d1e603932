"""A model that answers from memory: what is left of a plan's time is everything beside the GPT.

A `Tape` reads with a model and keeps its answers; rewound, it gives them again in the same order and reads nothing. So
the same plan comes out, and no function has to be wrapped to know how long the rest takes.
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
    """A `Runtime` whose answers are kept and given again."""

    def __init__(self, model: Runtime) -> None:
        """Read with a model until rewound."""
        self.config: GPTConfig = model.config
        self._model: Runtime | None = model
        self._answers: list[Floats] = []
        self._position = 0

    def rewind(self) -> None:
        """Give the answers again, from the first."""
        self._model, self._position = None, 0

    def begin(self) -> RecordedSession:
        """An empty context."""
        return RecordedSession(model=self, session=None if self._model is None else self._model.begin())

    def keep(self, answer: Floats) -> Floats:
        """Keep an answer."""
        self._answers.append(answer)
        return answer

    def recall(self) -> Floats:
        """The next answer."""
        answer = self._answers[self._position]
        self._position += 1
        return answer


@dataclass(kw_only=True)
class RecordedSession:
    """A `Session` of a `Tape`; `session` is what reads, None once the tape is rewound."""

    model: RecordedModel
    session: Session | None
    length: int = 0

    @property
    def capacity(self) -> int:
        """Tokens that fit."""
        return self.model.config.block_size

    def feed(self, ids: Sequence[int], among: Sequence[int] | None = None) -> Floats:
        """Read tokens, or recall what came of it."""
        self.length += len(ids)
        return self.model.recall() if self.session is None else self.model.keep(self.session.feed(ids, among))

    def rewind(self, length: int) -> None:
        """Forget all but the first `length` tokens."""
        self.length = length
        if self.session is not None:
            self.session.rewind(length)

    def fork(self) -> RecordedSession:
        """An independent context that has read the same."""
        return RecordedSession(
            model=self.model, session=None if self.session is None else self.session.fork(), length=self.length
        )  # fmt: skip
