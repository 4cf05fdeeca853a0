"""Runs the chapter in JupyterLab in a real browser: the training is seen while it runs, interrupted, saved, opened again.

Needs Chromium (or Chrome) and playwright, which scripts/test installs where there is a browser.
"""

import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import nbformat
import pytest

from books import REPOSITORY, chapter

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
BROWSER = next((path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None)
pytestmark = pytest.mark.skipif(BROWSER is None, reason="no Chromium here (Debian: apt install chromium)")


@pytest.fixture
def lab(tmp_path, monkeypatch):
    """JupyterLab on a copy of the notebook with a training that would take hours; gives its address."""
    monkeypatch.setenv("STYLEBOOK_WEIGHTS", "offline")
    root = tmp_path / "lab"
    root.mkdir()
    data = json.dumps(str(REPOSITORY / "data"))[1:-1]
    book = chapter(tmp_path, epochs="100000", contentPath=f'"{data}/content.jpg"', stylePath=f'"{data}/style.jpg"')
    nbformat.write(book, root / "chapter.ipynb")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    token = secrets.token_hex(16)
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}",
               "--ServerApp.port_retries=0", f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={root}",
               "--LabApp.expose_app_in_browser=True", "--ServerApp.answer_yes=True"]
    if os.getuid() == 0:
        command.append("--allow-root")
    log = open(tmp_path / "lab.log", "w")
    server = subprocess.Popen(command, stdout=log, stderr=log, cwd=root)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(150):
            try:
                urllib.request.urlopen(f"{address}/api/status?token={token}", timeout=1)
                break
            except OSError:
                time.sleep(0.2)
        else:
            pytest.fail("JupyterLab does not answer:\n" + (tmp_path / "lab.log").read_text())
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(f"{address}/api/contents", timeout=5)
        yield f"{address}/lab/tree/chapter.ipynb?token={token}"
    finally:
        server.send_signal(signal.SIGINT)
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()
        log.close()


def wait_for(what, condition, seconds):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.2)
    pytest.fail(f"{what}: not within {seconds} s")


def test_chapter_in_a_browser(lab, tmp_path):
    with playwright.sync_playwright() as p:
        arguments = ["--disable-dev-shm-usage", "--disable-background-networking"]
        if os.getuid() == 0:
            arguments.append("--no-sandbox")
        browser = p.chromium.launch(executable_path=BROWSER, args=arguments)
        try:
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            live(page, lab, tmp_path)
            opened_again(page, lab)
        finally:
            browser.close()


def open_notebook(page, lab):
    page.goto(lab + "&reset")
    page.wait_for_function("window.jupyterapp?.shell?.currentWidget?.sessionContext?.session?.kernel?.connectionStatus"
                           " === 'connected'", timeout=60_000)


def command(page, name):
    page.evaluate(f"void jupyterapp.commands.execute('{name}')")  # not waiting for its end


OUTPUTS = """() => {
  const cells = jupyterapp.shell.currentWidget.content.model.sharedModel.toJSON().cells;
  const cell = cells.find(c => c.cell_type === 'code' && [c.source].flat().join('').includes('live := nbui.NewLive'));
  return JSON.stringify(cell.outputs);
}"""


def training_outputs(page):
    return json.loads(page.evaluate(OUTPUTS))


def figures(outputs):
    return [o["data"]["image/jpeg"] for o in outputs if "image/jpeg" in o.get("data", {})]


def text_of(outputs):
    return "".join("".join(o.get("text", "")) for o in outputs)


def live(page, lab, tmp_path):
    open_notebook(page, lab)
    command(page, "notebook:run-all-cells")
    seen = set()

    def drawn_anew():
        seen.update("".join(f)[-200:] for f in figures(training_outputs(page)))
        return len(seen) >= 3

    wait_for("the figure drawn three times", drawn_anew, 240)
    command(page, "notebook:interrupt-kernel")
    wait_for("the interruption told", lambda: "interrupted after epoch" in text_of(training_outputs(page)), 60)
    outputs = training_outputs(page)
    assert len(figures(outputs)) == 1, "one figure, redrawn in place"
    assert re.search(r"saved .*out\.png", text_of(outputs))
    assert (tmp_path / "out.png").read_bytes().startswith(b"\x89PNG")
    # The cells after the training run on: the kernel is alive.
    wait_for("the cell after the training", lambda: page.evaluate(
        "jupyterapp.shell.currentWidget.sessionContext.session.kernel.status") == "idle", 60)
    page.evaluate("jupyterapp.commands.execute('docmanager:save')")
    wait_for("the notebook saved", lambda: not page.evaluate("jupyterapp.shell.currentWidget.context.model.dirty"), 30)


def opened_again(page, lab):
    open_notebook(page, lab)
    outputs = training_outputs(page)
    assert len(figures(outputs)) == 1 and "interrupted after epoch" in text_of(outputs), "outputs must survive saving"
    page.wait_for_selector(".jp-OutputArea img", timeout=30_000)
