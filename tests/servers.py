"""Database servers that tests start for themselves: fresh data, a free port of the loopback, gone at the end."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PASSWORD = "s3cret/pass word"  # characters that an address must spell otherwise


def postgres_binaries() -> Path | None:
    """Return the folder of the newest PostgreSQL installed, if there is one."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    return Path(on_path).resolve().parent if on_path else None


def mariadb_binary() -> str | None:
    """Return the MariaDB or MySQL server, if there is one."""
    return (
        shutil.which("mariadbd")
        or shutil.which("mysqld")
        or shutil.which("mariadbd", path="/usr/sbin:/usr/local/sbin")
    )


@contextmanager
def postgres_server(*, durable: bool = False) -> Iterator[str]:
    """Run a PostgreSQL with password log-in; yield the address of an empty database (password encoded).

    It leaves out waiting for the disk unless it is to be ``durable``, for whoever measures.

    initdb refuses to run as root, so root lends the work to the user ``postgres`` (or ``nobody``).
    """
    binaries = postgres_binaries()
    assert binaries is not None
    folder = Path(tempfile.mkdtemp(prefix="regulars-pg-"))
    account = _account()
    if account:
        os.chown(folder, account.pw_uid, account.pw_gid)
    port = _free_port()
    data, secret = folder / "data", folder / "secret"
    try:
        _run(account, "sh", "-c", f"umask 077; printf %s '{PASSWORD}' > {secret}")
        _run(
            account, binaries / "initdb", "-D", data, "-U", "shop", "-A", "scram-sha-256", "--pwfile", secret,
            "-E", "UTF8", "--locale", "C.UTF-8", "--no-sync",
        )  # fmt: skip
        options = f"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories="
        options += "" if durable else " -c fsync=off"
        _run(
            account,
            binaries / "pg_ctl",
            "-D",
            data,
            "-l",
            folder / "log",
            "-w",
            "-t",
            "60",
            "-o",
            options,
            "start",
        )
        yield f"postgresql://shop:s3cret%2Fpass%20word@127.0.0.1:{port}/postgres"
    finally:
        with contextlib.suppress(Exception):
            _run(account, binaries / "pg_ctl", "-D", data, "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def mariadb_server() -> Iterator[str]:
    """Run a MariaDB without log-in; yield the address of an empty database ``shop``."""
    import pymysql

    binary = mariadb_binary()
    assert binary is not None
    folder = Path(tempfile.mkdtemp(prefix="regulars-my-"))
    data, port = folder / "data", _free_port()
    user = ["--user=root"] if os.geteuid() == 0 else []
    install = shutil.which("mariadb-install-db") or shutil.which("mysql_install_db")
    server = None
    try:
        kind = "--auth-root-authentication-method=normal" if install else "--initialize-insecure"
        prepare = [install or binary, "--no-defaults", kind, f"--datadir={data}", *user]
        subprocess.run(prepare, check=True, capture_output=True)
        server = subprocess.Popen(
            [binary, "--no-defaults", f"--datadir={data}", f"--port={port}", "--bind-address=127.0.0.1",
             f"--socket={folder / 'sock'}", f"--pid-file={folder / 'pid'}", *user],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        for _ in range(120):
            with contextlib.suppress(pymysql.Error):
                pymysql.connect(host="127.0.0.1", port=port, user="root").cursor().execute(
                    "CREATE DATABASE shop"
                )
                break
            time.sleep(0.5)
        yield f"mysql://root@127.0.0.1:{port}/shop"
    finally:
        if server:
            server.terminate()
            server.wait(timeout=30)
        shutil.rmtree(folder, ignore_errors=True)


def _account() -> pwd.struct_passwd | None:
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    return names.get("postgres") or names["nobody"]


def _run(account: pwd.struct_passwd | None, *command: object) -> None:
    words = [str(word) for word in command]
    switched = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []} if account else {}
    done = subprocess.run(
        words, capture_output=True, text=True, check=False, cwd="/", stdin=subprocess.DEVNULL, **switched  # type: ignore[call-overload]
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"{words[0]} failed: {done.stderr[-2000:]}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
