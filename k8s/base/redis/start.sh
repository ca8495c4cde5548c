#!/bin/sh
# Starts Redis with one user, who may do everything but destroy or reconfigure: no FLUSHALL, CONFIG,
# KEYS, SHUTDOWN or DEBUG. Dapr asks INFO for the role.
set -eu
umask 077
: "${REDIS_PASSWORD:?the Secret redis has an empty password}"
# Dapr's sidecars would log in with another one: they unquote the values of a component, and fill in
# these names.
case $REDIS_PASSWORD in
[\"\'\`]*[\"\'\`] | *"{uuid}"* | *"{podName}"* | *"{namespace}"* | *"{appID}"*)
    echo "the password in the Secret redis is in quotes, or has a {name} of Dapr: use another" >&2
    exit 1
    ;;
esac

# By its SHA-256, for a space, a quote or a line break in the password would end it in the file.
hash=$(printf %s "$REDIS_PASSWORD" | sha256sum)
echo "user default on #${hash%% *} ~* &* +@all -@admin -@dangerous +info" > /run/redis/users.acl

exec redis-server /etc/redis/redis.conf
