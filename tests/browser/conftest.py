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
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from lms.demo.services import PASSWORD

ROOT = Path(__file__).resolve().parents[2]
DESK = {"width": 1366, "height": 768}
PHONE = {"width": 390, "height": 844}


@dataclass
class Live:
    """A running bank."""

    url: str
    home: Path
    environment: dict[str, str]

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
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A bank of its own: migrated, filled with the tiny demo bank, served, worked."""
    home = tmp_path_factory.mktemp("live")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        **{name: value for name, value in os.environ.items() if name != "DATABASE_URL"},
        "ZHIXING_HOME": str(home),
        "FLASK_APP": "lms.app",
        "PYTHONPATH": str(ROOT),
    }
    bank = Live(f"http://127.0.0.1:{port}", home, environment)
    bank.flask("upgrade")
    bank.flask("demo", "build", "--size", "tiny")
    log = (home / "server.log").open("w")
    command = [sys.executable, "-m", "gunicorn", "lms.app:create_app()", "--worker-class", "gthread"]
    processes = [
        subprocess.Popen(
            [*command, "--threads", "4", "--bind", f"127.0.0.1:{port}"],
            cwd=ROOT,
            env=environment,
            stdout=log,
            stderr=log,
        ),
        subprocess.Popen(
            [sys.executable, "-m", "flask", "worker"], cwd=ROOT, env=environment, stdout=log, stderr=log
        ),
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
        self.page.set_default_timeout(15_000)
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
        self.page.click("main button")
        self.page.wait_for_url(self.live.url + "/")
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
