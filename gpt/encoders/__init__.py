"""Encoders of pictures and sounds, and how the GPT learns to read what they make of them. Training only (torch)."""
