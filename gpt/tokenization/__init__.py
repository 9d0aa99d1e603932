"""Byte-pair encoding and the tokenizer (torch-free)."""
