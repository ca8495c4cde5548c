"""What the Taskway services say to each other: one module a provider."""
