"""What brings something about: appliances, and skills that a domain adds.

| file | what |
|---|---|
| `kinds.py` | furniture and vessels by what they are like |
| `states.py` | how a state comes about: by heart, by appliances, by skills that the domain adds |
| `own_skills.py` | which use of such a skill is chosen, and what it needs |
| `own_stages.py` | what it needs as conditions, one after another |
| `appliances.py` | which appliances make things clean, cooked, hot, cold, and whatever processes of a domain set |
"""
