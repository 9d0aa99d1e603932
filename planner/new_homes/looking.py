"""What sight sees in pictures; the senses are loaded only if they are asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from planner.errors import InputError
from planner.io.input_bytes import shown
from planner.new_homes.listings import Picture

if TYPE_CHECKING:
    from planner.perception.image_labels import Listing

NO_FILE = "there is no such file to look at"


@dataclass(frozen=True, kw_only=True)
class Looked:
    """What was seen in a picture, or why nothing was."""

    listing: Listing | None = None
    doubt: str = ""


def look_at(pictures: Sequence[Picture]) -> dict[str, Looked]:
    """Return what sight sees in each picture, by its name.

    Raises:
        ReleaseError: The model has no sight.
    """
    from planner.perception.inputs.pictures import read_picture
    from planner.perception.sight import Sight

    sight = Sight.load()
    looked: dict[str, Looked] = {}
    for picture in pictures:
        if picture.file is None:
            looked[picture.name] = Looked(doubt=NO_FILE)
            continue
        try:
            (seen,) = sight.see([read_picture(picture.file)])
        except InputError as error:
            looked[picture.name] = Looked(doubt=str(error).removeprefix(f"{shown(picture.file)}: "))
            continue
        looked[picture.name] = Looked(doubt=seen.doubt) if seen.doubt else Looked(listing=seen.listing)
    return looked
