"""The network: config (torch-free), transformer, attention, KV cache, packed-row layout."""
