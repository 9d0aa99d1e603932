"""Trainer, objective, optimizer, schedule, distributed, LoRA, preference losses."""
