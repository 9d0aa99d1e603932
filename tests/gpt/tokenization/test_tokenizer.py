from __future__ import annotations

import itertools
import json
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gpt.errors import ConfigError, TokenizerError
from gpt.tokenization.bpe import train_bpe
from gpt.tokenization.tokenizer import PATTERN, SPECIAL_TOKENS, Tokenizer

CORPUS = [
    "put the clean mug on the kitchen table and the plate on the shelf",
    "pick up plate 12 and put it in the sink 3  then  wipe the table",
    "[SEP] [CLS] aaaa aaa aaaaaa banana bananas ananas",
    "the person's café is naïve — isn't it?!",
] * 4
TRAINED = Tokenizer.train(CORPUS, vocab_size=384)
TEXT = st.one_of(
    st.text(),
    st.text(alphabet="abnp te[SEPCLS]12.!é \n\t"),
    st.lists(st.sampled_from([*" ".join(CORPUS).split(), *SPECIAL_TOKENS])).map(" ".join),
)


def ranks_of(tokenizer: Tokenizer) -> dict[bytes, int]:
    return {tokenizer.decode_bytes([i]): i for i in range(tokenizer.special("[PAD]"))}


def naive_encode(text: str, ranks: dict[bytes, int]) -> list[int]:
    """The definition: in each pre-token, join the neighbors of lowest rank, leftmost first, until none has one."""
    ids = []
    for piece in re.findall(PATTERN, text):
        parts = [bytes([value]) for value in piece.encode("utf-8", "replace")]
        while True:
            joined = [(ranks[a + b], i) for i, (a, b) in enumerate(itertools.pairwise(parts)) if a + b in ranks]
            if not joined:
                break
            _, i = min(joined)
            parts[i : i + 2] = [parts[i] + parts[i + 1]]
        ids += [ranks[part] for part in parts]
    return ids


@given(TEXT)
def test_any_text_comes_back_as_it_was(text: str) -> None:
    assert TRAINED.decode(TRAINED.encode(text)) == text


@settings(max_examples=300)
@given(TEXT)
def test_encoding_is_that_of_a_naive_bpe(text: str) -> None:
    assert TRAINED.encode(text) == naive_encode(text, ranks_of(TRAINED))


@given(TEXT)
def test_typed_text_never_becomes_a_special_token(text: str) -> None:
    first_special = TRAINED.special("[PAD]")
    assert all(i < first_special for i in TRAINED.encode(text))


@pytest.mark.parametrize("name", SPECIAL_TOKENS)
def test_a_special_token_is_one_id_in_trusted_text_only(name: str) -> None:
    marked = TRAINED.encode_marked(f"mug{name}plate")
    assert marked == [*TRAINED.encode("mug"), TRAINED.special(name), *TRAINED.encode("plate")]
    assert TRAINED.decode(marked) == f"mug{name}plate"
    assert TRAINED.special(name) not in TRAINED.encode(f"mug{name}plate")


def test_the_most_frequent_pair_is_learned_first() -> None:
    ranks = train_bpe(["abab abab xyx"], 260, PATTERN)
    assert [token for token, rank in sorted(ranks.items(), key=lambda item: item[1])][256:258] == [b"ab", b"abab"]


def test_training_takes_exactly_the_greedy_merges() -> None:
    pieces = [re.findall(PATTERN, text) for text in CORPUS]
    words = [[bytes([v]) for v in piece.encode()] for row in pieces for piece in row]
    ranks = {bytes([v]): v for v in range(256)}
    while len(ranks) < 300:  # the same by brute force: count, take the best, encode everything again
        counts: dict[bytes, int] = {}
        for word in words:
            for a, b in itertools.pairwise(word):
                counts[a + b] = counts.get(a + b, 0) + 1
        best = min(counts, key=lambda token: (-counts[token], token))
        ranks[best] = len(ranks)
        backward = {rank: token for token, rank in ranks.items()}
        words = [[backward[i] for i in naive_encode(b"".join(w).decode(), ranks)] for w in words]
    assert train_bpe(CORPUS, 300, PATTERN) == ranks


def test_training_does_not_depend_on_the_order_of_the_texts() -> None:
    assert train_bpe(CORPUS, 320, PATTERN) == train_bpe(list(reversed(CORPUS)), 320, PATTERN)


def test_the_vocabulary_is_as_large_as_asked_and_padded_for_the_model() -> None:
    assert TRAINED.n_used <= 384
    assert Tokenizer.train(CORPUS, vocab_size=300).n_used == 300
    assert Tokenizer.train(CORPUS, vocab_size=300).vocab_size == 320
    assert Tokenizer.train(["ab"], vocab_size=2048).n_used == 256 + len(SPECIAL_TOKENS)


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("put mug 12 on it!", ["put", " mug", " 1", "2", " on", " it", "!"]),
        ("café; naïve", ["café", ";", " naïve"]),
        ("a  b\n", ["a", " ", " b", "\n"]),
        ("isn't ?!", ["isn", "'", "t", " ?!"]),
    ],
)
def test_words_digits_and_punctuation_are_split_apart(text: str, pieces: list[str]) -> None:
    assert re.findall(PATTERN, text) == pieces


def test_a_saved_tokenizer_loads_the_same(tmp_path: Path) -> None:
    TRAINED.save(tmp_path / "tokenizer.json")
    loaded = Tokenizer.load(tmp_path / "tokenizer.json")
    assert (loaded.n_used, loaded.vocab_size) == (TRAINED.n_used, TRAINED.vocab_size)
    assert loaded.encode_marked("[CLS] the mug[EOS]") == TRAINED.encode_marked("[CLS] the mug[EOS]")
    assert [p.name for p in tmp_path.iterdir()] == ["tokenizer.json"]


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"format": "gpt-home-planner tokenizer 1"}'])
def test_a_damaged_file_is_an_error_that_names_it(tmp_path: Path, content: str) -> None:
    path = tmp_path / "tokenizer.json"
    path.write_text(content)
    with pytest.raises(TokenizerError, match=re.escape(str(path))):
        Tokenizer.load(path)


def test_a_missing_or_cut_file_is_an_error_that_names_it(tmp_path: Path) -> None:
    path = tmp_path / "tokenizer.json"
    with pytest.raises(TokenizerError, match="no such file"):
        Tokenizer.load(path)
    TRAINED.save(path)
    path.write_text(path.read_text()[:-100])
    with pytest.raises(TokenizerError, match="truncated"):
        Tokenizer.load(path)
    content = json.loads(TRAINED.to_json())
    content["ranks"] = content["ranks"][1:]
    path.write_text(json.dumps(content))
    with pytest.raises(TokenizerError):
        Tokenizer.load(path)


def test_wrong_ids_and_names_are_errors() -> None:
    with pytest.raises(TokenizerError, match="id 9999 is not in use"):
        TRAINED.decode([65, 9999])
    with pytest.raises(TokenizerError, match=r"no special token 'SEP'; there are \[PAD\]"):
        TRAINED.special("SEP")
    with pytest.raises(ConfigError, match="vocab_size is 200"):
        Tokenizer.train(CORPUS, vocab_size=200)


def test_gpt2_ids_stay_and_ours_take_the_spare_ones(shared_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not any((shared_dir / "tiktoken").glob("*")):
        pytest.skip("no tiktoken files beside the checkout")
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(shared_dir / "tiktoken"))
    tokenizer = Tokenizer.gpt2()
    assert tokenizer.encode("Hello world") == [15496, 995]
    assert tokenizer.vocab_size == 50304
    assert [tokenizer.special(name) for name in SPECIAL_TOKENS] == list(range(50257, 50269))
    assert max(tokenizer.encode("[SEP]<|endoftext|>")) < 50256


def test_gpt2_without_files_or_network_names_the_variable(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refuse(path: str) -> bytes:
        raise OSError("no network")

    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr("tiktoken.load.read_file", refuse)
    with pytest.raises(TokenizerError, match="TIKTOKEN_CACHE_DIR"):
        Tokenizer.gpt2()
