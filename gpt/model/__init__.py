"""The GPT network in torch, and its configuration, which needs no torch.

| file | what |
|---|---|
| `config.py` | shape and architecture options of a GPT, validated; torch-free |
| `sampling_checks.py` | checks sampling settings, token ids and logits; torch-free |
| `transformer.py` | the decoder-only transformer |
| `attention.py` | causal self-attention within each document, with grouped queries and rotary positions |
| `kv_cache.py` | keys and values of tokens already read |
| `packed_layout.py` | the document and position of each token in a packed row |
| `inserted_embeddings.py` | image and sound vectors that replace token embeddings |
"""
