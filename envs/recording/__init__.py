"""Records a home during execution, to be watched afterwards.

| file | what |
|---|---|
| `atomic_output.py` | the base of recordings: a file that is renamed when it is complete |
| `video.py` | MP4 videos with captions, and filmstrips |
| `rerun_recording.py` | recordings for the Rerun viewer (extra `rerun`) |
"""
