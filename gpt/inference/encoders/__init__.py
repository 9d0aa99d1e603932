"""The image and audio encoders in numpy: the same results as `gpt.encoders`, without torch.

| file | what |
|---|---|
| `blocks.py` | convolutions and transformer blocks |
| `log_mel.py` | log-mel features of a sound |
| `audio.py` | the audio encoder |
| `vision.py` | the image encoder |
| `ctc.py` | decodes and scores the output of connectionist temporal classification (CTC) |
"""
