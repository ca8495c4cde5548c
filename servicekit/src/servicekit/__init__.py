"""What makes a FastAPI process a well-behaved Dapr application.

Problem details, health and readiness, request limits, logs, metrics, traces, graceful shutdown, and
the state store behind the sidecar. It knows no service: their APIs are in `contracts`.
"""
