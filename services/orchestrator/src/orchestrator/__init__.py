"""Hosts the workflows, and the API that people use them by."""
