"""Train sight: first the encoder alone with auxiliary losses, then the GPT, which learns to write listings.

The labels of the auxiliary losses come from segmentation masks of the rendered pictures: the class of each cell, object
centers, and the states of objects and furniture (`planner.perception.training.image_shards`).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch.nn import functional as F

from envs.symbolic.domain import load_domain
from gpt.encoders.vision import Known, Seen, SightConfig, SightEncoder, fold_batch_norms, load_folded
from gpt.inference.encoders.vision import VisionEncoder
from gpt.training.distributed import resolve_device
from gpt.weights.encoder_file import load_sense, save_sense, sense_path
from gpt.weights.model_folder import Floats
from planner.errors import PlannerError
from planner.perception.familiarity import Familiarity
from planner.perception.image_labels import FURNITURE_STATES, SIZE, THING_STATES, classes, furniture
from planner.perception.training.image_pool import ImagePool, Views
from planner.perception.training.image_shards import read_shard, shards_in
from planner.perception.training.prefix_trainer import PrefixTrainer, cosine, parameter_groups, set_rates
from planner.perception.training.progress import Progress

MAX_SUMMARIES = 2000  # pictures from which familiarity is learned, 40 ms each


@dataclass(frozen=True, kw_only=True)
class SightSettings:
    """Training settings of sight.

    Attributes:
        minutes: Training time [min].
        steps: Number of steps, for results that do not depend on speed; None: limited by time.
        seed: Random seed.
        device: cpu, cuda or auto.
        auxiliary: Whether to use the auxiliary losses.
        first: Pictures needed before the first step.
        most: Maximum number of pictures in the pool.
        watched: Maximum number of validation pictures.
        batch: Pictures per step.
        alone: Fraction of the time in which only the encoder is trained; 0 without auxiliary losses.
        encoder_lr: Peak learning rate of the encoder.
        reader_lr: Peak learning rate of the GPT's adapter.
        weight_decay: Weight decay of the encoder's matrices.
        copies: Augmented copies of each picture on which the GPT is trained.
    """

    minutes: float = 60.0
    steps: int | None = None
    seed: int = 0
    device: str = "auto"
    auxiliary: bool = True
    first: int = 512
    most: int = 80_000
    watched: int = 256
    batch: int = 192
    alone: float = 0.45
    encoder_lr: float = 1.5e-3
    reader_lr: float = 2.0e-3
    weight_decay: float = 0.05
    copies: int = 2

    def on_device(self) -> SightSettings:
        """Return settings for the device: smaller ones on a CPU."""
        return self if resolve_device(self.device).type == "cuda" else replace(self, batch=48, most=20_000, copies=1)


def train_sight(settings: SightSettings, model: Path, pictures: Path, out: Path, start: Path | None = None) -> Path:
    """Train sight for a model; returns the path of the sight file in `out`.

    With auxiliary losses, the encoder is trained alone first. Then it is frozen except for its output layers, augmented
    copies of each picture are encoded once, and the output layers and the GPT's adapter are trained on the encodings.
    Without auxiliary losses, encoder and adapter are trained together on the text loss.

    Args:
        settings: Training settings.
        model: Model folder of the GPT.
        pictures: Output folder of `planner.perception.training.render`, which may still be running; its subfolder
            `valid` is used for validation.
        out: The run's folder.
        start: A sight file to start from; the whole time is used for the second part of the training. Its adapter is
            reused if this training and that of the file have auxiliary losses.

    Raises:
        PlannerError: There are not enough pictures.
    """
    device = resolve_device(settings.device)
    torch.manual_seed(settings.seed)
    generator = torch.Generator().manual_seed(settings.seed)
    gallery = ImagePool(device, pictures, settings.most)
    gallery.wait(settings.first)
    validation_gallery = ImagePool(device, pictures / "valid", settings.watched)
    validation_gallery.wait(min(64, settings.watched), timeout_s=60.0)
    start_file = None if start is None else load_sense(start, "sight")
    reuses_adapter = start_file is not None and bool(start_file.config.get("things_first")) and settings.auxiliary
    reader = PrefixTrainer(
        "sight", model, device, settings.seed, start_file.adapter if start_file is not None and reuses_adapter else None
    )
    config = SightConfig(
        size=SIZE, classes=len(classes()), things=1 + len(load_domain().objects), states=len(THING_STATES),
        furniture=len(furniture()), furniture_states=len(FURNITURE_STATES), n_embd=reader.gpt.config.n_embd,
        things_first=settings.auxiliary,
    )  # fmt: skip
    encoder = SightEncoder(config).to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    encoder_share = settings.alone if settings.auxiliary else 0.0
    if start_file is not None:
        load_folded(encoder, {name: torch.from_numpy(array) for name, array in start_file.encoder.items()})
        encoder_share = 0.0
    if encoder.thing is not None and not reuses_adapter:
        _initialize_with_names(encoder, reader)
    optimizer = torch.optim.AdamW(
        parameter_groups(encoder, reader, encoder_lr=settings.encoder_lr, reader_lr=settings.reader_lr,
                  decay=settings.weight_decay), betas=(0.9, 0.98),
    )  # fmt: skip
    progress, path = Progress(out, settings.minutes, settings.steps), sense_path(out, "sight")
    validation = validation_gallery.all()
    encoded: EncodedPictures | None = None

    def save() -> None:
        extra = {"seen": progress.items, "pictures": len(gallery), **asdict(settings)}
        reader.save(path, fold_batch_norms(encoder), config.as_dict(), extra)

    while (done := progress.done) < 1:
        trains_text = done >= encoder_share
        if trains_text and settings.auxiliary:
            if encoded is None:
                gallery.load_new(files=1000)
                encoder.requires_grad_(False).eval()
                for layer in (encoder.join, encoder.thing):
                    assert layer is not None
                    layer.requires_grad_(True)
                encoded = encode_gallery(encoder, gallery, settings.batch, generator, copies=settings.copies)
                reading_started_at = progress.done
            known, texts = encoded.draw(settings.batch, generator)
            rate = cosine(done, start=reading_started_at)
            set_rates(optimizer, (rate, rate, rate))
            losses = {"writing": _text_loss(encoder, reader, known, texts)}
        else:
            gallery.load_new()
            views = gallery.draw(settings.batch, generator)
            rate = cosine(done / encoder_share if encoder_share else done)
            set_rates(optimizer, (rate, rate, rate))
            seen = _see(encoder, views)
            losses = _auxiliary(seen, views) if settings.auxiliary else {}
            if trains_text:
                losses["writing"] = _text_loss(encoder, reader, seen.known, views.texts)
            texts = views.texts
        torch.stack(list(losses.values())).sum().backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_([p for g in optimizer.param_groups for p in g["params"]], 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        if progress.step(len(texts), **losses):
            progress.log(pictures=len(gallery), **_validate(encoder, reader, validation))
        if progress.is_due():
            save()
    progress.log(pictures=len(gallery), **_validate(encoder, reader, validation))
    save()
    return learn_familiarity(path, pictures, path)


def learn_familiarity(file: Path, pictures: Path, to: Path) -> Path:
    """Add to a sight file which pictures are like those of homes; returns the path of the new file.

    Args:
        file: The sight file.
        pictures: Output folder of `planner.perception.training.render`. The limit is set on those in `valid`.
        to: The new file, which may be the same one.

    Raises:
        PlannerError: There are no pictures.
    """
    sense = load_sense(file, "sight")
    encoder = VisionEncoder(sense)
    known, others = (_summaries(encoder, folder) for folder in (pictures, pictures / "valid"))
    extra = {**sense.extra, "familiar": Familiarity.fit(known, others).as_text()}
    save_sense(to, replace(sense, extra=extra))
    return to


def _summaries(encoder: VisionEncoder, folder: Path) -> Floats:
    """Return the encoder's mean features (N, C) of the pictures in a folder, of at most `MAX_SUMMARIES`.

    Raises:
        PlannerError: There are none.
    """
    rows: list[Floats] = []
    for path in shards_in(folder):
        for picture in read_shard(path).pictures[: MAX_SUMMARIES - len(rows)]:
            summary = encoder.perceive(picture).summary
            assert summary is not None
            rows.append(summary)
    if len(rows) < 2:
        raise PlannerError(f"{folder}: has no pictures; render some with python -m planner.perception.training.render")
    return np.stack(rows)


def _initialize_with_names(encoder: SightEncoder, reader: PrefixTrainer) -> None:
    """Initialize each category's vector with the embedding of its name, which the GPT already understands."""
    assert encoder.thing is not None
    names = classes()[1 : encoder.config.things]
    with torch.no_grad():
        rows = [reader.gpt.wte.weight[reader.tokenizer.encode(f" {name}")].mean(0) for name in names]
        encoder.thing.weight[:, -len(names) :] += torch.stack(rows, 1).to(encoder.thing.weight)


def _see(encoder: SightEncoder, views: Views) -> Seen:
    with torch.autocast(views.pictures.device.type, torch.bfloat16):
        seen: Seen = encoder(views.pictures.contiguous(memory_format=torch.channels_last))
    return seen


def _text_loss(encoder: SightEncoder, reader: PrefixTrainer, known: Known, texts: list[str]) -> torch.Tensor:
    with torch.autocast(known.front.device.type, torch.bfloat16):
        return reader.loss(*encoder.vectors(known), texts)


class EncodedPictures(NamedTuple):
    """Pictures as encoded by the frozen part of the encoder, which need not process them again."""

    known: Known
    texts: list[str]

    def draw(self, count: int, generator: torch.Generator) -> tuple[Known, list[str]]:
        """Draw `count` random pictures."""
        indices = torch.randint(len(self.texts), (count,), generator=generator)
        device_indices = indices.to(self.known.front.device)
        known = Known(
            self.known.front[device_indices].float(),
            self.known.middles[device_indices].float(),
            self.known.counts[device_indices],
        )
        return known, [self.texts[i] for i in indices.tolist()]


@torch.no_grad()
def encode_gallery(
    encoder: SightEncoder, gallery: ImagePool, batch: int, generator: torch.Generator, *, copies: int
) -> EncodedPictures:
    """Encode `copies` times as many augmented pictures as the gallery has."""
    parts: list[Known] = []
    texts: list[str] = []
    for _ in range(max(1, copies * len(gallery) // batch)):
        views = gallery.draw(batch, generator)
        known = _see(encoder, views).known
        parts.append(Known(known.front.half(), known.middles.half(), known.counts))
        texts += views.texts
    return EncodedPictures(Known(*(torch.cat(tensors) for tensors in zip(*parts, strict=True))), texts)


def _auxiliary(seen: Seen, views: Views) -> dict[str, torch.Tensor]:
    middles = (views.centers > 0)[:, None]
    count = middles.sum().clamp_min(1)
    states = F.binary_cross_entropy_with_logits(seen.states.float(), views.states, reduction="none") * middles
    return {
        "cells": 0.5 * F.cross_entropy(seen.cells.float(), views.cells),
        "centres": _focal(seen.centers.float(), views.centers) / count,
        "states": states.sum() / count,
        "furniture": 0.5 * F.cross_entropy(seen.furniture.float(), views.furniture),
        "furniture_states": 0.5
        * F.binary_cross_entropy_with_logits(seen.furniture_states.float(), views.furniture_states),
    }


def _focal(logits: torch.Tensor, centers: torch.Tensor) -> torch.Tensor:
    """Return the summed cross-entropy; cells without a center are weighted by their squared error (focal loss)."""
    losses = F.cross_entropy(logits, centers, reduction="none")  # (B, G, G)
    error = 1 - logits.detach().softmax(1)[:, 0]
    return (losses * torch.where(centers > 0, 1.0, error.square())).sum()


@torch.no_grad()
def _validate(encoder: SightEncoder, reader: PrefixTrainer, views: Views) -> dict[str, object]:
    """Return validation metrics: recall and precision of object centers, furniture accuracy, and the text loss."""
    was_training = encoder.training
    encoder.eval()
    seen = _see(encoder, views)
    writing = _text_loss(encoder, reader, seen.known, views.texts)
    encoder.train(was_training)
    predicted, has_object = seen.centers.argmax(1), views.centers > 0
    correct = ((predicted == views.centers) & has_object).sum()
    return {
        "valid_recall": round(float(correct / has_object.sum().clamp_min(1)), 4),
        "valid_precision": round(float(correct / (predicted > 0).sum().clamp_min(1)), 4),
        "valid_furniture": round(float((seen.furniture.argmax(1) == views.furniture).float().mean()), 4),
        "valid_writing": round(float(writing), 4),
    }
