"""Which kinds of documents a model was trained on, as its folder says: prompts of others would mean nothing to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

DocumentKind = Literal["feedback", "infill", "descriptions"]


def kinds_of(extra: Mapping[str, object]) -> frozenset[DocumentKind]:
    """Read what was saved with a model: its own `kinds`, or those that all models have that it is the mean of."""
    averaged = extra.get("mean_of")
    if isinstance(averaged, list) and averaged:
        return frozenset.intersection(
            *(kinds_of(metadata) if isinstance(metadata, Mapping) else frozenset() for metadata in averaged)
        )
    kinds = extra.get("kinds")
    return frozenset(kind for kind in get_args(DocumentKind) if isinstance(kinds, list) and kind in kinds)
