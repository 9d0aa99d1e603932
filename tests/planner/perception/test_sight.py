"""Pictures of homes: what they show, how they are labeled, and how they are kept."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
import torch

from envs.rendering.renderer import Light
from envs.simulation.physical_home import PhysicalHome
from planner.errors import PlannerError
from planner.perception.camera_views import STEADY, UNSEEN, VARIED, Picture, picture_count, pictures, pose
from planner.perception.image_labels import GRID, SIZE, VISIBLE, classes, parse_listing
from planner.perception.training.image_pool import ImagePool, augment_views
from planner.perception.training.image_shards import (
    Shard,
    concatenate_shards,
    label_pictures,
    read_shard,
    shards_in,
    write_shard,
)
from planner.perception.training.render import write
from planner.world_model.open_home import open_home


@pytest.fixture(scope="module")
def home() -> PhysicalHome:
    return PhysicalHome(open_home("studio").world.scene)


@pytest.fixture(scope="module")
def shown(home: PhysicalHome) -> list[Picture]:
    return list(pictures(home))


def test_each_piece_of_furniture_is_shown_with_what_is_on_it(home: PhysicalHome, shown: list[Picture]) -> None:
    by_name = {picture.fixture: picture.listing for picture in shown}
    assert set(by_name) == {spec.name for spec in home.scene.fixtures if spec.category != "floor"}
    desk = [p.listing for p in shown if p.fixture == "desk 1"]
    there = {item.category for listing in desk for item in listing.things}
    assert {"laptop", "headphones", "mug"} <= there
    assert by_name["fridge 1"].things == ()  # it is shut
    assert by_name["wardrobe 1"].states == ("open",) and by_name["wardrobe 1"].things
    for picture in shown:
        assert picture.rgb.shape == (SIZE, SIZE, 3)
        own = home.world.index[picture.fixture]
        assert (picture.entities == own).mean() > 0.02, picture.fixture
        for entity in picture.things:
            assert (picture.entities == entity).sum() >= VISIBLE


def test_wide_furniture_has_several_pictures_and_cameras_differ(home: PhysicalHome) -> None:
    spec = next(s for s in home.scene.fixtures if s.category == "bed")
    kind = home.world.fixture_category[home.world.index[spec.name]]
    assert kind is not None and picture_count(kind) == 2
    eyes = {pose(spec, kind, part, STEADY, random.Random(0)).eye for part in (0, 1)}
    assert len(eyes) == 2
    assert len({pose(spec, kind, 0, VARIED, random.Random(k)).eye for k in range(5)}) == 5
    assert UNSEEN.distance_m[0] < VARIED.distance_m[0] and UNSEEN.distance_m[1] > VARIED.distance_m[1]


def test_labels_say_where_the_middle_of_each_thing_is(home: PhysicalHome, shown: list[Picture], tmp_path: Path) -> None:
    shard = label_pictures(home.world, shown)
    names = classes()
    for number, picture in enumerate(shown):
        assert parse_listing(shard.texts[number]) == picture.listing
        for entity in picture.things:
            rows, columns = np.nonzero(picture.entities == entity)
            cell = shard.centers[number][int(rows.mean()) // 8, int(columns.mean()) // 8]
            assert names[cell] == home.world.categories[entity] or len(picture.things) > 1
        assert (shard.centers[number] > 0).sum() <= len(picture.things)
    assert shard.cells.shape == (len(shown), GRID, GRID) and (shard.cells > 0).mean() > 0.3
    path = tmp_path / "pictures-test-0-00000.npz"
    write_shard(path, concatenate_shards([shard, shard]))
    again = read_shard(path)
    np.testing.assert_array_equal(again.pictures[len(shown) :], shard.pictures)
    assert again.texts == shard.texts * 2
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(PlannerError, match="not a file of"):
        read_shard(path)


@pytest.mark.parametrize(
    "damage", ["empty", "no texts", "no listing", "more texts", "other dtype", "other shape", "fewer labels"]
)
def test_pictures_without_their_labels_are_refused(tmp_path: Path, damage: str) -> None:
    grid, row = np.zeros((2, GRID, GRID), np.uint8), np.zeros(2, np.uint8)
    shard = Shard(np.zeros((2, SIZE, SIZE, 3), np.uint8), grid, grid, grid, row, row, ["fridge[SEP]nothing"] * 2)
    wrong = {
        "empty": shard, "no listing": shard._replace(texts=["fridge[SEP]mug[EOS]"] * 2),
        "no texts": shard._replace(texts=None), "more texts": shard._replace(texts=["fridge[SEP]nothing"] * 3),
        "other dtype": shard._replace(cells=grid.astype(np.float64)), "other shape": shard._replace(states=grid[:, 1:]),
        "fewer labels": shard._replace(furniture=row[:1]),
    }  # fmt: skip
    path = tmp_path / "pictures-test-0-00000.npz"
    write_shard(path, wrong[damage])
    if damage == "empty":
        path.write_bytes(b"")
    with pytest.raises(PlannerError, match=r"pictures-test-0-00000\.npz"):
        read_shard(path)


def test_rendering_makes_the_same_pictures_again_and_a_gallery_takes_them_over(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        assert write(tmp_path / folder, 3, 8, "train") >= 8
    first, second = (concatenate_shards([read_shard(p) for p in shards_in(tmp_path / f)]) for f in ("a", "b"))
    np.testing.assert_array_equal(first.pictures, second.pictures)
    assert first.texts == second.texts
    gallery = ImagePool(torch.device("cpu"), tmp_path / "a", 1000)
    gallery.wait(8)
    assert len(gallery) == len(first.texts)
    views = gallery.draw(6, torch.Generator().manual_seed(0))
    assert views.pictures.shape == (6, 3, SIZE, SIZE) and float(views.pictures.abs().max()) <= 1
    for row, text in enumerate(views.texts):  # labels go with their pictures
        assert int((views.centers[row] > 0).sum()) <= (text.count(";") + 1)
        number = first.texts.index(text)
        assert int(views.furniture[row]) == first.furniture[number]
    with pytest.raises(PlannerError, match=r"planner\.perception\.training\.render"):
        ImagePool(torch.device("cpu"), tmp_path / "none", 10).wait(1, timeout_s=0.1)


def test_a_mirrored_picture_has_mirrored_labels(home: PhysicalHome, shown: list[Picture]) -> None:
    torch.manual_seed(0)
    shard = label_pictures(home.world, shown[:8])
    gallery = ImagePool(torch.device("cpu"), Path("unused"), 10)
    gallery._add(shard)
    plain = gallery.all()
    mirrored = augment_views(plain, torch.device("cpu"))
    turned = 0
    for before, after in zip(plain.centers, mirrored.centers, strict=True):
        assert torch.equal(after, before) or torch.equal(after, before.flip(1))
        turned += not torch.equal(after, before)
    assert turned or not (plain.centers > 0).any()


def test_light_is_what_is_asked_for(home: PhysicalHome, shown: list[Picture]) -> None:
    name = shown[0].fixture
    dim, bright = (
        next(iter(pictures(home, fixtures={name}, light=Light(ambient=ambient, diffuse=0.1)))).rgb.mean()
        for ambient in (0.3, 0.8)
    )
    assert bright > 1.5 * dim
