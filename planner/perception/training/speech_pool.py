"""Speech that grows while training goes on: worker processes speak, the trainer's device keeps what they said.

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

CHUNK_SIZE = 32  # utterances handed over at once
MAX_SAMPLES = 14 * RATE  # samples of an utterance
MIN_SAMPLES = RATE // 4
BUCKETS_S = (2.5, 4.0, 5.5, 7.5, 10.0, 14.0)  # lengths that sounds are padded to [s]
CANDIDATES = 1024  # utterances of which a batch is taken
POLL_S = 5.0  # between looks whether there still is somebody to speak to
MAX_READY = 4  # chunks that are taken over at once, at most


@dataclass(frozen=True, kw_only=True)
class Utterance:
    """What was spoken.

    Attributes:
        wave: (N,) at 16 kHz.
        text: What the GPT is to write: commas and all.
        letters: Indices into LETTERS, from 1.
        phonemes: Indices into PHONEMES, from 1.
    """

    wave: Waves
    text: str
    letters: tuple[int, ...]
    phonemes: tuple[int, ...]


def synthesize(text: str, rng: random.Random, split: VoiceSplit) -> Utterance:
    """Speak a text in a voice that is drawn."""
    spoken_text = spoken(text)
    ipa = heard_phonemes(phonemes(spoken_text))
    return Utterance(
        wave=speak(spoken_text, voice(rng, split)), text=spoken_text,
        letters=tuple(LETTERS.index(c) + 1 for c in words(text)), phonemes=tuple(PHONEMES.index(c) + 1 for c in ipa),
    )  # fmt: skip


def utterances(count: int, seed: int, split: VoiceSplit) -> list[Utterance]:
    """Speak texts that are drawn."""
    rng = random.Random(f"{split}/{seed}")
    texts = Texts(rng).draw()
    kept: list[Utterance] = []
    while len(kept) < count:
        utterance = synthesize(next(texts), rng, split)
        if MIN_SAMPLES <= len(utterance.wave) <= MAX_SAMPLES:
            kept.append(utterance)
    return kept


def _synthesize_forever(seed: int, out: Queue[list[Utterance] | str]) -> None:
    """Speak without end, or say why that cannot be."""
    rng = random.Random(f"train/{seed}")
    texts = Texts(rng).draw()
    parent = multiprocessing.parent_process()
    try:
        while parent is None or parent.is_alive():
            chunk = [synthesize(next(texts), rng, "train") for _ in range(CHUNK_SIZE)]
            while parent is None or parent.is_alive():  # one that was killed takes nothing any more
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
    """Sounds and what they say, padded.

    Attributes:
        sounds: (B, N) in -1..1.
        lengths: (B,) samples that count.
        letters: (B, L) from 1, zeros behind the end.
        n_letters: (B,).
        phonemes: (B, P) likewise.
        n_phonemes: (B,).
        texts: B of them.
    """

    sounds: Tensor
    lengths: Tensor
    letters: Tensor
    n_letters: Tensor
    phonemes: Tensor
    n_phonemes: Tensor
    texts: list[str]


class _PoolEntry(NamedTuple):
    """Where an utterance is in the pool, and what it says."""

    begin: int
    length: int
    text: str
    letters: tuple[int, ...]
    phonemes: tuple[int, ...]


class Pool:
    """What was spoken so far, on a device; the oldest goes when it is full.

    Args:
        device: Where it is kept.
        seconds: Of sound that it holds.
        workers: Processes that speak; 0 for none: `add` fills it.
        seed: Of what is spoken.
    """

    def __init__(self, device: torch.device, seconds: float, *, workers: int, seed: int) -> None:
        self.device = device
        self.heard = 0  # utterances that were added, gone or not
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
        if workers:  # what comes through a pipe is read beside training, not in its way
            threading.Thread(target=self._receive, daemon=True).start()

    def _receive(self) -> None:
        while True:
            self._ready.put(self._queue.get())

    def __len__(self) -> int:
        """Utterances."""
        return len(self._entries)

    def add(self, new: Sequence[Utterance]) -> None:
        """Keep utterances, copied to the device together."""
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
        """Take over what the workers have spoken.

        Args:
            wait: Utterances to wait for.
            patience: Longest wait for one more [s].

        Raises:
            SpeechError: A worker could not speak, or none spoke for so long.
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
        """End the workers."""
        for process in self._processes:
            process.terminate()

    def draw(self, rng: random.Random, seconds: float) -> Batch:
        """Draw utterances of similar lengths, about so many seconds in all.

        Few shapes occur: a GPU's libraries take a second to get ready for each.
        """
        candidates = sorted(rng.choices(self._entries, k=CANDIDATES), key=lambda entry: entry.length)
        longest = candidates[rng.randrange(len(candidates))].length
        bucket = next(b for b in BUCKETS_S if longest <= b * RATE)
        size = max(2, int(seconds / bucket))
        last = bisect.bisect_right(candidates, bucket * RATE, key=lambda entry: entry.length)
        # The longest that fit; where there are too few of them, some are heard twice.
        return self._batch([candidates[i % last] for i in range(last - size, last)], int(bucket * RATE))

    def all(self) -> Batch:
        """Return everything as one batch."""
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
