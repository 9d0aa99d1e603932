"""Train hearing: first the encoder alone with CTC, then the GPT, which learns to write text from its output."""

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
from planner.perception.training.prefix_trainer import PrefixTrainer, cosine, parameter_groups, set_rates
from planner.perception.training.progress import Progress
from planner.perception.training.speech_augmentation import Augmenter
from planner.perception.training.speech_pool import Batch, Pool, utterances
from planner.perception.training.speech_texts import Texts
from planner.perception.transcript_normalization import LETTERS, PHONEMES, distance, spoken, words


@dataclass(frozen=True, kw_only=True)
class HearingSettings:
    """Training settings of hearing.

    Attributes:
        minutes: Training time [min].
        steps: Number of steps, for results that do not depend on speed; None: limited by time.
        seed: Random seed.
        device: cpu, cuda or auto.
        workers: Number of speech synthesis processes.
        first: Utterances synthesized before the first step.
        pool_seconds: Capacity of the speech pool [s].
        batch_seconds: Sound per step before augmentation [s].
        alone: Fraction of the time in which only the encoder is trained.
        kept: Encoded utterances, each augmented once, on which the GPT is then trained.
        misspelled: Fraction of the GPT's inputs that are texts with random letter errors instead of encoded speech.
            These are never repeated, so the GPT learns to read; it would memorize a small set of utterances.
        read: Batch size of the GPT.
        encoder_lr: Peak learning rate of the encoder.
        reader_lr: Peak learning rate of the GPT's adapter.
        weight_decay: Weight decay of the encoder's matrices.
        validation: Number of validation utterances.
        texts: Number of texts for the bigram word model.
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
        """Return settings for the device: larger ones on a GPU."""
        if resolve_device(self.device).type != "cuda":
            return self
        return replace(self, pool_seconds=300_000.0, batch_seconds=720.0, first=1024, kept=100_000, read=256)


PHONEME_SHARE = 0.4  # weight of the phoneme loss


def train_hearing(settings: HearingSettings, model: Path, out: Path, start: Path | None = None) -> Path:
    """Train hearing for a model; returns the path of the hearing file in `out`.

    The encoder is trained alone first. Then it is frozen except for its output layer, many utterances are encoded once,
    and the output layer and the GPT's adapter learn to write their texts.

    Args:
        settings: Training settings.
        model: Model folder of the GPT.
        out: The run's folder.
        start: A hearing file whose encoder is reused, without its output layer; the whole time is used for the second
            part of the training.

    Raises:
        SpeechError: espeak-ng is missing.
    """
    device = resolve_device(settings.device)
    torch.manual_seed(settings.seed)
    rng = random.Random(f"hearing/{settings.seed}")
    pool = Pool(device, settings.pool_seconds, workers=settings.workers, seed=settings.seed)
    validation_pool = Pool(device, 16.0 * settings.validation, workers=0, seed=0)
    validation_pool.add(utterances(settings.validation, settings.seed, "valid"))
    pool.fill(wait=settings.first)
    reader = PrefixTrainer("hearing", model, device, settings.seed)
    config = HearingConfig(letters=len(LETTERS) + 1, phonemes=len(PHONEMES) + 1, n_embd=reader.gpt.config.n_embd)
    encoder = HearingEncoder(config).to(device)
    encoder_share = settings.alone
    if start is not None:
        weights = {name: torch.from_numpy(a) for name, a in load_sense(start, "hearing").encoder.items()}
        weights |= {name: t for name, t in encoder.state_dict().items() if name.startswith("join.")}
        encoder.load_state_dict(weights)
        encoder_share = 0.0
    optimizer = torch.optim.AdamW(
        parameter_groups(encoder, reader, encoder_lr=settings.encoder_lr, reader_lr=settings.reader_lr,
                  decay=settings.weight_decay), betas=(0.9, 0.98),
    )  # fmt: skip
    augment = Augmenter(device, settings.seed)
    texts = Texts(random.Random(f"misspelled/{settings.seed}")).draw()
    words_text = count_words(settings.texts, settings.seed).as_text()
    path = sense_path(out, "hearing")
    validation = validation_pool.all()
    encoded: list[HeardUtterance] | None = None
    progress = Progress(out, settings.minutes, settings.steps)

    def save() -> None:
        extra = {"heard": progress.items, "spoken": pool.heard, **asdict(settings), "words": words_text}
        reader.save(path, encoder.state_dict(), config.as_dict(), extra)

    try:
        while (done := progress.done) < 1:
            if done < encoder_share:
                pool.fill()
                rate = cosine(done / encoder_share)
                batch = pool.draw(rng, settings.batch_seconds)
                losses, count = _encoder_losses(encoder, batch, augment), len(batch.texts)
            else:
                if encoded is None:
                    encoder.requires_grad_(False).eval()
                    encoder.join.requires_grad_(True)
                    encoded = encode_utterances(encoder, reader, pool, augment, rng, settings)
                    pool.close()
                    reading_started_at = progress.done
                rate = cosine(done, start=reading_started_at)
                n_misspelled = round(settings.misspelled * settings.read) if encoded else settings.read
                rows = [_misspelled(next(texts), rng, reader, config.width) for _ in range(n_misspelled)]
                rows += rng.choices(encoded, k=settings.read - n_misspelled) if encoded else []
                losses, count = {"writing": _text_loss(encoder, reader, rows)}, len(rows)
            set_rates(optimizer, (rate, rate, rate))
            torch.stack(list(losses.values())).sum().backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_([p for g in optimizer.param_groups for p in g["params"]], 1.0)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            if progress.step(count, **losses):
                progress.log(spoken=pool.heard, **_validate(encoder, reader, validation))
            if progress.is_due():
                save()
        progress.log(spoken=pool.heard, **_validate(encoder, reader, validation))
        save()
    finally:
        pool.close()
    return path


def count_words(count: int, seed: int) -> Words:
    """Count the words of texts drawn from the distribution of the spoken texts."""
    texts = Texts(random.Random(f"words/{seed}"))
    texts_iterator = texts.draw()
    return Words.of((words(next(texts_iterator)) for _ in range(count)), texts.vocabulary())


def _encoder_losses(encoder: HearingEncoder, batch: Batch, augment: Augmenter) -> dict[str, torch.Tensor]:
    """Return the CTC losses of letters and phonemes on augmented sounds."""
    with torch.no_grad():
        sounds, lengths = augment(batch.sounds, batch.lengths)
        features = spec_augment(log_mel(sounds, lengths), augment.generator)
    perceived = _perceive(encoder, features, lengths)
    return {
        "letters": ctc_loss(perceived.letters, perceived.counts, batch.letters, batch.n_letters),
        "phonemes": PHONEME_SHARE * ctc_loss(perceived.phonemes, perceived.counts, batch.phonemes, batch.n_phonemes),
    }


def _perceive(encoder: HearingEncoder, features: torch.Tensor, lengths: torch.Tensor) -> Perceived:
    with torch.autocast(features.device.type, torch.bfloat16):
        perceived: Perceived = encoder(features, n_frames(lengths))
    return perceived


class HeardUtterance(NamedTuple):
    """An encoded utterance: recognized tokens, encoder vectors of each (N, C), and the spoken text."""

    ids: list[int]
    heard: torch.Tensor
    text: str


@torch.no_grad()
def encode_utterances(
    encoder: HearingEncoder, reader: PrefixTrainer, pool: Pool, augment: Augmenter, rng: random.Random,
    settings: HearingSettings,
) -> list[HeardUtterance]:  # fmt: skip
    """Encode augmented utterances."""
    encoded: list[HeardUtterance] = []
    count = 0
    bar = tqdm(total=settings.kept, desc="hearing", disable=not sys.stderr.isatty())
    while count < settings.kept:  # count inputs: a weak encoder recognizes nothing in many
        pool.fill()
        batch = pool.draw(rng, settings.batch_seconds)
        sounds, lengths = augment(batch.sounds, batch.lengths)
        encoded += hear_batch(encoder, reader, log_mel(sounds, lengths), lengths, batch.texts)
        count += len(batch.texts)
        bar.update(len(batch.texts))
    return encoded


def _misspelled(text: str, rng: random.Random, reader: PrefixTrainer, width: int) -> HeardUtterance:
    """Return a text as if recognized with wrong, missing or extra letters, with zero encoder vectors."""
    letters_spoken, error_rate = words(text), 0.12 * rng.random()
    letters = []
    for c in letters_spoken:
        roll = rng.random() if rng.random() < error_rate else 1.0
        if roll < 0.25:
            continue
        letters.append(rng.choice(LETTERS) if roll < 0.8 else c)
        if roll < 0.35:
            letters.append(rng.choice(LETTERS))
    ids = reader.tokenizer.encode(" ".join("".join(letters).split()))[:MAX_TOKENS] or reader.tokenizer.encode("a")
    return HeardUtterance(ids, torch.zeros(len(ids), width, dtype=torch.float16), spoken(text))


def hear_batch(
    encoder: HearingEncoder, reader: PrefixTrainer, features: torch.Tensor, lengths: torch.Tensor, texts: Sequence[str]
) -> list[HeardUtterance]:
    """Encode sounds; those without a recognized token are dropped."""
    perceived = _perceive(encoder, features, lengths)
    counts = perceived.counts.tolist()
    steps, letters = perceived.steps.float().cpu().numpy(), perceived.letters.float().cpu().numpy()
    heard_utterances = []
    for row, (count, text) in enumerate(zip(counts, texts, strict=True)):
        ids, heard = tokens_heard(steps[row, :count], letters[row, :count], LETTERS, reader.tokenizer)
        if ids:
            heard_utterances.append(HeardUtterance(ids, torch.from_numpy(heard).half(), text))
    return heard_utterances


def _text_loss(encoder: HearingEncoder, reader: PrefixTrainer, utterances: Sequence[HeardUtterance]) -> torch.Tensor:
    """Return the GPT's loss on the spoken texts."""
    device = encoder.join.weight.device
    longest = max(len(u.ids) for u in utterances)
    ids = torch.tensor([u.ids + [reader.pad] * (longest - len(u.ids)) for u in utterances]).to(device)
    heard = torch.stack([F.pad(u.heard, (0, 0, 0, longest - len(u.heard))) for u in utterances]).to(device).float()
    lengths = torch.tensor([len(u.ids) for u in utterances]).to(device)
    with torch.autocast(device.type, torch.bfloat16):
        vectors = encoder.vectors(reader.placeholder_vectors(ids), heard)
        return reader.loss(vectors, lengths, [u.text for u in utterances])


@torch.no_grad()
def _validate(encoder: HearingEncoder, reader: PrefixTrainer, batch: Batch) -> dict[str, object]:
    """Return the letter error rate and the GPT's loss on validation voices without noise."""
    features = log_mel(batch.sounds, batch.lengths)
    was_training = encoder.training
    encoder.eval()
    letters = _perceive(encoder, features, batch.lengths)
    heard = hear_batch(encoder, reader, features, batch.lengths, batch.texts)
    encoder.train(was_training)
    errors = total = 0
    table = letters.letters.float().cpu().numpy()
    for row, (steps, symbols, count) in enumerate(
        zip(letters.counts.tolist(), batch.letters.tolist(), batch.n_letters.tolist(), strict=True)
    ):
        errors += distance([spike.symbol for spike in greedy(table[row, :steps])], symbols[:count])
        total += count
    return {
        "valid_letter_errors": round(errors / max(1, total), 4),
        "valid_writing": round(float(_text_loss(encoder, reader, heard)), 4) if heard else None,
    }
