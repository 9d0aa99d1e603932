"""What brings something about: appliances, and skills that a domain adds.

| file | what |
|---|---|
| `kinds.py` | furniture and vessels by what they are like |
| `appliances.py` | which appliances make things clean, cooked, hot, cold, and whatever processes of a domain set |
"""
