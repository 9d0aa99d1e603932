"""What a refusal or a question claims about the home, checked before it is said.

| file | what |
|---|---|
| `checking.py` | the forms of refusals and questions, whether each is true here, and what is said instead |
| `named_things.py` | the things of a home that words may mean |
| `saying.py` | whether an instruction says what a goal says |
| `telling_apart.py` | several things by what tells them apart, and the goals with each of them |
"""

NOT_UNDERSTOOD = "I did not understand that"
