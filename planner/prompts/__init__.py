"""The text format the GPT reads and writes; prompt sessions and the decoding cursor."""
