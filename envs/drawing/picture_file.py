"""Writes a drawing as a PNG or SVG file. Texts of an SVG are texts: they can be searched, copied and read aloud."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from envs.drawing.lettering import LINE_HEIGHT, font, plain
from envs.drawing.shapes import Circle, Color, Drawing, Line, Polygon, Shape, Text
from envs.errors import HomeError
from envs.files.output_files import check_output_file

if TYPE_CHECKING:
    from PIL.Image import Image

SUFFIXES = (".png", ".svg")
SMOOTH_PX = 16_000_000  # up to so many pixels, shapes are drawn at twice the size and made smaller: smooth edges
BASELINE = 0.95  # of the letters' height, from the top of their box
DASH = (6.0, 4.0)
WHITE: Color = (255, 255, 255)


def write_picture(drawing: Drawing, path: Path) -> None:
    """Write a drawing; nothing is left half-written.

    Raises:
        HomeError: The name ends in neither .png nor .svg.
        WriteError: The file cannot be written.
    """
    check_picture_path(path)
    check_output_file(path)
    data = as_svg(drawing).encode("utf-8") if path.suffix.lower() == ".svg" else as_png(drawing)
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        partial.write_bytes(data)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def check_picture_path(path: Path) -> None:
    """Check that a name says which picture it shall be.

    Raises:
        HomeError: It does not.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise HomeError(f"{path}: a picture is a .png or a .svg file; name it {path.stem or 'plan'}.png")


def as_svg(drawing: Drawing) -> str:
    """Return the text of an SVG file."""
    title = escape(_printable(drawing.title))
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{drawing.width}" height="{drawing.height}" '
        f'viewBox="0 0 {drawing.width} {drawing.height}" font-family="Helvetica, Arial, sans-serif" role="img">',
        f"<title>{title}</title>",
        f'<rect width="{drawing.width}" height="{drawing.height}" fill="#ffffff"/>',
        *map(_element, drawing.shapes),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _element(shape: Shape) -> str:
    if isinstance(shape, Line):
        (x0, y0), (x1, y1) = shape.start, shape.end
        ends = f'x1="{x0:.1f}" y1="{y0:.1f}" x2="{x1:.1f}" y2="{y1:.1f}"'
        return f'<line {ends} stroke="{_hex(shape.color)}" stroke-width="{shape.width:g}"/>'
    if isinstance(shape, Text):
        return _text_element(shape)
    if isinstance(shape, Circle):
        (x, y), tag = shape.center, "circle"
        form = f'cx="{x:.1f}" cy="{y:.1f}" r="{shape.radius:.1f}"'
    else:
        points, tag = " ".join(f"{x:.1f},{y:.1f}" for x, y in shape.points), "polygon"
        form = f'points="{points}"' + (f' stroke-dasharray="{DASH[0]:g} {DASH[1]:g}"' if shape.is_dashed else "")
    fill = "none" if shape.fill is None else _hex(shape.fill)
    line = "" if shape.line is None else f' stroke="{_hex(shape.line)}" stroke-width="{shape.line_width:g}"'
    title = f"<title>{escape(_printable(shape.title))}</title>" if shape.title else ""
    return f'<{tag} {form} fill="{fill}"{line}>{title}</{tag}>'


def _text_element(text: Text) -> str:
    """Return a text whose width is fixed, so that it keeps to its box in whatever font the viewer has."""
    length = text.box.height if text.is_vertical else text.box.width
    if text.is_vertical:
        x, y = text.box.left + BASELINE * text.size, text.box.bottom
        turned = f' transform="rotate(-90 {x:.1f} {y:.1f})"'
    else:
        x, y, turned = text.box.left, text.box.top + BASELINE * text.size, ""
    fixed = f' textLength="{length:.1f}" lengthAdjust="spacingAndGlyphs"' if length else ""
    look = f'font-size="{text.size}" fill={quoteattr(_hex(text.color))}{fixed}{turned}'
    return f'<text x="{x:.1f}" y="{y:.1f}" {look}>{escape(_printable(text.text))}</text>'


def _printable(text: str) -> str:
    """Return a text without characters that XML cannot have."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def _hex(color: Color) -> str:
    return "#{:02x}{:02x}{:02x}".format(*color)


def as_png(drawing: Drawing) -> bytes:
    """Return the bytes of a PNG file."""
    from PIL import Image

    factor = 2 if drawing.width * drawing.height <= SMOOTH_PX else 1
    sheet = Image.new("RGB", (drawing.width * factor, drawing.height * factor), WHITE)
    _draw_shapes(sheet, drawing, factor)
    if factor > 1:
        sheet = sheet.resize((drawing.width, drawing.height), Image.Resampling.BOX)
    for text in drawing.texts:
        _draw_text(sheet, text)
    buffer = io.BytesIO()
    sheet.save(buffer, format="PNG", optimize=False)
    return buffer.getvalue()


def _draw_shapes(sheet: Image, drawing: Drawing, factor: int) -> None:
    from PIL import ImageDraw

    draw = ImageDraw.Draw(sheet)
    for shape in drawing.shapes:
        if isinstance(shape, Line):
            ends = [(x * factor, y * factor) for x, y in (shape.start, shape.end)]
            draw.line(ends, fill=shape.color, width=max(1, round(shape.width * factor)))
        elif isinstance(shape, Circle):
            (x, y), radius = shape.center, shape.radius
            around = [(v - radius) * factor for v in (x, y)] + [(v + radius) * factor for v in (x, y)]
            width = max(1, round(shape.line_width * factor))
            draw.ellipse(around, fill=shape.fill, outline=shape.line, width=width if shape.line else 0)
        elif isinstance(shape, Polygon):
            points = [(x * factor, y * factor) for x, y in shape.points]
            if shape.fill is not None:
                draw.polygon(points, fill=shape.fill)
            if shape.line is not None:
                width = max(1, round(shape.line_width * factor))
                for start, end in zip(points, [*points[1:], points[0]], strict=True):
                    for a, b in _dashes(start, end, factor) if shape.is_dashed else ((start, end),):
                        draw.line((a, b), fill=shape.line, width=width)


def _dashes(
    start: tuple[float, float], end: tuple[float, float], factor: int
) -> list[tuple[tuple[float, float], tuple[float, float]]]:
    (x0, y0), (x1, y1) = start, end
    length = ((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5
    on, off = (d * factor for d in DASH)
    dashes, at = [], 0.0
    while at < length:
        a, b = at / length, min(at + on, length) / length
        dashes.append(((x0 + (x1 - x0) * a, y0 + (y1 - y0) * a), (x0 + (x1 - x0) * b, y0 + (y1 - y0) * b)))
        at += on + off
    return dashes


def _draw_text(sheet: Image, text: Text) -> None:
    from PIL import Image, ImageDraw

    letters, face = plain(text.text), font(text.size)
    if not text.is_vertical:
        at = (text.box.left, text.box.top + BASELINE * text.size)
        ImageDraw.Draw(sheet).text(at, letters, font=face, fill=text.color, anchor="ls")
        return
    width, height = max(1, round(text.box.height)), max(1, round(text.size * LINE_HEIGHT))
    mask = Image.new("L", (width, height), 0)
    ImageDraw.Draw(mask).text((0, BASELINE * text.size), letters, font=face, fill=255, anchor="ls")
    turned = mask.transpose(Image.Transpose.ROTATE_90)
    sheet.paste(text.color, (round(text.box.left), round(text.box.top)), turned)
