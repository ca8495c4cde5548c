"""What operators do to instances, one or many, and the audit trail of it."""
