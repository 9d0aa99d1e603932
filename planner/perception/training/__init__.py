"""Training of the image and audio encoders: `python -m planner.perception.training`.

| file | what |
|---|---|
| `__main__.py` | the command |
| `train_sight.py` | trains the image encoder, then the GPT on it |
| `train_hearing.py` | trains the audio encoder, then the GPT on it |
| `prefix_trainer.py` | what both share: a frozen GPT with an adapter |
| `image_scenes.py` | sampled homes to render |
| `render.py` | renders labeled images |
| `image_shards.py` | files of labeled images |
| `image_pool.py` | a growing pool of images on the training device |
| `speech_texts.py` | sentences and voices |
| `speech_pool.py` | a growing pool of speech on the training device |
| `speech_augmentation.py` | other voices, rooms and microphones |
| `progress.py` | progress lines and the time budget |
"""
