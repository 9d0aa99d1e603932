"""A source of randomness that spends bytes which a fuzzer chose: what the generators draw is then its to steer."""

from __future__ import annotations

import hashlib
import random


class BytesRandom(random.Random):
    """Draws from given bytes first, then goes on from their hash: the same bytes, the same draws."""

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
