"""Who does the work: members, and the assignments that they hold."""
