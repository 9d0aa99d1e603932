"""Model files: weights and configuration on disk. Only `checkpoint.py` needs torch.

| file | what |
|---|---|
| `model_folder.py` | reads a model folder into numpy arrays |
| `checkpoint.py` | saves and loads the weights of a torch module as safetensors |
| `adapter.py` | low-rank adapter files, and merging one into weights |
| `encoder_file.py` | files of an image or sound encoder and its adapter |
"""
