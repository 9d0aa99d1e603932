"""Goals that a trained GPT writes for sentences; where they are wrong, the next GPT learns to find them out."""

from __future__ import annotations

import random
from pathlib import Path
from typing import TYPE_CHECKING

from gpt.inference.numpy_model import NumpyModel
from planner.corpus.wrong_goals.made import phases
from planner.decoding.constrained_decoding import write_until
from planner.plans.options import Options
from planner.prompts.document_kinds import kinds_of
from planner.prompts.sessions import Prompts

if TYPE_CHECKING:
    from planner.corpus.free_text.sentences import Sentence

MAX_TOKENS = 90
WARM = 0.5  # share of goals that are sampled, at `TEMPERATURE`; the others are the most likely ones
TEMPERATURE = 0.8


class GoalWriter:
    """A GPT that writes goals, without constraints."""

    def __init__(self, folder: Path | str) -> None:
        """Load a model folder.

        Raises:
            CheckpointError: It is not a model of this project.
        """
        model, tokenizer, extra = NumpyModel.load(Path(folder))
        self.prompts = Prompts(model, tokenizer, kinds_of(extra))

    def wrong_goal(self, sentence: Sentence, inventory: str, rng: random.Random) -> str:
        """Return the goal that the GPT writes, if it is wrong; empty if it is right, or no goal.

        Args:
            sentence: The sentence, with its goal; a goal for what is to be refused or asked about is wrong.
            inventory: The home's inventory as it is in the prompt.
            rng: Source of randomness.
        """
        prompts = self.prompts
        prompts.begin()
        heading = prompts.heading(sentence.text)
        if len(heading) + MAX_TOKENS > prompts.room(inventory):
            return ""
        temperature = TEMPERATURE if rng.random() < WARM else 0.0
        options = Options(temperature=temperature, seed=rng.randrange(2**31))
        session, pending = prompts.read(inventory, heading)
        ids, stop = write_until(prompts.cursor(session, pending, options, 0), prompts.stops, MAX_TOKENS)
        if stop != prompts.special_ids["[SEP]"] or not ids:
            return ""
        written = prompts.tokenizer.decode(ids).strip()
        return "" if phases(written) == phases(sentence.goal) else written
