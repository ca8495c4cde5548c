#!/bin/sh
# Brings uv to .tools/bin/uv: the one on PATH where it is of the pinned minor version, else the
# pinned one, into .tools by pip.
set -eu

UV_VERSION=0.13.8

cd "$(dirname "$0")/.."
mkdir -p .tools/bin

link() {
    ln -sf "$1" .tools/bin/uv
    .tools/bin/uv --version >/dev/null
    echo "Using $(.tools/bin/uv --version) from $1"
}

case $(uv --version 2>/dev/null || true) in
"uv ${UV_VERSION%.*}."*)
    link "$(command -v uv)"
    exit
    ;;
esac

# uv itself runs with any Python 3; it finds or fetches the 3.11 or newer that the project needs.
for python in python3 python3.14 python3.13 python3.12 python3.11 python; do
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 8))' 2>/dev/null || continue
    echo "Bringing uv $UV_VERSION with $python …"
    # Debian's python3 may lack venv and still have pip, or the other way round.
    if "$python" -m venv .tools/uv >/dev/null 2>&1; then
        .tools/uv/bin/python -m pip install --quiet --disable-pip-version-check "uv==$UV_VERSION"
    elif "$python" -m pip --version >/dev/null 2>&1; then
        rm -rf .tools/uv
        "$python" -m pip install --quiet --disable-pip-version-check --target .tools/uv "uv==$UV_VERSION"
    else
        rm -rf .tools/uv
        continue
    fi
    link "$PWD/.tools/uv/bin/uv"
    exit
done

cat >&2 <<'MESSAGE'
There is neither uv nor a Python 3 with venv or pip to bring it. Any of these helps:
  - Debian, Ubuntu: apt install python3-venv
  - macOS:          brew install uv
  - anywhere:       https://docs.astral.sh/uv/getting-started/installation/
Then run make again.
MESSAGE
exit 1
