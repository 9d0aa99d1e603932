"""Training of hearing: first the encoder alone, by CTC, then with the GPT, which learns to write what it heard."""

from __future__ import annotations

import random
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import NamedTuple

import torch
from torch.nn import functional as F
from tqdm import tqdm

from gpt.encoders.audio import HearingConfig, HearingEncoder, Perceived, ctc_loss
from gpt.encoders.log_mel import log_mel, n_frames, spec_augment
from gpt.inference.encoders.audio import MAX_TOKENS, tokens_heard
from gpt.inference.encoders.ctc import greedy
from gpt.training.distributed import resolve_device
from gpt.weights.encoder_file import load_sense, sense_path
from planner.perception.ctc_word_decoding import Words
from planner.perception.training.prefix_trainer import PrefixTrainer, cosine, groups_of, set_rates
from planner.perception.training.progress import Progress
from planner.perception.training.speech_augmentation import Augmenter
from planner.perception.training.speech_pool import Batch, Pool, utterances
from planner.perception.training.speech_texts import Texts
from planner.perception.transcript_normalization import LETTERS, PHONEMES, distance, spoken, words


@dataclass(frozen=True, kw_only=True)
class HearingSettings:
    """How hearing is trained.

    Attributes:
        minutes: How long.
        steps: How many steps, however long they take: the same on every machine; None: as many as there is time for.
        seed: Of everything.
        device: cpu, cuda or auto.
        workers: Processes that speak.
        first: Utterances that are spoken before the first step.
        pool_seconds: Of speech that are kept to be heard again.
        batch_seconds: Of sound in a step, before it is changed.
        alone: The part of the time in which the encoder learns without the GPT.
        kept: Utterances that the GPT then learns to read, each changed in one way.
        misspelled: The part of what the GPT reads that nobody spoke: texts with wrong letters. Of so many that none is
            read twice it learns to read; of few that were heard it learns those by heart.
        read: Texts that the GPT reads in a step.
        encoder_lr: Peak learning rate of the encoder.
        reader_lr: Of the GPT's adapter.
        weight_decay: Of the encoder's matrices.
        validation: Utterances that are heard by no training, to watch.
        texts: That words and their order are counted in.
    """

    minutes: float = 60.0
    steps: int | None = None
    seed: int = 0
    device: str = "auto"
    workers: int = 1
    first: int = 256
    pool_seconds: float = 40_000.0
    batch_seconds: float = 60.0
    alone: float = 0.8
    kept: int = 1_000
    misspelled: float = 0.75
    read: int = 64
    encoder_lr: float = 1.5e-3
    reader_lr: float = 2.0e-3
    weight_decay: float = 0.02
    validation: int = 96
    texts: int = 60_000

    def on_device(self) -> HearingSettings:
        """Return settings that make use of a GPU, if it is one."""
        if resolve_device(self.device).type != "cuda":
            return self
        return replace(self, pool_seconds=300_000.0, batch_seconds=720.0, first=1024, kept=100_000, read=256)


PHONEME_SHARE = 0.4  # of the loss, beside letters


def train_hearing(settings: HearingSettings, model: Path, out: Path, start: Path | None = None) -> Path:
    """Train hearing for a model; returns the sense's file, in `out`.

    The encoder learns alone first; then it stays as it is, what it heard of many utterances is kept, and the GPT learns
    to write what was said.

    Args:
        settings: How.
        model: The GPT.
        out: The run's folder.
        start: A sense whose encoder is kept: the GPT learns to read it, all the time.

    Raises:
        SpeechError: espeak-ng is missing.
    """
    device = resolve_device(settings.device)
    torch.manual_seed(settings.seed)
    rng = random.Random(f"hearing/{settings.seed}")
    pool = Pool(device, settings.pool_seconds, workers=settings.workers, seed=settings.seed)
    watched = Pool(device, 16.0 * settings.validation, workers=0, seed=0)
    watched.add(utterances(settings.validation, settings.seed, "valid"))
    pool.fill(wait=settings.first)
    reader = PrefixTrainer("hearing", model, device, settings.seed)
    config = HearingConfig(letters=len(LETTERS) + 1, phonemes=len(PHONEMES) + 1, n_embd=reader.gpt.config.n_embd)
    encoder = HearingEncoder(config).to(device)
    alone = settings.alone
    if start is not None:
        weights = {name: torch.from_numpy(a) for name, a in load_sense(start, "hearing").encoder.items()}
        weights |= {name: t for name, t in encoder.state_dict().items() if name.startswith("join.")}
        encoder.load_state_dict(weights)
        alone = 0.0
    optimizer = torch.optim.AdamW(
        groups_of(encoder, reader, encoder_lr=settings.encoder_lr, reader_lr=settings.reader_lr,
                  decay=settings.weight_decay), betas=(0.9, 0.98),
    )  # fmt: skip
    augment = Augmenter(device, settings.seed)
    draw = Texts(random.Random(f"misspelled/{settings.seed}")).draw()
    known = words_of(settings.texts, settings.seed).as_text()
    path = sense_path(out, "hearing")
    validation = watched.all()
    kept: list[Heard] | None = None
    progress = Progress(out, settings.minutes, settings.steps)

    def save() -> None:
        extra = {"heard": progress.items, "spoken": pool.heard, **asdict(settings), "words": known}
        reader.save(path, encoder.state_dict(), config.as_dict(), extra)

    try:
        while (done := progress.done) < 1:
            if done < alone:
                pool.fill()
                rate = cosine(done / alone)
                batch = pool.draw(rng, settings.batch_seconds)
                losses, count = _alone(encoder, batch, augment), len(batch.texts)
            else:
                if kept is None:
                    encoder.requires_grad_(False).eval()
                    encoder.join.requires_grad_(True)
                    kept = keep(encoder, reader, pool, augment, rng, settings)
                    pool.close()
                    began = progress.done
                rate = cosine(done, begin=began)
                written = round(settings.misspelled * settings.read) if kept else settings.read
                chosen = [_misspelled(next(draw), rng, reader, config.width) for _ in range(written)]
                chosen += rng.choices(kept, k=settings.read - written) if kept else []
                losses, count = {"writing": _writing(encoder, reader, chosen)}, len(chosen)
            set_rates(optimizer, (rate, rate, rate))
            torch.stack(list(losses.values())).sum().backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_([p for g in optimizer.param_groups for p in g["params"]], 1.0)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            if progress.step(count, **losses):
                progress.tell(spoken=pool.heard, **_watch(encoder, reader, validation))
            if progress.is_due():
                save()
        progress.tell(spoken=pool.heard, **_watch(encoder, reader, validation))
        save()
    finally:
        pool.close()
    return path


def words_of(count: int, seed: int) -> Words:
    """Count the words of texts that are drawn as those that are spoken."""
    texts = Texts(random.Random(f"words/{seed}"))
    draw = texts.draw()
    return Words.of((words(next(draw)) for _ in range(count)), texts.vocabulary())


def _alone(encoder: HearingEncoder, batch: Batch, augment: Augmenter) -> dict[str, torch.Tensor]:
    """Losses of letters and phonemes, of sounds changed at random."""
    with torch.no_grad():
        sounds, lengths = augment(batch.sounds, batch.lengths)
        features = spec_augment(log_mel(sounds, lengths), augment.generator)
    found = _perceive(encoder, features, lengths)
    return {
        "letters": ctc_loss(found.letters, found.counts, batch.letters, batch.n_letters),
        "phonemes": PHONEME_SHARE * ctc_loss(found.phonemes, found.counts, batch.phonemes, batch.n_phonemes),
    }


def _perceive(encoder: HearingEncoder, features: torch.Tensor, lengths: torch.Tensor) -> Perceived:
    with torch.autocast(features.device.type, torch.bfloat16):
        found: Perceived = encoder(features, n_frames(lengths))
    return found


class Heard(NamedTuple):
    """What the encoder heard of an utterance: tokens, what was heard of each (N, C), and what was said."""

    ids: list[int]
    heard: torch.Tensor
    text: str


@torch.no_grad()
def keep(
    encoder: HearingEncoder, reader: PrefixTrainer, pool: Pool, augment: Augmenter, rng: random.Random,
    settings: HearingSettings,
) -> list[Heard]:  # fmt: skip
    """Let the encoder hear utterances, changed at random; returns what it heard."""
    found: list[Heard] = []
    count = 0
    bar = tqdm(total=settings.kept, desc="hearing", disable=not sys.stderr.isatty())
    while count < settings.kept:  # an encoder that has learned little hears nothing in many
        pool.fill()
        batch = pool.draw(rng, settings.batch_seconds)
        sounds, lengths = augment(batch.sounds, batch.lengths)
        found += heard_of(encoder, reader, log_mel(sounds, lengths), lengths, batch.texts)
        count += len(batch.texts)
        bar.update(len(batch.texts))
    return found


def _misspelled(text: str, rng: random.Random, reader: PrefixTrainer, width: int) -> Heard:
    """Return a text as if it were heard, with letters wrong, missing or too many; nothing of its sound is known."""
    said, wrong = words(text), 0.12 * rng.random()
    letters = []
    for c in said:
        roll = rng.random() if rng.random() < wrong else 1.0
        if roll < 0.25:
            continue
        letters.append(rng.choice(LETTERS) if roll < 0.8 else c)
        if roll < 0.35:
            letters.append(rng.choice(LETTERS))
    ids = reader.tokenizer.encode(" ".join("".join(letters).split()))[:MAX_TOKENS] or reader.tokenizer.encode("a")
    return Heard(ids, torch.zeros(len(ids), width, dtype=torch.float16), spoken(text))


def heard_of(
    encoder: HearingEncoder, reader: PrefixTrainer, features: torch.Tensor, lengths: torch.Tensor, texts: Sequence[str]
) -> list[Heard]:
    """Return what the encoder hears of sounds."""
    perceived = _perceive(encoder, features, lengths)
    counts = perceived.counts.tolist()
    steps, letters = perceived.steps.float().cpu().numpy(), perceived.letters.float().cpu().numpy()
    found = []
    for row, (count, text) in enumerate(zip(counts, texts, strict=True)):
        ids, heard = tokens_heard(steps[row, :count], letters[row, :count], LETTERS, reader.tokenizer)
        if ids:
            found.append(Heard(ids, torch.from_numpy(heard).half(), text))
    return found


def _writing(encoder: HearingEncoder, reader: PrefixTrainer, chosen: Sequence[Heard]) -> torch.Tensor:
    """Loss of writing what was said."""
    device = encoder.join.weight.device
    longest = max(len(h.ids) for h in chosen)
    ids = torch.tensor([h.ids + [reader.pad] * (longest - len(h.ids)) for h in chosen]).to(device)
    heard = torch.stack([F.pad(h.heard, (0, 0, 0, longest - len(h.heard))) for h in chosen]).to(device).float()
    lengths = torch.tensor([len(h.ids) for h in chosen]).to(device)
    with torch.autocast(device.type, torch.bfloat16):
        vectors = encoder.vectors(reader.as_read(ids), heard)
        return reader.loss(vectors, lengths, [h.text for h in chosen])


@torch.no_grad()
def _watch(encoder: HearingEncoder, reader: PrefixTrainer, batch: Batch) -> dict[str, object]:
    """Error rate of letters, and the loss of what the GPT writes, on voices of no training, without noise."""
    features = log_mel(batch.sounds, batch.lengths)
    learning = encoder.training
    encoder.eval()
    letters = _perceive(encoder, features, batch.lengths)
    heard = heard_of(encoder, reader, features, batch.lengths, batch.texts)
    encoder.train(learning)
    errors = total = 0
    table = letters.letters.float().cpu().numpy()
    for row, (steps, said, count) in enumerate(
        zip(letters.counts.tolist(), batch.letters.tolist(), batch.n_letters.tolist(), strict=True)
    ):
        errors += distance([spike.symbol for spike in greedy(table[row, :steps])], said[:count])
        total += count
    return {
        "valid_letter_errors": round(errors / max(1, total), 4),
        "valid_writing": round(float(_writing(encoder, reader, heard)), 4) if heard else None,
    }
