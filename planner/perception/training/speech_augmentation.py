"""Augment speech on the training device to simulate other voices, rooms, microphones and noise.

A model trained only on clean synthetic speech overfits to the synthesizer. Every sound is therefore resampled,
equalized at random, reverberated, mixed with noise, changed in level, and sometimes clipped or coarsely quantized.

Shapes: B sounds, N samples.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from gpt.inference.encoders.log_mel import RATE

MARGIN = RATE // 2  # samples of silence for shifts and for reverberation


@dataclass(frozen=True, kw_only=True)
class Conditions:
    """Strength of the augmentation.

    Attributes:
        resampled: Maximum relative change of speed and pitch.
        snr: Minimum and maximum signal-to-noise ratio [dB].
        noisy: Fraction of sounds with noise.
        rooms: Fraction of sounds with reverberation.
        equalized: Maximum gain of the random equalizer [dB].
        broken: Fraction that is clipped, and fraction that is coarsely quantized.
    """

    resampled: float = 0.14
    snr: tuple[float, float] = (0.0, 35.0)
    noisy: float = 0.8
    rooms: float = 0.5
    equalized: float = 12.0
    broken: float = 0.08


class Augmenter:
    """Random augmentation of sounds.

    Args:
        device: Device of the sounds.
        seed: Random seed.
        conditions: Strength of the augmentation.
    """

    def __init__(self, device: torch.device, seed: int, conditions: Conditions | None = None) -> None:
        self.device, self.conditions = device, conditions or Conditions()
        self.generator = torch.Generator(device).manual_seed(seed)

    def __call__(self, sounds: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Augment sounds (B, N) in -1..1 with valid `lengths` (B,); returns new sounds and lengths."""
        conditions = self.conditions
        sounds, lengths = self._resample(sounds, lengths)
        speech = self._filter(sounds)
        valid = torch.arange(speech.shape[1], device=self.device) < lengths[:, None]
        power = (speech.square() * valid).sum(1) / lengths  # (B,)
        noise = self._noise(*speech.shape) + self._babble(sounds, speech.shape[1])
        noise = noise / noise.square().mean(1, keepdim=True).clamp_min(1e-12).sqrt()
        snr = conditions.snr[0] + (conditions.snr[1] - conditions.snr[0]) * self._rand(len(speech), 1)
        gain = power[:, None].sqrt() * 10 ** (-snr / 20)
        mixed = speech + noise * gain * (self._rand(len(speech), 1) < conditions.noisy)
        return self._record(mixed), lengths

    def _rand(self, *shape: int) -> Tensor:
        return torch.rand(*shape, device=self.device, generator=self.generator)

    def _randn(self, *shape: int) -> Tensor:
        return torch.randn(*shape, device=self.device, generator=self.generator)

    def _resample(self, sounds: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Change speed and pitch together, and shift by up to half a second of silence."""
        B, N = sounds.shape
        factor = 1 + self.conditions.resampled * (2 * self._rand(B, 1) - 1)  # above 1: faster and higher
        shift = MARGIN / 2 * self._rand(B, 1) * (self._rand(B, 1) < 0.8)
        new_lengths = (lengths / factor[:, 0] + shift[:, 0] + MARGIN / 2 * self._rand(B)).long()
        longest = math.ceil(N / (1 - self.conditions.resampled)) + MARGIN
        position = (torch.arange(longest, device=self.device) - shift) * factor  # (B, longest) source position
        low = position.floor()
        fraction = (position - low).to(sounds.dtype)
        low = low.long()
        inside = (position >= 0) & (low < lengths[:, None] - 1)
        low = low.clamp(0, N - 2)
        resampled = sounds.gather(1, low) * (1 - fraction) + sounds.gather(1, low + 1) * fraction
        return resampled * inside, new_lengths

    def _filter(self, sounds: Tensor) -> Tensor:
        """Apply equalizer, telephone band and room as one product of spectra."""
        B, N = sounds.shape
        size = 2 ** math.ceil(math.log2(N + MARGIN))
        frequencies = torch.linspace(0, RATE / 2, size // 2 + 1, device=self.device)
        gains = self.conditions.equalized * (2 * self._rand(B, 9) - 1) * self._rand(B, 1)  # [dB] at nine frequencies
        octave = (torch.log2(frequencies.clamp_min(60.0) / 60.0)).clamp(max=7.999)  # octaves above 60 Hz
        low = octave.long()
        fraction = octave - low
        curve = gains[:, low] * (1 - fraction) + gains[:, low + 1] * fraction  # (B, size / 2 + 1)
        tilt = 8.0 * (2 * self._rand(B, 1) - 1) * (octave / 4 - 1)
        response = 10 ** ((curve + tilt) / 20)
        bottom, top = 100 + 250 * self._rand(B, 1), 2800 + 1200 * self._rand(B, 1)
        narrow = (frequencies > bottom) & (frequencies < top)
        response = torch.where((self._rand(B, 1) < 0.12) & ~narrow, 0.03 * response, response)
        spectrum = torch.fft.rfft(sounds, size) * response * torch.fft.rfft(self._impulse_responses(B), size)
        filtered: Tensor = torch.fft.irfft(spectrum, size)[:, :N]
        return filtered

    def _impulse_responses(self, count: int) -> Tensor:
        """Return room impulse responses (B, MARGIN): direct sound, a few early reflections, and decaying noise."""
        time = torch.arange(MARGIN, device=self.device) / RATE
        rt60 = 0.1 + 0.7 * self._rand(count, 1)  # [s]
        tail = self._randn(count, MARGIN) * 10 ** (-3 * time / rt60) * (time > 0.002)
        early = (self._rand(count, MARGIN) < 6 / (0.03 * RATE)) & (time < 0.03)
        tail = tail + 4 * early * self._randn(count, MARGIN) * 10 ** (-3 * time / rt60)
        tail = tail / tail.square().sum(1, keepdim=True).sqrt()
        ratio = 10 ** ((10 * self._rand(count, 1) - 5) / 20)  # reverberation relative to the direct sound, -5..5 dB
        response = tail * ratio * (self._rand(count, 1) < self.conditions.rooms)
        response[:, 0] += 1.0
        return response

    def _noise(self, count: int, length: int) -> Tensor:
        """Return noise: colored from white to brown, mains hum, and clatter."""
        size = 2 ** math.ceil(math.log2(length))
        frequencies = torch.arange(size // 2 + 1, device=self.device).clamp_min(1) * (RATE / size)
        slope = 2.2 * self._rand(count, 1) - 0.2
        shaped = torch.fft.rfft(self._randn(count, size)) * (frequencies / 100.0).clamp_min(0.3) ** (-slope / 2)
        noise = torch.fft.irfft(shaped, size)[:, :length]
        noise = noise / noise.square().mean(1, keepdim=True).sqrt()
        time = torch.arange(length, device=self.device) / RATE
        swell = 1 + self._rand(count, 1) * torch.sin(2 * math.pi * (0.3 + 6 * self._rand(count, 1)) * time)
        base = 45 + 80 * self._rand(count, 1)
        hum = sum(self._rand(count, 1) * torch.sin(2 * math.pi * base * k * time) for k in (1, 2, 3, 5))
        ticks = (self._rand(count, length) < 3 / RATE) * self._randn(count, length)
        decay = torch.exp(-torch.arange(2048, device=self.device) / (100 + 700 * self._rand(count, 1)))
        ring = decay * self._randn(count, 2048)
        clatter = torch.fft.irfft(torch.fft.rfft(ticks, size * 2) * torch.fft.rfft(ring, size * 2))[:, :length]
        selected = self._rand(count, 3) < torch.tensor([0.8, 0.2, 0.25], device=self.device)
        selected[:, 0] |= ~selected.any(1)
        noise_mix: Tensor = noise * swell * selected[:, :1] + hum * selected[:, 1:2] + 6 * clatter * selected[:, 2:]
        return noise_mix

    def _babble(self, sounds: Tensor, length: int) -> Tensor:
        """Return background voices for a quarter of the batch: one to three other sounds of it."""
        B = len(sounds)
        babble = torch.zeros(B, length, device=self.device)
        if B < 2:
            return babble
        for _ in range(3):
            voices = sounds[torch.randperm(B, device=self.device, generator=self.generator)]
            offset = int(self._rand(1) * voices.shape[1])
            voices = voices.roll(offset, dims=1)[:, :length]
            rms = voices.square().mean(1, keepdim=True).clamp_min(1e-12).sqrt()
            babble[:, : voices.shape[1]] += voices / rms * (self._rand(B, 1) < 0.6)
        return 1.5 * babble * (self._rand(B, 1) < 0.25)

    def _record(self, sounds: Tensor) -> Tensor:
        """Simulate a recording: level, clipping and coarse coding (mu-law with 6 to 8 bits)."""
        B = len(sounds)
        peak = sounds.abs().amax(1, keepdim=True).clamp_min(1e-6)
        level = 10 ** (-(1 + 25 * self._rand(B, 1)) / 20)
        clipped = self._rand(B, 1) < self.conditions.broken
        sounds = sounds / peak * torch.where(clipped, 1.5 + 3 * self._rand(B, 1), level)
        sounds = sounds.clamp(-1, 1)
        steps = 2 ** (5 + 2 * self._rand(B, 1))
        coded = sounds.sign() * torch.log1p(255 * sounds.abs()) / math.log(256)
        coded = (coded * steps).round() / steps
        coarse = coded.sign() * (256 ** coded.abs() - 1) / 255
        return torch.where(self._rand(B, 1) < self.conditions.broken, coarse, sounds)


def add_noise(samples: Tensor, snr: float, seed: int) -> Tensor:
    """Add noise to one sound (N,) at an exact signal-to-noise ratio [dB], for tests of hearing."""
    augmenter = Augmenter(samples.device, seed)
    noise = augmenter._noise(1, len(samples))[0]
    is_speech = (samples.abs() > 0.01 * samples.abs().max()).float()  # exclude pauses at the ends from the signal power
    power = (samples.square() * is_speech).sum() / is_speech.sum().clamp_min(1)
    return samples + noise / noise.square().mean().sqrt() * power.sqrt() * 10 ** (-snr / 20)


def add_room(samples: Tensor, seed: int) -> Tensor:
    """Reverberate one sound (N,) in a random room."""
    augmenter = Augmenter(samples.device, seed, Conditions(rooms=1.0))
    response = augmenter._impulse_responses(1)[0]
    size = len(samples) + len(response)
    reverberant: Tensor = torch.fft.irfft(torch.fft.rfft(samples, size) * torch.fft.rfft(response, size), size)
    return reverberant[: len(samples)]
