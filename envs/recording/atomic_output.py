"""Base class of recordings: a file that is written under a temporary name and renamed when it is complete.

A recording that fails or is killed never leaves a damaged file under the name that the user asked for.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from types import TracebackType

Output = TypeVar("Output", bound="AtomicOutput")


class AtomicOutput:
    """A file that is written in a `with` statement; an exception deletes it.

    Args:
        path: The finished file; its folder is created.
        suffix: Suffix of the temporary file, for writers that choose a format by it.
    """

    def __init__(self, path: str | Path, suffix: str) -> None:
        self.path = Path(path)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._partial = self.path.with_name(f".{self.path.stem}.{os.getpid()}.part{suffix}")

    def close(self) -> None:
        """Finish the file and give it its name."""
        self._close_writer()
        self._partial.replace(self.path)

    def _close_writer(self) -> None:
        """Stop writing, whether the file is kept or not."""
        raise NotImplementedError

    def __enter__(self: Output) -> Output:
        return self

    def __exit__(
        self, error_type: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.close()
        else:
            self._close_writer()
            self._partial.unlink(missing_ok=True)
