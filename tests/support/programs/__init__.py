"""Random programs: a workflow of the tests that interprets a generated tree, and its model.

`Program.generate(seed, index)` draws a program; `workflow` interprets it; `model` says in plain
Python what must come out; `client` runs one over the public API and compares.
"""
