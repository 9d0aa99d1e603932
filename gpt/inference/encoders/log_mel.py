"""Log-mel features of a sound in numpy: 80 bands, 25 ms frames every 10 ms (in torch: `gpt.encoders.log_mel`).

Bands are triangles on HTK's mel scale (2595 log10(1 + f / 700)). Powers are clipped 8 decades below the loudest and
scaled as in Whisper (arXiv:2212.04356), so that loudness and silence carry no information.

Shapes: N samples, T frames, M bands.
"""

from __future__ import annotations

import functools

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from gpt.weights.model_folder import Floats

RATE = 16_000  # samples/s
WINDOW, HOP, FFT = 400, 160, 512  # samples
BANDS = 80
FLOOR = 1e-10  # minimum power
DECADES = 8.0


@functools.cache
def bank() -> Floats:
    """Filter bank (FFT / 2 + 1, M): the weight of each frequency in each band."""
    max_mel = 2595.0 * np.log10(1.0 + RATE / 2 / 700.0)
    edges = 700.0 * (10.0 ** (np.linspace(0.0, max_mel, BANDS + 2) / 2595.0) - 1.0)  # [Hz]
    frequencies = np.arange(FFT // 2 + 1) * (RATE / FFT)
    rising = (frequencies[:, None] - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - frequencies[:, None]) / (edges[2:] - edges[1:-1])
    triangles = np.maximum(0.0, np.minimum(rising, falling))
    return np.asarray(triangles * (2.0 / (edges[2:] - edges[:-2])), np.float32)  # each triangle has the same area


@functools.cache
def window() -> Floats:
    """Hann window (WINDOW,)."""
    return np.asarray(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / WINDOW), np.float32)


def log_mel(samples: Floats) -> Floats:
    """Return the features (T, M) of samples (N,) in -1..1, T = 1 + (N - WINDOW) // HOP and at least 1."""
    if len(samples) < WINDOW:
        samples = np.pad(samples, (0, WINDOW - len(samples)))
    frames = sliding_window_view(np.asarray(samples, np.float32), WINDOW)[::HOP] * window()
    spectrum = np.fft.rfft(frames, FFT, axis=1)
    powers = (spectrum.real**2 + spectrum.imag**2).astype(np.float32) @ bank()
    logs = np.log10(np.maximum(powers, FLOOR))
    scaled: Floats = (np.maximum(logs, logs.max() - DECADES) + 4.0) / 4.0
    return scaled.astype(np.float32)
