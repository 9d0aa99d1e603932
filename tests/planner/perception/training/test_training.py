"""Seeing, hearing, their training and their flags, with encoders that were never trained."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from envs.symbolic.domain import load_domain
from gpt.errors import CheckpointError
from gpt.inference.encoders.audio import Sound
from gpt.inference.encoders.vision import Perceived
from gpt.training.lora import adapter_of
from gpt.weights.encoder_file import SenseKind, load_sense, save_sense
from planner.errors import PlannerError, ReleaseError
from planner.io.paths import released_dir
from planner.perception import sight as seeing
from planner.perception.ctc_word_decoding import Words, decode_texts
from planner.perception.hearing import Hearing, NothingHeardError
from planner.perception.image_labels import SIZE, parse_listing
from planner.perception.loading import load_with
from planner.perception.sight import Sight
from planner.perception.training.__main__ import main as train
from planner.perception.training.prefix_trainer import PrefixTrainer
from planner.perception.training.progress import Progress
from planner.perception.training.render import write
from planner.perception.training.train_hearing import HearingSettings, train_hearing
from planner.perception.training.train_sight import SightSettings, train_sight
from planner.perception.transcript_normalization import LETTERS
from planner.plan import main as plan
from tests.planner.json_answers import checked

Files = dict[SenseKind, Path]
TEXTS = ["put the mug in the sink", "put the plate in the sink", "open the fridge", "put the mug on the table"] * 5


def random_picture(seed: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.random.default_rng(seed).integers(0, 256, (SIZE, SIZE, 3), dtype=np.uint8)


def letters_of(text: str, sure: float = 6.0) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """Letters (S, classes) that spell a text, each for two steps and a blank."""
    logits = np.zeros((3 * len(text) + 1, len(LETTERS) + 1), np.float32)
    logits[:, 0] += sure
    for k, c in enumerate(text):
        logits[3 * k + 1 : 3 * k + 3, 0] -= sure
        logits[3 * k + 1 : 3 * k + 3, LETTERS.index(c) + 1] += sure
    return logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)


def with_words(path: Path, folder: Path) -> Path:
    """The file of a hearing that knows the words of TEXTS."""
    sense = load_sense(path, "hearing")
    known = Words.of(TEXTS, ["cup", "lamp"]).as_text()
    made = folder / "hearing.safetensors"
    save_sense(made, type(sense)(kind="hearing", config=sense.config, encoder=sense.encoder, adapter=sense.adapter,
                                 extra={"words": known}))  # fmt: skip
    return made


def test_words_are_the_same_after_a_file_and_likelier_ones_are_preferred() -> None:
    words = Words.of(TEXTS, ["cup", "lamp"])
    again = Words.from_text(words.as_text())
    for before, word in [("the", "mug"), ("", "open"), ("the", "cup"), ("mug", "zebra")]:
        assert again.log(before, word) == pytest.approx(words.log(before, word), abs=1e-4)
    assert words.log("the", "mug") > words.log("the", "cup") > words.log("the", "cuq")
    unclear = letters_of("put the mug in the sink", 6.0)
    at = 3 * "put the mug".index("g") + 1
    unclear[at : at + 2, [LETTERS.index("g") + 1, LETTERS.index("d") + 1]] = -0.9, -0.5  # rather "mud"
    assert decode_texts(unclear, words)[0][0] == "put the mug in the sink"
    assert decode_texts(letters_of("zap the qux"), words)[0][0] == "zap the qux"  # what is clear is heard, known or not
    with pytest.raises(CheckpointError, match="damaged"):
        Words.from_text("nonsense")


def test_hearing_returns_what_the_letters_say(sense_files: Files, tmp_path: Path) -> None:
    hearing = Hearing.load(file=with_words(sense_files["hearing"], tmp_path))
    letters = letters_of("put the mug on the table")
    heard = hearing.transcribe(Sound(np.zeros((len(letters), 32), np.float32), letters))
    assert heard.words == heard.letters == "put the mug on the table"
    assert len(set(heard.alternatives)) == len(heard.alternatives) and heard.words not in heard.alternatives
    with pytest.raises(NothingHeardError, match="no word"):
        hearing.transcribe(Sound(np.zeros((9, 32), np.float32), letters_of("")[:1].repeat(9, axis=0)))
    for silence in (np.zeros(0, np.float32), np.zeros(9000, np.float32), np.full(9000, np.nan, np.float32)):
        with pytest.raises(NothingHeardError, match="empty or silent"):
            hearing.hear(silence)
    with pytest.raises(CheckpointError, match="no words"):
        Hearing.load(file=sense_files["hearing"])


def test_what_is_written_of_any_picture_is_a_listing_of_what_was_found(sense_files: Files) -> None:
    sight = Sight.load(file=sense_files["sight"])
    names = sorted(load_domain().objects)
    for seed in range(6):
        picture = random_picture(seed)
        perceived = sight.encoder.perceive(picture)
        assert perceived.things is not None
        (seen,) = sight.see([picture])
        assert parse_listing(seen.listing.text) == seen.listing and 0 < seen.sure <= 1
        left = [names[k] for k in perceived.things]
        for item in seen.listing.things:
            left.remove(item.category)  # each is of a middle of its own
    with pytest.raises(PlannerError, match=r"picture 2 is \(5, 5, 3\)"):
        sight.see([random_picture(0), np.zeros((5, 5, 3), np.uint8)])


def test_the_encoders_evidence_decides_where_the_gpt_does_not(sense_files: Files, monkeypatch: pytest.MonkeyPatch
                                                              ) -> None:  # fmt: skip
    sight = Sight.load(file=sense_files["sight"])
    monkeypatch.setattr(seeing, "ENCODER_WEIGHT", 1000.0)
    names = sorted(load_domain().objects)
    vectors = np.zeros((4, sight.model.config.n_embd), np.float32)
    things = tuple(names.index(name) for name in ("apple", "mug", "mug"))
    seen = sight._write_listing(Perceived(vectors, things, (0.9, 0.95, 0.2)))
    assert [item.category for item in seen.listing.things] == ["apple", "mug"]
    assert sight._write_listing(Perceived(vectors, things, (0.2, 0.2, 0.2))).listing.things == ()


def test_senses_that_are_missing_or_of_other_weights_are_named(sense_files: Files, tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match=r"planner\.perception\.training sight"):
        load_with("sight", tmp_path)
    sense = load_sense(sense_files["sight"], "sight")
    other = type(sense.adapter)(rank=2, base="0" * 32, down=sense.adapter.down, up=sense.adapter.up)
    path = tmp_path / "sight.safetensors"
    save_sense(path, type(sense)(kind="sight", config=sense.config, encoder=sense.encoder, adapter=other))
    with pytest.raises(CheckpointError, match="belongs to weights"):
        load_with("sight", None, path)


def test_sight_learns_on_a_cpu_with_masks_and_without(tmp_path: Path) -> None:
    pictures = tmp_path / "pictures"
    (pictures / "valid").mkdir(parents=True)
    write(pictures, 0, 8, "train")
    write(pictures / "valid", 0, 8, "valid")
    for auxiliary in (True, False):
        settings = SightSettings(steps=6, device="cpu", batch=4, first=8, watched=8, alone=0.5, copies=1,
                                 auxiliary=auxiliary)  # fmt: skip
        path = train_sight(settings, released_dir(), pictures, tmp_path / str(auxiliary))
        sense = load_sense(path, "sight")
        assert sense.config["things_first"] is auxiliary and sense.extra["auxiliary"] is auxiliary
        assert Sight.load(file=path).see([random_picture(0)])
        lines = [json.loads(x) for x in (path.parent / "metrics.jsonl").read_text().splitlines()]
        assert (lines[-1]["steps"], lines[-1]["items"]) == (6, 24) and 0 <= lines[-1]["valid_furniture"] <= 1
    # Of another seed, so that a reading that began anew would be another one from the first step on.
    kept = train_sight(
        SightSettings(steps=3, seed=1, device="cpu", batch=4, first=8, watched=8, copies=1), released_dir(), pictures,
        tmp_path / "again", tmp_path / "True" / "sight.safetensors",
    )  # fmt: skip
    first, second = (load_sense(p, "sight") for p in (tmp_path / "True" / "sight.safetensors", kept))
    np.testing.assert_allclose(second.encoder["coarse.0.a.weight"], first.encoder["coarse.0.a.weight"], atol=1e-3)
    name = "blocks.0.mlp.fc.weight"  # its reading goes on from where it was, too
    assert np.corrcoef(first.adapter.down[name].ravel(), second.adapter.down[name].ravel())[0, 1] > 0.9
    anew = PrefixTrainer("sight", released_dir(), torch.device("cpu"), seed=1)
    assert abs(np.corrcoef(adapter_of(anew.gpt).down[name].ravel(), second.adapter.down[name].ravel())[0, 1]) < 0.5


def test_progress_is_of_the_time_or_of_the_steps(tmp_path: Path) -> None:
    now = 100.0
    timed = Progress(tmp_path / "timed", minutes=2.0, clock=lambda: now)
    assert timed.done == 0.0 and not timed.step(4, loss=3.0) and not timed.is_due()
    now = 130.0
    assert timed.done == 0.25 and timed.step(4, loss=1.0)
    timed.log(more="so")
    (line,) = [json.loads(x) for x in (tmp_path / "timed" / "metrics.jsonl").read_text().splitlines()]
    assert line == {"seconds": 30.0, "steps": 2, "items": 8, "items_per_s": 0.3, "loss": 2.0, "more": "so"}
    now = 220.0
    assert timed.done == 1.0 and timed.is_due() and not timed.is_due()
    counted = Progress(tmp_path / "counted", minutes=2.0, steps=4, clock=lambda: now)
    now = 9000.0
    assert counted.done == 0.0
    for _ in range(4):
        counted.step(1)
    assert counted.done == 1.0


@pytest.mark.usefixtures("espeak")
def test_hearing_learns_on_a_cpu(tmp_path: Path) -> None:
    settings = HearingSettings(steps=4, device="cpu", workers=1, first=32, batch_seconds=12.0, kept=16, read=8,
                               validation=4, texts=300, alone=0.5)  # fmt: skip
    path = train_hearing(settings, released_dir(), tmp_path)
    lines = [json.loads(x) for x in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert lines[-1]["steps"] == 4 and lines[-1]["spoken"] >= 32 and lines[-1]["valid_letter_errors"] > 0
    hearing = Hearing.load(file=path)
    assert hearing.words.log("the", "fridge") > hearing.words.log("the", "zebra")


def test_odd_flags_are_named(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    missing = str(tmp_path / "none.wav")
    for command, said in {
        ("--audio", missing, "set the table"): "cannot be combined with a written instruction",
        ("--audio", missing, "--listen"): "use one",
        ("--listen", "--interactive"): "cannot be combined with --interactive",
        ("set the table", "--image", missing, "--home", "studio"): "cannot be combined with --home",
        ("set the table", "--image", missing, "--execute"): "cannot be combined with --execute",
    }.items():
        assert plan(list(command)) == 2
        assert said in capsys.readouterr().err
    assert train(["sight"]) == 2
    assert "planner.perception.training.render" in capsys.readouterr().err
    assert train(["hearing", "--minutes", "0"]) == 2


def test_a_plan_is_made_of_pictures_and_a_recording(
    sense_files: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from PIL import Image
    from scipy.io import wavfile

    hearing = with_words(sense_files["hearing"], tmp_path)
    files = {"sight": sense_files["sight"], "hearing": hearing}
    monkeypatch.setattr("planner.perception.loading.sense_path", lambda folder, kind: files[kind])
    monkeypatch.setattr(seeing, "MIN_SURE", 0.0)  # it has learned nothing, and is not sure of anything
    picture = tmp_path / "a.png"
    Image.fromarray(random_picture(0)).resize((320, 200)).save(picture)
    assert plan(["set the table", "--image", str(picture), "--json"]) in (0, 1)
    (seen,) = checked("planner.plan", capsys.readouterr().out)["seen"]
    assert seen["file"] == str(picture) and seen["furniture"] in load_domain().fixtures
    assert plan(["set the table", "--image", str(picture)]) in (0, 1)
    assert capsys.readouterr().out.startswith(f"seen: {seen['furniture']}")
    letters = letters_of("put the mug on the table")
    monkeypatch.setattr(
        "gpt.inference.encoders.audio.AudioEncoder.perceive",
        lambda ear, samples: Sound(np.zeros((len(letters), 32), np.float32), letters),
    )
    sound = tmp_path / "a.wav"
    wavfile.write(sound, 8000, np.random.default_rng(0).integers(-9000, 9000, 8000).astype(np.int16))
    assert plan(["--audio", str(sound), "--json", "--home", "studio"]) in (0, 1)
    answer = checked("planner.plan", capsys.readouterr().out)
    assert answer["heard"]["words"] == answer["instruction"] == "put the mug on the table"
    picture.write_bytes(b"no picture")
    assert plan(["set the table", "--image", str(picture)]) == 2
    assert "cannot be read as a picture" in capsys.readouterr().err


def test_planning_from_text_loads_nothing_of_the_senses() -> None:
    import subprocess

    code = (
        "import sys; from planner import Planner; Planner.load().plan('open the fridge', 'studio');"
        "print([m for m in sys.modules if 'senses' in m or m in ('torch', 'scipy.signal', 'gpt.weights.encoder_file')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=600)
    assert done.stdout.strip() == "[]"
