"""The form in which a person builds a rule: a draft with everything as it was typed, what each place of it offers, and what is wrong where."""
