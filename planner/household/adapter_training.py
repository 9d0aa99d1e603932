"""Train an adapter on the days' records over frozen weights, continuing from the adapter of the night before.

New documents are mixed with replayed ones of the corpus, against catastrophic forgetting.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gpt.data.batches import PackedBatches
from gpt.data.tokenized_documents import TokenizedDocuments
from gpt.training.config import TrainConfig
from gpt.training.lora import adapter_of, attach, detach
from gpt.training.trainer import train
from planner.exploration.learned_prior import map_of
from planner.household import adapter_documents
from planner.household.daily_records import count_observations
from planner.learning.replay_corpus import sample_replay
from planner.prompts.text_format import Encoded, encode_tree

if TYPE_CHECKING:
    from envs.symbolic.scene import Scene
    from gpt.model.transformer import GPT
    from gpt.tokenization.tokenizer import Tokenizer
    from gpt.weights.adapter import Adapter
    from planner.corrections.lessons import Lesson
    from planner.io.json_lines import Record
    from planner.prompts.text_format import Tree

REPLAY_SHARE, INSTRUCTION_SHARE = (
    0.2,
    0.3,
)  # of the tokens; the rest is about locations and doors


@dataclass(frozen=True, kw_only=True)
class AdapterSizes:
    """Sizes of the training of one night.

    Attributes:
        steps: Optimizer steps.
        rows: Rows of a batch, each as long as the GPT's context.
        lr: Peak learning rate.
        rank: Rank of the adapter.
    """

    steps: int = 32
    rows: int = 1
    lr: float = 5e-3
    rank: int = 8


class AdapterTrainer:
    """Trains adapters of a frozen GPT.

    Args:
        model: The weights, which are not changed.
        tokenizer: The model's tokenizer.
        replay: Documents of the model's corpus.
        sizes: Sizes of the training of one night.
        folder: Where metrics are written.
    """

    def __init__(
        self, model: GPT, tokenizer: Tokenizer, replay: TokenizedDocuments, sizes: AdapterSizes, folder: Path
    ) -> None:
        """Store the settings; the model is wrapped only while training."""
        self.model, self.tokenizer, self.replay, self.sizes, self.folder = model, tokenizer, replay, sizes, folder

    def train_adapter(
        self, days: Sequence[Record], scene: Scene, previous: Adapter | None, *, seed: int,
        lessons: Sequence[Lesson] = (),
    ) -> Adapter:  # fmt: skip
        """Return an adapter trained on all days so far and on all lessons, starting from the previous one."""
        sizes, block = self.sizes, self.model.config.block_size
        rng = random.Random(f"night/{seed}/{len(days)}")
        documents = self._documents(days, scene, sizes.steps * sizes.rows * block, rng, lessons)
        config = TrainConfig(
            steps=sizes.steps, batch_rows=sizes.rows, lr=sizes.lr, warmup_steps=min(5, sizes.steps - 1),
            schedule="cosine", optimizer="adamw", weight_decay=0.0, precision="bf16", eval_every=0, checkpoint_every=0,
            seed=seed, device="cpu",
        )  # fmt: skip
        attach(self.model, rank=sizes.rank, seed=seed, initial=previous)
        try:
            result = train(
                self.model, PackedBatches(documents, sizes.rows, block, seed), None, config, self.folder
            )  # fmt: skip
            result.checkpoint.unlink(missing_ok=True)  # an interrupted night is repeated, not resumed
            plain_words = count_observations(days).words
            return adapter_of(
                self.model, {"home": scene.name, "map": map_of(scene), "days": len(days), "words": dict(plain_words)}
            )
        finally:
            detach(self.model)

    def _documents(
        self, days: Sequence[Record], scene: Scene, n_tokens: int, rng: random.Random, lessons: Sequence[Lesson]
    ) -> TokenizedDocuments:
        observations = count_observations(days)
        documents: list[Encoded] = []

        def add_documents(trees: Iterator[Tree], n_tokens: float) -> float:
            while n_tokens > 0 and (tree := next(trees, None)) is not None:
                for encoded in encode_tree(tree, self.tokenizer, self.model.config.block_size):
                    documents.append(encoded)
                    n_tokens -= len(encoded.ids)
            return n_tokens

        instruction_share = INSTRUCTION_SHARE if days else 1.0 - REPLAY_SHARE
        missing = add_documents(
            adapter_documents.instruction_documents(days, observations, scene, rng, lessons),
            instruction_share * n_tokens,
        )
        if days:
            add_documents(
                adapter_documents.location_documents(observations, scene, rng),
                (1.0 - instruction_share - REPLAY_SHARE) * n_tokens + max(0.0, missing),
            )
        documents += sample_replay(self.replay, REPLAY_SHARE * n_tokens, rng)
        return TokenizedDocuments.from_lists(*zip(*documents, strict=True))
