"""Training of hearing: first the encoder alone, by CTC, then with the GPT, which learns to write what it heard."""

from __future__ import annotations

import random
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch

from gpt.distributed import device_of
from gpt.runtime.sense_file import sense_path
from gpt.senses.hearing import HearingConfig, HearingEncoder, Perceived, ctc
from gpt.senses.sound import frames_of, log_mel, masked
from planner.senses.augment import Augmenter
from planner.senses.pool import Batch, Pool, utterances
from planner.senses.progress import Progress
from planner.senses.reader import Reader, cosine, groups_of, set_rates
from planner.senses.speech import LETTERS, PHONEMES


@dataclass(frozen=True, kw_only=True)
class HearingSettings:
    """How hearing is trained.

    Attributes:
        minutes: How long.
        seed: Of everything.
        device: cpu, cuda or auto.
        workers: Processes that speak.
        first: Utterances that are spoken before the first step.
        pool_seconds: Of speech that are kept to be heard again.
        batch_seconds: Of sound in a step, before it is changed.
        alone: The part of the time in which the encoder learns without the GPT.
        encoder_lr: Peak learning rate of the encoder.
        reader_lr: Of the GPT's adapter.
        weight_decay: Of the encoder's matrices.
        validation: Utterances that are heard by no training, to watch.
    """

    minutes: float = 60.0
    seed: int = 0
    device: str = "auto"
    workers: int = 1
    first: int = 256
    pool_seconds: float = 40_000.0
    batch_seconds: float = 60.0
    alone: float = 0.6
    encoder_lr: float = 1.5e-3
    reader_lr: float = 1.0e-3
    weight_decay: float = 0.02
    validation: int = 96

    def on_device(self) -> HearingSettings:
        """Return settings that make use of a GPU, if it is one."""
        if device_of(self.device).type != "cuda":
            return self
        return replace(self, pool_seconds=300_000.0, batch_seconds=720.0, first=1024)


PHONEME_SHARE, WRITING_SHARE = 0.4, 1.0  # of the loss, beside letters


def train_hearing(settings: HearingSettings, model: Path, out: Path) -> Path:
    """Train hearing for a model; returns the sense's file, in `out`.

    Raises:
        SpeechError: espeak-ng is missing.
    """
    device = device_of(settings.device)
    torch.manual_seed(settings.seed)
    rng = random.Random(f"hearing/{settings.seed}")
    pool = Pool(device, settings.pool_seconds, workers=settings.workers, seed=settings.seed)
    watched = Pool(device, 16.0 * settings.validation, workers=0, seed=0)
    watched.add(utterances(settings.validation, settings.seed, "valid"))
    pool.fill(wait=settings.first)
    reader = Reader("hearing", model, device, settings.seed)
    config = HearingConfig(
        letters=len(LETTERS) + 1, phonemes=len(PHONEMES) + 1, n_embd=reader.gpt.config.n_embd
    )
    encoder = HearingEncoder(config).to(device)
    optimizer = torch.optim.AdamW(
        groups_of(encoder, reader, encoder_lr=settings.encoder_lr, reader_lr=settings.reader_lr,
                  decay=settings.weight_decay), betas=(0.9, 0.98),
    )  # fmt: skip
    augment = Augmenter(device, settings.seed)
    progress, path = Progress(out, settings.minutes), sense_path(out, "hearing")
    validation = watched.all()

    def save() -> None:
        extra = {"heard": progress.items, "spoken": pool.heard, **asdict(settings)}
        reader.save(path, encoder.state_dict(), config.as_dict(), extra)

    try:
        while (done := progress.done) < 1:
            pool.fill()
            together = done > settings.alone
            rate = cosine(done)
            set_rates(optimizer, (rate, rate, cosine(done, begin=settings.alone)))
            batch = pool.draw(rng, settings.batch_seconds)
            losses = _losses(encoder, reader, batch, augment, together=together)
            sum(losses.values()).backward()  # type: ignore[union-attr]
            norm = torch.nn.utils.clip_grad_norm_([p for g in optimizer.param_groups for p in g["params"]], 1.0)
            if not together or torch.isfinite(norm):
                optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            if progress.step(len(batch.texts), **losses):
                progress.tell(spoken=pool.heard, **_watch(encoder, reader, validation, together=together))
            if progress.is_due():
                save()
        progress.tell(spoken=pool.heard, **_watch(encoder, reader, validation, together=True))
        save()
    finally:
        pool.close()
    return path


def _losses(
    encoder: HearingEncoder, reader: Reader, batch: Batch, augment: Augmenter, *, together: bool
) -> dict[str, torch.Tensor]:
    with torch.no_grad():
        sounds, lengths = augment(batch.sounds, batch.lengths)
        features = masked(log_mel(sounds, lengths), augment.generator)
    return _of(encoder, reader, batch, features, frames_of(lengths), together=together)[1]


def _of(
    encoder: HearingEncoder, reader: Reader, batch: Batch, features: torch.Tensor, frames: torch.Tensor, *,
    together: bool,
) -> tuple[Perceived, dict[str, torch.Tensor]]:  # fmt: skip
    with torch.autocast(features.device.type, torch.bfloat16):
        found = encoder(features, frames, read=together)
        losses = {
            "letters": ctc(found.letters, found.steps, batch.letters, batch.n_letters),
            "phonemes": PHONEME_SHARE * ctc(found.phonemes, found.steps, batch.phonemes, batch.n_phonemes),
        }
        if together:
            losses["writing"] = WRITING_SHARE * reader.loss(found.vectors, found.lengths, batch.texts)
    return found, losses


@torch.no_grad()
def _watch(encoder: HearingEncoder, reader: Reader, batch: Batch, *, together: bool) -> dict[str, object]:
    """Error rate of letters, and the loss of what the GPT writes, on voices of no training, without noise."""
    features, frames = log_mel(batch.sounds, batch.lengths), frames_of(batch.lengths)
    encoder.eval()
    found, losses = _of(encoder, reader, batch, features, frames, together=together)
    encoder.train()
    best = found.letters.argmax(-1)
    errors = total = 0
    for row, steps, letters, count in zip(
        best.tolist(), found.steps.tolist(), batch.letters.tolist(), batch.n_letters.tolist(), strict=True
    ):
        heard = [c for c, before in zip(row[:steps], [0, *row], strict=False) if c and c != before]
        errors += distance(heard, letters[:count])
        total += count
    watched: dict[str, object] = {"valid_letter_errors": round(errors / max(1, total), 4)}
    if together:
        watched["valid_writing"] = round(float(losses["writing"]), 4)
    return watched


def distance(first: list[int] | list[str], second: list[int] | list[str]) -> int:
    """Return the Levenshtein distance of two sequences."""
    row = list(range(len(second) + 1))
    for i, a in enumerate(first, start=1):
        before, row[0] = row[0], i
        for j, b in enumerate(second, start=1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (a != b))
    return row[-1]


