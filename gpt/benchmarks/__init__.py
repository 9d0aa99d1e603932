"""The speed ladders: how fast this machine trains and decodes, one improvement per rung.

`python -m gpt.speed` runs them. The shared baselines, data and prompts stand beside the ladders.

| file | what |
|---|---|
| `training_ladder.py` | the rungs of training: one model, the same documents, ever faster ways to train on them |
| `training_data.py` | the documents that the training ladder reads |
| `nanogpt_baseline.py` | a training step as nanoGPT recommends it |
| `nanogpt_comparison.py` | the baseline and the last rung in one process, step by step |
| `decoding_speed.py` | measures and prints the decoding ladder |
| `decoding_ladder.py` | the rungs of decoding: ways to continue prompts greedily |
| `decoding_prompts.py` | the prompts that the decoding ladder reads |
| `external_decoders.py` | Hugging Face generate and CTranslate2 as rungs (extra `peers`) |
| `static_cache_decoder.py` | greedy decoding by one compiled step over a fixed cache |
"""
