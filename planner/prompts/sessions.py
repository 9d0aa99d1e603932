"""What the GPT is given to read: sessions that keep what was read of a home, and cursors that write after it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from gpt.inference.session import Runtime, Session
from gpt.tokenization.tokenizer import Tokenizer
from planner.plans.options import Options
from planner.prompts import text_format
from planner.prompts.cursor import Cursor, Ids

_OUTPUT_TOKENS = ("[SEP]", "[EOS]", "[HINT]", "[REFUSE]", "[ASK]")
_OTHER_TOKENS = ("[PAD]", "[CLS]", "[MASK]", "[FEEDBACK]", "[IMAGE]", "[AUDIO]", "[TASK]")


@dataclass(kw_only=True)
class _CachedHome:
    """A session, how many of its tokens are the home's, and the prompt behind them that it was given last."""

    session: Session
    n_home: int
    prompt: list[int] = field(default_factory=list)


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
        self.special_ids = {name: tokenizer.special(name) for name in _OUTPUT_TOKENS}
        self.stops = frozenset([*self.special_ids.values(), *(tokenizer.special(name) for name in _OTHER_TOKENS)])
        self._ids: dict[str, Ids] = {}
        self._cache: dict[str, _CachedHome] = {}  # by inventory: the last one, and the empty one

    def encode(self, words: str) -> Ids:
        """Return the ids of words that follow a special token; they are kept."""
        ids = self._ids.get(words)
        if ids is None:
            ids = self._ids[words] = tuple(self.tokenizer.encode(" " + words))
        return ids

    def home(self, inventory: str) -> Session:
        """A new session that has read the inventory, which is read once for many instructions."""
        session = self._cached(inventory).session.fork()
        session.rewind(self._cached(inventory).n_home)
        return session

    def begin(self) -> None:
        """Forget what was read behind the homes: what is written next does not depend on what was before."""
        for cached in self._cache.values():
            cached.session.rewind(cached.n_home)
            cached.prompt = []

    def read(self, inventory: str, prompt: list[int]) -> tuple[Session, list[int]]:
        """A session that has read the inventory and some of what is said behind it, and the rest, at least one token.

        What this and the last prompt begin with is not read again. The next call takes the session back.
        """
        cached = self._cached(inventory)
        max_shared = min(len(prompt) - 1, len(cached.prompt), cached.session.length - cached.n_home)
        n_shared = next((i for i in range(max_shared) if prompt[i] != cached.prompt[i]), max_shared)
        cached.session.rewind(cached.n_home + n_shared)
        cached.prompt = prompt
        return cached.session, prompt[n_shared:]

    def room(self, inventory: str) -> int:
        """Tokens that fit behind a home."""
        cached = self._cached(inventory)
        return cached.session.capacity - cached.n_home

    def _cached(self, inventory: str) -> _CachedHome:
        cached = self._cache.get(inventory)
        if cached is None:
            session = self.model.begin()
            session.feed(text_format.encode(text_format.home_part(inventory), self.tokenizer)[0])
            cached = _CachedHome(session=session, n_home=session.length)
            remaining = {key: value for key, value in self._cache.items() if not (key and inventory)}
            self._cache = remaining | {inventory: cached}
        return cached

    def heading(self, instruction: str) -> list[int]:
        """The tokens that follow the home before the goal is written."""
        instruction_ids = self.tokenizer.encode(" " + instruction) if instruction else []
        return [self.special_ids["[SEP]"], *instruction_ids, self.special_ids["[SEP]"]]

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
