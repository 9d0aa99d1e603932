"""Files on disk: model folder, checkpoint, LoRA adapter, encoder file."""
