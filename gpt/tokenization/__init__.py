"""BPE training and the tokenizer (torch-free)."""
