"""The optional kinds of documents that a model was trained on, from its metadata; it cannot read other prompts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

DocumentKind = Literal["feedback", "infill", "descriptions", "renamed", "people"]


def kinds_of(extra: Mapping[str, object]) -> frozenset[DocumentKind]:
    """Return a model's `kinds` from its saved metadata; for an average of models, those that all of them share."""
    shared: frozenset[DocumentKind] = frozenset(get_args(DocumentKind))
    models: list[object] = [extra]
    while models:
        model = models.pop()
        metadata = model if isinstance(model, Mapping) else {}
        averaged, kinds = metadata.get("mean_of"), metadata.get("kinds")
        if isinstance(averaged, list) and averaged:
            models += averaged
        else:
            shared = frozenset(kind for kind in shared if isinstance(kinds, list) and kind in kinds)
    return shared
