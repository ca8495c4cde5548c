#!/bin/sh
# Creates the Kind cluster where it is missing, and deploys the system to it.
set -eu
cd "$(dirname "$0")/.."
CLUSTER=taskway

missing=
for command in docker kind kubectl helm tilt; do
    command -v "$command" >/dev/null || missing="$missing $command"
done
if [ -n "$missing" ]; then
    echo "The cluster needs$missing on PATH: see docs/kubernetes.md" >&2
    exit 1
fi

if ! kind get clusters 2>/dev/null | grep -qx "$CLUSTER"; then
    kind create cluster --config kind-config.yaml --wait 120s
fi
exec tilt ci --context "kind-$CLUSTER"
