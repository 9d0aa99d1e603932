"""Mesh files: what is read from each format, and what is refused with a message that names the file and the reason."""

from __future__ import annotations

import json
import random
import re
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from envs.errors import DomainError

trimesh = pytest.importorskip("trimesh")

from envs.files.mesh_files import FORMATS, MAX_BYTES, read_mesh  # noqa: E402
from envs.symbolic.domain.mesh_file import mesh_of  # noqa: E402

BOX = trimesh.creation.box((1.0, 2.0, 3.0))
OBJ: str = BOX.export(file_type="obj")
FIRST_VERTEX = next(line for line in OBJ.splitlines() if line.startswith("v "))


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    def written(name: str, content: str | bytes, **others: str | bytes) -> Path:
        for file, data in ({name: content} | {k.replace("_", "."): v for k, v in others.items()}).items():
            (tmp_path / file).write_bytes(data if isinstance(data, bytes) else data.encode())
        return tmp_path / name

    return written


def glb(header: dict[str, object], body: bytes = b"") -> bytes:
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 4)
    chunks = struct.pack("<II", len(text), 0x4E4F534A) + text
    chunks += struct.pack("<II", len(body), 0x004E4942) + body if body else b""
    return b"glTF" + struct.pack("<II", 2, 12 + len(chunks)) + chunks


def glb_parts() -> tuple[dict[str, object], bytes]:
    data = BOX.export(file_type="glb")
    length = struct.unpack("<I", data[12:16])[0]
    return json.loads(data[20 : 20 + length]), data[20 + length + 8 :]


@pytest.mark.parametrize("suffix", FORMATS)
def test_every_format_gives_the_same_body(suffix: str, tmp_path: Path) -> None:
    BOX.export(str(tmp_path / f"box{suffix}"))
    solid = read_mesh(tmp_path / f"box{suffix}", up="z")
    assert solid.size == pytest.approx((1, 2, 3))
    assert len(solid.faces) == 12
    assert solid.vertices.mean(axis=0) == pytest.approx((0, 0, 0))


def test_up_is_y_in_glb_files_and_z_in_others(tmp_path: Path) -> None:
    for name in ("box.glb", "box.stl"):
        BOX.export(str(tmp_path / name))
    assert read_mesh(tmp_path / "box.glb").size == pytest.approx((1, 3, 2))
    assert read_mesh(tmp_path / "box.stl").size == pytest.approx((1, 2, 3))
    assert read_mesh(tmp_path / "box.stl", up="y").size == pytest.approx((1, 3, 2))


@pytest.mark.parametrize("suffix", [".obj", ".glb", ".ply"])
def test_colors_of_a_file_are_kept(suffix: str, tmp_path: Path) -> None:
    red = BOX.copy()
    red.visual.vertex_colors = [255, 0, 0, 255]
    red.export(str(tmp_path / f"red{suffix}"))
    colors = read_mesh(tmp_path / f"red{suffix}").colors
    assert colors is not None
    assert colors == pytest.approx(np.tile((1.0, 0.0, 0.0), (12, 1)))


def test_colors_of_a_material_file_are_kept(write: Callable[..., Path]) -> None:
    path = write("box.obj", f"mtllib paint.mtl\nusemtl a\n{OBJ}", paint_mtl="newmtl a\nKd 0 0 1\n")
    colors = read_mesh(path).colors
    assert colors is not None
    assert colors[0] == pytest.approx((0, 0, 1))


def test_a_body_whose_material_file_is_lost_has_no_color(write: Callable[..., Path]) -> None:
    assert read_mesh(write("box.obj", f"mtllib lost.mtl\nusemtl a\n{OBJ}")).colors is None


def test_a_body_that_is_inside_out_is_turned(tmp_path: Path) -> None:
    inverted = BOX.copy()
    inverted.invert()
    inverted.export(str(tmp_path / "in.stl"))
    solid = read_mesh(tmp_path / "in.stl")
    a, b, c = (solid.vertices[solid.faces[:, k]] for k in range(3))
    assert np.einsum("ij,ij->i", a, np.cross(b, c)).sum() > 0


def test_bodies_of_several_parts_are_read(tmp_path: Path) -> None:
    other = trimesh.creation.box((1, 1, 1), transform=trimesh.transformations.translation_matrix((5, 0, 0)))
    trimesh.util.concatenate([BOX, other]).export(str(tmp_path / "two.stl"))
    assert read_mesh(tmp_path / "two.stl").size == pytest.approx((6, 2, 3))


def test_the_middle_of_a_vessel_is_low_and_that_of_a_block_is_high(tmp_path: Path) -> None:
    cup = trimesh.creation.revolve(np.array([(0, 0), (3, 0), (4, 10), (3.6, 10), (2.7, 0.5), (0, 0.5)]))
    for name, mesh in (("cup.stl", cup), ("box.stl", BOX)):
        mesh.export(str(tmp_path / name))
    assert read_mesh(tmp_path / "cup.stl").height_inside() == pytest.approx(0.05, abs=0.01)
    assert read_mesh(tmp_path / "box.stl").height_inside() == pytest.approx(1.0)


# Sizes


def test_a_size_a_length_or_a_unit_scales_a_body(tmp_path: Path) -> None:
    BOX.export(str(tmp_path / "box.stl"))
    path = tmp_path / "box.stl"
    assert mesh_of(path).size == pytest.approx((1, 2, 3))
    assert mesh_of(path, size=0.3).size == pytest.approx((0.1, 0.2, 0.3))
    assert mesh_of(path, size=(0.2, 0.2, 0.1)).size == pytest.approx((0.2, 0.2, 0.1))
    assert mesh_of(path, unit="cm").size == pytest.approx((0.01, 0.02, 0.03))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"unit": "mm"}, r"0.001 x 0.002 x 0.003 m with unit mm; say its unit \(m, dm, cm, mm, in, ft\)"),
        ({"unit": "parsec"}, "unknown unit 'parsec'; known: m, dm, cm"),
        ({"size": 12.0}, "4 x 8 x 12 m"),
        ({"up": "x"}, "`up` is 'x'; it is y or z"),
    ],
)
def test_a_size_that_is_not_that_of_a_thing_is_refused(
    options: dict[str, float | str], message: str, tmp_path: Path
) -> None:
    BOX.export(str(tmp_path / "box.stl"))
    with pytest.raises(DomainError, match=message):
        mesh_of(tmp_path / "box.stl", **options)  # type: ignore[arg-type]


# What is refused


def refusal(path: Path) -> str:
    with pytest.raises(DomainError) as error:
        read_mesh(path)
    assert str(error.value).startswith(str(path)), "the message begins with the file"
    assert "\n" not in str(error.value)
    return str(error.value).removeprefix(f"{path}: ")


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("empty.stl", "", "the file is empty"),
        ("zeros.stl", b"\0" * 400, "the file is empty"),
        ("page.stl", "<html>not found</html>", "no triangles"),
        ("page.obj", "<html>not found</html>", "no triangles"),
        ("page.glb", "<html>not found</html>", "cannot be read as GLB"),
        ("page.ply", "<html>not found</html>", "cannot be read as PLY"),
        ("points.obj", "v 0 0 0\nv 1 1 1\n", "no triangles"),
        ("nan.obj", OBJ.replace(FIRST_VERTEX, "v nan 0 0"), "no numbers"),
        ("far.obj", OBJ.replace(FIRST_VERTEX, "v 1e300 0 0"), "no numbers, infinite or above"),
        ("index.obj", f"{OBJ}\nf 1 2 999\n", "cannot be read as OBJ"),
        ("count.stl", b"\0" * 79 + b"x" + struct.pack("<I", 4 * 10**9) + b"\0" * 50, "."),
        ("big.stl", b"x" * (MAX_BYTES + 1), "larger than 20000 kB"),
        ("scene.gltf", "{}", "a mesh file ends in .obj, .stl, .glb, .ply.*save it as GLB"),
        ("model.fbx", "x", "save it as GLB"),
        ("model", "x", "a mesh file ends in"),
        ("self.obj", f"mtllib self.obj\n{OBJ}", "'self.obj' where a file that ends in .mtl belongs"),
        ("up.obj", f"mtllib ../x.mtl\n{OBJ}", "'../x.mtl'; only files in its own folder are read"),
        ("root.obj", f"mtllib /etc/x.mtl\n{OBJ}", "'/etc/x.mtl'; only files in its own folder are read"),
        ("net.obj", f"mtllib http://x.org/x.mtl\n{OBJ}", "'http://x.org/x.mtl'; only files in its own folder are read"),
    ],
)
def test_what_is_no_mesh_is_refused(name: str, content: str | bytes, reason: str, write: Callable[..., Path]) -> None:
    assert re.search(reason, refusal(write(name, content)))


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    (tmp_path / "folder.stl").mkdir()
    assert refusal(tmp_path / "missing.stl") == "no such file or directory"
    assert refusal(tmp_path / "folder.stl") == "is a directory"


def test_a_material_file_that_names_itself_as_a_picture_is_refused(write: Callable[..., Path]) -> None:
    path = write("a.obj", f"mtllib loop.mtl\nusemtl a\n{OBJ}", loop_mtl="newmtl a\nmap_Kd loop.mtl\n")
    assert "'loop.mtl' where a file that ends in .png" in refusal(path)


def test_a_surface_with_a_hole_is_refused(tmp_path: Path) -> None:
    trimesh.Trimesh(BOX.vertices, BOX.faces[:-1], process=False).export(str(tmp_path / "hole.stl"))
    assert "not closed: 3 edges" in refusal(tmp_path / "hole.stl")


def test_a_surface_whose_triangles_face_both_ways_is_refused(tmp_path: Path) -> None:
    faces = np.concatenate([BOX.faces[:1, ::-1], BOX.faces[1:]])
    trimesh.Trimesh(BOX.vertices, faces, process=False).export(str(tmp_path / "mixed.stl"))
    assert "face opposite ways" in refusal(tmp_path / "mixed.stl")


def test_a_flat_surface_is_refused(tmp_path: Path) -> None:
    flat = BOX.copy()
    flat.apply_scale((1, 1, 1e-9))
    flat.export(str(tmp_path / "flat.stl"))
    assert refusal(tmp_path / "flat.stl") == "it is flat along z; a body needs a thickness"


def test_too_many_triangles_are_refused(tmp_path: Path) -> None:
    trimesh.creation.icosphere(7).export(str(tmp_path / "fine.stl"))
    assert "327680 triangles in 1 parts; at most 200000" in refusal(tmp_path / "fine.stl")


def test_a_small_file_that_places_a_mesh_many_times_is_refused(write: Callable[..., Path]) -> None:
    header, body = glb_parts()
    header["nodes"] = [{"mesh": 0, "name": f"n{k}"} for k in range(2000)]
    header["scenes"] = [{"nodes": list(range(2000))}]
    assert "24000 triangles in 2000 parts" in refusal(write("many.glb", glb(header, body)))


def test_nodes_that_contain_themselves_end(write: Callable[..., Path]) -> None:
    header, body = glb_parts()
    header["nodes"] = [{"mesh": 0, "children": [0]}]
    assert len(read_mesh(write("loop.glb", glb(header, body))).faces) == 12


def test_nothing_outside_a_glb_file_is_read(write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    header, body = glb_parts()
    header |= {"images": [{"uri": "http://example.org/a.png"}], "textures": [{"source": 0}]}
    header["materials"] = [{"pbrMetallicRoughness": {"baseColorTexture": {"index": 0}}}]
    path = write("net.glb", glb(header, body))
    monkeypatch.setattr("socket.socket.connect", lambda *_: pytest.fail("it connected"))
    assert len(read_mesh(path).faces) == 12


def test_a_file_that_changes_later_is_noticed(tmp_path: Path) -> None:
    from envs.symbolic.domain.mesh_file import solid_of

    path = tmp_path / "box.stl"
    BOX.export(str(path))
    mesh = mesh_of(path, size=0.1).mesh
    trimesh.creation.box((1.5, 2, 3)).export(str(path))
    changed = mesh_of(path, size=0.1).mesh
    assert changed.digest != mesh.digest
    from envs.files.mesh_files import solid_mesh

    solid_mesh.cache_clear()
    with pytest.raises(DomainError, match="has changed since the home was read"):
        solid_of(mesh)


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.filterwarnings("ignore")  # numpy's, about numbers in damaged files
def test_damaged_files_are_read_or_refused_with_one_message(suffix: str, write: Callable[..., Path]) -> None:
    rng = random.Random(suffix)
    sound = BOX.export(file_type=suffix[1:])
    sound = sound.encode() if isinstance(sound, str) else sound
    for k in range(60):
        damaged = bytearray(sound)
        for _ in range(rng.randint(1, 4)):
            damaged[rng.randrange(len(damaged))] = rng.randrange(256)
        if k % 3 == 0:
            del damaged[rng.randrange(len(damaged)) :]
        path = write(f"damaged{k}{suffix}", bytes(damaged))
        try:
            solid = read_mesh(path)
        except DomainError as error:
            assert str(path) in str(error)
        else:
            assert np.isfinite(solid.vertices).all()
