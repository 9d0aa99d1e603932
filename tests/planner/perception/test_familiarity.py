"""Which pictures sight plans with: those of homes, and no others."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gpt.errors import CheckpointError
from gpt.weights.encoder_file import load_sense, save_sense, sense_path
from planner.benchmarks.sight.other_pictures import KINDS, other_pictures
from planner.io.paths import released_dir
from planner.perception.camera_views import pictures
from planner.perception.familiarity import KEPT, Familiarity
from planner.perception.image_labels import SIZE
from planner.perception.sight import Sight, doubt_about


@pytest.fixture(scope="module")
def sight() -> Sight:
    return Sight.load()


def correlated(rng: np.random.Generator, count: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """Return features that lie near a plane, the last of them always zero."""
    plane = rng.normal(size=(count, 2)) @ np.array([[1.0, 2.0, 0.0, 1.0, 0.0], [0.0, 1.0, 3.0, -1.0, 0.0]])
    noise = 0.05 * rng.normal(size=(count, 5)) * [1, 1, 1, 1, 0]
    return (plane + noise).astype(np.float32)


def test_what_lies_off_the_known_features_is_unfamiliar() -> None:
    rng = np.random.default_rng(0)
    familiarity = Familiarity.fit(correlated(rng, 400), correlated(rng, 400))
    kept = [familiarity.distance(row) <= 1 for row in correlated(rng, 400)]
    assert np.mean(kept) == pytest.approx(KEPT, abs=0.03)
    near = correlated(rng, 1)[0]
    assert (
        familiarity.distance(near + np.array([0, 0, 0, 1, 0], np.float32)) > 1
    )  # no farther than others, but off the plane
    assert familiarity.distance(near + np.array([0, 0, 0, 0, 1], np.float32)) > 1  # never seen before


def test_familiarity_is_read_as_it_is_written_and_a_damaged_one_is_refused() -> None:
    rng = np.random.default_rng(0)
    features = correlated(rng, 50)
    familiarity = Familiarity.fit(features, features)
    text = familiarity.as_text()
    again = Familiarity.from_text(text, 5)
    assert again.distance(features[0]) == familiarity.distance(features[0])
    broken = Familiarity(np.full(5, np.nan, np.float32), familiarity.whitening).as_text()
    for damaged, width in ((text, 6), (text[:30], 5), ("", 5), ("\u00e4", 5), (broken, 5)):
        with pytest.raises(CheckpointError, match="damaged"):
            Familiarity.from_text(damaged, width)


def test_a_sight_file_without_familiarity_still_works_and_a_damaged_one_does_not(tmp_path: Path) -> None:
    sense = load_sense(sense_path(released_dir(), "sight"), "sight")
    older = {name: value for name, value in sense.extra.items() if name != "familiar"}
    save_sense(tmp_path / "sight.safetensors", replace(sense, extra=older))
    assert Sight.load(file=tmp_path / "sight.safetensors").familiarity is None
    save_sense(tmp_path / "sight.safetensors", replace(sense, extra={**older, "familiar": 1}))
    with pytest.raises(CheckpointError, match="familiarity"):
        Sight.load(file=tmp_path / "sight.safetensors")


def test_what_shows_nothing_is_doubted_whatever_was_learned() -> None:
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (SIZE, SIZE, 3)).astype(np.uint8)
    assert not doubt_about(noise)
    assert "one color" in doubt_about(np.full((SIZE, SIZE, 3), (200, 30, 30), np.uint8))
    assert "one color" in doubt_about((noise // 64 + 90).astype(np.uint8))
    assert "gray" in doubt_about(np.repeat(noise[..., :1], 3, axis=2))


def test_pictures_of_no_home_are_doubted(sight: Sight) -> None:
    shown = list(other_pictures(2, seed=0))
    assert len(shown) == 2 * len(KINDS) and all(picture.shape == (SIZE, SIZE, 3) for _, picture in shown)
    again = [picture for _, picture in other_pictures(2, seed=0)]
    assert all((picture == same).all() for (_, picture), same in zip(shown, again, strict=True))
    doubted = [bool(seen.doubt) for seen in sight.see([picture for _, picture in shown])]
    assert np.mean(doubted) > 0.9


@pytest.mark.slow
def test_pictures_of_a_home_are_not_doubted(sight: Sight) -> None:
    from envs.simulation.physical_home import PhysicalHome
    from planner.world_model.open_home import open_home

    home = PhysicalHome(open_home("studio").world.scene)
    try:
        seen = sight.see([picture.rgb for picture in pictures(home)])
    finally:
        home.close()
    assert np.mean([bool(view.doubt) for view in seen]) < 0.2
