"""What operators ask about instances, and do to them."""
