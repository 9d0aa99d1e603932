"""Compares the vocabulary beside a GPT-2 model with GPT-2's own: other ids would mean other text, without an error.

Hugging Face stores `vocab.json` (token to id) or `tokenizer.json`. Tokens are written in GPT-2's alphabet, one
printable character a byte: 188 bytes stand for themselves, the other 68 for U+0100 and up (Radford et al. 2019).
"""

from __future__ import annotations

from pathlib import Path

from gpt.errors import FileError, TokenizerError
from gpt.files import parse_json, read_text
from gpt.tokenization.bpe import N_BYTES
from gpt.tokenization.tokenizer import MAX_BYTES, Tokenizer

N_GPT2_IDS = 50257
_FILES = ("vocab.json", "tokenizer.json")


def check_vocabulary(folder: Path, tokenizer: Tokenizer) -> None:
    """Check that a vocabulary in the folder, if there is one, is GPT-2's; tokens added after its ids are ignored.

    Args:
        folder: Of the model.
        tokenizer: GPT-2's.

    Raises:
        TokenizerError: The vocabulary is damaged or another one; the message names the first token that differs.
    """
    path = next((folder / name for name in _FILES if (folder / name).is_file()), None)
    if path is None:
        return
    try:
        content = parse_json(read_text(path, MAX_BYTES))
        ids: dict[str, int] = content["model"]["vocab"] if path.name == "tokenizer.json" else content
        tokens = {int(token_id): str(token) for token, token_id in ids.items()}
    except FileError as error:
        raise TokenizerError(str(error)) from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise TokenizerError(f"{path}: not a vocabulary: {type(error).__name__}: {error}") from None
    alphabet = _alphabet()
    for token_id in range(N_GPT2_IDS):
        expected = "".join(alphabet[value] for value in tokenizer.decode_bytes([token_id]))
        token = tokens.get(token_id)
        if token != expected:
            shown = "no token" if token is None else repr(token[:40])
            raise TokenizerError(
                f"{path}: id {token_id} is {shown}, GPT-2's is {expected!r}; only models with GPT-2's vocabulary can "
                "be converted"
            )


def _alphabet() -> list[str]:
    """Return the character of each byte."""
    own = {*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)}
    others = iter(range(N_BYTES, 2 * N_BYTES))
    return [chr(value if value in own else next(others)) for value in range(N_BYTES)]
