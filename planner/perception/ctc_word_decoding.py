"""Decode CTC letter probabilities to text with a bigram model of words.

The bigrams are counted in the texts that hearing is trained on (`planner.perception.training.speech_texts`) and stored
in the hearing file. Other words can be decoded too, at a higher cost.
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

MAX_PAIRS = 80_000
BACKOFF = 3.0  # pseudo-count of the unigram frequency in a bigram's probability
UNKNOWN_WORD, UNKNOWN_LETTER = -9.0, -1.5  # log-probability of an unknown word, and of each of its letters
SENTENCE_START = ""  # the word before the first word
BEAM_WIDTH = 12  # prefixes kept at each step
MIN_LOG_PROBABILITY = -7.0  # letters with a lower log-probability are skipped
WORDS_WEIGHT = 0.8  # weight of word against letter log-probabilities; tuned on validation voices
WORD_BONUS = 1.5  # bonus per word, also tuned on validation voices


class Words:
    """A bigram model of words.

    Args:
        single: Log frequency of each word.
        pairs: Counts of each next word, by the previous word.
    """

    def __init__(self, single: Mapping[str, float], pairs: Mapping[str, Mapping[str, float]]) -> None:
        self.single, self.pairs = single, pairs
        self.prefixes = frozenset(word[:k] for word in single for k in range(1, len(word) + 1))
        self._totals = {before: sum(after.values()) for before, after in pairs.items()}

    @classmethod
    def of(cls, texts: Iterable[str], known: Iterable[str]) -> Words:
        """Count the words and pairs of texts; each word of `known` gets one extra count."""
        word_counts: Counter[str] = Counter(known)
        word_counts = Counter(dict.fromkeys(word_counts, 1))
        pairs: Counter[tuple[str, str]] = Counter()
        for text in texts:
            text_words = text.split()
            word_counts.update(text_words)
            pairs.update(zip([SENTENCE_START, *text_words], text_words, strict=False))
        total = sum(word_counts.values())
        counts_after: defaultdict[str, dict[str, float]] = defaultdict(dict)
        for (before, word), count in pairs.most_common(MAX_PAIRS):
            counts_after[before][word] = float(count)
        return cls({word: math.log(count / total) for word, count in word_counts.items()}, dict(counts_after))

    def log(self, before: str, word: str) -> float:
        """Return the log-probability of a word after another."""
        unigram = self.single.get(word)
        if unigram is None:
            return UNKNOWN_WORD + UNKNOWN_LETTER * len(word)
        counts = self.pairs.get(before, {})
        total = self._totals.get(before, 0.0)
        return math.log((counts.get(word, 0.0) + BACKOFF * math.exp(unigram)) / (total + BACKOFF))

    def score(self, text: str) -> float:
        """Return the weighted word score of a text, which is added to its letter score."""
        text_words = text.split()
        return sum(
            WORDS_WEIGHT * self.log(previous, word) + WORD_BONUS
            for previous, word in zip([SENTENCE_START, *text_words], text_words, strict=False)
        )

    def as_text(self) -> str:
        """Serialize the model to a compact string."""
        names = sorted(self.single)
        index = {name: k + 1 for k, name in enumerate(names)}
        index[SENTENCE_START] = 0
        triples = [(index[b], index[w], c) for b, after in self.pairs.items() for w, c in after.items()]
        singles = np.array([self.single[name] for name in names], "<f4")
        ids = np.array([t[:2] for t in triples], "<u2")
        counts = np.array([t[2] for t in triples], "<f4")
        parts = ["\n".join(names).encode(), singles.tobytes(), ids.tobytes(), counts.tobytes()]
        head = ",".join(str(len(part)) for part in parts).encode() + b";"
        return base64.b85encode(zlib.compress(head + b"".join(parts), 9)).decode()

    @classmethod
    def from_text(cls, text: str) -> Words:
        """Deserialize the output of `as_text`.

        Raises:
            CheckpointError: The text is damaged.
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
            all_words = [SENTENCE_START, *names]
            pairs: defaultdict[str, dict[str, float]] = defaultdict(dict)
            for (before, word), count in zip(ids, counts, strict=True):
                pairs[all_words[before]][all_words[word]] = count
            return cls(dict(zip(names, singles, strict=True)), dict(pairs))
        except (ValueError, IndexError, zlib.error, UnicodeDecodeError) as error:
            raise CheckpointError(f"the words in the hearing's file are damaged: {error}") from None


def decode_texts(letters: Floats, words: Words, *, width: int = BEAM_WIDTH) -> list[tuple[str, float]]:
    """Return the most likely texts with scores, best first, from letter log-probabilities (S, classes) and words.

    A prefix beam search (Graves & Jaitly 2014; Hannun et al., arXiv:1408.2873).
    """
    model = _CachedWordScores(words)
    # Log-probabilities of the paths of each prefix that end in a blank and in a letter.
    beams: dict[str, tuple[float, float]] = {"": (0.0, LOG_ZERO)}
    for row in letters.astype(np.float64):
        classes = [k for k in np.nonzero(row > MIN_LOG_PROBABILITY)[0].tolist() if k] or [int(row[1:].argmax()) + 1]
        if row[0] > -1e-3:  # only silence
            beams = {p: (_log_add(b, n) + float(row[0]), LOG_ZERO) for p, (b, n) in beams.items()}
            continue
        extended: dict[str, tuple[float, float]] = {}
        for prefix, (blank, letter) in beams.items():
            total = _log_add(blank, letter)
            _add_path(extended, prefix, total + float(row[0]), LOG_ZERO)
            for k in classes:
                character = LETTERS[k - 1]
                is_repeated = bool(prefix) and character == prefix[-1]
                if is_repeated:
                    _add_path(extended, prefix, LOG_ZERO, letter + float(row[k]))
                if character == " " and (not prefix or prefix[-1] == " "):
                    # A space at the start or after a space adds no word.
                    _add_path(extended, prefix, LOG_ZERO, total + float(row[k]))
                    continue
                _add_path(extended, prefix + character, LOG_ZERO, (blank if is_repeated else total) + float(row[k]))
        scored = sorted(extended.items(), key=lambda item: -(_log_add(*item[1]) + model.score_prefix(item[0])))
        beams = dict(scored[:width])
    scores: dict[str, float] = {}
    for prefix, ends in beams.items():
        text = " ".join(prefix.split())
        if text:
            scores[text] = max(scores.get(text, -math.inf), _log_add(*ends) + words.score(text))
    return sorted(scores.items(), key=lambda item: -item[1])


class _CachedWordScores:
    """Cached word scores of prefixes."""

    def __init__(self, words: Words) -> None:
        self.words = words
        self._cache: dict[str, float] = {}

    def score_prefix(self, prefix: str) -> float:
        """Score a prefix: its complete words, and a penalty if its last part starts no known word."""
        complete, _, rest = prefix.rpartition(" ")
        score = self._score_complete(complete + " ") if complete else 0.0
        if rest and rest not in self.words.prefixes:
            score += WORDS_WEIGHT * (UNKNOWN_WORD + UNKNOWN_LETTER * len(rest))
        return score

    def _score_complete(self, text: str) -> float:
        if text not in self._cache:
            before, _, word = text[:-1].rpartition(" ")
            previous_word = before.rpartition(" ")[2] if before else SENTENCE_START
            word_score = WORDS_WEIGHT * self.words.log(previous_word, word) + WORD_BONUS
            self._cache[text] = word_score + (self._score_complete(before + " ") if before else 0.0)
        return self._cache[text]


def _add_path(beams: dict[str, tuple[float, float]], prefix: str, blank: float, letter: float) -> None:
    previous = beams.get(prefix, (LOG_ZERO, LOG_ZERO))
    beams[prefix] = _log_add(previous[0], blank), _log_add(previous[1], letter)


def _log_add(a: float, b: float) -> float:
    if a < b:
        a, b = b, a
    return a if b <= LOG_ZERO / 2 else a + math.log1p(math.exp(b - a))
