"""Model files: weights and configuration on disk. All but `checkpoint` works without torch.

| file | what |
|---|---|
| `model_folder.py` | reads a model folder into numpy arrays |
| `checkpoint.py` | saves and loads the weights of a torch module as safetensors |
| `adapter.py` | low-rank adapter files, and merging one into weights |
| `encoder_file.py` | the file of an encoder and its adapter |
"""
