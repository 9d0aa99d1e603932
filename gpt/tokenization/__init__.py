"""Text to token ids and back, without torch.

| file | what |
|---|---|
| `bpe.py` | learns byte-pair merges from text |
| `gpt2_vocabulary.py` | compares a vocabulary file with GPT-2's |
| `tokenizer.py` | encodes and decodes with learned merges or with GPT-2's, plus special tokens |
"""
