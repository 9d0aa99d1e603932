"""The speed ladders behind `python -m gpt.speed` (training and decoding)."""
