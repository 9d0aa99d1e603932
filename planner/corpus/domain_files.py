"""The domain of a training run: the file that is named, or the one that a run's first weights were trained on.

A model folder keeps a copy of the file, so that planning with the model needs no flag.
"""

from __future__ import annotations

from pathlib import Path

from envs.files.bounded_files import ReadError, read_text
from envs.files.safe_yaml import MAX_BYTES
from envs.symbolic.domain import Domain, load_domain
from gpt.files import write_text_atomically
from planner.errors import RecipeError
from planner.io.paths import DOMAIN_FILE
from planner.language.domain_phrases import families_of


def domain_of_run(file: Path | None, start: Path | None) -> tuple[Path | None, Domain]:
    """Return the file of a run's domain, or None, and the domain.

    Args:
        file: The file that the user names.
        start: The model folder that the weights come from.

    Raises:
        DomainError: The file contradicts itself.
        PhraseError: Its phrases are wrong.
    """
    if file is None and start is not None and (start / DOMAIN_FILE).is_file():
        file = start / DOMAIN_FILE
    domain = load_domain(file)
    families_of(domain)  # reports wrong phrases before anything is built
    return file, domain


def keep_domain(file: Path | None, folder: Path) -> None:
    """Copy a domain's file into a model folder; without a file, remove one that is there."""
    copy = folder / DOMAIN_FILE
    if file is None:
        copy.unlink(missing_ok=True)
    elif file.resolve() != copy.resolve():
        try:
            write_text_atomically(copy, read_text(file, MAX_BYTES))
        except ReadError as error:
            raise RecipeError(f"--domain {file}: {error}") from None
