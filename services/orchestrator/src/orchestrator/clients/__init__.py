"""The peers, reached through the sidecar."""
