"""What operators do: find instances, see why they wait, and mend them."""
