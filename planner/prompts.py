"""What the GPT is given to read: sessions that keep what was read of a home, and cursors that write after it."""

from __future__ import annotations

import torch

from gpt.model import GPT
from gpt.sampling import Session
from gpt.tokenizer import Tokenizer
from planner import text
from planner.answer import Options
from planner.constrain import Cursor, Ids

_MARKS = ("[SEP]", "[EOS]", "[HINT]", "[REFUSE]", "[ASK]")
_OTHERS = ("[PAD]", "[CLS]", "[MASK]", "[FEEDBACK]", "[IMAGE]", "[AUDIO]", "[TASK]")


class Prompts:
    """A GPT and its tokenizer, and the home that its prompts are encoded for.

    Attributes:
        marks: Ids of the special tokens that plans and goals are made with.
        stops: Ids of all special tokens: each ends a text.
    """

    def __init__(self, model: GPT, tokenizer: Tokenizer) -> None:
        """Wrap a model that is in evaluation mode."""
        self.model = model
        self.tokenizer = tokenizer
        self.marks = {m: tokenizer.special(m) for m in _MARKS}
        self.stops = frozenset([*self.marks.values(), *(tokenizer.special(m) for m in _OTHERS)])
        self._ids: dict[str, Ids] = {}
        self._homes: dict[str, Session] = {}  # by inventory: the last one, and the empty one

    def encode(self, words: str) -> Ids:
        """Return the ids of words that follow a special token; they are kept."""
        found = self._ids.get(words)
        if found is None:
            found = self._ids[words] = tuple(self.tokenizer.encode(" " + words))
        return found

    def heading(self, inventory: str, instruction: str) -> tuple[Session, list[int]]:
        """A session that has read the inventory (kept between instructions), and the tokens that are to follow."""
        if inventory not in self._homes:
            session = Session(self.model)
            session.feed(text.encode(text.home_part(inventory), self.tokenizer)[0])
            kept = {k: v for k, v in self._homes.items() if not (k and inventory)}
            self._homes = kept | {inventory: session}
        session = self._homes[inventory].fork()
        said = self.tokenizer.encode(" " + instruction) if instruction else []
        rest = [self.marks["[SEP]"], *said, self.marks["[SEP]"]]
        return session, rest

    def cursor(self, session: Session, pending: list[int], options: Options, attempt: int) -> Cursor:
        """Return where writing begins, after what is pending has been read."""
        return Cursor(
            session=session,
            pending=pending,
            temperature=options.temperature if attempt == 0 else max(0.6, options.temperature),
            top_p=options.top_p,
            generator=torch.Generator().manual_seed((options.seed * 1009 + attempt) % 2**63),
            n_ids=self.tokenizer.n_used,
        )
