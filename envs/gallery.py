"""Draws every thing and every piece of furniture on one sheet: `python -m envs.gallery OUT.png`."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

import numpy as np

from envs.assets.furniture.fixture_models import furniture
from envs.assets.object_models import appearance
from envs.errors import EnvsError
from envs.geometry.bodies import seen
from envs.physics.fixture_builder import leaf_links
from envs.recording.video import captioned, filmstrip, write_png
from envs.rendering.renderer import Renderer
from envs.symbolic.domain import load_domain

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from envs.recording.video import Frame

COLUMNS = 12
VIEW_DEG = 30.0


def pictures(kind: str, size: int) -> Iterator[tuple[str, Frame]]:
    """Draw the categories of one kind, `things` or `furniture`, each alone; yields names and pictures."""
    domain = load_domain()
    canvas = Renderer()
    try:
        if kind == "things":
            for thing in domain.objects.values():
                canvas.clear()
                canvas.add(thing.name, (seen(appearance(thing)),), (0.0, 0.0, 0.0))
                yield thing.name, _portrait(canvas, thing.size, 0.0, size)
        else:
            for fixture in domain.fixtures.values():
                made = furniture(fixture)
                canvas.clear()
                canvas.add(fixture.name, made.pieces, (0.0, 0.0, 0.0), links=leaf_links(made))
                for k, piece in enumerate(made.glow):
                    canvas.add(f"{fixture.name} {k}", (piece,), (0.0, 0.0, 0.0))
                    canvas.paint(f"{fixture.name} {k}", piece.color)
                yield fixture.name, _portrait(canvas, fixture.size, fixture.size[2] / 2, size)
    finally:
        canvas.close()


def _portrait(canvas: Renderer, extent: Sequence[float], middle: float, size: int) -> Frame:
    """Look at what stands at the origin from its front, from the side and from above."""
    away = 2.2 * float(np.linalg.norm(extent)) + 0.02
    eye = np.array([0.62, -0.52, 0.58]) * away + (0.0, 0.0, middle)
    return canvas.shot(
        size, size, eye.tolist(), (0.0, 0.0, middle), view_deg=VIEW_DEG, near_m=0.01, far_m=30.0
    )[0]  # fmt: skip


def main(argv: Sequence[str] | None = None) -> int:
    """Write the sheet."""
    parser = argparse.ArgumentParser(prog="python -m envs.gallery", description="Draw everything that a home can have.")
    parser.add_argument("out", help="the PNG file to write")
    parser.add_argument("--kind", choices=("things", "furniture"), default="things")
    parser.add_argument("--size", type=int, default=150, help="of one picture [pixels] (default 150)")
    args = parser.parse_args(argv)
    if not 32 <= args.size <= 1024:
        parser.error(f"--size is {args.size}; it is 32 to 1024")
    try:
        sheet = filmstrip([captioned(picture, name) for name, picture in pictures(args.kind, args.size)], COLUMNS)
    except EnvsError as error:
        print(error, file=sys.stderr)
        return 1
    write_png(args.out, sheet)
    return 0


if __name__ == "__main__":
    sys.exit(main())
