"""Documents: kept by id, turned into plain text, told apart."""
