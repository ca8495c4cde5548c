#!/bin/sh
# Installs Dapr, or brings it to the version and values of this project.
# Arguments go to helm, such as `--kube-context kind-taskway` or `-f k8s/dapr/values-ha.yaml`.
# DAPR_CHART names a chart on disk, where the official repository cannot be reached.
set -eu
here=$(dirname "$0")
version=$(cat "$here/../../tools/dapr/VERSION")

if [ -n "${DAPR_CHART:-}" ]; then
    set -- "$DAPR_CHART" "$@"
else
    set -- dapr --repo https://dapr.github.io/helm-charts/ "$@"
fi
exec helm upgrade --install dapr "$@" --version "$version" \
    --namespace dapr-system --create-namespace --values "$here/values.yaml" --wait --timeout 5m
