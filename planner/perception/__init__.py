"""Images of a home and spoken instructions, read by the planner's own GPT. No torch outside `training/`.

| file | what |
|---|---|
| `loading.py` | loads an encoder and its adapter |
| `sight.py` | from images to their contents |
| `camera_views.py` | images of a home, one per fixture |
| `image_labels.py` | the labels of an image as text |
| `perceived_home.py` | a home to plan in, from what was seen |
| `hearing.py` | from audio samples to words |
| `ctc_word_decoding.py` | words from letter probabilities |
| `transcript_normalization.py` | transcripts as letters and phonemes |
| `familiarity.py` | which pictures are like those of homes |
| `inputs/` | reads pictures and recordings; records from a microphone (extra `hearing`) |
| `espeak.py` | synthetic speech |
| `demo_film.py` | the film of a demonstration, with sound |
| `training/` | training of both encoders |
"""
