"""Documents: stored by id, extracted as plain text, classified."""
