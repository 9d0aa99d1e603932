"""What the GPT is given to read: sessions that keep what was read of a home, and cursors that write after it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from gpt.inference.session import Runtime, Session
from gpt.tokenization.tokenizer import Tokenizer
from planner.plans.options import Options
from planner.prompts import text_format
from planner.prompts.cursor import Cursor, Ids

_MARKS = ("[SEP]", "[EOS]", "[HINT]", "[REFUSE]", "[ASK]")
_OTHERS = ("[PAD]", "[CLS]", "[MASK]", "[FEEDBACK]", "[IMAGE]", "[AUDIO]", "[TASK]")


@dataclass(kw_only=True)
class _Read:
    """A session, how many of its tokens are the home's, and the prompt behind them that it was given last."""

    session: Session
    home: int
    said: list[int] = field(default_factory=list)


class Prompts:
    """A GPT and its tokenizer, and the home that its prompts are encoded for.

    Attributes:
        marks: Ids of the special tokens that plans and goals are made with.
        stops: Ids of all special tokens: each ends a text.
    """

    def __init__(self, model: Runtime, tokenizer: Tokenizer) -> None:
        """Wrap a model."""
        self.model = model
        self.tokenizer = tokenizer
        self.marks = {m: tokenizer.special(m) for m in _MARKS}
        self.stops = frozenset([*self.marks.values(), *(tokenizer.special(m) for m in _OTHERS)])
        self._ids: dict[str, Ids] = {}
        self._homes: dict[str, _Read] = {}  # by inventory: the last one, and the empty one

    def encode(self, words: str) -> Ids:
        """Return the ids of words that follow a special token; they are kept."""
        found = self._ids.get(words)
        if found is None:
            found = self._ids[words] = tuple(self.tokenizer.encode(" " + words))
        return found

    def home(self, inventory: str) -> Session:
        """A new session that has read the inventory, which is read once for many instructions."""
        session = self._read(inventory).session.fork()
        session.rewind(self._read(inventory).home)
        return session

    def begin(self) -> None:
        """Forget what was read behind the homes: what is written next does not depend on what was before."""
        for read in self._homes.values():
            read.session.rewind(read.home)
            read.said = []

    def read(self, inventory: str, said: list[int]) -> tuple[Session, list[int]]:
        """A session that has read the inventory and some of what is said behind it, and the rest, at least one token.

        What this and the last prompt begin with is not read again. The next call takes the session back.
        """
        read = self._read(inventory)
        most = min(len(said) - 1, len(read.said), read.session.length - read.home)
        same = next((i for i in range(most) if said[i] != read.said[i]), most)
        read.session.rewind(read.home + same)
        read.said = said
        return read.session, said[same:]

    def room(self, inventory: str) -> int:
        """Tokens that fit behind a home."""
        read = self._read(inventory)
        return read.session.capacity - read.home

    def _read(self, inventory: str) -> _Read:
        found = self._homes.get(inventory)
        if found is None:
            session = self.model.begin()
            session.feed(text_format.encode(text_format.home_part(inventory), self.tokenizer)[0])
            found = _Read(session=session, home=session.length)
            kept = {k: v for k, v in self._homes.items() if not (k and inventory)}
            self._homes = kept | {inventory: found}
        return found

    def heading(self, instruction: str) -> list[int]:
        """The tokens that follow the home before the goal is written."""
        said = self.tokenizer.encode(" " + instruction) if instruction else []
        return [self.marks["[SEP]"], *said, self.marks["[SEP]"]]

    def cursor(self, session: Session, pending: list[int], options: Options, attempt: int) -> Cursor:
        """Return where writing begins, after what is pending has been read."""
        temperature = options.temperature if attempt == 0 else max(0.6, options.temperature)
        return Cursor(
            session=session,
            pending=pending,
            temperature=temperature,
            top_k=options.top_k,
            top_p=options.top_p,
            rng=np.random.default_rng((options.seed * 1009 + attempt) % 2**63) if temperature else None,
            n_ids=self.tokenizer.n_used,
        )
