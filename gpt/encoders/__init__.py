"""Encoders of images and sounds, and the loss by which the GPT learns to read them. Training only (torch).

`gpt.inference.encoders` computes the same without torch.

| file | what |
|---|---|
| `blocks.py` | convolutions and transformer blocks that both encoders share |
| `log_mel.py` | log-mel features of many sounds at once |
| `audio.py` | the audio encoder |
| `vision.py` | the image encoder |
| `prefix_loss.py` | the loss of text that follows an encoded image or sound |
"""
