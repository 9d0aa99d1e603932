"""Training data: tokenized documents on disk, and the batches that training reads from them.

| file | what |
|---|---|
| `tokenized_documents.py` | flat arrays of tokens, loss marks and offsets, memory-mapped |
| `packing.py` | best-fit packing of short documents into rows of one length |
| `batches.py` | batches of packed or padded rows, in an order that depends on the seed alone |
| `windows.py` | long documents as overlapping windows |
"""
