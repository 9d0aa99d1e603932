"""`python -m gpt.deepen OUT MODEL --layers N`: a deeper model that computes the same, to train further.

Behind layers of the model stand copies of them whose output projections are zero, so that they add nothing yet (block
expansion, Wu et al. 2024, arXiv:2401.02415). Training goes on from where the model is, with room for more.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
from collections.abc import Sequence
from pathlib import Path

import torch

from gpt.errors import ConfigError, GPTError
from gpt.files import check_output
from gpt.model.transformer import GPT
from gpt.weights.checkpoint import load_model, put_weights, save_model, weights_of

PROG = "python -m gpt.deepen"
OUTPUTS = ("attention.proj.", "mlp.proj.")  # what a layer adds to its input comes through these


def deepen(model: GPT, layers: int) -> GPT:
    """Return a model with more layers and the same outputs.

    Args:
        model: The model; it is not changed.
        layers: Number of layers of the new model. Each new layer is a copy of the one before it; the copies are spread
            evenly.

    Raises:
        ConfigError: The model has as many layers already.
    """
    n = model.config.n_layer
    if layers <= n:
        raise ConfigError(f"the model has {n} layers; --layers must be more than that, found {layers}")
    sources = [i * n // layers for i in range(layers)]  # e.g. 0 0 1 1 2 2 3 3 for 8 layers of 4
    weights = weights_of(model)
    found = {name: tensor for name, tensor in weights.items() if not name.startswith("blocks.")}
    for layer, source in enumerate(sources):
        is_copy = layer > 0 and sources[layer - 1] == source
        for name, tensor in weights.items():
            if name.startswith(prefix := f"blocks.{source}."):
                is_output = name.removeprefix(prefix).startswith(OUTPUTS)
                found[f"blocks.{layer}.{name.removeprefix(prefix)}"] = (
                    torch.zeros_like(tensor) if is_copy and is_output else tensor.clone()
                )
    deeper = GPT(dataclasses.replace(model.config, n_layer=layers))
    put_weights(deeper, found, Path("the deeper model"))
    return deeper.eval()


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command. Returns 0 when the folder is written, 2 on wrong input."""
    parser = argparse.ArgumentParser(prog=PROG, description="Add layers to a model that change nothing yet.")
    parser.add_argument("out", type=Path, help="the folder to write")
    parser.add_argument("model", type=Path, metavar="MODEL", help="model folder")
    parser.add_argument("--layers", type=int, required=True, metavar="N", help="layers of the new model")
    args = parser.parse_args(argv)
    try:
        check_output(args.out, folder=True)
        model, tokenizer, extra = load_model(args.model)
        deeper = deepen(model, args.layers)
        save_model(deeper, tokenizer, args.out, {**extra, "deepened_from": model.config.n_layer}, bf16=True)
    except GPTError as error:
        print(f"{PROG}: {error}", file=sys.stderr)
        return 2
    print(f"model: {args.out} ({model.config.n_layer} → {args.layers} layers, {deeper.n_parameters:,} parameters)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
