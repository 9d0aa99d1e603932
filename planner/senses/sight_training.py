"""Training of sight: first the encoder alone, by masks, then with the GPT, which learns to write what it sees."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch
from torch.nn import functional as F

from envs.domain import load_domain
from gpt.distributed import device_of
from gpt.runtime.sense_file import sense_path
from gpt.senses.sight import Seen, SightConfig, SightEncoder, folded
from planner.senses.gallery import Gallery, Views
from planner.senses.labels import FURNITURE_STATES, SIZE, THING_STATES, classes, furniture
from planner.senses.progress import Progress
from planner.senses.reader import Reader, cosine, groups_of, set_rates


@dataclass(frozen=True, kw_only=True)
class SightSettings:
    """How sight is trained.

    Attributes:
        minutes: How long.
        seed: Of everything.
        device: cpu, cuda or auto.
        auxiliary: Whether masks are learnt from.
        first: Pictures that are there before the first step.
        most: Pictures that are kept.
        watched: Of the first ones, those that are kept out of training to watch.
        batch: Pictures of a step.
        alone: The part of the time in which the encoder learns without the GPT, if masks are learnt from.
        encoder_lr: Peak learning rate of the encoder.
        reader_lr: Of the GPT's adapter.
        weight_decay: Of the encoder's matrices.
    """

    minutes: float = 60.0
    seed: int = 0
    device: str = "auto"
    auxiliary: bool = True
    first: int = 512
    most: int = 80_000
    watched: int = 256
    batch: int = 192
    alone: float = 0.45
    encoder_lr: float = 1.5e-3
    reader_lr: float = 1.0e-3
    weight_decay: float = 0.05

    def on_device(self) -> SightSettings:
        """Return settings that suit a CPU, if it is one."""
        return self if device_of(self.device).type == "cuda" else replace(self, batch=48, most=20_000)


def train_sight(settings: SightSettings, model: Path, pictures: Path, out: Path) -> Path:
    """Train sight for a model; returns the sense's file, in `out`.

    Args:
        settings: How.
        model: The GPT.
        pictures: A folder of files of `planner.senses.render`, which may still be at work; `valid` in it is watched.
        out: The run's folder.

    Raises:
        PlannerError: There are no pictures.
    """
    device = device_of(settings.device)
    torch.manual_seed(settings.seed)
    generator = torch.Generator().manual_seed(settings.seed)
    gallery = Gallery(device, pictures, settings.most)
    gallery.wait(settings.first)
    held_out = Gallery(device, pictures / "valid", settings.watched)
    held_out.wait(min(64, settings.watched), patience=60.0)
    reader = Reader("sight", model, device, settings.seed)
    config = SightConfig(
        size=SIZE, classes=len(classes()), things=1 + len(load_domain().objects), states=len(THING_STATES),
        furniture=len(furniture()), furniture_states=len(FURNITURE_STATES), n_embd=reader.gpt.config.n_embd,
    )  # fmt: skip
    encoder = SightEncoder(config).to(device, memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(
        groups_of(encoder, reader, encoder_lr=settings.encoder_lr, reader_lr=settings.reader_lr,
                  decay=settings.weight_decay), betas=(0.9, 0.98),
    )  # fmt: skip
    progress, path = Progress(out, settings.minutes), sense_path(out, "sight")
    validation = held_out.all()
    alone = settings.alone if settings.auxiliary else 0.0

    def save() -> None:
        extra = {"seen": progress.items, "pictures": len(gallery), **asdict(settings)}
        reader.save(path, folded(encoder), config.as_dict(), extra)

    while (done := progress.done) < 1:
        gallery.look()
        rate = cosine(done)
        set_rates(optimizer, (rate, rate, cosine(done, begin=alone)))
        views = gallery.draw(settings.batch, generator)
        _, losses = _of(encoder, reader, views, auxiliary=settings.auxiliary, together=done >= alone)
        torch.stack(list(losses.values())).sum().backward()
        torch.nn.utils.clip_grad_norm_([p for g in optimizer.param_groups for p in g["params"]], 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        if progress.step(len(views.texts), **losses):
            progress.tell(pictures=len(gallery), **_watch(encoder, reader, validation))
        if progress.is_due():
            save()
    progress.tell(pictures=len(gallery), **_watch(encoder, reader, validation))
    save()
    return path


def _of(
    encoder: SightEncoder, reader: Reader, views: Views, *, auxiliary: bool, together: bool
) -> tuple[Seen, dict[str, torch.Tensor]]:
    with torch.autocast(views.pictures.device.type, torch.bfloat16):
        seen = encoder(views.pictures.contiguous(memory_format=torch.channels_last))
        losses = _auxiliary(seen, views) if auxiliary else {}
        if together:
            lengths = torch.full((len(views.texts),), seen.vectors.shape[1], device=views.pictures.device)
            losses["writing"] = reader.loss(seen.vectors, lengths, views.texts)
    return seen, losses


def _auxiliary(seen: Seen, views: Views) -> dict[str, torch.Tensor]:
    middles = (views.centres > 0)[:, None]
    count = middles.sum().clamp_min(1)
    states = F.binary_cross_entropy_with_logits(seen.states.float(), views.states, reduction="none") * middles
    return {
        "cells": 0.5 * F.cross_entropy(seen.cells.float(), views.cells),
        "centres": _focal(seen.centres.float(), views.centres) / count,
        "states": states.sum() / count,
        "furniture": 0.5 * F.cross_entropy(seen.furniture.float(), views.furniture),
        "furniture_states": 0.5
        * F.binary_cross_entropy_with_logits(seen.furniture_states.float(), views.furniture_states),
    }


def _focal(logits: torch.Tensor, centres: torch.Tensor) -> torch.Tensor:
    """Sum of cross-entropies; of cells without a middle, which are many and easy, by how wrong they are (focal loss)."""
    losses = F.cross_entropy(logits, centres, reduction="none")  # (B, G, G)
    wrong = 1 - logits.detach().softmax(1)[:, 0]
    return (losses * torch.where(centres > 0, 1.0, wrong.square())).sum()


@torch.no_grad()
def _watch(encoder: SightEncoder, reader: Reader, views: Views) -> dict[str, object]:
    """Accuracy in homes of no training: middles of things found and right, furniture, and the loss of writing."""
    encoder.eval()
    seen, losses = _of(encoder, reader, views, auxiliary=True, together=True)
    encoder.train()
    best, there = seen.centres.argmax(1), views.centres > 0
    right = ((best == views.centres) & there).sum()
    return {
        "valid_recall": round(float(right / there.sum().clamp_min(1)), 4),
        "valid_precision": round(float(right / (best > 0).sum().clamp_min(1)), 4),
        "valid_furniture": round(float((seen.furniture.argmax(1) == views.furniture).float().mean()), 4),
        "valid_writing": round(float(losses["writing"]), 4),
    }
