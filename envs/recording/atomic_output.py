"""The base of recordings: a file that is written beside its name and renamed when it is complete.

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
    """A file to be written in a `with` statement: an exception removes what was written.

    Args:
        path: Of the finished file; its folder is created.
        suffix: Of the file while it is written, for writers that choose a format by it.
    """

    def __init__(self, path: str | Path, suffix: str) -> None:
        self.path = Path(path)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._partial = self.path.with_name(f".{self.path.stem}.{os.getpid()}.part{suffix}")

    def close(self) -> None:
        """Finish the file; it has its name only from now on."""
        self._end()
        self._partial.replace(self.path)

    def _end(self) -> None:
        """End the writing, whether the file is kept or not."""
        raise NotImplementedError

    def __enter__(self: Output) -> Output:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.close()
        else:
            self._end()
            self._partial.unlink(missing_ok=True)
