"""What makes a FastAPI process a well-behaved Dapr application.

Errors as problem details, health and readiness, request limits, logs, a graceful end, and the
state store behind the sidecar. It knows no service: what the services say lives in `contracts`.
"""
