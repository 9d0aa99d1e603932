"""Tokenized documents on disk; packed, padded and windowed batches of them."""
