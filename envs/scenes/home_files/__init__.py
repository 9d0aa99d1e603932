"""Home files: YAML that a person writes.

| file | what |
|---|---|
| `reader.py` | reads the text of a home file into a scene, or lists its problems |
| `entries.py` | reads and checks one fixture or object entry |
| `contents.py` | reads what is where, and checks that it finds room there |
| `nouns.py` | finds the category that a noun means: its name, a plural, another word |
| `properties.py` | reads what never changes of an entry: color, size, material, owner |
| `household.py` | reads who lives in a home, and its rules |
| `writer.py` | writes a scene as a home file |
"""
