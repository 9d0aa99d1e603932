"""Training a GPT: the loop, and what a run can be configured with.

| file | what |
|---|---|
| `trainer.py` | the training loop: metrics, checkpoints, exact resume |
| `config.py` | how long, how fast and in which precision to train |
| `objective.py` | the loss as a module |
| `optimizer.py` | AdamW, or Muon with AdamW |
| `schedule.py` | learning-rate schedules |
| `training_state.py` | the checkpoint that a resumed run reads |
| `distributed.py` | one run on many processes: DDP or FSDP2 |
| `lora.py` | low-rank adapters over a frozen GPT |
| `preference.py` | losses that learn from scored attempts |
| `head_diversity.py` | an orthogonal start and a penalty on attention heads that do the same |
| `process_settings.py` | threads, precision and signals during a run |
| `allocator.py` | glibc settings that speed up training on a CPU |
"""
