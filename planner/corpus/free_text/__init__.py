"""What people wrote in their own words, as training documents (datasets/people).

sentences      a sentence as words, each read, context or unread, with its goal or answer
exchange       other objects, furniture, rooms, colors, names and numbers in sentence and goal (recombination)
joining        several sentences in one breath, stories around them, lists of things
constructs     words that matter: colors, origins, exceptions, times, rules; slips and ways, which do not
corrections    a wish and what corrects it behind it
replies        what people say about an answer
putting        words at a place in a sentence, and where it names its things
noise          keyboards and speech: typing errors, missing spaces, fillers, restarts
trees          homes with their sentences, as documents
"""
