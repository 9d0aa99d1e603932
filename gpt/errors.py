"""Errors of the `gpt` package: one base class, so that a caller can catch all of them with it."""

from __future__ import annotations


class GPTError(Exception):
    """Base class of every error that `gpt` raises on purpose."""


class ConfigError(GPTError, ValueError):
    """A configuration or argument is wrong; the message names the value seen and the values allowed."""


class TokenizerError(GPTError):
    """A tokenizer cannot be built or loaded, or lacks a requested token."""


class CheckpointError(GPTError):
    """A checkpoint file is missing, damaged, or of another format; the message names the file."""


class FileError(GPTError, OSError):
    """A file cannot be read or written, is too large, or is not text; the message names it."""


class ContextError(GPTError, ValueError):
    """Tokens that cannot be read: none, too many, not in the vocabulary, or at a position outside of the context."""


class LogitsError(GPTError, ValueError):
    """Logits are NaN or infinite, so that no token can be drawn; the message counts them."""


class DivergedError(GPTError):
    """Training produced a loss or gradient that is not finite; the message names the step."""


class ProcessLostError(GPTError):
    """Another process of a distributed run ended or does not answer; the message says how to resume."""
