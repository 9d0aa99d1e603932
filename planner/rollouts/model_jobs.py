"""Jobs that need a planner: each process loads it once, and machines without the weights receive them."""

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
        model: The model folder.
    """

    model: Path

    def planner(self) -> Planner:
        """Return the planner, loaded once per process."""
        return planner_of(self.model)


AnyModelJob = TypeVar("AnyModelJob", bound=ModelJob)


def planner_of(folder: Path | None, weights: Precision = "fp32") -> Planner:
    """Return the planner of a model folder, by default the released one; loaded once per process.

    Raises:
        CheckpointError: The folder is not a model of this project.
        ReleaseError: The installation has no released weights.
    """
    model_dir = model_folder(folder).resolve()
    try:
        modified_ns = (model_dir / WEIGHTS_FILE).stat().st_mtime_ns
    except OSError:
        modified_ns = 0  # loading will report the error
    return _load(model_dir, weights, modified_ns)


@lru_cache(maxsize=1)
def _load(folder: Path, weights: Precision, modified_ns: int) -> Planner:
    del modified_ns  # part of the cache key: changed weights are another planner
    return Planner.load(folder, weights=weights)


def model_files(folder: Path) -> dict[str, bytes]:
    """Return the files of a model folder by name, to send them to another machine."""
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()}


def with_local_model(job: AnyModelJob, files: Mapping[str, bytes], cache_dir: Path | None = None) -> AnyModelJob:
    """Return the job with a model folder on this machine: its own if that has these files, otherwise a cached copy.

    Args:
        job: A job sent by another machine.
        files: The files of its model.
        cache_dir: Where copies are written, shared by the workers of this machine; by default a folder of this user
            in the folder for temporary files.
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
    """Return the SHA-256 over files and their names."""
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
