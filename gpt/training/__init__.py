"""Training a GPT: the loop, its settings, and optional methods.

| file | what |
|---|---|
| `trainer.py` | the training loop: metrics, checkpoints, exact resume |
| `config.py` | settings of a run: length, batch size, optimizer, precision |
| `objective.py` | the training loss as a torch module |
| `optimizer.py` | AdamW, or Muon with AdamW |
| `schedule.py` | learning-rate schedules |
| `training_state.py` | writes and reads the checkpoint from which a run resumes |
| `distributed.py` | one run on many processes: DDP or FSDP2 |
| `lora.py` | low-rank adapters over a frozen GPT |
| `preference.py` | objectives for learning from scored attempts: group-relative advantages, DPO |
| `head_diversity.py` | measures and penalizes the similarity of attention heads |
| `process_settings.py` | threads, TF32 and signal handling during a run |
| `allocator.py` | glibc settings that speed up training on a CPU |
"""
