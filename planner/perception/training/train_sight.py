"""Training of sight: first the encoder alone, by masks, then with the GPT, which learns to write what it sees."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import NamedTuple

import torch
from torch.nn import functional as F

from envs.symbolic.domain import load_domain
from gpt.encoders.vision import Known, Seen, SightConfig, SightEncoder, fold_batch_norms, load_folded
from gpt.training.distributed import resolve_device
from gpt.weights.encoder_file import load_sense, sense_path
from planner.perception.image_labels import FURNITURE_STATES, SIZE, THING_STATES, classes, furniture
from planner.perception.training.image_pool import Gallery, Views
from planner.perception.training.prefix_trainer import PrefixTrainer, cosine, groups_of, set_rates
from planner.perception.training.progress import Progress


@dataclass(frozen=True, kw_only=True)
class SightSettings:
    """How sight is trained.

    Attributes:
        minutes: How long.
        steps: How many steps, however long they take: the same on every machine; None: as many as there is time for.
        seed: Of everything.
        device: cpu, cuda or auto.
        auxiliary: Whether masks are learned from.
        first: Pictures that are there before the first step.
        most: Pictures that are kept.
        watched: Of the first ones, those that are kept out of training to watch.
        batch: Pictures of a step.
        alone: The part of the time in which the encoder learns without the GPT, if masks are learned from.
        encoder_lr: Peak learning rate of the encoder.
        reader_lr: Of the GPT's adapter.
        weight_decay: Of the encoder's matrices.
        copies: Of each picture that the GPT learns to read from, each changed anew.
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
        """Return settings that suit a CPU, if it is one."""
        return self if resolve_device(self.device).type == "cuda" else replace(self, batch=48, most=20_000, copies=1)


def train_sight(settings: SightSettings, model: Path, pictures: Path, out: Path, start: Path | None = None) -> Path:
    """Train sight for a model; returns the sense's file, in `out`.

    With masks, the encoder learns alone first; then it stays as it is, what it makes of each picture is kept, and the
    GPT learns to read that. Without them, all learns at once to write.

    Args:
        settings: How.
        model: The GPT.
        pictures: A folder of files of `planner.perception.training.render`, which may still be at work; `valid` in it is watched.
        out: The run's folder.
        start: A sense to go on from: its encoder is kept, and the GPT learns to read it, all the time; where it has
            learned to read middles of things already, from there.

    Raises:
        PlannerError: There are no pictures.
    """
    device = resolve_device(settings.device)
    torch.manual_seed(settings.seed)
    generator = torch.Generator().manual_seed(settings.seed)
    gallery = Gallery(device, pictures, settings.most)
    gallery.wait(settings.first)
    held_out = Gallery(device, pictures / "valid", settings.watched)
    held_out.wait(min(64, settings.watched), patience=60.0)
    begun = None if start is None else load_sense(start, "sight")
    reads = begun is not None and bool(begun.config.get("things_first")) and settings.auxiliary
    reader = PrefixTrainer(
        "sight", model, device, settings.seed, begun.adapter if begun is not None and reads else None
    )
    config = SightConfig(
        size=SIZE, classes=len(classes()), things=1 + len(load_domain().objects), states=len(THING_STATES),
        furniture=len(furniture()), furniture_states=len(FURNITURE_STATES), n_embd=reader.gpt.config.n_embd,
        things_first=settings.auxiliary,
    )  # fmt: skip
    encoder = SightEncoder(config).to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    alone = settings.alone if settings.auxiliary else 0.0
    if begun is not None:
        load_folded(encoder, {name: torch.from_numpy(array) for name, array in begun.encoder.items()})
        alone = 0.0
    if encoder.thing is not None and not reads:
        _begin_with_names(encoder, reader)
    optimizer = torch.optim.AdamW(
        groups_of(encoder, reader, encoder_lr=settings.encoder_lr, reader_lr=settings.reader_lr,
                  decay=settings.weight_decay), betas=(0.9, 0.98),
    )  # fmt: skip
    progress, path = Progress(out, settings.minutes, settings.steps), sense_path(out, "sight")
    validation = held_out.all()
    kept: Kept | None = None

    def save() -> None:
        extra = {"seen": progress.items, "pictures": len(gallery), **asdict(settings)}
        reader.save(path, fold_batch_norms(encoder), config.as_dict(), extra)

    while (done := progress.done) < 1:
        together = done >= alone
        if together and settings.auxiliary:
            if kept is None:
                gallery.look(files=1000)
                encoder.requires_grad_(False).eval()
                for layer in (encoder.join, encoder.thing):
                    assert layer is not None
                    layer.requires_grad_(True)
                kept = keep(encoder, gallery, settings.batch, generator, copies=settings.copies)
                began = progress.done
            known, texts = kept.draw(settings.batch, generator)
            rate = cosine(done, begin=began)
            set_rates(optimizer, (rate, rate, rate))
            losses = {"writing": _writing(encoder, reader, known, texts)}
        else:
            gallery.look()
            views = gallery.draw(settings.batch, generator)
            rate = cosine(done / alone if alone else done)
            set_rates(optimizer, (rate, rate, rate))
            seen = _see(encoder, views)
            losses = _auxiliary(seen, views) if settings.auxiliary else {}
            if together:
                losses["writing"] = _writing(encoder, reader, seen.known, views.texts)
            texts = views.texts
        torch.stack(list(losses.values())).sum().backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_([p for g in optimizer.param_groups for p in g["params"]], 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        if progress.step(len(texts), **losses):
            progress.tell(pictures=len(gallery), **_watch(encoder, reader, validation))
        if progress.is_due():
            save()
    progress.tell(pictures=len(gallery), **_watch(encoder, reader, validation))
    save()
    return path


def _begin_with_names(encoder: SightEncoder, reader: PrefixTrainer) -> None:
    """Let the vector of a thing begin as the embedding of its name: the GPT knows what to make of that."""
    assert encoder.thing is not None
    names = classes()[1 : encoder.config.things]
    with torch.no_grad():
        rows = [reader.gpt.wte.weight[reader.tokenizer.encode(f" {name}")].mean(0) for name in names]
        encoder.thing.weight[:, -len(names) :] += torch.stack(rows, 1).to(encoder.thing.weight)


def _see(encoder: SightEncoder, views: Views) -> Seen:
    with torch.autocast(views.pictures.device.type, torch.bfloat16):
        seen: Seen = encoder(views.pictures.contiguous(memory_format=torch.channels_last))
    return seen


def _writing(encoder: SightEncoder, reader: PrefixTrainer, known: Known, texts: list[str]) -> torch.Tensor:
    with torch.autocast(known.front.device.type, torch.bfloat16):
        return reader.loss(*encoder.vectors(known), texts)


class Kept(NamedTuple):
    """What the encoder made of pictures, so that it need not see them again."""

    known: Known
    texts: list[str]

    def draw(self, count: int, generator: torch.Generator) -> tuple[Known, list[str]]:
        """Draw some."""
        numbers = torch.randint(len(self.texts), (count,), generator=generator)
        there = numbers.to(self.known.front.device)
        known = Known(self.known.front[there].float(), self.known.middles[there].float(), self.known.counts[there])
        return known, [self.texts[i] for i in numbers.tolist()]


@torch.no_grad()
def keep(encoder: SightEncoder, gallery: Gallery, batch: int, generator: torch.Generator, *, copies: int) -> Kept:
    """Let the encoder see so many pictures, changed at random, as there are in a gallery, times `copies`."""
    parts: list[Known] = []
    texts: list[str] = []
    for _ in range(max(1, copies * len(gallery) // batch)):
        views = gallery.draw(batch, generator)
        known = _see(encoder, views).known
        parts.append(Known(known.front.half(), known.middles.half(), known.counts))
        texts += views.texts
    return Kept(Known(*(torch.cat(tensors) for tensors in zip(*parts, strict=True))), texts)


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
    """Sum of cross-entropies; of cells without a middle, which are many, by how wrong they are (focal loss)."""
    losses = F.cross_entropy(logits, centers, reduction="none")  # (B, G, G)
    wrong = 1 - logits.detach().softmax(1)[:, 0]
    return (losses * torch.where(centers > 0, 1.0, wrong.square())).sum()


@torch.no_grad()
def _watch(encoder: SightEncoder, reader: PrefixTrainer, views: Views) -> dict[str, object]:
    """Accuracy in homes of no training: middles of things found and right, furniture, and the loss of writing."""
    learning = encoder.training
    encoder.eval()
    seen = _see(encoder, views)
    writing = _writing(encoder, reader, seen.known, views.texts)
    encoder.train(learning)
    best, there = seen.centers.argmax(1), views.centers > 0
    right = ((best == views.centers) & there).sum()
    return {
        "valid_recall": round(float(right / there.sum().clamp_min(1)), 4),
        "valid_precision": round(float(right / (best > 0).sum().clamp_min(1)), 4),
        "valid_furniture": round(float((seen.furniture.argmax(1) == views.furniture).float().mean()), 4),
        "valid_writing": round(float(writing), 4),
    }
