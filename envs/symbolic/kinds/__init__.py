"""What a home or a domain file adds to a domain: kinds of things and furniture, which homes may share.

| file | what |
|---|---|
| `reader.py` | reads the sections of a home file, and of the files that it includes, into a domain |
| `includes.py` | finds and reads included files |
| `likes.py` | finds the kind that each kind is like, and builds kinds in that order |
| `things.py` | reads one kind of object |
| `furniture.py` | reads one kind of furniture, and what runs in it |
| `values.py` | reads words, lengths, colors |
| `names.py` | checks what a kind may be called |
| `domain_file.py` | reads a whole domain file |
| `sampling_tables.py` | reads how homes of a domain are sampled |
| `spoken_words.py` | what people call the kinds of a domain |
| `description.py` | tells what a home adds |
| `writing.py` | writes what a home adds |
"""
