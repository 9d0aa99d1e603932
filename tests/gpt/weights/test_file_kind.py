"""A file that is not the weights that its name promises is refused in one line that says what it is."""

from __future__ import annotations

import gzip
import json
import os
import pickle
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from gpt.errors import CheckpointError
from gpt.inference.numpy_model import NumpyModel
from gpt.model.transformer import GPT
from gpt.tokenization.tokenizer import Tokenizer
from gpt.weights.adapter import load_adapter
from gpt.weights.checkpoint import load_model, read_tensors, save_model
from gpt.weights.encoder_file import load_sense

Make = Callable[..., GPT]
LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"4" * 64 + b"\nsize 18874368\n"
HUGE_HEADER = struct.pack("<Q", 2**40) + b"{" + b" " * 100
LONG_HEADER = struct.pack("<Q", 5000) + b'{"a":'
READERS: dict[str, Callable[[Path], object]] = {
    "torch": read_tensors,
    "adapter": load_adapter,
    "sense": lambda path: load_sense(path, "sight"),
}


@pytest.fixture
def folder(tmp_path: Path, make_model: Make, tokenizer: Tokenizer) -> Path:
    save_model(make_model(), tokenizer, tmp_path / "model")
    return tmp_path / "model"


FOREIGN = [
    (b"", r"is empty \(0 bytes\)"),
    (LFS, r"is a Git LFS pointer \(\d+ bytes\) to a file of 18,874,368 bytes.*git lfs pull"),
    (b"<!DOCTYPE html>\n<html><head><title>404\n Not Found</title>", "is a web page, titled '404 Not Found'"),
    (b"\n  <html lang=en>", "is a web page; the download failed"),
    (b"<?xml version='1.0'?><Error><Code>AccessDenied</Code>", "is a web page"),
    (b"Entry not found", "is a text file that begins with 'Entry not found'"),
    (b'{"error": "Repository not found"}', "is a JSON text, not weights"),
    (b"PK\x03\x04...", "is a zip archive, such as PyTorch's checkpoints"),
    (pickle.dumps({"a": 1}), "is a Python pickle"),
    (b"GGUF\x03\0\0\0", r"is a GGUF file of llama.cpp"),
    (b"\x89HDF\r\n", "is an HDF5 file"),
    (gzip.compress(b"weights", mtime=0), "is a gzip archive"),
    (HUGE_HEADER, "not a complete safetensors file"),
    (LONG_HEADER, "its header alone takes 5,000"),
    (bytes(range(128, 256)), "not a complete safetensors file"),
]


@pytest.mark.parametrize(("content", "message"), FOREIGN)
@pytest.mark.parametrize("reader", READERS)
def test_a_foreign_file_in_place_of_weights_is_named(tmp_path: Path, reader: str, content: bytes, message: str) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=message) as caught:
        READERS[reader](path)
    assert str(caught.value).startswith(f"{path}: ") and "\n" not in str(caught.value)


@pytest.mark.parametrize(("content", "message"), FOREIGN)
def test_a_foreign_file_in_a_model_folder_is_named(folder: Path, content: bytes, message: str) -> None:
    (folder / "model.safetensors").write_bytes(content)
    for load in (load_model, NumpyModel.load):
        with pytest.raises(CheckpointError, match=message) as caught:
            load(folder)
        assert "model.safetensors: " in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json"])
@pytest.mark.parametrize(
    ("content", "message"),
    [(LFS, "is a Git LFS pointer"), (b"", "is empty"), (b"<html>", "is a web page"), (b"404", "begins with '404'")],
)
def test_a_foreign_text_in_a_model_folder_is_named(folder: Path, name: str, content: bytes, message: str) -> None:
    (folder / name).write_bytes(content)
    with pytest.raises(CheckpointError, match=f"{name}: .*{message}"):
        load_model(folder)


def test_a_truncated_file_tells_how_much_is_missing(folder: Path) -> None:
    path = folder / "model.safetensors"
    size = path.stat().st_size
    path.write_bytes(path.read_bytes()[: size - 100])
    for read in (load_model, NumpyModel.load):
        with pytest.raises(CheckpointError, match=rf"\({size - 100} bytes\): its header announces {size:,}"):
            read(folder)


@pytest.mark.parametrize("name", ["model.safetensors", "config.json", "tokenizer.json"])
def test_links_are_followed_and_a_dangling_one_is_named(folder: Path, name: str) -> None:
    elsewhere = folder.parent / f"blob-{name}"
    (folder / name).rename(elsewhere)
    (folder / name).symlink_to(elsewhere)
    load_model(folder)
    elsewhere.unlink()
    with pytest.raises(CheckpointError, match=f"{name}: is a symbolic link to .*blob-{name}, which does not exist"):
        load_model(folder)
    (folder / name).unlink()
    (folder / name).symlink_to(folder / name)
    with pytest.raises(CheckpointError, match=name):
        load_model(folder)


def test_a_folder_or_a_pipe_in_place_of_a_file_is_refused_at_once(folder: Path) -> None:
    path = folder / "model.safetensors"
    path.unlink()
    path.mkdir()
    with pytest.raises(CheckpointError, match="is a folder; expected a file"):
        load_model(folder)
    path.rmdir()
    os.mkfifo(path)  # to open it would wait forever
    for read in (load_model, NumpyModel.load):
        with pytest.raises(CheckpointError, match="is a device or a pipe"):
            read(folder)


def test_a_folder_of_a_newer_version_is_named(folder: Path) -> None:
    content = json.loads((folder / "config.json").read_text())
    content["format"] = "gpt-home-planner model 2"
    (folder / "config.json").write_text(json.dumps(content))
    with pytest.raises(CheckpointError, match=r"format '.* model 2' of a newer version.*'.* model 1'"):
        load_model(folder)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_damaged_numbers_are_named_and_counted(folder: Path, value: float) -> None:
    path = folder / "model.safetensors"
    tensors = load_file(path)
    tensors["blocks.1.mlp.fc.weight"][0, :3] = value
    from safetensors import safe_open

    with safe_open(path, "pt") as file:
        metadata = file.metadata()
    save_file(tensors, path, metadata)
    for read in (load_model, NumpyModel.load):
        with pytest.raises(CheckpointError, match=r"blocks.1.mlp.fc.weight has 3 numbers of \d+ that are not finite"):
            read(folder)


@pytest.mark.parametrize("dtype", [torch.int8, torch.float64, torch.bool])
def test_weights_of_another_type_are_named(folder: Path, dtype: torch.dtype) -> None:
    path = folder / "model.safetensors"
    tensors = load_file(path)
    tensors["wte.weight"] = tensors["wte.weight"].to(dtype)
    save_file(tensors, path)
    with pytest.raises(CheckpointError, match=r"wte.weight holds [A-Z0-9]+; expected F32, F16 or BF16"):
        load_model(folder)


def test_random_bytes_never_raise_anything_but_the_packages_error(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    path = tmp_path / "model.safetensors"
    for size in (1, 7, 8, 9, 16, 200):
        for _ in range(20):
            path.write_bytes(rng.bytes(size))
            for reader in READERS.values():
                with pytest.raises(CheckpointError):
                    reader(path)
