"""Errors of the `gpt` package: one base class, so that a caller can catch all of them at once."""

from __future__ import annotations


class GPTError(Exception):
    """Base class of every error that `gpt` raises on purpose."""


class ConfigError(GPTError, ValueError):
    """A configuration or an argument is wrong; the message names what was seen and what would do."""


class TokenizerError(GPTError):
    """A tokenizer cannot be built, loaded or asked for what it does not have."""


class CheckpointError(GPTError):
    """A file of a checkpoint is missing, damaged, or of something else; the message names the file."""


class FileError(GPTError, OSError):
    """A text file cannot be read, is too large, or is no text; the message names it."""


class ContextError(GPTError, ValueError):
    """More tokens than the context holds, or a position outside of it."""


class DivergedError(GPTError):
    """Training met a loss or gradient that is not finite; the message names the step."""


class ProcessLostError(GPTError):
    """Another process of a run on many ended or does not answer; the message says how to go on."""
