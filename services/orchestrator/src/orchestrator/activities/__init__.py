"""The activities: thin, at least once, and safe to repeat by the key in their input."""
