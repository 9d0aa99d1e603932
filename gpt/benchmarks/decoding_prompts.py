"""Prompts for the decoding benchmark, in the format on which the planner's GPT was trained.

A text is `[CLS] inventory of the home [SEP] instruction [SEP]`, followed by the goal for measuring the loss. Homes are
random, so no training corpus contains these texts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gpt.errors import ConfigError
from gpt.tokenization.tokenizer import Tokenizer

_OBJECTS = (
    "apple", "book", "bowl", "bread", "candle", "cell phone", "cup", "egg", "fork", "glass", "knife", "laptop",
    "lettuce", "magazine", "mug", "newspaper", "orange", "pan", "pen", "pencil", "pillow", "plate", "pot", "potato",
    "remote control", "salt shaker", "scissors", "shirt", "soap bar", "spatula", "spoon", "statue", "teddy bear",
    "tomato", "towel", "vase", "wallet", "watch",
)  # fmt: skip
_PLACES = (
    "armchair", "bed", "cabinet", "coffee table", "countertop", "desk", "dining table", "dresser", "fridge",
    "microwave", "shelf", "sink", "sofa", "wardrobe",
)  # fmt: skip
_INSIDE = ("cabinet", "dresser", "fridge", "microwave", "sink", "wardrobe")
_REQUESTS = ("put the {} {} the {}", "move a {} {} the {}", "I want a {} {} the {}", "please place a {} {} the {}")
_STATES = ("", "clean ", "cold ", "hot ")


@dataclass(frozen=True, kw_only=True)
class Text:
    """Token ids of a prompt, and of its expected continuation."""

    prompt: tuple[int, ...]
    goal: tuple[int, ...]


def draw_texts(tokenizer: Tokenizer, count: int, length: int, rng: np.random.Generator) -> list[Text]:
    """Draw texts with prompts of exactly `length` tokens.

    Raises:
        ConfigError: An instruction alone is longer.
    """
    texts = []
    for _ in range(count):
        object_name, fixture = str(rng.choice(_OBJECTS)), str(rng.choice(_PLACES))
        state, request = str(rng.choice(_STATES)), str(rng.choice(_REQUESTS))
        preposition = "in" if fixture in _INSIDE else "on"
        instruction = tokenizer.encode_marked(f"[SEP] {request.format(state + object_name, preposition, fixture)}[SEP]")
        remaining = length - len(instruction) - 1
        if remaining < 0:
            raise ConfigError(f"prompts of {length} tokens are too short; an instruction takes {len(instruction) + 1}")
        names = [object_name, *(t for t in rng.permutation(_OBJECTS) if t != object_name)]
        counts = [f" {n}" if (n := int(rng.integers(1, 6))) > 1 else "" for _ in names]
        home = "".join(f" {name}{n}" for name, n in zip(names, counts, strict=True))
        home += "".join(f" {name}" for name in (fixture, *(p for p in _PLACES if p != fixture)))
        inventory = tokenizer.encode(home * (1 + remaining // len(names)))[:remaining]
        prompt = (tokenizer.special("[CLS]"), *inventory, *instruction)
        goal = tokenizer.encode_marked(f" {state}{object_name} {preposition} {fixture}[SEP]")
        texts.append(Text(prompt=prompt, goal=tuple(goal)))
    return texts


def draw_ids(vocab_size: int, count: int, length: int, rng: np.random.Generator) -> list[Text]:
    """Draw random prompts for random weights; they have no expected continuation."""
    return [Text(prompt=tuple(rng.integers(0, vocab_size, length).tolist()), goal=()) for _ in range(count)]
