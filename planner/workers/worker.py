"""The worker's side: receive a job and items, and answer each item with its result or its failure."""

from __future__ import annotations

import os
import pickle
import traceback
from collections.abc import Callable

from planner.io.command import one_thread
from planner.workers.messages import Answer, Failure, is_expected


def limit_threads() -> None:
    """Limit this process to one thread: the processes already use all cores."""
    os.environ["OMP_NUM_THREADS"] = "1"  # of onnxruntime, which reads it when it is loaded
    one_thread()


class Server:
    """Answers items with the last loaded job."""

    def __init__(self) -> None:
        self._job: Callable[[object], object] | None = None

    def load_job(self, load: Callable[[], Callable[[object], object]]) -> bytes | None:
        """Load a job; return the pickled failure if that is impossible."""
        try:
            self._job = load()
        except Exception as error:
            return _pickled_failure(error)
        return None

    def answer(self, item: bytes) -> bytes:
        """Return the pickled answer to a pickled item.

        Raises:
            MemoryError: The worker must die, as if the system had run out of memory.
        """
        assert self._job is not None
        try:
            return pickle.dumps(Answer(result=self._job(pickle.loads(item))))
        except MemoryError:
            raise
        except Exception as error:
            return _pickled_failure(error)


def _pickled_failure(error: Exception) -> bytes:
    expected = is_expected(error)
    trace = "".join(traceback.format_exception(error)).rstrip()
    message = str(error) if expected else f"{type(error).__name__}: {error}\n\nIn the worker:\n{trace}"
    return pickle.dumps(Failure(message=message, expected=expected))
