"""Hearing: samples in, words out. No torch.

    hearing = Hearing.load()
    hearing.hear(read_wav("command.wav")).words      # "put the apple in the fridge"

The encoder's letters, and the words that people use, give a few texts that may have been said; the GPT, which reads
what was heard, writes its own, and says how likely it would have written each. All is weighed.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from gpt.errors import CheckpointError
from gpt.inference.encoders.audio import AudioEncoder, Sound, tokens_heard
from gpt.inference.encoders.ctc import log_likelihood
from planner.errors import PlannerError
from planner.perception.ctc_word_decoding import Words, spelled
from planner.perception.loading import Loaded, load_with
from planner.perception.transcript_normalization import LETTERS, words

if TYPE_CHECKING:
    from gpt.inference.numpy_session import NumpySession
    from gpt.weights.model_folder import Floats

WIDTH = 4  # writings that the GPT keeps
SPELLINGS = 5  # that it is asked about
SEARCHED = 24  # spellings that are kept while they grow
AMONG = 4  # next tokens that are tried for each
GPT_WEIGHT = 0.1  # of the GPT's logarithms beside those of letters and words; chosen on validation voices
QUIET = 1e-4  # greatest sample of a recording that nothing is in


class NothingHeardError(PlannerError):
    """There is nothing to be heard."""


@dataclass(frozen=True, kw_only=True)
class Heard:
    """What was heard.

    Attributes:
        words: The likeliest writing.
        alternatives: The others, likelier ones first.
        letters: What letters and words say, without the GPT.
        written: What the GPT alone writes.
    """

    words: str
    alternatives: tuple[str, ...]
    letters: str
    written: str


class Hearing:
    """A GPT that hears.

    Args:
        loaded: Model, tokenizer and the sense's file.
    """

    def __init__(self, loaded: Loaded) -> None:
        self.model, self.tokenizer, sense = loaded
        self.ear = AudioEncoder(sense)
        known = sense.extra.get("words")
        if not isinstance(known, str):
            raise CheckpointError("the hearing's file has no words; train it anew")
        self.words = Words.from_text(known)

    @classmethod
    def load(cls, folder: Path | None = None, file: Path | None = None) -> Hearing:
        """Load the hearing of a model, by default the released one.

        Raises:
            ReleaseError: There is none.
            CheckpointError: It is damaged or of other weights.
        """
        return cls(load_with("hearing", folder, file))

    def hear(self, samples: Floats) -> Heard:
        """Hear samples (N,) in -1..1, 16 kHz, mono.

        Raises:
            NothingHeardError: They are silence, or nothing in them is a word.
        """
        if samples.ndim != 1 or not len(samples) or not np.isfinite(samples).all() or np.abs(samples).max() < QUIET:
            raise NothingHeardError("nothing is to be heard: the recording is empty or silent")
        return self.of(self.ear.perceive(samples))

    def of(self, sound: Sound) -> Heard:
        """Return what is heard in a sound that was perceived.

        Raises:
            NothingHeardError: Nothing in it is a word.
        """
        ids, heard = tokens_heard(sound.steps, sound.letters, LETTERS, self.tokenizer)
        spellings = spelled(sound.letters, self.words, width=SEARCHED)[:SPELLINGS]
        if not ids or not spellings:
            raise NothingHeardError("no word was heard; speak louder, or nearer to the microphone")
        special = self.tokenizer.special
        session = self.model.begin()
        session.feed([special("[CLS]")])
        audio = special("[AUDIO]")
        session.feed_vectors(self.ear.vectors(self.model.as_read(ids, audio), heard), audio)
        logits = session.feed([special("[SEP]")])
        written = self._write(session, logits)
        scores = {text: score + GPT_WEIGHT * self._likelihood(session, logits, text) for text, score in spellings}
        for text, gpt in written:
            plain = words(text)
            if plain and plain not in scores:
                scores[plain] = self._score(sound, plain) + GPT_WEIGHT * gpt
        ranked = sorted(scores, key=lambda text: -scores[text])
        return Heard(
            words=ranked[0], alternatives=tuple(ranked[1:]), letters=spellings[0][0], written=words(written[0][0])
        )

    def _score(self, sound: Sound, text: str) -> float:
        """What letters and words say of a text."""
        letters = log_likelihood(sound.letters, [LETTERS.index(c) + 1 for c in text])
        return letters + self.words.score(text)

    def _write(self, session: NumpySession, logits: Floats) -> list[tuple[str, float]]:
        """Let the GPT write: a beam; returns writings and their logarithms, best first."""
        end = self.tokenizer.special("[EOS]")
        beams: list[tuple[list[int], float, NumpySession, Floats]] = [([], 0.0, session.fork(), _logs(logits))]
        done: list[tuple[list[int], float]] = []
        while beams and len(done) < WIDTH:
            grown = []
            for ids, score, context, logs in beams:
                for token in np.argpartition(logs, -AMONG)[-AMONG:].tolist():
                    grown.append((score + float(logs[token]), token, ids, context))
            grown.sort(key=lambda g: -g[0])
            beams = []
            for score, token, ids, context in grown[: WIDTH - len(done)]:
                if token == end:
                    done.append((ids, score))
                elif context.length < context.capacity - 1:
                    forked = context.fork()
                    beams.append(([*ids, token], score, forked, _logs(forked.feed([token]))))
        found: dict[str, float] = {}
        for ids, score in sorted(done, key=lambda d: -d[1]):
            text = self.tokenizer.decode(ids).strip()
            found.setdefault(text, score)
        return list(found.items()) or [("", -1e9)]

    def _likelihood(self, session: NumpySession, logits: Floats, text: str) -> float:
        """Logarithm of the probability that the GPT writes a text."""
        context = session.fork()
        total, logs = 0.0, _logs(logits)
        for token in [*self.tokenizer.encode(text), self.tokenizer.special("[EOS]")]:
            total += float(logs[token])
            if context.length >= context.capacity - 1:
                break
            logs = _logs(context.feed([token]))
        return total


def _logs(logits: Floats) -> Floats:
    found: Floats = logits - np.logaddexp.reduce(logits)
    return found
