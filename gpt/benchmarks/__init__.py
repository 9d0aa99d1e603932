"""Benchmarks of training and decoding speed on this machine: `python -m gpt.speed`.

Each benchmark is a ladder of rungs: variants of the same work, from the plain method to the fastest.

| file | what |
|---|---|
| `training_ladder.py` | the rungs of training: faster and faster steps for the same model and documents |
| `training_data.py` | the documents of the training ladder |
| `nanogpt_baseline.py` | a training step as nanoGPT recommends it |
| `nanogpt_comparison.py` | that baseline and the last rung in one process, in alternating steps |
| `decoding_speed.py` | measures and prints the decoding ladder |
| `decoding_ladder.py` | the rungs of decoding: ways to continue prompts greedily |
| `decoding_prompts.py` | the prompts of the decoding ladder |
| `external_decoders.py` | rungs for Hugging Face generate and CTranslate2 (extra `peers`) |
| `static_cache_decoder.py` | greedy decoding with a compiled step and a cache of fixed size |
"""
