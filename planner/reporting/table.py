"""The table behind a figure: it can be shown, and downloaded from the page as CSV and JSON."""

from __future__ import annotations

import base64
import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Literal

from planner.io.terminal import printable

Cell = str | int | float | bool | None

Span = Literal["chart", "half", "page"]

MIME = {"csv": "text/csv;charset=utf-8", "json": "application/json"}


def escaped(text: object) -> str:
    """Return untrusted text escaped for HTML, including attributes."""
    return escape(printable(str(text)), quote=True)


def words(cell: Cell) -> str:
    """Return a cell in readable form."""
    if cell is None:
        return "–"
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    return f"{cell:.4g}" if isinstance(cell, float) else str(cell)


@dataclass(frozen=True, kw_only=True)
class Table:
    """Rows under named columns.

    Attributes:
        name: The name of its files, without extension.
        columns: The names of the columns.
        rows: Cells, one per column in each row.
    """

    name: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[Cell, ...]]

    def csv(self) -> str:
        """Return RFC 4180 CSV; None is empty, booleans are `true` and `false`."""
        file = io.StringIO(newline="")
        writer = csv.writer(file)
        writer.writerow(self.columns)
        for row in self.rows:
            writer.writerow([json.dumps(cell) if isinstance(cell, bool) else cell for cell in row])
        return file.getvalue()

    def json(self) -> str:
        """Return a JSON list with one object for each row."""
        return json.dumps([dict(zip(self.columns, row, strict=True)) for row in self.rows], indent=1)

    def html(self) -> str:
        """Return an HTML table."""
        head = "".join(f'<th scope="col">{escaped(column)}</th>' for column in self.columns)
        body = "".join(f"<tr>{self._cells(row)}</tr>" for row in self.rows)
        return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'

    def _cells(self, row: tuple[Cell, ...]) -> str:
        pairs = zip(self.columns, row, strict=True)
        return "".join(f'<td data-label="{escaped(column)}">{escaped(words(cell))}</td>' for column, cell in pairs)

    def links(self) -> str:
        """Return download links as data URIs."""
        links = []
        for ending, text in (("csv", self.csv()), ("json", self.json())):
            data = base64.b64encode(text.encode("utf-8", "backslashreplace")).decode("ascii")
            links.append(
                f'<a download="{escaped(self.name)}.{ending}" href="data:{MIME[ending]};base64,{data}" '
                f'aria-label="{escaped(self.name)} as {ending.upper()}">{ending.upper()}</a>'
            )
        return f'<span class="links">{" ".join(links)}</span>'


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A drawing of a table.

    Attributes:
        title: The heading.
        svg: The drawing; empty: the table itself is shown.
        table: Exactly the drawn data.
        note: Remarks for the reader.
        span: The width that it takes in a wide window.
    """

    title: str
    table: Table
    svg: str = ""
    note: str = ""
    span: Span = "chart"

    def html(self) -> str:
        """Return the figure with its links, and its data in a collapsed block below."""
        note = f'<p class="note">{escaped(self.note)}</p>' if self.note else ""
        content = self.table.html()
        if self.svg:
            content = f"{self.svg}<details><summary>Data</summary>{content}</details>"
        css = "figure" if self.span == "chart" else f"figure of-{self.span}"
        css += " cards" if self.span == "page" else ""
        return (
            f'<figure class="{css}"><figcaption><h3>{escaped(self.title)}</h3>{self.table.links()}</figcaption>'
            f"{note}{content}</figure>"
        )
