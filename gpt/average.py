"""`python -m gpt.average OUT MODEL MODEL ...`: average the weights of models fine-tuned from the same weights.

A uniform model soup (Wortsman et al. 2022, arXiv:2203.05482): models fine-tuned from the same weights with different
seeds lie in one loss basin, and their mean is often better than each of them and costs no more to run.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import torch

from gpt.errors import ConfigError, GPTError
from gpt.files import check_output
from gpt.weights.checkpoint import load_model, put_weights, save_model, weights_of

PROG = "python -m gpt.average"


def average(models: Sequence[Path], out: Path) -> None:
    """Write a model folder with the mean of several models' weights.

    Raises:
        ConfigError: Fewer than two models, or their shapes or vocabularies differ.
        CheckpointError: One of them is not a model of this project.
    """
    if len(models) < 2:
        raise ConfigError(f"{len(models)} model is given; an average needs at least two")
    model, tokenizer, extra = load_model(models[0])
    total = {name: tensor.double() for name, tensor in weights_of(model).items()}
    extras = [extra]
    for path in models[1:]:
        other_model, other_tokenizer, other_extra = load_model(path)
        if other_model.config != model.config or other_tokenizer.to_json() != tokenizer.to_json():
            raise ConfigError(f"{path}: shape or vocabulary differs from that of {models[0]}; they cannot be averaged")
        for name, tensor in weights_of(other_model).items():
            total[name] += tensor.double()
        extras.append(other_extra)
    mean = {name: (tensor / len(models)).to(torch.float32) for name, tensor in total.items()}
    put_weights(model, mean, out)
    save_model(model, tokenizer, out, {"mean_of": extras}, bf16=True)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command. Returns 0 when the folder is written, 2 on wrong input."""
    parser = argparse.ArgumentParser(prog=PROG, description="Average the weights of models trained from one start.")
    parser.add_argument("out", type=Path, help="the folder to write")
    parser.add_argument("models", type=Path, nargs="+", metavar="MODEL", help="model folders")
    args = parser.parse_args(argv)
    try:
        check_output(args.out, folder=True)
        average(args.models, args.out)
    except GPTError as error:
        print(f"{PROG}: {error}", file=sys.stderr)
        return 2
    print(f"model: {args.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
