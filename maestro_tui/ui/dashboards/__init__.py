"""The pages of figures over a run: each a function from the state to lines of text."""
