"""Load a perception model: the GPT with the perception adapter merged in, and the encoder."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from gpt.inference.numpy_model import NumpyModel
from gpt.tokenization.tokenizer import Tokenizer
from gpt.weights.encoder_file import SenseFile, SenseKind, load_sense, sense_path
from planner.errors import ReleaseError
from planner.io.paths import released_dir


class Loaded(NamedTuple):
    """A GPT that reads an encoder's output.

    Attributes:
        model: The GPT with the perception adapter merged in.
        tokenizer: The GPT's tokenizer.
        sense: The perception file: encoder, adapter and notes.
    """

    model: NumpyModel
    tokenizer: Tokenizer
    sense: SenseFile


def load_with(kind: SenseKind, folder: Path | None = None, file: Path | None = None) -> Loaded:
    """Load a perception file (sight or hearing) and the model that it belongs to.

    Args:
        kind: `sight` or `hearing`.
        folder: Model folder; None: the released model.
        file: The perception file, if it is not in the model folder.

    Raises:
        ReleaseError: The file does not exist.
        CheckpointError: A file is damaged, or the perception file belongs to other weights.
    """
    folder = released_dir() if folder is None else folder
    path = sense_path(folder, kind) if file is None else file
    if not path.is_file():
        raise ReleaseError(f"{path}: no such file; train it with python -m planner.perception.training {kind}")
    sense = load_sense(path, kind)
    model, tokenizer, _ = NumpyModel.load(folder, sense.adapter)
    return Loaded(model, tokenizer, sense)
