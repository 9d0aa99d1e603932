"""A small GPT, built from scratch: model, tokenizer, batches, training, sampling, checkpoints.

Nothing is imported here: `gpt.tokenization.tokenizer` must not cost the import of torch. Import the modules.
"""
