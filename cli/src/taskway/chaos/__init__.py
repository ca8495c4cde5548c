"""Faults that a user makes on purpose, to see that nothing is lost and nothing happens twice."""
