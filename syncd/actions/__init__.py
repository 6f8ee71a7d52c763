"""What a user can ask for by name, beside the cycle: one function per command.

The command line calls these, and whatever else takes commands can. Each works on an open library,
writes the journal before it acts as the executor does, and leaves the rest to the next cycle.
"""
