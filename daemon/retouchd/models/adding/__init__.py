"""Takes in networks of other people: what the graph says, what is known, a trial."""
