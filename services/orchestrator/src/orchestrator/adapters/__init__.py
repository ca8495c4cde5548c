"""What stands behind the ports to outside systems: each works without an account."""
