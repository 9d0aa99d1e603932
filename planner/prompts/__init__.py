"""What the GPT reads and writes: the text format, and sessions that hold it.

| file | what |
|---|---|
| `text_format.py` | segments, each opened by its special token |
| `document_kinds.py` | which kinds of documents a model was trained on |
| `sessions.py` | prompts of a home, read once and continued many times |
| `cursor.py` | a position in decoding |
"""
