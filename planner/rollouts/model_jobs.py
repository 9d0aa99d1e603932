"""The planner of a job: each process loads it once, and a machine that does not have its weights is given them."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from gpt.weights.model_folder import WEIGHTS_FILE
from planner.api import Planner, model_folder

if TYPE_CHECKING:
    from planner.plans.options import Precision


@dataclass(frozen=True, kw_only=True)
class ModelJob:
    """A job that needs a planner.

    Attributes:
        model: The folder of its weights.
    """

    model: Path

    def planner(self) -> Planner:
        """Return the planner, which this process loads once."""
        return planner_of(self.model)


AnyModelJob = TypeVar("AnyModelJob", bound=ModelJob)


def planner_of(folder: Path | None, weights: Precision = "fp32") -> Planner:
    """Return the planner with some weights, the released ones where no folder is given; loaded once in a process.

    Raises:
        CheckpointError: The folder is not a model of this project.
        ReleaseError: No weights came with the installation.
    """
    found = model_folder(folder).resolve()
    try:
        written = (found / WEIGHTS_FILE).stat().st_mtime_ns
    except OSError:
        written = 0  # loading it says what is wrong
    return _load(found, weights, written)


@lru_cache(maxsize=1)
def _load(folder: Path, weights: Precision, written: int) -> Planner:
    del written  # other weights in the same folder are another planner
    return Planner.load(folder, weights=weights)


def files_of(folder: Path) -> dict[str, bytes]:
    """Return the files of a model's folder by name, to be sent to another machine."""
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()}


def settled(job: AnyModelJob, files: Mapping[str, bytes], shelf: Path | None = None) -> AnyModelJob:
    """Return a job whose model is on this machine: where it says, if these files are there, else in a folder made here.

    Args:
        job: As another machine sent it.
        files: Of its model.
        shelf: Where folders are made; by default one of this user's in the folder for temporary files. The workers of
            a machine share them.
    """
    digest = digest_of(files)
    if _holds(job.model, files, digest):
        return job
    shelf = shelf or Path(tempfile.gettempdir()) / f"gpt-home-planner-{os.getuid()}"
    folder = shelf / digest[:32]
    if not _holds(folder, files, digest):
        shelf.mkdir(mode=0o700, parents=True, exist_ok=True)
        beside = Path(tempfile.mkdtemp(dir=shelf))
        for name, raw in files.items():
            (beside / name).write_bytes(raw)
        try:
            beside.rename(folder)
        except OSError:  # another worker was faster
            shutil.rmtree(beside)
    return replace(job, model=folder)


def digest_of(files: Mapping[str, bytes]) -> str:
    """Return the SHA-256 of files with their names."""
    digest = hashlib.sha256()
    for name in sorted(files):
        digest.update(f"{name}\0{len(files[name])}\0".encode())
        digest.update(files[name])
    return digest.hexdigest()


def _holds(folder: Path, files: Mapping[str, bytes], digest: str) -> bool:
    try:
        return digest_of({name: (folder / name).read_bytes() for name in files}) == digest
    except OSError:
        return False
