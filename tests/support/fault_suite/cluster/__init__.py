"""The fault suite against the system in the Kind cluster: its pods, containers and kubelet fail."""
