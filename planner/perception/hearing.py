"""Speech recognition: samples in, words out. Does not import torch.

    hearing = Hearing.load()
    hearing.hear(read_recording("command.wav")).words      # "put the apple in the fridge"

The encoder's letter probabilities and a bigram word model give a few candidate texts. The GPT reads the encoder's
output, generates texts of its own, and scores each candidate. The result has the highest weighted score.
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

BEAM_WIDTH = 4  # texts that the GPT generates
MAX_SPELLINGS = 5  # texts of the letter decoder that the GPT scores
SPELLING_BEAM_WIDTH = 24  # beam width of the letter decoder
TOKENS_PER_BEAM = 4  # next tokens tried per beam
GPT_WEIGHT = 0.1  # weight of the GPT's log-probabilities; tuned on validation voices
MIN_AMPLITUDE = 1e-4  # a recording with a lower peak is silent


class NothingHeardError(PlannerError):
    """The recording contains no speech."""


@dataclass(frozen=True, kw_only=True)
class Heard:
    """The result of speech recognition.

    Attributes:
        words: The most likely text.
        alternatives: The other texts, most likely first.
        letters: The most likely text without the GPT.
        written: The text that the GPT alone generates.
    """

    words: str
    alternatives: tuple[str, ...]
    letters: str
    written: str


class Hearing:
    """A GPT with an audio encoder.

    Args:
        loaded: Model, tokenizer and the hearing file.
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
        """Load the hearing of a model, by default the released model.

        Raises:
            ReleaseError: The file does not exist.
            CheckpointError: The file is damaged or belongs to other weights.
        """
        return cls(load_with("hearing", folder, file))

    def hear(self, samples: Floats) -> Heard:
        """Transcribe mono samples (N,) in -1..1 at 16 kHz.

        Raises:
            NothingHeardError: The samples are silent or contain no word.
        """
        if (
            samples.ndim != 1
            or not len(samples)
            or not np.isfinite(samples).all()
            or np.abs(samples).max() < MIN_AMPLITUDE
        ):
            raise NothingHeardError("no speech: the recording is empty or silent")
        return self.transcribe(self.encoder.perceive(samples))

    def transcribe(self, sound: Sound) -> Heard:
        """Transcribe a sound that the encoder has processed.

        Raises:
            NothingHeardError: It contains no word.
        """
        ids, heard_vectors = tokens_heard(sound.steps, sound.letters, LETTERS, self.tokenizer)
        spellings = decode_texts(sound.letters, self.words, width=SPELLING_BEAM_WIDTH)[:MAX_SPELLINGS]
        if not ids or not spellings:
            raise NothingHeardError("no word was heard; speak louder, or nearer to the microphone")
        special = self.tokenizer.special
        session = self.model.begin()
        session.feed([special("[CLS]")])
        audio = special("[AUDIO]")
        session.feed_vectors(self.encoder.vectors(self.model.placeholder_vectors(ids, audio), heard_vectors), audio)
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
        """Return the letter and word score of a text."""
        letters = log_likelihood(sound.letters, [LETTERS.index(c) + 1 for c in text])
        return letters + self.words.score(text)

    def _write(self, session: NumpySession, logits: Floats) -> list[tuple[str, float]]:
        """Generate texts with beam search; returns texts and log-probabilities, best first."""
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
        """Return the GPT's log-probability of a text."""
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
