#!/bin/sh
# What the tests start by themselves: PostgreSQL, Chromium, Java for Spark. Installs them where it may, or says exactly what to install.
set -eu
missing=""
[ -x /usr/bin/chromium ] || command -v chromium >/dev/null || command -v google-chrome >/dev/null || missing="$missing chromium"
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null || missing="$missing postgresql"
command -v java >/dev/null || missing="$missing default-jre-headless"
if [ -n "$missing" ]; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        echo "Installing for the tests:$missing …"
        apt-get update -qq
        # shellcheck disable=SC2086
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
    else
        echo "The tests need:$missing" >&2
        echo "Install with: sudo apt-get install$missing" >&2
        exit 1
    fi
fi
if command -v java >/dev/null && ! "$BIN/python" -c 'import pyspark' 2>/dev/null; then
    echo "Installing Spark for the tests …"
    "$BIN/pip" install --quiet --disable-pip-version-check -r requirements-spark.txt
fi
