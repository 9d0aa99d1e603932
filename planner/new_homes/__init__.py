"""Home files from nothing: from answers to a few questions, or from the names of pictures.

| file | what |
|---|---|
| `room_list.py` | "kitchen, 2 bedrooms, study": rooms by name and kind |
| `entries.py` | entries of a home file from words, and back to words |
| `places.py` | where a thing has room |
| `drafts.py` | a home while it is being put together, and the text of its file |
| `asking.py` | questions, each with an answer by default |
| `choosing.py` | what an answer chooses; nouns that the domain lacks: what is a blender like? |
| `listings.py` | folders and lists of pictures |
| `looking.py` | what sight sees in pictures |
| `commands.py` | the two verbs of the command |
| `new_home.py` | `planner.home new` |
| `picture_names.py` | what the name of a picture tells |
| `seen_home.py` | `planner.home from-seen` |
"""
