"""Records a home during execution, to be watched afterwards.

| file | what |
|---|---|
| `video.py` | MP4 videos with captions, and filmstrips |
| `rerun_recording.py` | recordings for the Rerun viewer (extra `rerun`) |
"""
