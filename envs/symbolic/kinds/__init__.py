"""What a home adds to the domain: kinds of things and furniture of its own, which it may share with other homes.

| file | what |
|---|---|
| `reader.py` | reads the sections of a home file, and of the files that it includes, into a domain |
| `includes.py` | finds and reads included files |
| `things.py` | reads one kind of object |
| `furniture.py` | reads one kind of furniture, and what runs in it |
| `values.py` | reads words, lengths, colors |
| `names.py` | checks what a kind may be called |
"""
