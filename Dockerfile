# One image a service: docker build --build-arg SERVICE=assigner .
# Nothing here needs BuildKit; with it, the same file builds as well.
ARG PYTHON_IMAGE=python:3.13-slim

# The locked dependencies, in a layer that only a pyproject.toml or the lock file renews.
FROM ${PYTHON_IMAGE} AS dependencies
RUN pip install --no-cache-dir --disable-pip-version-check uv==0.13.8
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_NO_CACHE=1 UV_PYTHON_DOWNLOADS=never
WORKDIR /app
COPY pyproject.toml uv.lock ./
COPY contracts/pyproject.toml contracts/
COPY servicekit/pyproject.toml servicekit/
COPY services/assigner/pyproject.toml services/assigner/
COPY services/notifier/pyproject.toml services/notifier/
COPY services/orchestrator/pyproject.toml services/orchestrator/
COPY cli/pyproject.toml cli/
COPY stack/pyproject.toml stack/
ARG SERVICE
RUN uv sync --frozen --no-dev --no-install-workspace --package "taskway-${SERVICE}"

# Our own packages, apart from the others: they change with every commit, and are small.
FROM dependencies AS packages
COPY contracts contracts
COPY servicekit servicekit
COPY services services
# A stage inherits no argument with the classic builder.
ARG SERVICE
RUN uv pip install --no-deps --target /app/packages \
    ./contracts ./servicekit "./services/${SERVICE}"

FROM ${PYTHON_IMAGE} AS service
ENV PATH=/app/.venv/bin:$PATH PYTHONPATH=/app/packages PYTHONUNBUFFERED=1
WORKDIR /app
COPY --from=dependencies /app/.venv .venv
COPY --from=packages /app/packages packages
ARG SERVICE
ENV SERVICE=${SERVICE}
# A number, for Kubernetes cannot tell whether a name is root.
USER 10001:10001
# `exec`, so that SIGTERM reaches Python and not a shell.
CMD ["sh", "-c", "exec python -m ${SERVICE}.main"]

# For the development loop: restarts the service when a file of it changes.
FROM service AS development
USER 0:0
RUN pip install --no-cache-dir --disable-pip-version-check watchfiles==1.3.0 \
    && chown -R 10001:10001 packages
USER 10001:10001
CMD ["sh", "-c", "exec /usr/local/bin/python -m watchfiles --filter python \"python -m ${SERVICE}.main\" packages"]

# The last stage is what a build without --target makes.
FROM service
