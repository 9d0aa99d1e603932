"""The optional kinds of documents that a model was trained on, from its metadata; it cannot read other prompts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

DocumentKind = Literal["feedback", "infill", "descriptions"]


def kinds_of(extra: Mapping[str, object]) -> frozenset[DocumentKind]:
    """Return a model's `kinds` from its saved metadata; for an average of models, those that all of them share."""
    averaged = extra.get("mean_of")
    if isinstance(averaged, list) and averaged:
        return frozenset.intersection(
            *(kinds_of(metadata) if isinstance(metadata, Mapping) else frozenset() for metadata in averaged)
        )
    kinds = extra.get("kinds")
    return frozenset(kind for kind in get_args(DocumentKind) if isinstance(kinds, list) and kind in kinds)
