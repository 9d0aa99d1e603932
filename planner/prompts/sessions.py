"""Prompt sessions: the GPT reads a home's inventory once, and cursors continue from there."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from gpt.inference.session import Runtime, Session
from gpt.tokenization.tokenizer import Tokenizer
from planner.plans.options import Options
from planner.prompts import text_format
from planner.prompts.cursor import Cursor, Ids
from planner.prompts.known_kinds import PLAIN, Speech, speech_in

if TYPE_CHECKING:
    from collections.abc import Collection

    from envs.symbolic.state import World
    from planner.prompts.document_kinds import DocumentKind

_OUTPUT_TOKENS = ("[SEP]", "[EOS]", "[HINT]", "[REFUSE]", "[ASK]")
_OTHER_TOKENS = ("[PAD]", "[CLS]", "[MASK]", "[FEEDBACK]", "[IMAGE]", "[AUDIO]", "[TASK]")


@dataclass(kw_only=True)
class _CachedHome:
    """A session, the number of its tokens that belong to the home, and the last prompt read after them."""

    session: Session
    n_home: int
    prompt: list[int] = field(default_factory=list)


class Prompts:
    """A GPT, its tokenizer, and a cache of sessions that have read a home's inventory.

    Attributes:
        special_ids: Ids of the special tokens in goals and plans, by name.
        stops: Ids of all special tokens, any of which ends a text.
    """

    def __init__(self, model: Runtime, tokenizer: Tokenizer, kinds: Collection[DocumentKind] = ()) -> None:
        """Wrap a model; `kinds` are the optional kinds of documents that it was trained on."""
        self.model = model
        self.tokenizer = tokenizer
        self.copies_names, self.looks_twice = "renamed" in kinds, "people" in kinds
        self.special_ids = {name: tokenizer.special(name) for name in _OUTPUT_TOKENS}
        self.stops = frozenset([*self.special_ids.values(), *(tokenizer.special(name) for name in _OTHER_TOKENS)])
        self._ids: dict[str, Ids] = {}
        self._cache: dict[str, _CachedHome] = {}  # by inventory: the last home's and the empty one

    def encode(self, words: str) -> Ids:
        """Return the ids of words that follow a special token (cached)."""
        ids = self._ids.get(words)
        if ids is None:
            ids = self._ids[words] = tuple(self.tokenizer.encode(" " + words))
        return ids

    def speech(self, world: World) -> Speech:
        """Return how the GPT hears of a home: its own kinds by known names, unless it was taught to copy names."""
        return PLAIN if self.copies_names else speech_in(world)

    def home(self, inventory: str) -> Session:
        """Return a new session that has read the inventory; the inventory itself is read only once."""
        session = self._cached(inventory).session.fork()
        session.rewind(self._cached(inventory).n_home)
        return session

    def begin(self) -> None:
        """Forget all prompts, so that the next output does not depend on earlier ones; keep the inventories."""
        for cached in self._cache.values():
            cached.session.rewind(cached.n_home)
            cached.prompt = []

    def read(self, inventory: str, prompt: list[int]) -> tuple[Session, list[int]]:
        """Return a session that has read the inventory and part of a prompt, and the rest: at least one token.

        The prefix that this prompt shares with the last one is not read again. The next call reuses the session.
        """
        cached = self._cached(inventory)
        max_shared = min(len(prompt) - 1, len(cached.prompt), cached.session.length - cached.n_home)
        n_shared = next((i for i in range(max_shared) if prompt[i] != cached.prompt[i]), max_shared)
        cached.session.rewind(cached.n_home + n_shared)
        cached.prompt = prompt
        return cached.session, prompt[n_shared:]

    def room(self, inventory: str) -> int:
        """Return the number of tokens that fit after a home."""
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

    def heading(self, instruction: str, own_names: str = "") -> list[int]:
        """Return the tokens between the home and the goal; `own_names` as in `text_format.instruction_part`."""
        ids, _ = text_format.encode(text_format.instruction_part(instruction, own_names), self.tokenizer)
        return [*ids, self.special_ids["[SEP]"]]

    def cursor(self, session: Session, pending: list[int], options: Options, attempt: int) -> Cursor:
        """Return a cursor that writes after the pending tokens; attempts after the first sample at 0.6 or more."""
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
