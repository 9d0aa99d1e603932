"""Read pictures of all usual formats, modes and depths as 192 x 192 pixels of RGB: their central square, upright.

The EXIF orientation is obeyed. Transparent parts become white. Of an animation or several pages, the first is read.
"""

from __future__ import annotations

import io
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from planner.errors import InputError
from planner.io.input_bytes import read_input, shown
from planner.perception.image_labels import SIZE

if TYPE_CHECKING:
    import numpy.typing as npt
    from PIL import Image

MAX_BYTES = 50_000_000  # file size
MAX_PIXELS = 120_000_000  # a phone's camera has up to 108 million
MIN_SIDE = 48  # px; with less, furniture is taken for other furniture (docs/results.md)
MAX_ASPECT = 3.0  # width to height or height to width; the central square of more shows too little
FORMATS = ("PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF", "PPM", "AVIF")
ORIENTATION = 0x0112  # EXIF tag
BITS_PER_SAMPLE = 258  # TIFF tag
HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")


def read_picture(path: Path | str) -> npt.NDArray[np.uint8]:
    """Read a picture (192, 192, 3) from a file, a pipe, or standard input (`-`).

    Raises:
        InputError: It is missing, no picture, damaged, too small, too large, or too narrow.
    """
    from PIL import Image, UnidentifiedImageError

    name = shown(path)
    raw = read_input(path, MAX_BYTES)
    Image.init()  # registers all formats that this Pillow has
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about minor damage to the file
            with Image.open(io.BytesIO(raw), formats=[known for known in FORMATS if known in Image.OPEN]) as image:
                _check_size(image.size, name)
                image.draft(None, (4 * SIZE, 4 * SIZE))  # a large JPEG is decoded at a fraction of its size
                image.load()
                return _upright_square(image, name)
    except InputError:
        raise
    except Image.DecompressionBombError:
        raise InputError(f"{name}: too many pixels; the maximum is {MAX_PIXELS / 1e6:.0f} million") from None
    except UnidentifiedImageError:
        kind = "HEIC" if raw[4:8] == b"ftyp" and raw[8:12] in HEIC_BRANDS else "of no format that is read"
        raise InputError(f"{name}: cannot be read as a picture ({kind}); read are {', '.join(FORMATS)}") from None
    except Exception as error:  # a damaged file may raise any exception
        reason = " ".join(str(error).split())[:160] or type(error).__name__
        raise InputError(f"{name}: cannot be read as a picture ({reason})") from None


def _check_size(size: tuple[int, int], name: str) -> None:
    width, height = size
    seen = f"{name}: {width} x {height} pixels"
    if width * height > MAX_PIXELS:
        raise InputError(f"{seen}; the maximum is {MAX_PIXELS / 1e6:.0f} million pixels")
    if min(size) < MIN_SIDE:
        raise InputError(f"{seen} show too little; the shorter side must have at least {MIN_SIDE}")
    if max(size) > MAX_ASPECT * min(size):
        raise InputError(f"{seen} are too narrow; the longer side may be at most {MAX_ASPECT:.0f} times the shorter")


def _upright_square(image: Image.Image, name: str) -> npt.NDArray[np.uint8]:
    """Return the central square (SIZE, SIZE, 3) of a loaded picture, turned upright."""
    from PIL import Image

    side = min(image.size)
    left, top = (image.size[0] - side) // 2, (image.size[1] - side) // 2
    turned = {
        2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_270, 7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_90,
    }.get(_orientation(image))  # fmt: skip
    square = _as_rgb(image, (left, top, left + side, top + side), name)
    if turned is not None:
        square = square.transpose(turned)
    return np.array(square.resize((SIZE, SIZE), Image.Resampling.BILINEAR), np.uint8)


def _orientation(image: Image.Image) -> int:
    """Return the EXIF orientation, 1 to 8; 1 (upright) if there is none or its record is damaged."""
    try:
        return int(image.getexif().get(ORIENTATION, 1))
    except Exception:  # damaged metadata may raise any exception; the pixels are still fine
        return 1


def _as_rgb(image: Image.Image, box: tuple[int, int, int, int], name: str) -> Image.Image:
    """Return a part of a picture of any mode as RGB."""
    from PIL import Image

    part = image.crop(box)
    if image.mode == "F" or image.mode.startswith("I"):
        tags = getattr(image, "tag_v2", {})  # of a TIFF
        levels = _gray_levels(np.asarray(part), image.mode, tags.get(BITS_PER_SAMPLE, (16,))[0], name)
        return Image.fromarray(levels).convert("RGB")
    if image.mode == "LAB":
        from PIL import ImageCms

        to_rgb = ImageCms.buildTransform(
            ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB"), inMode="LAB", outMode="RGB"
        )
        converted = ImageCms.applyTransform(part, to_rgb)
        assert converted is not None
        return converted
    if image.mode not in ("LA", "La", "PA", "RGBA", "RGBa") and "transparency" not in image.info:
        return part.convert("RGB")
    part = part.convert("LA") if image.mode == "La" else part  # La converts to nothing else
    white = Image.new("RGBA", part.size, (255, 255, 255, 255))
    return Image.alpha_composite(white, part.convert("RGBA")).convert("RGB")


def _gray_levels(values: npt.NDArray[np.generic], mode: str, bits: int, name: str) -> npt.NDArray[np.uint8]:
    """Scale gray values of more than 8 bits to 8 bits.

    16-bit formats say what is white. Those of 32 bits do not: integers up to 65,535 count as 16 bits, and floats as
    0..1 or 0..255.

    Raises:
        InputError: What is white cannot be told.
    """
    exact = values.astype(np.float64)
    largest = float(exact.max(initial=0.0))
    whites = (2.0**bits - 1,) if mode.startswith("I;16") else (1.0, 255.0) if mode == "F" else (255.0, 65_535.0)
    white = next((white for white in whites if largest <= white), None)
    if white is None or not np.isfinite(exact).all() or float(exact.min(initial=0.0)) < 0:
        raise InputError(
            f"{name}: cannot be read as a picture (32-bit gray from {exact.min():.6g} to {exact.max():.6g} does not "
            "say what is white); save it with 8 or 16 bits"
        )
    return np.round(exact * (255.0 / white)).astype(np.uint8)
