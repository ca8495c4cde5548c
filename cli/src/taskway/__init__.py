"""The `taskway` command: everything that the public API offers, for a terminal."""
