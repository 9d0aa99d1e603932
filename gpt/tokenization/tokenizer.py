"""Convert text to token ids and back: tiktoken with our own vocabulary or GPT-2's, plus our special tokens.

`encode` is for user text and never produces special tokens: a typed "[SEP]" is five ordinary characters.
`encode_marked` is for text written by this program.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import tiktoken

from gpt.errors import ConfigError, FileError, TokenizerError
from gpt.files import parse_json, read_text, write_text_atomically
from gpt.tokenization.bpe import N_BYTES, train_bpe

SPECIAL_TOKENS = (
    "[PAD]", "[CLS]", "[SEP]", "[MASK]", "[EOS]", "[FEEDBACK]",
    "[ASK]", "[REFUSE]", "[IMAGE]", "[AUDIO]", "[TASK]", "[HINT]",
)  # fmt: skip

_LETTER = "A-Za-z\u0080-\U0010ffff"  # every non-ASCII character counts as a letter
_SPACE = " \\t-\\r"
PATTERN = f" ?[{_LETTER}]+| ?[0-9]| ?[^{_LETTER}0-9{_SPACE}]+|[{_SPACE}]+(?![^{_SPACE}])|[{_SPACE}]+"
"""A word or a run of punctuation with the preceding space, a single digit, or white space.

Spelled out in characters, because Python and Rust differ on classes such as `\\w`.
"""

_GPT2_PATTERNS = (  # of tiktoken up to 0.8, and of later versions
    r"'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+",
    r"'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s",
)
_FORMAT = "gpt-home-planner tokenizer 1"
_VOCAB_MULTIPLE = 64
_MAX_ID = 2**20  # twenty times GPT-2's; tables are as long as the largest id
MAX_BYTES = 50_000_000  # maximum size of a tokenizer file; GPT-2's vocabulary takes 1 MB


class Tokenizer:
    """A byte-level BPE with special tokens; any text round-trips, in any language.

    Args:
        ranks: Rank of each token's bytes, in tiktoken's form.
        pattern: A regular expression that splits text into pieces; merges stay within a piece.
        specials: Id of each special token; must contain every name of `SPECIAL_TOKENS`.
    """

    def __init__(self, ranks: dict[bytes, int], pattern: str, specials: dict[str, int]) -> None:
        missing = [name for name in SPECIAL_TOKENS if name not in specials]
        if missing:
            raise TokenizerError(f"the special token {missing[0]} has no id; all of {SPECIAL_TOKENS} need one")
        if len(set(ranks.values()) | set(specials.values())) != len(ranks) + len(specials):
            raise TokenizerError("two tokens share an id")
        absent = [value for value in range(N_BYTES) if bytes([value]) not in ranks]
        if absent:
            raise TokenizerError(f"byte {absent[0]} has no rank; all {N_BYTES} bytes need one")
        self._ranks, self._pattern, self._specials = ranks, pattern, specials
        self._n_used = max(*ranks.values(), *specials.values()) + 1
        self._encoding = tiktoken.Encoding(
            "gpt-home-planner", pat_str=pattern, mergeable_ranks=ranks, special_tokens=specials
        )

    @classmethod
    def train(cls, texts: Iterable[str], vocab_size: int = 2048) -> Tokenizer:
        """Learn a vocabulary of `vocab_size` ids, including special tokens; fewer if the corpus is small."""
        min_size = N_BYTES + len(SPECIAL_TOKENS)
        if vocab_size < min_size:
            raise ConfigError(
                f"vocab_size is {vocab_size}; {N_BYTES} bytes and {len(SPECIAL_TOKENS)} specials need {min_size}"
            )
        ranks = train_bpe(texts, vocab_size - len(SPECIAL_TOKENS), PATTERN)
        return cls(ranks, PATTERN, {name: len(ranks) + i for i, name in enumerate(SPECIAL_TOKENS)})

    @classmethod
    def gpt2(cls) -> Tokenizer:
        """GPT-2's vocabulary of 50,257, with our special tokens in the spare ids up to 50,304.

        Raises:
            TokenizerError: GPT-2's files are neither in tiktoken's cache nor available from the network.
        """
        from tiktoken_ext.openai_public import gpt2  # type: ignore[import-untyped]

        try:
            parts = gpt2()
        except (OSError, ValueError, ImportError) as error:
            raise TokenizerError(
                f"GPT-2's vocabulary could not be read ({type(error).__name__}): tiktoken downloads it once. Without "
                "network, set TIKTOKEN_CACHE_DIR to a folder that holds tiktoken's files, or train a tokenizer"
            ) from error
        specials = dict(parts["special_tokens"])
        first_free_id = int(parts["explicit_n_vocab"])
        specials.update({name: first_free_id + i for i, name in enumerate(SPECIAL_TOKENS)})
        return cls(parts["mergeable_ranks"], parts["pat_str"], specials)

    @property
    def vocab_size(self) -> int:
        """Vocabulary size for a model: `n_used` rounded up to a multiple of 64."""
        return -(-self._n_used // _VOCAB_MULTIPLE) * _VOCAB_MULTIPLE

    @property
    def n_used(self) -> int:
        """Number of ids in use."""
        return self._n_used

    def special(self, name: str) -> int:
        """Return the id of a special token, named with its brackets."""
        try:
            return self._specials[name]
        except KeyError:
            raise TokenizerError(f"no special token {name!r}; there are {' '.join(SPECIAL_TOKENS)}") from None

    def encode(self, text: str) -> list[int]:
        """Return the ids of any text; never special tokens."""
        return self._encoding.encode_ordinary(text)

    def encode_marked(self, text: str) -> list[int]:
        """Return the ids of trusted text, in which "[SEP]" and the other names are special tokens."""
        return self._encoding.encode(text, allowed_special="all")

    def decode(self, ids: Sequence[int]) -> str:
        """Return the text of ids; special tokens by name, invalid UTF-8 as U+FFFD."""
        return self.decode_bytes(ids).decode("utf-8", errors="replace")

    def decode_bytes(self, ids: Sequence[int]) -> bytes:
        """Return the exact bytes of ids.

        Raises:
            TokenizerError: An id is not in use.
        """
        try:
            return self._encoding.decode_bytes(ids)
        except (KeyError, OverflowError):
            known = {*self._ranks.values(), *self._specials.values()}
            unknown_id = next((i for i in ids if i not in known), None)
            raise TokenizerError(f"id {unknown_id} is not in use; ids are within 0..{self._n_used - 1}") from None

    def save(self, path: Path | str) -> None:
        """Write JSON: ranks in order as base64, pattern, special tokens."""
        write_text_atomically(Path(path), self.to_json())

    def to_json(self) -> str:
        """Return the text that `save` writes."""
        in_order = sorted(self._ranks, key=self._ranks.__getitem__)
        content = {
            "format": _FORMAT,
            "pattern": self._pattern,
            "specials": self._specials,
            "ranks": [base64.b64encode(token).decode("ascii") for token in in_order],
        }
        return json.dumps(content, indent=0) + "\n"

    @classmethod
    def load(cls, path: Path | str) -> Tokenizer:
        """Read a file written by `save`.

        Raises:
            TokenizerError: The file is missing, damaged, or not a tokenizer file.
        """
        try:
            text = read_text(Path(path), MAX_BYTES)
        except FileError as error:
            raise TokenizerError(f"no tokenizer: {error}") from None
        return cls.from_json(text, str(path))

    @classmethod
    def from_json(cls, text: str, name: str) -> Tokenizer:
        """Parse the output of `to_json`; `name` is used in messages.

        Raises:
            TokenizerError: It is damaged or not a tokenizer. Only our own patterns are accepted: others could run
                forever.
        """
        try:
            content = parse_json(text)
            if not isinstance(content, dict) or content.get("format") != _FORMAT:
                raise TokenizerError(f"{name}: not a tokenizer of this project (no format {_FORMAT!r})")
            if content["pattern"] not in (PATTERN, *_GPT2_PATTERNS):
                raise TokenizerError(f"{name}: not a tokenizer of this project (unknown pattern)")
            tokens = [base64.b64decode(token, validate=True) for token in content["ranks"]]
            if b"" in tokens or len(set(tokens)) < len(tokens):
                raise TokenizerError(f"{name}: a token is empty or occurs twice")
            specials = {str(key): _id(value) for key, value in content["specials"].items()}
            ranks, pattern = {token: rank for rank, token in enumerate(tokens)}, content["pattern"]
        except TokenizerError:
            raise
        except (json.JSONDecodeError, RecursionError) as error:
            raise TokenizerError(f"{name}: damaged or truncated: {error}") from None
        except (KeyError, AttributeError, TypeError, ValueError, binascii.Error) as error:
            raise TokenizerError(f"{name}: not a tokenizer: {type(error).__name__}: {error}") from None
        try:
            return cls(ranks, pattern, specials)
        except TokenizerError as error:
            raise TokenizerError(f"{name}: {error}") from None


def _id(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < _MAX_ID:
        raise ValueError(f"an id is a whole number from 0 to {_MAX_ID - 1}, not {str(value)[:40]!r}")
    return value
