"""Faults under load, and what must hold whatever fails: `python -m support.fault_suite`."""
