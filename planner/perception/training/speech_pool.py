"""A growing pool of synthetic speech: worker processes synthesize utterances, and the training device stores them.

Shapes: B sounds of a batch, N samples.
"""

from __future__ import annotations

import bisect
import itertools
import multiprocessing
import queue
import random
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from torch import Tensor

from planner.perception.espeak import RATE, SpeechError, Waves, phonemes, speak
from planner.perception.training.speech_texts import Texts, VoiceSplit, voice
from planner.perception.transcript_normalization import LETTERS, PHONEMES, heard_phonemes, spoken, words

if TYPE_CHECKING:
    from multiprocessing.queues import Queue

CHUNK_SIZE = 32  # utterances per transfer from a worker
MAX_SAMPLES = 14 * RATE  # maximum length of an utterance
MIN_SAMPLES = RATE // 4
BUCKETS_S = (2.5, 4.0, 5.5, 7.5, 10.0, 14.0)  # padded lengths of batches [s]
CANDIDATES = 1024  # candidate utterances of a batch
POLL_S = 5.0  # between checks that the parent process is alive
MAX_READY = 4  # maximum chunks transferred at once


@dataclass(frozen=True, kw_only=True)
class Utterance:
    """A synthesized utterance.

    Attributes:
        wave: (N,) at 16 kHz.
        text: The target text of the GPT, with commas.
        letters: Indices into LETTERS, from 1.
        phonemes: Indices into PHONEMES, from 1.
    """

    wave: Waves
    text: str
    letters: tuple[int, ...]
    phonemes: tuple[int, ...]


def synthesize(text: str, rng: random.Random, split: VoiceSplit) -> Utterance:
    """Synthesize a text in a random voice."""
    spoken_text = spoken(text)
    ipa = heard_phonemes(phonemes(spoken_text))
    return Utterance(
        wave=speak(spoken_text, voice(rng, split)), text=spoken_text,
        letters=tuple(LETTERS.index(c) + 1 for c in words(text)), phonemes=tuple(PHONEMES.index(c) + 1 for c in ipa),
    )  # fmt: skip


def utterances(count: int, seed: int, split: VoiceSplit) -> list[Utterance]:
    """Synthesize random texts in random voices."""
    rng = random.Random(f"{split}/{seed}")
    texts = Texts(rng).draw()
    kept: list[Utterance] = []
    while len(kept) < count:
        utterance = synthesize(next(texts), rng, split)
        if MIN_SAMPLES <= len(utterance.wave) <= MAX_SAMPLES:
            kept.append(utterance)
    return kept


def _synthesize_forever(seed: int, out: Queue[list[Utterance] | str]) -> None:
    """Synthesize utterances without end; on an error, send its message."""
    rng = random.Random(f"train/{seed}")
    texts = Texts(rng).draw()
    parent = multiprocessing.parent_process()
    try:
        while parent is None or parent.is_alive():
            chunk = [synthesize(next(texts), rng, "train") for _ in range(CHUNK_SIZE)]
            while parent is None or parent.is_alive():  # a killed parent no longer empties the queue
                try:
                    out.put(
                        [utterance for utterance in chunk if MIN_SAMPLES <= len(utterance.wave) <= MAX_SAMPLES],
                        timeout=POLL_S,
                    )
                    break
                except queue.Full:
                    continue
        out.cancel_join_thread()
    except SpeechError as error:
        out.put(str(error))


class Batch(NamedTuple):
    """A padded batch of sounds with targets.

    Attributes:
        sounds: (B, N) in -1..1.
        lengths: (B,) number of valid samples.
        letters: (B, L) indices from 1, padded with zeros.
        n_letters: (B,).
        phonemes: (B, P) in the same format.
        n_phonemes: (B,).
        texts: B texts.
    """

    sounds: Tensor
    lengths: Tensor
    letters: Tensor
    n_letters: Tensor
    phonemes: Tensor
    n_phonemes: Tensor
    texts: list[str]


class _PoolEntry(NamedTuple):
    """The position of an utterance in the pool, and its targets."""

    begin: int
    length: int
    text: str
    letters: tuple[int, ...]
    phonemes: tuple[int, ...]


class Pool:
    """A ring buffer of utterances on a device; when full, the oldest are overwritten.

    Args:
        device: Device of the waves.
        seconds: Capacity [s].
        workers: Number of synthesis processes; 0: only `add` fills the pool.
        seed: Seed of texts and voices.
    """

    def __init__(self, device: torch.device, seconds: float, *, workers: int, seed: int) -> None:
        self.device = device
        self.heard = 0  # utterances added so far, including overwritten ones
        self._waves = torch.zeros(int(seconds * RATE), dtype=torch.int16, device=device)
        self._entries: list[_PoolEntry] = []  # the oldest first
        self._end = 0
        context = multiprocessing.get_context("spawn")
        self._queue: Queue[list[Utterance] | str] = context.Queue(4 * max(1, workers))
        self._processes = [
            context.Process(target=_synthesize_forever, args=(1000 * seed + i, self._queue), daemon=True)
            for i in range(workers)
        ]
        for process in self._processes:
            process.start()
        self._ready: queue.Queue[list[Utterance] | str] = queue.Queue(MAX_READY)
        if workers:  # read the pipe in a thread, so that training does not wait for it
            threading.Thread(target=self._receive, daemon=True).start()

    def _receive(self) -> None:
        while True:
            self._ready.put(self._queue.get())

    def __len__(self) -> int:
        """Return the number of utterances."""
        return len(self._entries)

    def add(self, new: Sequence[Utterance]) -> None:
        """Add utterances, copied to the device in one transfer."""
        total = sum(len(utterance.wave) for utterance in new)
        if not new or total > len(self._waves):
            return
        if self._end + total > len(self._waves):
            self._end = 0
        begin, end = self._end, self._end + total
        n_overwritten = 0
        while n_overwritten < len(self._entries) and begin <= self._entries[n_overwritten].begin < end:
            n_overwritten += 1
        del self._entries[:n_overwritten]
        self._waves[begin:end] = torch.from_numpy(np.concatenate([utterance.wave for utterance in new])).to(self.device)
        for utterance in new:
            self._entries.append(
                _PoolEntry(begin, len(utterance.wave), utterance.text, utterance.letters, utterance.phonemes)
            )
            begin += len(utterance.wave)
        self._end = end
        self.heard += len(new)

    def fill(self, *, wait: int = 0, timeout_s: float = 120.0) -> None:
        """Add the utterances that the workers have finished.

        Args:
            wait: Number of utterances to wait for.
            timeout_s: Maximum wait for the next chunk [s].

        Raises:
            SpeechError: A worker failed, or the wait timed out.
        """
        for _ in range(MAX_READY) if len(self) >= wait else itertools.count():
            try:
                chunk = self._ready.get(timeout=timeout_s) if len(self) < wait else self._ready.get_nowait()
            except queue.Empty:
                if len(self) < wait:
                    self.close()
                    raise SpeechError(
                        f"no speech was synthesized for {timeout_s:.0f} s; see the output of the workers"
                    ) from None
                return
            if isinstance(chunk, str):
                self.close()
                raise SpeechError(chunk)
            self.add(chunk)

    def close(self) -> None:
        """Terminate the workers."""
        for process in self._processes:
            process.terminate()

    def draw(self, rng: random.Random, seconds: float) -> Batch:
        """Draw utterances of similar lengths with a total duration of about `seconds`.

        Batches have few distinct shapes, because GPU libraries need about a second to initialize each.
        """
        candidates = sorted(rng.choices(self._entries, k=CANDIDATES), key=lambda entry: entry.length)
        longest = candidates[rng.randrange(len(candidates))].length
        bucket = next(b for b in BUCKETS_S if longest <= b * RATE)
        size = max(2, int(seconds / bucket))
        last = bisect.bisect_right(candidates, bucket * RATE, key=lambda entry: entry.length)
        # The longest that fit the bucket; if there are too few, some occur twice.
        return self._batch([candidates[i % last] for i in range(last - size, last)], int(bucket * RATE))

    def all(self) -> Batch:
        """Return all utterances as one batch."""
        return self._batch(self._entries, max(entry.length for entry in self._entries))

    def _batch(self, entries: Sequence[_PoolEntry], longest: int) -> Batch:
        device = self.device
        begins = torch.tensor([entry.begin for entry in entries]).to(device)
        lengths = torch.tensor([entry.length for entry in entries]).to(device)
        positions = torch.arange(longest, device=device)
        inside = positions < lengths[:, None]
        sounds = self._waves[torch.where(inside, begins[:, None] + positions, 0)].float() / 32768.0 * inside
        letters, n_letters = _pad([entry.letters for entry in entries], device)
        phonemes, n_phonemes = _pad([entry.phonemes for entry in entries], device)
        return Batch(sounds, lengths, letters, n_letters, phonemes, n_phonemes, [entry.text for entry in entries])


def _pad(rows: Sequence[Sequence[int]], device: torch.device) -> tuple[Tensor, Tensor]:
    table = np.zeros((len(rows), max(1, *map(len, rows))), np.int64)
    for row, values in zip(table, rows, strict=True):
        row[: len(values)] = values
    return torch.from_numpy(table).to(device), torch.tensor([len(row) for row in rows]).to(device)
