#!/bin/sh
# Makes the namespace and the Secrets that are not there yet; what is there stays as it is.
# Arguments go to kubectl, such as `--context kind-taskway`. To renew a Secret, delete it, run this
# again, and restart the pods (`kubectl -n taskway rollout restart deployment,statefulset`).
set -eu
here=$(dirname "$0")

kubectl "$@" apply -f "$here/base/namespace.yaml"

# NAME/KEY of each: 256 random bits, which go through a pipe and appear on no command line.
for secret in \
    redis/password \
    dapr-api-token/token \
    assigner-app-token/token \
    notifier-app-token/token; do
    name=${secret%/*} key=${secret#*/}
    if [ -z "$(kubectl "$@" -n taskway get secret "$name" --ignore-not-found -o name)" ]; then
        od -An -v -N32 -tx1 /dev/urandom | tr -d ' \n' |
            kubectl "$@" -n taskway create secret generic "$name" --from-file="$key=/dev/stdin"
    fi
done
