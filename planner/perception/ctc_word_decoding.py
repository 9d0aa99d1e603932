"""What letters most likely spell: words of the phrases before others, and in an order in which they are said.

A bigram model of the texts that hearing is trained on (`planner.perception.training.speech_texts`), kept in the sense's file. Words that
are not in it can be heard as well; they cost more.
"""

from __future__ import annotations

import base64
import math
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

import numpy as np

from gpt.errors import CheckpointError
from gpt.inference.encoders.ctc import LOG_ZERO
from gpt.weights.model_folder import Floats
from planner.perception.transcript_normalization import LETTERS

MOST_PAIRS = 80_000
BACKOFF = 3.0  # observations that a word's own frequency stands for, beside those of the pair
UNKNOWN, A_LETTER = -9.0, -1.5  # logarithms of a word that is not known, and of each of its letters
BEGIN = ""  # the word before the first
WIDTH = 12  # spellings that are kept at each step
LEAST = -7.0  # logarithm of a letter's probability below which it is not tried
WORDS_WEIGHT = 0.8  # of the words' logarithms beside those of the letters; chosen on validation voices
A_WORD = 1.5  # what each word is worth besides, likewise


class Words:
    """A bigram model.

    Args:
        single: Logarithm of each word's frequency.
        pairs: Observations of each word after another, by the other.
    """

    def __init__(self, single: Mapping[str, float], pairs: Mapping[str, Mapping[str, float]]) -> None:
        self.single, self.pairs = single, pairs
        self.beginnings = frozenset(word[:k] for word in single for k in range(1, len(word) + 1))
        self._totals = {before: sum(after.values()) for before, after in pairs.items()}

    @classmethod
    def of(cls, texts: Iterable[str], known: Iterable[str]) -> Words:
        """Count texts; words that are `known` and never said are as frequent as if said once."""
        ones: Counter[str] = Counter(known)
        ones = Counter(dict.fromkeys(ones, 1))
        pairs: Counter[tuple[str, str]] = Counter()
        for text in texts:
            said = text.split()
            ones.update(said)
            pairs.update(zip([BEGIN, *said], said, strict=False))
        total = sum(ones.values())
        found: defaultdict[str, dict[str, float]] = defaultdict(dict)
        for (before, word), count in pairs.most_common(MOST_PAIRS):
            found[before][word] = float(count)
        return cls({word: math.log(count / total) for word, count in ones.items()}, dict(found))

    def log(self, before: str, word: str) -> float:
        """Logarithm of the probability of a word after another."""
        alone = self.single.get(word)
        if alone is None:
            return UNKNOWN + A_LETTER * len(word)
        after = self.pairs.get(before, {})
        seen = self._totals.get(before, 0.0)
        return math.log((after.get(word, 0.0) + BACKOFF * math.exp(alone)) / (seen + BACKOFF))

    def score(self, text: str) -> float:
        """What a text's words are worth beside its letters."""
        said = text.split()
        return sum(WORDS_WEIGHT * self.log(b, w) + A_WORD for b, w in zip([BEGIN, *said], said, strict=False))

    def as_text(self) -> str:
        """Return all of it in few characters, for a file's notes."""
        names = sorted(self.single)
        number = {name: k + 1 for k, name in enumerate(names)}
        number[BEGIN] = 0
        triples = [(number[b], number[w], c) for b, after in self.pairs.items() for w, c in after.items()]
        singles = np.array([self.single[name] for name in names], "<f4")
        ids = np.array([t[:2] for t in triples], "<u2")
        counts = np.array([t[2] for t in triples], "<f4")
        parts = ["\n".join(names).encode(), singles.tobytes(), ids.tobytes(), counts.tobytes()]
        head = ",".join(str(len(part)) for part in parts).encode() + b";"
        return base64.b85encode(zlib.compress(head + b"".join(parts), 9)).decode()

    @classmethod
    def from_text(cls, text: str) -> Words:
        """Read what `as_text` wrote.

        Raises:
            CheckpointError: It is damaged.
        """
        try:
            raw = zlib.decompress(base64.b85decode(text))
            head, _, body = raw.partition(b";")
            ends = np.cumsum([int(n) for n in head.split(b",")]).tolist()
            parts = [body[a:b] for a, b in zip([0, *ends], ends, strict=False)]
            names = parts[0].decode().split("\n")
            singles = np.frombuffer(parts[1], "<f4").tolist()
            ids = np.frombuffer(parts[2], "<u2").reshape(-1, 2).tolist()
            counts = np.frombuffer(parts[3], "<f4").tolist()
            known = [BEGIN, *names]
            pairs: defaultdict[str, dict[str, float]] = defaultdict(dict)
            for (before, word), count in zip(ids, counts, strict=True):
                pairs[known[before]][known[word]] = count
            return cls(dict(zip(names, singles, strict=True)), dict(pairs))
        except (ValueError, IndexError, zlib.error, UnicodeDecodeError) as error:
            raise CheckpointError(f"the words in the hearing's file are damaged: {error}") from None


def spelled(letters: Floats, words: Words, *, width: int = WIDTH) -> list[tuple[str, float]]:
    """Return the likeliest texts and their scores, best first: letters (S, classes) and words weighed together.

    A prefix beam search (Graves & Jaitly 2014; Hannun et al., arXiv:1408.2873).
    """
    model = _Model(words)
    beams: dict[str, tuple[float, float]] = {"": (0.0, LOG_ZERO)}  # ending in blank, in a letter
    for row in letters.astype(np.float64):
        tried = [k for k in np.nonzero(row > LEAST)[0].tolist() if k] or [int(row[1:].argmax()) + 1]
        if row[0] > -1e-3:  # nothing but silence
            beams = {p: (_add(b, n) + float(row[0]), LOG_ZERO) for p, (b, n) in beams.items()}
            continue
        grown: dict[str, tuple[float, float]] = {}
        for prefix, (blank, letter) in beams.items():
            both = _add(blank, letter)
            _grow(grown, prefix, both + float(row[0]), LOG_ZERO)
            for k in tried:
                c = LETTERS[k - 1]
                same = bool(prefix) and c == prefix[-1]
                if same:
                    _grow(grown, prefix, LOG_ZERO, letter + float(row[k]))
                if c == " " and (not prefix or prefix[-1] == " "):
                    _grow(grown, prefix, LOG_ZERO, both + float(row[k]))  # a pause before anything is no word
                    continue
                _grow(grown, prefix + c, LOG_ZERO, (blank if same else both) + float(row[k]))
        scored = sorted(grown.items(), key=lambda item: -(_add(*item[1]) + model.so_far(item[0])))
        beams = dict(scored[:width])
    found: dict[str, float] = {}
    for prefix, ends in beams.items():
        text = " ".join(prefix.split())
        if text:
            found[text] = max(found.get(text, -math.inf), _add(*ends) + words.score(text))
    return sorted(found.items(), key=lambda item: -item[1])


class _Model:
    """Scores of texts by their words, each computed once."""

    def __init__(self, words: Words) -> None:
        self.words = words
        self._known: dict[str, float] = {}

    def so_far(self, prefix: str) -> float:
        """Of a text whose last word may go on: what has ended, and whether the rest begins a word."""
        ended, _, rest = prefix.rpartition(" ")
        score = self._ended(ended + " ") if ended else 0.0
        if rest and rest not in self.words.beginnings:
            score += WORDS_WEIGHT * (UNKNOWN + A_LETTER * len(rest))
        return score

    def _ended(self, text: str) -> float:
        if text not in self._known:
            before, _, word = text[:-1].rpartition(" ")
            last = before.rpartition(" ")[2] if before else BEGIN
            own = WORDS_WEIGHT * self.words.log(last, word) + A_WORD
            self._known[text] = own + (self._ended(before + " ") if before else 0.0)
        return self._known[text]


def _grow(beams: dict[str, tuple[float, float]], prefix: str, blank: float, letter: float) -> None:
    before = beams.get(prefix, (LOG_ZERO, LOG_ZERO))
    beams[prefix] = _add(before[0], blank), _add(before[1], letter)


def _add(a: float, b: float) -> float:
    if a < b:
        a, b = b, a
    return a if b <= LOG_ZERO / 2 else a + math.log1p(math.exp(b - a))
