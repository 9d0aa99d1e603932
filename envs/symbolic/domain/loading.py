"""The default domain, `envs/domain.yaml`, or that of another file."""

from __future__ import annotations

import copyreg
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from envs.errors import DomainError
from envs.files import safe_yaml
from envs.files.bounded_files import ReadError, read_text
from envs.symbolic.domain.domain import Domain
from envs.symbolic.domain.reading import default_domain

if TYPE_CHECKING:
    import os


def load_domain(path: str | os.PathLike[str] | None = None) -> Domain:
    """Return the default domain, or that of a file.

    Args:
        path: The file; None for `envs/domain.yaml`.

    Raises:
        DomainError: The file cannot be read or is wrong; the message has one line per problem.
    """
    if path is None:
        return default_domain()
    from envs.symbolic.kinds.domain_file import parse_domain  # reads kinds as home files do, with a domain at hand

    path = Path(path)
    try:
        text = read_text(path, safe_yaml.MAX_BYTES)
    except ReadError as error:
        raise DomainError(f"no such domain: {error}") from None
    return parse_domain(text, f"{path}: ")


def _pickled(domain: Domain) -> tuple[Any, ...]:
    """Pickle the values of a domain; the default one is read from its file instead."""
    if domain is load_domain():
        return load_domain, ()
    return _unpickled, ({f.name: getattr(domain, f.name) for f in fields(domain)},)


def _unpickled(values: dict[str, Any]) -> Domain:
    return Domain.of(**values)


copyreg.pickle(Domain, _pickled)
