"""What the tests of all packages have in common."""

from hypothesis import settings

# A busy machine is no failure of what is tested, so one example may take any time.
settings.register_profile("any-machine", deadline=None)
settings.load_profile("any-machine")
