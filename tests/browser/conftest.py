"""The product as it runs at a bank: server and worker as processes, a real browser before them."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect, sync_playwright

from lms.demo.services import PASSWORD
from tests import stores

ROOT = Path(__file__).resolve().parents[2]
DESK = {"width": 1366, "height": 768}
PHONE = {"width": 390, "height": 844}
PATIENCE = 45_000  # milliseconds until what a page is to show must stand there

expect.set_options(timeout=PATIENCE)


@dataclass
class Live:
    """A running bank."""

    url: str
    home: Path

    @property
    def environment(self) -> dict[str, str]:
        """What the bank's processes are started with: SQLite in `home`, whatever else is set."""
        return {
            **{name: value for name, value in os.environ.items() if name != "DATABASE_URL"},
            "ZHIXING_HOME": str(self.home),
            "FLASK_APP": "lms.app",
            "PYTHONPATH": str(ROOT),
        }

    def flask(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "flask", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="session")
def built() -> Path:
    """The data of the tiny demo bank, migrated and filled; copied, never served."""

    def make(home: Path) -> None:
        bank = Live("", home)
        bank.flask("upgrade")
        bank.flask("demo", "build", "--size", "tiny")

    return stores.made_once("browser", make)


@pytest.fixture(scope="session")
def live(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A running bank that tests share: what one of them does, none of the others may mind."""
    with serve(built, tmp_path_factory.mktemp("shared")) as bank:
        yield bank


@contextmanager
def serve(built: Path, home: Path) -> Iterator[Live]:
    """Serve and work a copy of the built data in `home`."""
    shutil.copytree(built, home, dirs_exist_ok=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    bank = Live(f"http://127.0.0.1:{port}", home)
    log = (home / "server.log").open("w")
    gunicorn = [sys.executable, "-m", "gunicorn", "lms.app:serve()", "--worker-class", "gthread"]
    commands = [
        [*gunicorn, "--threads", "4", "--bind", f"127.0.0.1:{port}"],
        [sys.executable, "-m", "flask", "worker"],
    ]
    processes = [
        subprocess.Popen(command, cwd=ROOT, env=bank.environment, stdout=log, stderr=log)
        for command in commands
    ]
    try:
        _wait(bank.url + "/healthz", home / "server.log")
        yield bank
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(20)
        log.close()


def _wait(url: str, log: Path) -> None:
    for _ in range(150):
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 (our own address)
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.2)
    raise AssertionError(f"the server did not answer: {log.read_text()[-2000:]}")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, headless."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    assert path, "Chromium is missing: apt-get install chromium"
    quiet = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=path, args=[*quiet, *sandbox])
        yield browser
        browser.close()


class Visitor:
    """Somebody at a browser; every answer from another host and every console error is a failure."""

    def __init__(self, browser: Browser, live: Live, language: str, **more: Any) -> None:
        more.setdefault("viewport", DESK)
        locale = "zh-CN" if language == "zh" else "en-GB"
        self.context: BrowserContext = browser.new_context(
            base_url=live.url, locale=locale, accept_downloads=True, **more
        )
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(PATIENCE)
        self.live, self.trouble = live, []
        self.page.on("request", self._only_here)
        self.page.on("console", self._no_errors)
        self.page.on("pageerror", lambda error: self.trouble.append(str(error)))

    def _only_here(self, request: Any) -> None:
        if not request.url.startswith((self.live.url, "data:", "blob:", "about:")):
            self.trouble.append(f"asked another host: {request.url}")

    def _no_errors(self, message: Any) -> None:
        if message.type == "error" and "status of 4" not in message.text:
            self.trouble.append(message.text)

    def sign_in(self, username: str) -> Page:
        self.page.goto("/sign-in")
        self.page.fill("input[name=username]", username)
        self.page.fill("input[name=password]", PASSWORD)
        follow(self.page.locator("main button").first)
        expect(self.page).to_have_url(self.live.url + "/")
        return self.page


@pytest.fixture
def visit(chromium: Browser, live: Live) -> Iterator[Any]:
    """Open a browser window: `visit("zh")`, `visit("en", viewport=PHONE)`."""
    visitors: list[Visitor] = []

    def open_window(language: str = "zh", **more: Any) -> Visitor:
        visitors.append(Visitor(chromium, live, language, **more))
        return visitors[-1]

    yield open_window
    for visitor in visitors:
        visitor.context.close()
    assert not [trouble for visitor in visitors for trouble in visitor.trouble]


def follow(control: Locator) -> None:
    """Click what leads to a page, and wait until that page stands: nothing is read from half a page."""
    with control.page.expect_navigation():
        control.click()


def press(page: Page, name: str) -> None:
    """Press a button that sends a form."""
    follow(page.get_by_role("button", name=name, exact=True).first)


def menu(page: Page, name: str) -> None:
    """Take an entry of the navigation."""
    follow(page.locator(".zx-nav").get_by_role("link", name=name, exact=True))
