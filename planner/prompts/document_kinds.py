"""The optional kinds of documents that a model was trained on, from its metadata; it cannot read other prompts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

DocumentKind = Literal["feedback", "infill", "descriptions", "renamed", "people", "replies"]


def kinds_of(extra: Mapping[str, object]) -> frozenset[DocumentKind]:
    """Return a model's `kinds` from its saved metadata; for an average of models, those that all of them share.

    A model that counts less than the average one in it (`python -m gpt.average --shares`) takes no kind away.
    """
    shared: frozenset[DocumentKind] = frozenset(get_args(DocumentKind))
    models: list[object] = [extra]
    while models:
        model = models.pop()
        metadata = model if isinstance(model, Mapping) else {}
        averaged, kinds = metadata.get("mean_of"), metadata.get("kinds")
        if isinstance(averaged, list) and averaged:
            shares = metadata.get("shares")
            parts = shares if isinstance(shares, list) and len(shares) == len(averaged) else [1.0] * len(averaged)
            models += [part for part, share in zip(averaged, parts, strict=True) if share * len(averaged) >= 1 - 1e-6]
        else:
            shared = frozenset(kind for kind in shared if isinstance(kinds, list) and kind in kinds)
    return shared
