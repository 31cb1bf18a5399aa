"""Draw the pictures of README.md from the running product: `make screenshots`.

Serves a fresh copy of the sample on a free port, signs in as each demo account and photographs
the pages that README shows. Needs what the tests need: Playwright and Chromium.
"""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.request import urlopen

from playwright.sync_api import Browser, sync_playwright

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
PASSWORD = "pictures-only-2026"  # noqa: S105 - of a database that lives for a minute
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
WIDE, NARROW = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
# file name, account, address, language, size, whole page
SHOTS = (
    ("dashboard", "supervisor", "/dashboard/", "zh-hans", WIDE, True),
    ("dashboard-phone", "supervisor", "/dashboard/", "zh-hans", NARROW, False),
    ("my-work", "staff", "/", "zh-hans", WIDE, False),
    ("my-work-phone", "staff", "/", "zh-hant", NARROW, False),
    ("obligations", "supervisor", "/obligations/", "zh-hans", WIDE, False),
    ("documents", "supervisor", "/documents/", "en", WIDE, False),
)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(url: str, process: subprocess.Popen) -> None:
    for _attempt in range(600):
        if process.poll() is not None:
            sys.exit("the product did not start; its words are above")
        try:
            urlopen(url, timeout=5).close()  # noqa: S310 - our own address on loopback
            return
        except OSError:
            time.sleep(0.3)
    sys.exit("the product did not answer within three minutes")


def photograph(browser: Browser, base: str) -> None:
    for name, account, address, language, size, whole in SHOTS:
        context = browser.new_context(viewport=size, locale="zh-CN")
        context.add_cookies([{"name": "language", "value": language, "url": base}])
        page = context.new_page()
        page.goto(f"{base}/accounts/login/?next={address}")
        page.fill("[name=login]", account)
        page.fill("[name=password]", PASSWORD)
        page.press("[name=password]", "Enter")
        page.wait_for_url(f"{base}{address}")
        page.screenshot(path=HERE / f"{name}.png", full_page=whole)
        context.close()


def main() -> None:
    port, var = free_port(), tempfile.mkdtemp(prefix="qunzhu-pictures.")
    settings = {
        **os.environ,
        "QUNZHU_VAR": var,
        "DEMO_PASSWORD": PASSWORD,
        "QUNZHU_DOTENV": os.devnull,
        "PORT": str(port),
    }
    settings.pop("DATABASE_URL", None)
    process = subprocess.Popen([sys.executable, str(ROOT / "manage.py"), "serve"], env=settings)
    try:
        wait_for(f"http://127.0.0.1:{port}/accounts/login/", process)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=CHROMIUM or None,
                chromium_sandbox=bool(CHROMIUM) and os.geteuid() != 0,
                args=[
                    "--disable-background-networking",
                    "--disable-component-update",
                    "--disable-sync",
                    "--no-first-run",
                    "--disable-gpu",
                ],
            )
            photograph(browser, f"http://127.0.0.1:{port}")
            browser.close()
    finally:
        process.terminate()
        process.wait(timeout=60)
        shutil.rmtree(var)


if __name__ == "__main__":
    main()
