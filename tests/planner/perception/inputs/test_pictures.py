"""Pictures as phones and tools write them, and what is said about those that are none."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image, ImageCms

from planner.errors import InputError
from planner.perception.image_labels import SIZE
from planner.perception.inputs.pictures import MIN_SIDE, read_picture

WIDTH, HEIGHT = 256, 208
TURNED = {
    1: None, 2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_90, 7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}  # fmt: skip


def scene() -> Image.Image:
    """Return a smooth picture whose corners differ."""
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH]
    planes = (columns * 250 / WIDTH, rows * 250 / HEIGHT, 125 + 120 * np.sin(rows / 40) * np.cos(columns / 30))
    return Image.fromarray(np.stack(planes, axis=2).astype(np.uint8))


def written(path: Path, image: Image.Image, kind: str, **options: object) -> Path:
    image.save(path, kind, **options)
    return path


def read(path: Path, content: bytes) -> npt.NDArray[np.uint8]:
    path.write_bytes(content)
    return read_picture(path)


@pytest.fixture
def colored(tmp_path: Path) -> npt.NDArray[np.uint8]:
    return read_picture(written(tmp_path / "scene", scene(), "PNG"))


@pytest.fixture
def gray(tmp_path: Path) -> npt.NDArray[np.uint8]:
    return read_picture(written(tmp_path / "gray", scene().convert("L"), "PNG"))


def assert_alike(picture: npt.NDArray[np.uint8], wanted: npt.NDArray[np.uint8], tolerance: float) -> None:
    assert picture.shape == (SIZE, SIZE, 3) and picture.dtype == np.uint8
    assert np.abs(picture.astype(int) - wanted).mean() <= tolerance


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "MPO"])
def test_every_orientation_is_obeyed(tmp_path: Path, colored: npt.NDArray[np.uint8], kind: str) -> None:
    for orientation, turn in TURNED.items():
        image = scene() if turn is None else scene().transpose(turn)
        exif = Image.Exif()
        exif[0x0112] = orientation
        options: dict[str, object] = {"exif": exif, "quality": 95} if kind not in ("PNG", "TIFF") else {"exif": exif}
        if kind == "MPO":  # what phones write that store a preview, or the brightness, as a second picture
            options |= {"save_all": True, "append_images": [image.resize((60, 60))]}
        assert_alike(read_picture(written(tmp_path / "a", image, kind, **options)), colored, 2.0)


def test_a_damaged_orientation_is_ignored(tmp_path: Path, colored: npt.NDArray[np.uint8]) -> None:
    file = io.BytesIO()
    scene().save(file, "JPEG", quality=95)
    for record in (
        b"Exif\0\0", b"Exif\0\0MM\0\x2a\xff\xff\xff\xff",
        b"Exif\0\0II\x2a\0\x08\0\0\0\x01\0\x12\x01\x05\0\x01\0\0\0\0\0\0\0",
        b"Exif\0\0II\x2a\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x63\0\0\0",
        b"http://ns.adobe.com/xap/1.0/\0<x tiff:Orientation=\"\xa8\xff\"/>",
    ):  # fmt: skip
        segment = b"\xff\xe1" + struct.pack(">H", len(record) + 2) + record
        assert_alike(read(tmp_path / "a.jpg", file.getvalue()[:2] + segment + file.getvalue()[2:]), colored, 2.0)


@pytest.mark.parametrize(
    ("mode", "kind", "tolerance"),
    [("RGB", "TIFF", 0), ("RGB", "BMP", 0), ("RGB", "PPM", 0), ("RGB", "WEBP", 3), ("RGB", "GIF", 16), ("P", "PNG", 16),
     ("RGBA", "PNG", 0), ("RGBX", "TIFF", 0), ("CMYK", "TIFF", 0), ("CMYK", "JPEG", 3), ("YCbCr", "JPEG", 4)],
)  # fmt: skip
def test_every_color_mode_is_read(
    tmp_path: Path, colored: npt.NDArray[np.uint8], mode: str, kind: str, tolerance: float
) -> None:
    assert_alike(read_picture(written(tmp_path / "a", scene().convert(mode), kind)), colored, tolerance)


def test_lab_colors_are_read(tmp_path: Path, colored: npt.NDArray[np.uint8]) -> None:
    to_lab = ImageCms.buildTransform(ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), "RGB", "LAB")
    lab = ImageCms.applyTransform(scene(), to_lab)
    assert lab is not None
    assert_alike(read_picture(written(tmp_path / "a", lab, "TIFF")), colored, 4.0)


def test_gray_of_any_depth_is_scaled(tmp_path: Path, gray: npt.NDArray[np.uint8]) -> None:
    levels = np.asarray(scene().convert("L"))
    wide = levels.astype(np.uint16) * 257
    big_endian = Image.frombytes("I;16B", (WIDTH, HEIGHT), wide.astype(">u2").tobytes())
    for image, kind in (
        (Image.fromarray(levels), "JPEG"), (scene().convert("LA"), "PNG"), (Image.fromarray(wide), "PNG"),
        (Image.fromarray(wide), "TIFF"), (big_endian, "TIFF"), (Image.fromarray(wide.astype(np.int32)), "PPM"),
        (Image.fromarray(wide.astype(np.int32)), "TIFF"), (Image.fromarray(levels.astype(np.float32)), "TIFF"),
        (Image.fromarray(levels.astype(np.float32) / 255), "TIFF"),
    ):  # fmt: skip
        assert_alike(read_picture(written(tmp_path / "a", image, kind)), gray, 2.0)
    for values in (levels.astype(np.int32) * 10**6, levels.astype(np.float32) - 60, np.full((99, 99), np.nan, "f4")):
        with pytest.raises(InputError, match="does not say what is white"):
            read_picture(written(tmp_path / "a", Image.fromarray(values), "TIFF"))


def test_black_and_white_is_read(tmp_path: Path) -> None:
    image = Image.new("1", (96, 96))
    image.paste(1, (48, 0, 96, 96))
    picture = read_picture(written(tmp_path / "a", image, "PNG"))
    assert not picture[:, :90].any() and (picture[:, 102:] == 255).all()


def test_colors_of_16_bits_are_read(tmp_path: Path, colored: npt.NDArray[np.uint8]) -> None:
    rows = np.asarray(scene()).astype(">u2") * 257
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 16, 2, 0, 0, 0)
    data = zlib.compress(b"".join(b"\0" + row.astype(">u2").tobytes() for row in rows))
    assert_alike(read(tmp_path / "a", png(header, data)), colored, 0.0)


def png(header: bytes, data: bytes) -> bytes:
    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def test_transparent_parts_are_white_whatever_color_they_hide(tmp_path: Path, colored: npt.NDArray[np.uint8]) -> None:
    half = HEIGHT // 2
    hidden = np.asarray(scene().convert("RGBA")).copy()
    hidden[:half, :, 3] = 0
    palette = scene().quantize(200)
    indexed = palette.copy()
    indexed.paste(0, (0, 0, WIDTH, half))
    for image, options in ((Image.fromarray(hidden), {}), (indexed, {"transparency": 0})):
        picture = read_picture(written(tmp_path / "a", image, "PNG", **options))
        assert (picture[: SIZE // 2 - 3] == 255).all()
        assert np.abs(picture[100:].astype(int) - colored[100:]).mean() < 10


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "TIFF"])
def test_of_several_frames_the_first_is_read(tmp_path: Path, colored: npt.NDArray[np.uint8], kind: str) -> None:
    later = Image.new("RGB", scene().size, "red")
    path = written(tmp_path / "a", scene(), kind, save_all=True, append_images=[later])
    assert_alike(read_picture(path), colored, 16.0)


def test_a_large_jpeg_is_read_as_a_small_one(tmp_path: Path, colored: npt.NDArray[np.uint8]) -> None:
    large = scene().resize((8 * WIDTH, 8 * HEIGHT))
    assert_alike(read_picture(written(tmp_path / "a", large, "JPEG", quality=95)), colored, 2.0)


@pytest.mark.parametrize("size", [(1, 1), (MIN_SIDE - 1, 500), (100, 301), (301, 100), (1, 9000)])
def test_what_is_too_small_or_too_narrow_is_refused(tmp_path: Path, size: tuple[int, int]) -> None:
    with pytest.raises(InputError, match=f"a: {size[0]} x {size[1]} pixels (show too little|are too narrow)"):
        read_picture(written(tmp_path / "a", scene().resize(size), "PNG"))


def test_what_is_no_picture_gets_one_line(tmp_path: Path) -> None:
    file = io.BytesIO()
    scene().save(file, "PNG")
    bad = {
        "empty.png": (b"", "is empty"),
        "text.png": (b"no picture", "PNG, JPEG, GIF"),
        "phone.heic": (b"\0\0\0\x18ftypheic" + bytes(100), r"\(HEIC\); read are PNG, JPEG"),
        "page.svg": (b"<svg/>", "read are PNG, JPEG"),
        "half.png": (file.getvalue()[: len(file.getvalue()) // 2], "truncated"),
        "bomb.png": (png(struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0), b""), "too many pixels"),
        "large.png": (png(struct.pack(">IIBBBBB", 12_000, 11_000, 8, 2, 0, 0, 0), b""), "the maximum is 120 million"),
        "none.png": (png(struct.pack(">IIBBBBB", 100, 100, 8, 2, 0, 0, 0), b""), "cannot be read as a picture"),
    }
    for name, (content, reason) in bad.items():
        with pytest.raises(InputError, match=reason) as caught:
            read(tmp_path / name, content)
        assert "\n" not in str(caught.value) and name in str(caught.value)
    for path in (tmp_path / "missing.png", tmp_path):
        with pytest.raises(InputError):
            read_picture(path)
