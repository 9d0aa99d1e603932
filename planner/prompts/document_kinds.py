"""Which kinds of documents a model was trained on, as its folder says: prompts of others would mean nothing to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

DocumentKind = Literal["feedback", "infill", "descriptions"]


def kinds_of(extra: Mapping[str, object]) -> frozenset[DocumentKind]:
    """Read what was saved with a model: its own `kinds`, or those that all models have that it is the mean of."""
    means = extra.get("mean_of")
    if isinstance(means, list) and means:
        return frozenset.intersection(*(kinds_of(m) if isinstance(m, Mapping) else frozenset() for m in means))
    named = extra.get("kinds")
    return frozenset(kind for kind in get_args(DocumentKind) if isinstance(named, list) and kind in named)
