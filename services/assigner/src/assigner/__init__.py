"""The assigner: members, and the assignments of tasks to them."""
