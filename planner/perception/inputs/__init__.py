"""What the senses are given: recordings, pictures and a microphone.

| file | what |
|---|---|
| `recordings.py` | reads recordings of all usual formats as mono 16 kHz |
| `pictures.py` | reads pictures of all usual formats, upright, as 192 x 192 pixels |
| `microphone.py` | records from a microphone (extra `hearing`) |
"""
