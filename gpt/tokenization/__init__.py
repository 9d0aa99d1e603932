"""Text to token ids and back, without torch.

| file | what |
|---|---|
| `bpe.py` | learns byte-pair merges from text |
| `tokenizer.py` | encodes and decodes with learned merges or with GPT-2's, plus special tokens |
"""
