"""Image and sound encoders in torch, for training, and the loss with which the GPT learns to read their output.

`gpt.inference.encoders` has the same encoders without torch.

| file | what |
|---|---|
| `blocks.py` | convolutions and transformer blocks that both encoders share |
| `log_mel.py` | log-mel features of a batch of sounds |
| `audio.py` | the audio encoder |
| `vision.py` | the image encoder |
| `prefix_loss.py` | the loss of text that follows an encoded image or sound |
"""
