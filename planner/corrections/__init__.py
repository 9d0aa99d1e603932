"""What a person says when a plan was not what was meant, and how it is put right.

wording        tells a correction from a new instruction: "undo", "again", "the other one", "no, the blue one"
undoing        the steps that bring a home back to an earlier state
conversation   answers corrections: undoes what was done, reads the instruction again with what corrects it, plans
teaching       what a lesson teaches: sentences and their goals, words and their kinds
lessons        what was said, what was understood and what was meant, kept in a file for `planner.improve --home`
"""
