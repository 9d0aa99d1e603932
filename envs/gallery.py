"""Draw every object or fixture category on one contact sheet: `python -m envs.gallery OUT.png`.

With `--kind properties`, a few objects in every size, color and material.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from envs.assets.furniture.fixture_models import furniture
from envs.assets.object_models import appearance
from envs.errors import EnvsError
from envs.files.output_files import check_output_file
from envs.geometry.bodies import visual_piece
from envs.physics.fixture_builder import leaf_links
from envs.recording.video import captioned, filmstrip, write_png
from envs.rendering.materials import MATERIALS
from envs.rendering.renderer import Renderer
from envs.scenes.home_file import load_home
from envs.symbolic.described_kinds import category_of
from envs.symbolic.domain import load_domain
from envs.symbolic.scene import ObjectSpec

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from envs.recording.video import Frame

PROG = "python -m envs.gallery"
COLUMNS = 12
VIEW_DEG = 30.0
DESCRIBED = ("mug", "bowl", "plate")


def pictures(kind: str, size: int, home: str = "") -> Iterator[tuple[str, Frame]]:
    """Yield the name and the picture of each category of one kind, `things` or `furniture`, or of `properties`.

    Args:
        kind: Which categories.
        size: Width and height of a picture [pixels].
        home: A home whose own kinds are drawn; empty: all built-in ones.
    """
    domain, built_in = load_home(home, geometry=False).domain if home else load_domain(), load_domain()
    things = [o for name, o in domain.objects.items() if not home or built_in.objects.get(name) != o]
    fixtures = [f for name, f in domain.fixtures.items() if not home or built_in.fixtures.get(name) != f]
    renderer = Renderer()
    try:
        if kind == "things":
            for category in things:
                renderer.clear()
                renderer.add(category.name, (visual_piece(appearance(category)),), (0.0, 0.0, 0.0))
                yield category.name, _portrait(renderer, category.size, 0.0, size)
        elif kind == "properties":
            for name in DESCRIBED:
                for words in [(), *((word,) for word in domain.property_group)]:
                    spec = ObjectSpec(name=name, category=name, place="", properties=words)
                    renderer.clear()
                    renderer.add(name, (visual_piece(appearance(category_of(spec, domain))),), (0.0, 0.0, 0.0))
                    if words and words[0] in MATERIALS:
                        renderer.set_material(name, words[0])
                    yield " ".join((*words, name)), _portrait(renderer, domain.objects[name].size, 0.0, size)
        else:
            for fixture in fixtures:
                if fixture.is_room:
                    continue
                geometry = furniture(fixture)
                renderer.clear()
                renderer.add(fixture.name, geometry.pieces, (0.0, 0.0, 0.0), links=leaf_links(geometry))
                for k, piece in enumerate(geometry.glow):
                    renderer.add(f"{fixture.name} {k}", (piece,), (0.0, 0.0, 0.0))
                    renderer.paint(f"{fixture.name} {k}", piece.color)
                yield fixture.name, _portrait(renderer, fixture.size, fixture.size[2] / 2, size)
    finally:
        renderer.close()


def _portrait(renderer: Renderer, extent: Sequence[float], middle: float, size: int) -> Frame:
    """Render the object at the origin from the front, slightly from the side and from above."""
    distance = 2.2 * float(np.linalg.norm(extent)) + 0.02
    eye = np.array([0.62, -0.52, 0.58]) * distance + (0.0, 0.0, middle)
    return renderer.shot(
        size, size, eye.tolist(), (0.0, 0.0, middle), view_deg=VIEW_DEG, near_m=0.01, far_m=30.0
    )[0]  # fmt: skip


def main(argv: Sequence[str] | None = None) -> int:
    """Write the contact sheet."""
    parser = argparse.ArgumentParser(prog=PROG, description="Draw everything that a home can have.")
    parser.add_argument("out", help="the PNG file to write")
    parser.add_argument("--kind", choices=("things", "furniture", "properties"), default="things")
    parser.add_argument("--home", default="", help="draw the kinds of this home file that are not built in")
    parser.add_argument("--size", type=int, default=150, help="size of one picture [pixels] (default 150)")
    args = parser.parse_args(argv)
    if not 32 <= args.size <= 1024:
        parser.error(f"--size is {args.size}; it is 32 to 1024")
    try:
        check_output_file(Path(args.out))
    except EnvsError as error:
        print(f"{PROG}: {error}", file=sys.stderr)
        return 2
    try:
        drawn = [captioned(picture, name) for name, picture in pictures(args.kind, args.size, args.home)]
    except EnvsError as error:
        print(f"{PROG}: {error}", file=sys.stderr)
        return 1
    if not drawn:
        print(f"{PROG}: {args.home} has no {args.kind} of its own", file=sys.stderr)
        return 1
    sheet = filmstrip(drawn, COLUMNS)
    write_png(args.out, sheet)
    return 0


if __name__ == "__main__":
    sys.exit(main())
