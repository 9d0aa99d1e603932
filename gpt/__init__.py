"""A small GPT, built from scratch: model, tokenizer, batches, training, sampling, checkpoints.

Nothing is imported here, so that `gpt.tokenization.tokenizer` does not import torch. Import the modules.
"""
