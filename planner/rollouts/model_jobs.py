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
    model_dir = model_folder(folder).resolve()
    try:
        modified_ns = (model_dir / WEIGHTS_FILE).stat().st_mtime_ns
    except OSError:
        modified_ns = 0  # loading it says what is wrong
    return _load(model_dir, weights, modified_ns)


@lru_cache(maxsize=1)
def _load(folder: Path, weights: Precision, modified_ns: int) -> Planner:
    del modified_ns  # other weights in the same folder are another planner
    return Planner.load(folder, weights=weights)


def model_files(folder: Path) -> dict[str, bytes]:
    """Return the files of a model's folder by name, to be sent to another machine."""
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()}


def with_local_model(job: AnyModelJob, files: Mapping[str, bytes], cache_dir: Path | None = None) -> AnyModelJob:
    """Return a job whose model is on this machine: where it says, if these files are there, else in a folder made here.

    Args:
        job: As another machine sent it.
        files: Of its model.
        cache_dir: Where folders are made; by default one of this user's in the folder for temporary files. The workers of
            a machine share them.
    """
    digest = files_digest(files)
    if _has_files(job.model, files, digest):
        return job
    cache_dir = cache_dir or Path(tempfile.gettempdir()) / f"gpt-home-planner-{os.getuid()}"
    folder = cache_dir / digest[:32]
    if not _has_files(folder, files, digest):
        cache_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(dir=cache_dir))
        for name, raw in files.items():
            (staging / name).write_bytes(raw)
        try:
            staging.rename(folder)
        except OSError:  # another worker was faster
            shutil.rmtree(staging)
    return replace(job, model=folder)


def files_digest(files: Mapping[str, bytes]) -> str:
    """Return the SHA-256 of files with their names."""
    digest = hashlib.sha256()
    for name in sorted(files):
        digest.update(f"{name}\0{len(files[name])}\0".encode())
        digest.update(files[name])
    return digest.hexdigest()


def _has_files(folder: Path, files: Mapping[str, bytes], digest: str) -> bool:
    try:
        return files_digest({name: (folder / name).read_bytes() for name in files}) == digest
    except OSError:
        return False
