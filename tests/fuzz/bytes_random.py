"""A random generator that consumes bytes chosen by a fuzzer, so that the fuzzer steers what the generators draw."""

from __future__ import annotations

import hashlib
import random


class BytesRandom(random.Random):
    """Draws from the given bytes first, then from a generator seeded with their hash: equal bytes, equal draws."""

    def __init__(self, data: bytes) -> None:
        super().__init__(int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "big"))
        self._data, self._at = data, 0

    def getrandbits(self, k: int, /) -> int:
        size = (k + 7) // 8
        piece = self._data[self._at : self._at + size]
        if len(piece) < size or not size:
            self._at = len(self._data)
            return super().getrandbits(k)
        self._at += size
        return int.from_bytes(piece, "big") >> (8 * size - k)

    def random(self) -> float:
        return self.getrandbits(53) / 2**53
