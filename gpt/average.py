"""`python -m gpt.average OUT MODEL MODEL ...`: average the weights of models fine-tuned from the same weights.

A uniform model soup (Wortsman et al. 2022, arXiv:2203.05482): models fine-tuned from the same weights with different
seeds lie in one loss basin, and their mean is often better than each of them and costs no more to run. With
`--shares 0.9 0.1`, a model is mixed with the one that it was fine-tuned from, which brings back what it forgot
(Wortsman et al. 2021, arXiv:2109.01903).
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


def average(models: Sequence[Path], out: Path, shares: Sequence[float] | None = None) -> None:
    """Write a model folder with the mean of several models' weights.

    Args:
        models: The model folders.
        out: The folder to write.
        shares: How much each model counts, positive and 1 in sum; None: all the same.

    Raises:
        ConfigError: Fewer than two models, or their shapes or vocabularies differ; or the shares are not such numbers.
        CheckpointError: One of them is not a model of this project.
    """
    if len(models) < 2:
        raise ConfigError(f"{len(models)} model is given; an average needs at least two")
    if shares is not None and (len(shares) != len(models) or min(shares) <= 0 or abs(sum(shares) - 1) > 1e-6):
        found = " ".join(f"{share:g}" for share in shares)
        raise ConfigError(f"shares must be {len(models)} positive numbers, one for each model, and 1 in sum: {found}")
    parts = shares or [1 / len(models)] * len(models)
    model, tokenizer, extra = load_model(models[0])
    total = {name: parts[0] * tensor.double() for name, tensor in weights_of(model).items()}
    extras = [extra]
    for path, part in zip(models[1:], parts[1:], strict=True):
        other_model, other_tokenizer, other_extra = load_model(path)
        if other_model.config != model.config or other_tokenizer.to_json() != tokenizer.to_json():
            raise ConfigError(f"{path}: shape or vocabulary differs from that of {models[0]}; they cannot be averaged")
        for name, tensor in weights_of(other_model).items():
            total[name] += part * tensor.double()
        extras.append(other_extra)
    put_weights(model, {name: tensor.to(torch.float32) for name, tensor in total.items()}, out)
    save_model(model, tokenizer, out, {"mean_of": extras} | ({"shares": [*shares]} if shares else {}), bf16=True)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command. Returns 0 when the folder is written, 2 on wrong input."""
    parser = argparse.ArgumentParser(prog=PROG, description="Average the weights of models trained from one start.")
    parser.add_argument("out", type=Path, help="the folder to write")
    parser.add_argument("models", type=Path, nargs="+", metavar="MODEL", help="model folders")
    parser.add_argument("--shares", type=float, nargs="+", metavar="X", help="how much each counts (default: the same)")
    args = parser.parse_args(argv)
    try:
        check_output(args.out, folder=True)
        average(args.models, args.out, args.shares)
    except GPTError as error:
        print(f"{PROG}: {error}", file=sys.stderr)
        return 2
    print(f"model: {args.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
