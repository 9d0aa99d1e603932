"""Training data: tokenized documents on disk, and the batches that training reads from them.

| file | what |
|---|---|
| `tokenized_documents.py` | flat arrays of tokens, loss masks, branch numbers and offsets, memory-mapped |
| `packing.py` | best-fit packing of short documents into rows of one length |
| `batches.py` | batches of packed or padded rows, determined by the seed and the step |
| `windows.py` | splits long documents into overlapping windows |
"""
