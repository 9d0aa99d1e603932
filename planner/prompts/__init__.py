"""What the GPT reads and writes: the text format, and sessions that have read a prompt.

| file | what |
|---|---|
| `text_format.py` | the text format: documents of segments, each begun by a special token |
| `own_names.py` | which of a home's own names an instruction may mean |
| `known_kinds.py` | known kinds for them, for a GPT that does not copy names |
| `document_kinds.py` | the optional kinds of documents that a model was trained on |
| `sessions.py` | sessions that read a home's inventory once and reuse it for many prompts |
| `cursor.py` | the state of decoding: forces or chooses the next token |
"""
