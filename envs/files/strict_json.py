"""Parse JSON that others wrote: a key given twice and half a character are errors, not silently dropped."""

from __future__ import annotations

import json

from envs.errors import EnvsError, quoted

CONSTANTS = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}


class JsonError(EnvsError, ValueError):
    """A text is not JSON, or says something twice; the message says where or which key."""


def parse_json(text: str, *, allow_nan: bool = False) -> object:
    """Return the content of a JSON text.

    Args:
        text: The text.
        allow_nan: Whether numbers may be NaN or infinite, which Python writes but JSON does not have.

    Raises:
        JsonError: The text is not JSON, is nested too deeply, gives a key twice, or has an unpaired surrogate.
    """

    def constant(name: str) -> float:
        if not allow_nan:
            raise JsonError(f"{name} is not a number of JSON; use null")
        return CONSTANTS[name]

    if not text.strip():
        raise JsonError("not JSON: it is empty")
    try:
        content: object = json.loads(text, object_pairs_hook=_unique, parse_constant=constant)
        if "\\u" in text:
            json.dumps(content, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        place = f"column {error.colno}" if "\n" not in text.strip() else f"line {error.lineno}, column {error.colno}"
        raise JsonError(f"not JSON: {error.msg} at {place}") from None
    except RecursionError:
        raise JsonError("nested too deeply") from None
    except UnicodeEncodeError:
        raise JsonError("half of a character (an unpaired surrogate) is in a text") from None
    except JsonError:
        raise
    except ValueError:  # more digits than Python converts
        raise JsonError("a number has too many digits") from None
    return content


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    content = dict(pairs)
    if len(content) < len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise JsonError(f"the key {quoted(key)} is given twice; keep one")
            seen.add(key)
    return content
