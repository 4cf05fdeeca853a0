"""JupyterLab and a browser for the tests that need them."""

import contextlib
import os
import pathlib
import secrets
import shutil
import socket
import subprocess
import sys
import urllib.request

import pytest

from books import PATIENCE, alive, wait_for

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
BROWSER = next((path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None)
needs_browser = pytest.mark.skipif(BROWSER is None, reason="no Chromium here (Debian: apt install chromium)")


def children(process):
    """The ids of what a process has started and has not ended."""
    found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(process)], capture_output=True, text=True)
    return [int(line) for line in found.stdout.split()]


@contextlib.contextmanager
def served(root, log):
    """JupyterLab on a folder; gives its address and token. Its kernels must end with it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    token = secrets.token_hex(16)
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}",
               "--ServerApp.port_retries=0", f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={root}",
               "--LabApp.expose_app_in_browser=True", "--ServerApp.answer_yes=True",
               f"--LabApp.workspaces_dir={pathlib.Path(log).parent / 'workspaces'}"]  # no tab of an earlier Lab is opened again
    if os.getuid() == 0:
        command.append("--allow-root")
    with open(log, "w") as out:
        server = subprocess.Popen(command, stdout=out, stderr=out, cwd=root)
        address = f"http://127.0.0.1:{port}"
        try:
            wait_for(f"JupyterLab, whose log is {log}", lambda: urllib.request.urlopen(f"{address}/api/status?token={token}").read())
            yield address, token
        except BaseException:
            print(f"the end of {log}:\n{pathlib.Path(log).read_text()[-5000:]}")
            raise
        finally:
            kernels = children(server.pid)
            server.terminate()  # what runs in the background of a shell never gets a SIGINT
            try:
                server.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                server.kill()
            wait_for("the kernels' end", lambda: not any(map(alive, kernels)))


@contextlib.contextmanager
def chromium():
    """A browser."""
    with playwright.sync_playwright() as p:
        arguments = ["--disable-dev-shm-usage", "--disable-background-networking"]
        if os.getuid() == 0:
            arguments.append("--no-sandbox")
        browser = p.chromium.launch(executable_path=BROWSER, args=arguments, timeout=1000 * PATIENCE)
        try:
            yield browser
        finally:
            browser.close()


@contextlib.contextmanager
def opened():
    """A page of a browser."""
    with chromium() as browser:
        page = new_page(browser, viewport={"width": 1280, "height": 900})
        try:
            yield page
        except BaseException:
            print("on the page:", page.evaluate("document.body.innerText")[-5000:])
            raise


def new_page(browser, **settings):
    """A page in a context of its own, for which one has patience."""
    context = browser.new_context(**settings)
    context.set_default_timeout(1000 * PATIENCE)
    return context.new_page()


def open_notebook(page, address, token, name):
    page.goto(f"{address}/lab/tree/{name}?token={token}")
    page.wait_for_function("window.jupyterapp?.shell?.currentWidget?.sessionContext?.session?.kernel?.connectionStatus"
                           " === 'connected'")


def command(page, name):
    page.evaluate(f"void jupyterapp.commands.execute('{name}')")  # not waiting for its end
