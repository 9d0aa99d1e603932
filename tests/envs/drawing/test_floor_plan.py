"""Drawn floor plans: every name can be read, and PNG and SVG show the same."""

from __future__ import annotations

import io
import itertools
import math
from pathlib import Path
from xml.etree import ElementTree

import pytest
from PIL import Image

from envs.drawing.floor_plan import floor_plan
from envs.drawing.labels import NUMBER_SIZE
from envs.drawing.lettering import plain, shortened, width_of, wrapped
from envs.drawing.picture_file import as_png, as_svg, write_picture
from envs.drawing.shapes import Box, Circle, Drawing, Line, Polygon
from envs.errors import HomeError
from envs.files.output_files import WriteError
from envs.scenes.home_file import bundled_homes, load_home, parse_home
from envs.scenes.large_homes import large_home
from envs.scenes.scene_sampler import sample_scene
from envs.symbolic.scene import Scene

OWN_HOMES = {
    "long names": (
        "people: [Maximiliane von und zu Hohenstein Test, Bo]\n"
        f"rooms:\n  {'the room of the long name ' * 7}: {{kind: hall, fixtures: [shelf, person, person]}}\n"
        f"  {'x' * 190}: {{kind: bathroom, fixtures: [toilet, sink]}}\n"
    ),
    "turned furniture": (
        "rooms: {office: {rect: [0, 0, 8, 8], fixtures: [desk: {pose: [2, 2, 30]}, desk: {pose: [5, 2, 75]}, "
        "shelf: {pose: [4, 5.5, 45]}, safe: {pose: [6.5, 6.5, 200]}, ceiling light: {pose: [2, 6, 10]}]}}"
    ),
    "a crowded room": "rooms: {kitchen: [50 shelf, 50 stove burner, 50 toaster, 49 ceiling light]}",
    "a huge room": "rooms: {a: {kind: hall, rect: [-90, -90, 90, 90], fixtures: [shelf, 3 ceiling light, floor]}}",
    "narrow rooms": "rooms:\n"
    + "".join(
        f"  laundry room {i + 1}: {{rect: [{1.9 * i:.1f}, 0, {1.9 * i + 1.9:.1f}, 3], fixtures: [ceiling light]}}\n"
        for i in range(10)
    ),
    "floors": "rooms: {kitchen: [2 floor, fridge], hall: [floor]}\nobjects: {floor 1: [ball, sock]}",
    "nothing": "rooms: {hall: []}",
}


def homes() -> dict[str, Scene]:
    scenes = {name: load_home(name) for name in bundled_homes()}
    scenes |= {f"seed {seed}": sample_scene(seed) for seed in (1, 2, 3)}
    return {**scenes, **{name: parse_home(text) for name, text in OWN_HOMES.items()}}


@pytest.fixture(scope="module")
def scenes() -> dict[str, Scene]:
    return homes()


@pytest.fixture(scope="module")
def drawings(scenes: dict[str, Scene]) -> dict[str, Drawing]:
    return {name: floor_plan(scene) for name, scene in scenes.items()}


NAMES = (*bundled_homes(), "seed 1", "seed 2", "seed 3", *OWN_HOMES)


def overlapping(drawing: Drawing) -> list[tuple[str, str]]:
    texts = [(text.text, text.box.inflated(-0.5)) for text in drawing.texts]
    return [(a, b) for (a, box), (b, other) in itertools.combinations(texts, 2) if box.overlaps(other)]


@pytest.mark.parametrize("name", NAMES)
def test_no_two_texts_overlap_and_none_leaves_the_sheet(drawings: dict[str, Drawing], name: str) -> None:
    drawing = drawings[name]
    sheet = Box(0, 0, drawing.width, drawing.height)
    assert not overlapping(drawing)
    assert all(sheet.contains(text.box) for text in drawing.texts)


@pytest.mark.parametrize("name", NAMES)
def test_a_text_is_as_wide_as_its_box(drawings: dict[str, Drawing], name: str) -> None:
    for text in drawings[name].texts:
        length = text.box.height if text.is_vertical else text.box.width
        assert length == pytest.approx(width_of(text.text, text.size))


@pytest.mark.parametrize("name", NAMES)
def test_a_text_in_the_plan_stands_in_its_furniture_or_clear_of_all(drawings: dict[str, Drawing], name: str) -> None:
    drawing = drawings[name]
    furniture = [shape for shape in drawing.shapes if isinstance(shape, Polygon) and shape.line and shape.title]
    solid = [shape.points for shape in furniture if not shape.is_dashed]
    in_plan = [text for text in drawing.texts if any(_inside(text.box.middle, outline) for outline in solid)]
    for text in in_plan:
        left, top, right, bottom = text.box
        around = next(outline for outline in solid if _inside(text.box.middle, outline))
        assert all(_inside(corner, around) for corner in ((left, top), (right, top), (right, bottom), (left, bottom)))
    boxes = [Box(*map(min, zip(*points)), *map(max, zip(*points))) for points in solid]  # noqa: B905
    if name != "turned furniture":  # of which the boxes are larger
        clear = [text.box.inflated(-1.0) for text in drawing.texts if text not in in_plan]
        assert not any(box.overlaps(other) for box in clear for other in boxes)


def _inside(point: tuple[float, float], outline: tuple[tuple[float, float], ...]) -> bool:
    """Whether a point lies in a convex outline, or half a pixel beside it."""
    signs = []
    for (x0, y0), (x1, y1) in zip(outline, (*outline[1:], outline[0]), strict=True):
        cross = (x1 - x0) * (point[1] - y0) - (y1 - y0) * (point[0] - x0)
        signs.append(cross / math.hypot(x1 - x0, y1 - y0))
    return min(signs) > -0.5 or max(signs) < 0.5


@pytest.mark.parametrize("name", NAMES)
def test_every_room_and_fixture_is_named_in_the_plan_or_by_its_number(
    scenes: dict[str, Scene], drawings: dict[str, Drawing], name: str
) -> None:
    scene, drawing = scenes[name], drawings[name]
    said = " ".join(text.text for text in drawing.texts)
    for room in scene.rooms:
        start = room.name.split()[0][:12]
        assert sum(text.text.startswith(start) for text in drawing.texts) >= 2  # in the plan and above its list
    titles = {shape.title for shape in drawing.shapes if isinstance(shape, Polygon | Circle)}
    people = dict(zip([f.name for f in scene.fixtures if f.category == "person"], scene.people, strict=False))
    for fixture in scene.fixtures:
        shown = people.get(fixture.name, fixture.name)
        assert any(title == shown or title.startswith(f"{shown} (") for title in titles)
        words = shown.split()
        assert all(word in said for word in words)


@pytest.mark.parametrize("name", NAMES)
def test_every_number_in_the_plan_is_explained_in_the_list(drawings: dict[str, Drawing], name: str) -> None:
    numbers = [text.text for text in drawings[name].texts if text.text.isdecimal() and text.size == NUMBER_SIZE]
    listed = [text.text for text in drawings[name].texts if text.text.isdecimal() and text.size != NUMBER_SIZE]
    assert set(numbers) <= set(listed)


def test_the_largest_home_is_drawn_with_all_its_names() -> None:
    from envs.scenes.home_file import dump_home

    scene = parse_home(dump_home(large_home()))
    drawing = floor_plan(scene)
    assert not overlapping(drawing)
    titles = {shape.title.partition(" (")[0] for shape in drawing.shapes if isinstance(shape, Polygon)}
    assert titles >= {fixture.name for fixture in scene.fixtures}


@pytest.mark.parametrize("name", NAMES)
def test_an_svg_has_every_text_as_text(drawings: dict[str, Drawing], name: str) -> None:
    drawing = drawings[name]
    root = ElementTree.fromstring(as_svg(drawing))
    texts = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert texts == [text.text for text in drawing.texts]
    assert (root.get("width"), root.get("height")) == (str(drawing.width), str(drawing.height))


def test_a_png_has_the_size_and_the_colors_of_the_drawing(drawings: dict[str, Drawing]) -> None:
    drawing = drawings["family_house"]
    with Image.open(io.BytesIO(as_png(drawing))) as image:
        assert image.size == (drawing.width, drawing.height)
        for shape in drawing.shapes:
            if isinstance(shape, Polygon) and shape.title.startswith("sofa"):
                (x0, y0), _, (x1, y1), _ = shape.points
                at = (round(x0 + 0.2 * (x1 - x0)), round(y0 + 0.2 * (y1 - y0)))
                assert image.getpixel(at) == shape.fill


def test_the_front_of_furniture_is_its_bold_edge() -> None:
    scene = parse_home("rooms: {office: {rect: [0, 0, 6, 6], fixtures: [desk: {pose: [3, 0.5, 90]}]}}")
    desk = next(s for s in floor_plan(scene).shapes if isinstance(s, Polygon) and s.title == "desk 1")
    front = next(s for s in floor_plan(scene).shapes if isinstance(s, Line) and s.start in desk.points)
    assert front.start[1] == front.end[1] == pytest.approx(min(y for _, y in desk.points))  # north is up


def test_colors_are_those_of_the_properties() -> None:
    scene = parse_home(
        "rooms: {office: [red sofa, wooden desk, shelf]}\nobjects: {desk: [blue mug, 2 green pen, book]}"
    )
    drawing = floor_plan(scene)
    fills = {s.title.partition(" ")[0]: s.fill for s in drawing.shapes if isinstance(s, Polygon) and s.title}
    assert fills["sofa"] == (204, 31, 31)
    assert fills["desk"] == (158, 107, 61)
    swatches = [s.fill for s in drawing.shapes if isinstance(s, Polygon) and not s.title and len(s.points) == 4]
    assert (38, 76, 191) in swatches
    assert (51, 153, 64) in swatches


def test_things_are_counted_in_the_plan_and_named_in_the_list() -> None:
    scene = parse_home(
        "people: [Anna]\nrooms: {office: [desk, person]}\n"
        "objects: {desk: [3 pen, Anna's dirty red mug of tea, {box: {holds: [book, 2 pencil]}}]}"
    )
    said = " ".join(text.text for text in floor_plan(scene).texts)
    assert "desk 1 (8)" in said
    assert "3 pens," in said
    assert "Anna's dirty red mug 1 of tea," in said
    assert "box 1 [book 1, pencil 1, pencil 2]" in said


def test_letters_of_other_scripts_are_kept_in_svg_and_spelled_plainly_in_png() -> None:
    scene = parse_home("people: [Zoë]\nrooms: {Zoë's room: {kind: bedroom, fixtures: [bed, person]}}")
    assert "Zoë" in as_svg(floor_plan(scene))
    assert as_png(floor_plan(scene)).startswith(b"\x89PNG")
    assert [plain(text) for text in ("Zoë", "Straße", "Łódź", "Жанна")] == ["Zoe", "Strasse", "Lodz", "?????"]


def test_markup_in_names_stays_text() -> None:
    scene = parse_home("rooms: {'<b>& \"x\"</b>': {kind: office, fixtures: [desk]}}")
    root = ElementTree.fromstring(as_svg(floor_plan(scene)))
    assert '<b>& "x"</b>' in {element.text for element in root.iter("{http://www.w3.org/2000/svg}text")}


def test_a_text_is_cut_to_its_width_and_wrapped_at_spaces() -> None:
    assert shortened("dining table 1", 12, 500) == "dining table 1"
    cut = shortened("dining table 1", 12, 40)
    assert cut.endswith("…")
    assert width_of(cut, 12) <= 40
    assert shortened("dining table", 12, 1) == ""
    assert wrapped("dining table 1", 12, width_of("dining table", 12)) == ["dining table", "1"]


def test_a_home_without_a_floor_plan_is_not_drawn() -> None:
    with pytest.raises(HomeError, match="studio has no floor plan"):
        floor_plan(load_home("studio", geometry=False))


@pytest.mark.parametrize("suffix", [".png", ".svg", ".PNG"])
def test_a_picture_is_written_to_the_named_file(tmp_path: Path, drawings: dict[str, Drawing], suffix: str) -> None:
    path = tmp_path / "plans" / f"plan{suffix}"
    write_picture(drawings["studio"], path)
    assert path.read_bytes().startswith(b"<svg" if suffix == ".svg" else b"\x89PNG")
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_a_picture_of_another_kind_or_in_a_folders_place_is_refused(
    tmp_path: Path, drawings: dict[str, Drawing]
) -> None:
    with pytest.raises(HomeError, match=r"a picture is a \.png or a \.svg file; name it plan\.png"):
        write_picture(drawings["studio"], tmp_path / "plan.jpg")
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(WriteError, match="is a folder"):
        write_picture(drawings["studio"], tmp_path / "folder.png")
