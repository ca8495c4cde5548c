"""The workflows: pure generators that decide; activities act.

A workflow is replayed from its history after every wait and every crash, so it must make the same
decisions each time: no clock, no randomness, no environment, no I/O (ruff's TID251 checks it).
"""
