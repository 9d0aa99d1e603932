"""The network of the GPT in torch, and its settings, which need no torch.

| file | what |
|---|---|
| `config.py` | shape and parts of a GPT, checked; torch-free |
| `sampling_settings.py` | the check of sampling settings; torch-free |
| `transformer.py` | the whole decoder-only transformer |
| `attention.py` | causal self-attention within a document, with grouped queries and rotary positions |
| `kv_cache.py` | keys and values of tokens already read |
| `packed_layout.py` | positions and documents of the tokens in a packed row |
| `inserted_embeddings.py` | vectors that replace token embeddings: images and sounds |
"""
