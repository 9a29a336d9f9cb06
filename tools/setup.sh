#!/bin/sh
# Make the virtual environment with everything pinned; used by `make setup`.
set -eu
if ! "$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    echo "Regulars needs Python 3.11 or newer; '$PYTHON' is $("$PYTHON" --version 2>&1 || echo 'not there')." >&2
    echo "Install it (Debian 12, Ubuntu 24.04: apt-get install python3 python3-venv), or say which one: make PYTHON=python3.12 …" >&2
    exit 1
fi
if [ ! -x "$VENV/bin/pip" ]; then
    if ! "$PYTHON" -m venv "$VENV" 2>/dev/null; then
        rm -rf "$VENV"
        if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
            apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv >/dev/null
            "$PYTHON" -m venv "$VENV"
        else
            echo "Python cannot make virtual environments here. Install: apt-get install python3-venv" >&2
            exit 1
        fi
    fi
fi
echo "Installing the pinned packages into $VENV …"
"$VENV/bin/pip" install --quiet --disable-pip-version-check -r requirements.txt
"$VENV/bin/pip" install --quiet --disable-pip-version-check --no-deps --editable .
