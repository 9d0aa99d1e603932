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
from planner.perception.ctc_word_decoding import Words, decode_texts
from planner.perception.loading import Loaded, load_with
from planner.perception.transcript_normalization import LETTERS, words

if TYPE_CHECKING:
    from gpt.inference.numpy_session import NumpySession
    from gpt.weights.model_folder import Floats

BEAM_WIDTH = 4  # writings that the GPT keeps
MAX_SPELLINGS = 5  # that it is asked about
SPELLING_BEAM_WIDTH = 24  # spellings that are kept while they grow
TOKENS_PER_BEAM = 4  # next tokens that are tried for each
GPT_WEIGHT = 0.1  # of the GPT's logarithms beside those of letters and words; chosen on validation voices
MIN_AMPLITUDE = 1e-4  # greatest sample of a recording that nothing is in


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
        self.model, self.tokenizer, sense_file = loaded
        self.encoder = AudioEncoder(sense_file)
        words_text = sense_file.extra.get("words")
        if not isinstance(words_text, str):
            raise CheckpointError("the hearing's file has no words; train it again")
        self.words = Words.from_text(words_text)

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
        if (
            samples.ndim != 1
            or not len(samples)
            or not np.isfinite(samples).all()
            or np.abs(samples).max() < MIN_AMPLITUDE
        ):
            raise NothingHeardError("nothing is to be heard: the recording is empty or silent")
        return self.transcribe(self.encoder.perceive(samples))

    def transcribe(self, sound: Sound) -> Heard:
        """Return what is heard in a sound that was perceived.

        Raises:
            NothingHeardError: Nothing in it is a word.
        """
        ids, heard_vectors = tokens_heard(sound.steps, sound.letters, LETTERS, self.tokenizer)
        spellings = decode_texts(sound.letters, self.words, width=SPELLING_BEAM_WIDTH)[:MAX_SPELLINGS]
        if not ids or not spellings:
            raise NothingHeardError("no word was heard; speak louder, or nearer to the microphone")
        special = self.tokenizer.special
        session = self.model.begin()
        session.feed([special("[CLS]")])
        audio = special("[AUDIO]")
        session.feed_vectors(self.encoder.vectors(self.model.as_read(ids, audio), heard_vectors), audio)
        logits = session.feed([special("[SEP]")])
        written = self._write(session, logits)
        scores = {text: score + GPT_WEIGHT * self._likelihood(session, logits, text) for text, score in spellings}
        for text, gpt_score in written:
            plain_text = words(text)
            if plain_text and plain_text not in scores:
                scores[plain_text] = self._score(sound, plain_text) + GPT_WEIGHT * gpt_score
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
        beams: list[tuple[list[int], float, NumpySession, Floats]] = [([], 0.0, session.fork(), _log_softmax(logits))]
        complete: list[tuple[list[int], float]] = []
        while beams and len(complete) < BEAM_WIDTH:
            extended = []
            for ids, score, context, log_probabilities in beams:
                for token in np.argpartition(log_probabilities, -TOKENS_PER_BEAM)[-TOKENS_PER_BEAM:].tolist():
                    extended.append((score + float(log_probabilities[token]), token, ids, context))
            extended.sort(key=lambda item: -item[0])
            beams = []
            for score, token, ids, context in extended[: BEAM_WIDTH - len(complete)]:
                if token == end:
                    complete.append((ids, score))
                elif context.length < context.capacity - 1:
                    forked = context.fork()
                    beams.append(([*ids, token], score, forked, _log_softmax(forked.feed([token]))))
        texts: dict[str, float] = {}
        for ids, score in sorted(complete, key=lambda item: -item[1]):
            text = self.tokenizer.decode(ids).strip()
            texts.setdefault(text, score)
        return list(texts.items()) or [("", -1e9)]

    def _likelihood(self, session: NumpySession, logits: Floats, text: str) -> float:
        """Logarithm of the probability that the GPT writes a text."""
        context = session.fork()
        total, log_probabilities = 0.0, _log_softmax(logits)
        for token in [*self.tokenizer.encode(text), self.tokenizer.special("[EOS]")]:
            total += float(log_probabilities[token])
            if context.length >= context.capacity - 1:
                break
            log_probabilities = _log_softmax(context.feed([token]))
        return total


def _log_softmax(logits: Floats) -> Floats:
    log_probabilities: Floats = logits - np.logaddexp.reduce(logits)
    return log_probabilities
