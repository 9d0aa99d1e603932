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
from planner.perception.training.speech_texts import Texts, Who, voice
from planner.perception.transcript_normalization import LETTERS, PHONEMES, heard_phonemes, spoken, words

if TYPE_CHECKING:
    from multiprocessing.queues import Queue

CHUNK = 32  # utterances handed over at once
LONGEST = 14 * RATE  # samples of an utterance
SHORTEST = RATE // 4
BUCKETS = (2.5, 4.0, 5.5, 7.5, 10.0, 14.0)  # lengths that sounds are padded to [s]
DRAWN = 1024  # utterances of which a batch is taken
PATIENCE_S = 5.0  # between looks whether there still is somebody to speak to
READY = 4  # chunks that are taken over at once, at most


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


def say(text: str, rng: random.Random, who: Who) -> Utterance:
    """Speak a text in a voice that is drawn."""
    said = spoken(text)
    ipa = heard_phonemes(phonemes(said))
    return Utterance(
        wave=speak(said, voice(rng, who)), text=said,
        letters=tuple(LETTERS.index(c) + 1 for c in words(text)), phonemes=tuple(PHONEMES.index(c) + 1 for c in ipa),
    )  # fmt: skip


def utterances(count: int, seed: int, who: Who) -> list[Utterance]:
    """Speak texts that are drawn."""
    rng = random.Random(f"{who}/{seed}")
    texts = Texts(rng).draw()
    found: list[Utterance] = []
    while len(found) < count:
        made = say(next(texts), rng, who)
        if SHORTEST <= len(made.wave) <= LONGEST:
            found.append(made)
    return found


def _work(seed: int, out: Queue[list[Utterance] | str]) -> None:
    """Speak without end, or say why that cannot be."""
    rng = random.Random(f"train/{seed}")
    texts = Texts(rng).draw()
    parent = multiprocessing.parent_process()
    try:
        while parent is None or parent.is_alive():
            made = [say(next(texts), rng, "train") for _ in range(CHUNK)]
            while parent is None or parent.is_alive():  # one that was killed takes nothing any more
                try:
                    out.put([u for u in made if SHORTEST <= len(u.wave) <= LONGEST], timeout=PATIENCE_S)
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


class _Kept(NamedTuple):
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
        self._kept: list[_Kept] = []  # the oldest first
        self._end = 0
        context = multiprocessing.get_context("spawn")
        self._queue: Queue[list[Utterance] | str] = context.Queue(4 * max(1, workers))
        self._processes = [
            context.Process(target=_work, args=(1000 * seed + i, self._queue), daemon=True) for i in range(workers)
        ]
        for process in self._processes:
            process.start()
        self._ready: queue.Queue[list[Utterance] | str] = queue.Queue(READY)
        if workers:  # what comes through a pipe is read beside training, not in its way
            threading.Thread(target=self._receive, daemon=True).start()

    def _receive(self) -> None:
        while True:
            self._ready.put(self._queue.get())

    def __len__(self) -> int:
        """Utterances."""
        return len(self._kept)

    def add(self, made: Sequence[Utterance]) -> None:
        """Keep utterances, copied to the device together."""
        total = sum(len(u.wave) for u in made)
        if not made or total > len(self._waves):
            return
        if self._end + total > len(self._waves):
            self._end = 0
        begin, end = self._end, self._end + total
        gone = 0
        while gone < len(self._kept) and begin <= self._kept[gone].begin < end:
            gone += 1
        del self._kept[:gone]
        self._waves[begin:end] = torch.from_numpy(np.concatenate([u.wave for u in made])).to(self.device)
        for u in made:
            self._kept.append(_Kept(begin, len(u.wave), u.text, u.letters, u.phonemes))
            begin += len(u.wave)
        self._end = end
        self.heard += len(made)

    def fill(self, *, wait: int = 0, patience: float = 120.0) -> None:
        """Take over what the workers have spoken.

        Args:
            wait: Utterances to wait for.
            patience: Longest wait for one more [s].

        Raises:
            SpeechError: A worker could not speak, or none spoke for so long.
        """
        for _ in range(READY) if len(self) >= wait else itertools.count():
            try:
                made = self._ready.get(timeout=patience) if len(self) < wait else self._ready.get_nowait()
            except queue.Empty:
                if len(self) < wait:
                    self.close()
                    raise SpeechError(f"nothing was spoken for {patience:.0f} s; see what the workers wrote") from None
                return
            if isinstance(made, str):
                self.close()
                raise SpeechError(made)
            self.add(made)

    def close(self) -> None:
        """End the workers."""
        for process in self._processes:
            process.terminate()

    def draw(self, rng: random.Random, seconds: float) -> Batch:
        """Draw utterances of similar lengths, about so many seconds in all.

        Few shapes occur: a GPU's libraries take a second to get ready for each.
        """
        some = sorted(rng.choices(self._kept, k=DRAWN), key=lambda kept: kept.length)
        longest = some[rng.randrange(len(some))].length
        bucket = next(b for b in BUCKETS if longest <= b * RATE)
        size = max(2, int(seconds / bucket))
        last = bisect.bisect_right(some, bucket * RATE, key=lambda kept: kept.length)
        # The longest that fit; where there are too few of them, some are heard twice.
        return self._batch([some[i % last] for i in range(last - size, last)], int(bucket * RATE))

    def all(self) -> Batch:
        """Return everything as one batch."""
        return self._batch(self._kept, max(kept.length for kept in self._kept))

    def _batch(self, chosen: Sequence[_Kept], longest: int) -> Batch:
        device = self.device
        begins = torch.tensor([kept.begin for kept in chosen]).to(device)
        lengths = torch.tensor([kept.length for kept in chosen]).to(device)
        here = torch.arange(longest, device=device)
        inside = here < lengths[:, None]
        sounds = self._waves[torch.where(inside, begins[:, None] + here, 0)].float() / 32768.0 * inside
        letters, n_letters = _padded([kept.letters for kept in chosen], device)
        said, n_said = _padded([kept.phonemes for kept in chosen], device)
        return Batch(sounds, lengths, letters, n_letters, said, n_said, [kept.text for kept in chosen])


def _padded(rows: Sequence[Sequence[int]], device: torch.device) -> tuple[Tensor, Tensor]:
    table = np.zeros((len(rows), max(1, *map(len, rows))), np.int64)
    for row, values in zip(table, rows, strict=True):
        row[: len(values)] = values
    return torch.from_numpy(table).to(device), torch.tensor([len(row) for row in rows]).to(device)
