"""The decisions: pure functions over values, standard library only."""
