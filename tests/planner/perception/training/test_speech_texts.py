"""What is spoken, by whom, and how it is made to sound like somewhere else."""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch

from planner.language.phrase_patterns import load_families
from planner.perception.espeak import RATE, SpeechError, Voice, phonemes, speak
from planner.perception.training.speech_augmentation import Augmenter, add_noise, add_room
from planner.perception.training.speech_pool import BUCKETS_S, Pool, utterances
from planner.perception.training.speech_texts import ACCENTS, VARIANTS, Texts, voice
from planner.perception.transcript_normalization import (
    LETTERS,
    PHONEMES,
    distance,
    heard_phonemes,
    spoken,
    words,
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Put 2 apples, please!", "put two apples, please"),
        ("the chef's knife & 'that' mug", "the chef's knife and that mug"),
        ("21 plates; then 105", "twenty one plates then one zero five"),
        ("  ,, hm ", "hm"),
    ],
)
def test_what_is_said_of_a_text(text: str, said: str) -> None:
    assert spoken(text) == said
    assert words(text) == said.replace(",", "")
    assert set(words(text)) <= set(LETTERS)


def test_distances_count_what_is_wrong_left_out_and_added() -> None:
    assert distance(["put", "the", "mug"], ["put", "a", "mug", "down"]) == 2
    assert distance([], "ab") == 2


def test_test_voices_are_in_no_training() -> None:
    for who in ("valid", "test"):
        assert not set(VARIANTS[who]) & set(VARIANTS["train"])  # type: ignore[index]
    assert not set(VARIANTS["valid"]) & set(VARIANTS["test"])
    assert len(set(ACCENTS["test"]) - set(ACCENTS["train"])) == 2


def test_texts_have_the_words_of_the_phrases_in_training_wordings_alone() -> None:
    texts = Texts(random.Random(0))
    assert len(texts.nouns) > 1000 and {"fridge", "wine glass"} <= set(texts.nouns)
    draw = texts.draw()
    some = [next(draw) for _ in range(200)]
    assert len(set(some)) > 190
    drawn = {p for of in texts.drawer.patterns.values() for p in of}
    assert {p for f in load_families() for p in f.phrases} - drawn  # the held-out ones


@pytest.mark.usefixtures("espeak")
def test_voices_speak_and_differ() -> None:
    rng = random.Random(1)
    first = speak("put the mug on the table", Voice())
    assert 0.8 * RATE < len(first) < 4 * RATE and first.dtype == np.int16 and np.abs(first).max() > 3000
    again = speak("put the mug on the table", Voice())  # espeak-ng itself varies by a few samples
    assert len(again) == pytest.approx(len(first), rel=0.01)
    other = speak("put the mug on the table", voice(rng, "test"))
    assert abs(len(other) - len(first)) > 0.01 * len(first)
    assert len(speak("put the mug on the table", Voice(speed=230))) < len(first)
    with pytest.raises(SpeechError, match="no voice"):
        speak("hello", Voice(accent="no-such-accent"))
    said = heard_phonemes(phonemes("the mug"))
    assert "m" in said and set(said) <= set(PHONEMES)


@pytest.mark.usefixtures("espeak")
def test_every_voice_of_the_table_is_there() -> None:
    for who, variants in VARIANTS.items():
        for variant in variants:
            assert len(speak("mug", Voice(accent=ACCENTS[who][0], variant=variant))) > 1000, variant
        for accent in ACCENTS[who]:
            assert len(speak("mug", Voice(accent=accent))) > 1000, accent


@pytest.mark.usefixtures("espeak")
def test_a_pool_keeps_the_newest_and_draws_batches_of_few_shapes() -> None:
    made = utterances(12, 0, "train")
    assert [u.text for u in made] == [u.text for u in utterances(12, 0, "train")]
    total = sum(len(u.wave) for u in made)
    pool = Pool(torch.device("cpu"), 1.5 * total / RATE, workers=0, seed=0)
    pool.add(made)
    batch = pool.all()
    for row, utterance in enumerate(made):
        count = int(batch.lengths[row])
        np.testing.assert_allclose(batch.sounds[row, :count], utterance.wave / 32768.0, atol=1e-6)
        letters = "".join(LETTERS[k - 1] for k in batch.letters[row, : batch.n_letters[row]].tolist())
        assert letters == words(utterance.text)
    for _ in range(4):
        drawn = pool.draw(random.Random(0), 12.0)
        assert drawn.sounds.shape[1] / RATE in BUCKETS_S and int(drawn.lengths.max()) <= drawn.sounds.shape[1]
    pool.add(made)  # there is no room for both
    assert pool.heard == 24 and len(pool) < 24
    assert pool.all().texts[-12:] == [u.text for u in made]


def test_changed_sounds_are_as_long_as_they_say_and_no_two_alike() -> None:
    time = torch.arange(2 * RATE) / RATE
    wave = 0.4 * torch.sin(2 * torch.pi * 300 * time)
    sounds, lengths = wave.repeat(8, 1), torch.full((8,), len(wave))
    new, counts = Augmenter(torch.device("cpu"), 0)(sounds, lengths)
    assert new.isfinite().all() and float(new.abs().max()) <= 1.0
    assert (counts <= new.shape[1]).all() and (counts > 0.8 * len(wave)).all()
    assert len({round(float(row.square().mean()), 6) for row in new}) == 8
    again, _ = Augmenter(torch.device("cpu"), 0)(sounds, lengths)
    assert torch.equal(new, again)


def test_noise_is_as_loud_as_asked() -> None:
    wave = 0.4 * torch.sin(torch.arange(3 * RATE) * 0.2)
    for seed, snr in enumerate([0.0, 10.0, 20.0] * 8):
        noise = add_noise(wave, snr, seed) - wave
        measured = 10 * torch.log10(wave.square().mean() / noise.square().mean())
        assert float(measured) == pytest.approx(snr, abs=0.5)
    assert not torch.equal(add_room(wave, 0), wave)
