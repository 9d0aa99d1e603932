"""Image and sound encoders, and the loss with which the GPT learns to read them. Training only (torch)."""
