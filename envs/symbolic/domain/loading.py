"""The default domain, `envs/domain.yaml`, or that of another file."""

from __future__ import annotations

import copyreg
import os
from dataclasses import fields
from pathlib import Path
from typing import Any

from envs.errors import DomainError, quoted
from envs.files import safe_yaml
from envs.files.bounded_files import ReadError, read_text
from envs.symbolic.domain.domain import Domain
from envs.symbolic.domain.reading import default_domain


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


def as_domain(domain: Domain | str | os.PathLike[str] | None) -> Domain:
    """Return a domain that is given itself or by its file; None: the default one.

    Raises:
        DomainError: It is neither; or as in `load_domain`.
    """
    if isinstance(domain, Domain):
        return domain
    if domain is None or isinstance(domain, str | os.PathLike):
        return load_domain(domain)
    raise DomainError(f"a domain is that of `load_domain(file)`, or its file; seen: {quoted(domain)}")


def _pickled(domain: Domain) -> tuple[Any, ...]:
    """Pickle the values of a domain; the default one is read from its file instead."""
    if domain is load_domain():
        return load_domain, ()
    return _unpickled, ({f.name: getattr(domain, f.name) for f in fields(domain)},)


def _unpickled(values: dict[str, Any]) -> Domain:
    return Domain.of(**values)


copyreg.pickle(Domain, _pickled)
