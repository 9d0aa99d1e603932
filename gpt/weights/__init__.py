"""Model files: weights and configuration on disk. Only `checkpoint.py` and `gpt2_files.py` need torch.

| file | what |
|---|---|
| `model_folder.py` | reads a model folder into numpy arrays |
| `checkpoint.py` | saves and loads the weights of a torch module as safetensors |
| `file_kind.py` | says what a file is that holds no weights: a Git LFS pointer, a web page, … |
| `gpt2_files.py` | reads GPT-2 weights of Hugging Face and nanoGPT (torch) |
| `gpt2_config.py` | what a GPT-2's `config.json` or `model_args` say of its shape |
| `adapter.py` | low-rank adapter files, and merging one into weights |
| `encoder_file.py` | files of an image or sound encoder and its adapter |
"""
