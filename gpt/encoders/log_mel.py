"""Log-mel features of batches of sounds in torch: the same results as `gpt.inference.encoders.log_mel`.

Shapes: B sounds, N samples, T frames, M bands.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from gpt.inference.encoders.log_mel import BANDS, DECADES, FFT, FLOOR, HOP, WINDOW, bank, window


def n_frames(lengths: Tensor) -> Tensor:
    """Number of frames (B,) of sounds with these numbers of samples."""
    return 1 + (lengths.clamp_min(WINDOW) - WINDOW) // HOP


def log_mel(samples: Tensor, lengths: Tensor) -> Tensor:
    """Return features (B, T, M) of samples (B, N) in -1..1 with valid lengths (B,); zeros after the end."""
    if samples.shape[1] < WINDOW:
        samples = F.pad(samples, (0, WINDOW - samples.shape[1]))
    frames = samples.unfold(1, WINDOW, HOP) * torch.from_numpy(window()).to(samples.device)  # (B, T, WINDOW)
    powers = torch.fft.rfft(frames, FFT).abs().square() @ torch.from_numpy(bank()).to(samples.device)
    logs = powers.clamp_min(FLOOR).log10()
    valid = torch.arange(logs.shape[1], device=samples.device) < n_frames(lengths)[:, None]  # (B, T)
    loudest = logs.masked_fill(~valid[..., None], -torch.inf).amax(dim=(1, 2), keepdim=True)
    scaled = (torch.maximum(logs, loudest - DECADES) + 4.0) / 4.0
    return scaled * valid[..., None]


def spec_augment(features: Tensor, generator: torch.Generator, *, bands: int = 14, share: float = 0.08) -> Tensor:
    """Mask two runs of bands and two of frames of each sound (SpecAugment, arXiv:1904.08779); returns a copy."""
    B, T, _ = features.shape

    def runs(total: int, longest: int) -> Tensor:
        def draw() -> Tensor:
            return torch.rand(B, 2, 1, device=features.device, generator=generator)

        width = draw() * longest
        start = draw() * (total - width)
        indices = torch.arange(total, device=features.device)
        return ((indices >= start) & (indices < start + width)).any(dim=1)  # (B, total)

    hidden = runs(BANDS, bands)[:, None, :] | runs(T, max(1, round(share * T)))[:, :, None]
    return features.masked_fill(hidden, 0.0)
