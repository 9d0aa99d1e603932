"""Says what a file is when it does not hold the weights that its name promises. No torch.

Downloads go wrong in a few known ways: a Git LFS pointer in place of the file, a web page with an error, half of the
bytes, or a file of another framework. A loader's own message ("header too large") names none of them.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from gpt.errors import CheckpointError

LFS_POINTER = b"version https://git-lfs.github.com/spec/"
_HEAD_BYTES = 1024  # a Git LFS pointer is smaller than this
_MAX_HEADER_BYTES = 100_000_000  # the limit of the safetensors format
_MAX_TEXT_SHOWN = 60
_PICKLE = re.compile(rb"\x80[\x02-\x05]")
_KINDS = (
    (b"PK\x03\x04", "a zip archive, such as PyTorch's checkpoints"),
    (b"GGUF", "a GGUF file of llama.cpp"),
    (b"\x89HDF", "an HDF5 file, such as TensorFlow's weights"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ", "an xz archive"),
    (b"\x28\xb5\x2f\xfd", "a zstd archive"),
    (b"7z\xbc\xaf", "a 7z archive"),
)


def check_file(path: Path) -> None:
    """Check that a path is a file that can be opened, before a library opens it.

    Raises:
        CheckpointError: It is missing, a dangling link, a folder, or a device or pipe.
    """
    try:
        if path.is_file():
            return
        if path.is_symlink() and not path.exists():
            raise CheckpointError(f"{path}: is a symbolic link to {path.readlink()}, which does not exist")
        if path.is_dir():
            raise CheckpointError(f"{path}: is a folder; expected a file")
        if path.exists():
            raise CheckpointError(f"{path}: is a device or a pipe; expected a file")
    except (OSError, ValueError) as error:  # the name is too long, a loop of links, or no permission
        raise CheckpointError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from None
    raise CheckpointError(f"{path}: no such file")


def foreign_kind(path: Path) -> str | None:
    """Return what a file is in place of safetensors, as the end of "PATH: …"; None if it begins like one."""
    try:
        with open(path, "rb") as file:
            head = file.read(_HEAD_BYTES)
        size = path.stat().st_size
    except OSError as error:
        return f"cannot be read: {error.strerror or error}"
    if not head:
        return "is empty (0 bytes); copy or download it again"
    if head.startswith(LFS_POINTER):
        expected = re.search(rb"\nsize (\d{1,15})\n", head)
        of = f" of {int(expected[1]):,} bytes" if expected else ""
        return f"is a Git LFS pointer ({size} bytes) to a file{of}, not the file; run `git lfs pull` to fetch it"
    if begins_like_safetensors(head):
        return _truncated(head, path, size)
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype html", b"<html", b"<head", b"<?xml")):
        title = re.search(rb"<title[^>]*>\s*(.*?)\s*</title", head, re.IGNORECASE | re.DOTALL)
        shown = f", titled {_text(title[1])!r}" if title else ""
        return f"is a web page{shown}; the download failed"
    for magic, kind in _KINDS:
        if head.startswith(magic):
            return f"is {kind}, not safetensors"
    if _PICKLE.match(head):
        return "is a Python pickle, such as PyTorch's older checkpoints, not safetensors"
    if start[:1] in (b"{", b"["):
        return "is a JSON text, not weights"
    if _is_text(head):
        return f"is a text file that begins with {_text(head)!r}; the download may have failed"
    return None


def begins_like_safetensors(head: bytes) -> bool:
    """Whether the first nine bytes of a file are those of safetensors: the header's length, and its brace."""
    return head[8:9] == b"{" and int.from_bytes(head[:8], "little") <= _MAX_HEADER_BYTES


def unreadable(path: Path, error: Exception) -> CheckpointError:
    """Return the error for weights that a library could not read."""
    kind = foreign_kind(path)
    if kind is None:
        size = path.stat().st_size if path.is_file() else 0
        kind = f"not a complete safetensors file ({size} bytes): {' '.join(str(error).split())[: _MAX_TEXT_SHOWN * 5]}"
    return CheckpointError(f"{path}: {kind}")


def _truncated(head: bytes, path: Path, size: int) -> str | None:
    """Compare a safetensors file's size with what its header announces."""
    incomplete = f"not a complete safetensors file ({size} bytes)"
    length = int.from_bytes(head[:8], "little")
    if 8 + length > size:
        return f"{incomplete}: its header alone takes {length:,}; copy or download it again"
    with open(path, "rb") as file:
        file.seek(8)
        try:
            header = json.loads(file.read(length))
            end = max(int(entry["data_offsets"][1]) for name, entry in header.items() if name != "__metadata__")
        except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError):
            return None
    expected = 8 + length + end
    return f"{incomplete}: its header announces {expected:,}; copy or download it again" if size < expected else None


def _is_text(head: bytes) -> bool:
    try:
        return head[:64].decode("utf-8").isprintable() or head[:64].decode("ascii").replace("\n", " ").isprintable()
    except UnicodeDecodeError:
        return False


def _text(raw: bytes) -> str:
    text = " ".join(raw.decode("utf-8", "replace").split())
    return text if len(text) <= _MAX_TEXT_SHOWN else f"{text[:_MAX_TEXT_SHOWN]}…"
