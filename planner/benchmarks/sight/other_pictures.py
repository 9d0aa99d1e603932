"""Pictures that show no home, of several kinds, to measure how many of them sight takes for one."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from planner.perception.image_labels import SIZE

Pixels = npt.NDArray[np.uint8]
Draw = Callable[[np.random.Generator], npt.NDArray[np.generic]]

WORDS = ("lorem", "ipsum", "dolor", "sit", "amet", "plate", "fridge", "total", "invoice", "42.00")


def other_pictures(count: int, seed: int) -> Iterator[tuple[str, Pixels]]:
    """Yield `count` pictures (SIZE, SIZE, 3) of each kind, with the kind's name."""
    for kind, draw in KINDS.items():
        rng = np.random.default_rng([seed, *kind.encode()])
        for _ in range(count):
            yield kind, np.clip(draw(rng), 0, 255).astype(np.uint8)


def _white_noise(rng: np.random.Generator) -> npt.NDArray[np.generic]:
    return rng.integers(0, 256, (SIZE, SIZE, 3))


def _gray_noise(rng: np.random.Generator) -> npt.NDArray[np.generic]:
    return np.repeat(rng.integers(0, 256, (SIZE, SIZE, 1)), 3, axis=2)


def _smooth_noise(rng: np.random.Generator) -> npt.NDArray[np.generic]:
    small = rng.integers(0, 256, (*rng.integers(2, 24, 2), 3)).astype(np.uint8)
    return np.asarray(Image.fromarray(small).resize((SIZE, SIZE), Image.Resampling.BICUBIC))


def _pink_noise(rng: np.random.Generator) -> npt.NDArray[np.generic]:
    """Noise with the spectrum of natural images, 1/f."""
    frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(SIZE), np.fft.fftfreq(SIZE)))
    frequency[0, 0] = 1.0
    planes = [np.fft.ifft2(np.fft.fft2(rng.normal(size=(SIZE, SIZE))) / frequency).real for _ in range(3)]
    noise = np.stack(planes, axis=2)
    return np.asarray((noise - noise.mean()) / noise.std() * 50 + 128)


def _gradient(rng: np.random.Generator) -> npt.NDArray[np.generic]:
    angle = rng.uniform(0, 2 * np.pi)
    rows, columns = np.mgrid[0:SIZE, 0:SIZE] / SIZE - 0.5
    return _blend(rng, np.clip(np.cos(angle) * columns + np.sin(angle) * rows + 0.5, 0, 1))


def _radial_gradient(rng: np.random.Generator) -> npt.NDArray[np.generic]:
    rows, columns = np.mgrid[0:SIZE, 0:SIZE] / SIZE - 0.5
    return _blend(rng, np.clip(1.5 * np.hypot(rows, columns), 0, 1))


def _blend(rng: np.random.Generator, weight: npt.NDArray[np.floating]) -> npt.NDArray[np.generic]:
    first, second = rng.uniform(0, 255, (2, 3))
    return np.asarray(first + weight[..., None] * (second - first))


def _one_color(rng: np.random.Generator) -> npt.NDArray[np.generic]:
    return np.full((SIZE, SIZE, 3), rng.uniform(0, 255, 3))


def _nearly_gray(rng: np.random.Generator) -> npt.NDArray[np.generic]:
    return rng.uniform(0, 255) + rng.uniform(0.5, 4) * rng.normal(size=(SIZE, SIZE, 3))


def _text(rng: np.random.Generator) -> npt.NDArray[np.generic]:
    page = Image.new("RGB", (SIZE, SIZE), _color(rng, 200, 256))
    draw = ImageDraw.Draw(page)
    for row in range(4, SIZE, int(rng.integers(10, 24))):
        draw.text((4, row), " ".join(rng.choice(WORDS, 8)), fill=_color(rng, 0, 90))
    return np.asarray(page)


def _shapes(rng: np.random.Generator) -> npt.NDArray[np.generic]:
    page = Image.new("RGB", (SIZE, SIZE), _color(rng))
    draw = ImageDraw.Draw(page)
    for _ in range(int(rng.integers(3, 60))):
        (left, top), (width, height) = rng.integers(-20, SIZE, 2).tolist(), rng.integers(4, 90, 2).tolist()
        shape = draw.ellipse if rng.random() < 0.5 else draw.rectangle
        shape((left, top, left + width, top + height), fill=_color(rng))
    return np.asarray(page)


def _checkerboard(rng: np.random.Generator) -> npt.NDArray[np.generic]:
    cells = np.arange(SIZE) // int(rng.integers(2, 40))
    return _blend(rng, (cells[:, None] + cells) % 2.0)


def _stripes(rng: np.random.Generator) -> npt.NDArray[np.generic]:
    cells = np.arange(SIZE) // int(rng.integers(2, 40))
    return _blend(rng, np.repeat(cells[:, None] % 2.0, SIZE, axis=1))


def _chart(rng: np.random.Generator) -> npt.NDArray[np.generic]:
    page = Image.new("RGB", (SIZE, SIZE), "white")
    draw = ImageDraw.Draw(page)
    heights = SIZE / 2 + np.cumsum(4 * rng.normal(size=SIZE))
    draw.line([(column, float(height)) for column, height in enumerate(heights)], fill=_color(rng))
    draw.line((10, 10, 10, SIZE - 12), fill="black")
    draw.line((10, SIZE - 12, SIZE - 12, SIZE - 12), fill="black")
    return np.asarray(page)


def _color(rng: np.random.Generator, low: int = 0, high: int = 256) -> tuple[int, int, int]:
    red, green, blue = rng.integers(low, high, 3).tolist()
    return red, green, blue


KINDS: dict[str, Draw] = {
    "white noise": _white_noise, "gray noise": _gray_noise, "smooth noise": _smooth_noise, "pink noise": _pink_noise,
    "gradient": _gradient, "radial gradient": _radial_gradient, "one color": _one_color, "nearly gray": _nearly_gray,
    "text": _text, "shapes": _shapes, "checkerboard": _checkerboard, "stripes": _stripes, "chart": _chart,
}  # fmt: skip
