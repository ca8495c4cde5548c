"""A test kit for workflows: runs them by the SDK's own executor, and replays their histories."""
