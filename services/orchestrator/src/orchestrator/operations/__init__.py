"""What operators do and see: pure rules, and the I/O that feeds them, in separate files."""
