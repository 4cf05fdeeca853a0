"""Runs the chapter in JupyterLab in a real browser: the training is seen while it runs, interrupted, saved, opened again.

Needs Chromium (or Chrome) and playwright, which scripts/test installs where there is a browser.
"""

import json
import re
import urllib.error
import urllib.request

import nbformat
import pytest

from books import PATIENCE, REPOSITORY, chapter
from lab import command, needs_browser, open_notebook, opened, served, wait_for

pytestmark = needs_browser


@pytest.fixture
def lab(tmp_path, monkeypatch):
    """JupyterLab on a copy of the notebook with a training that would take hours; gives its address and token."""
    monkeypatch.setenv("STYLEBOOK_WEIGHTS", "offline")
    root = tmp_path / "lab"
    root.mkdir()
    data = json.dumps(str(REPOSITORY / "data"))[1:-1]
    book = chapter(tmp_path, epochs="100000", contentPath=f'"{data}/content.jpg"', stylePath=f'"{data}/style.jpg"')
    nbformat.write(book, root / "chapter.ipynb")
    with served(root, tmp_path / "lab.log") as (address, token):
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(f"{address}/api/contents", timeout=PATIENCE)
        yield address, token, "chapter.ipynb"


def test_chapter_in_a_browser(lab, tmp_path):
    with opened() as page:
        live(page, lab, tmp_path)
        opened_again(page, lab)


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
    open_notebook(page, *lab)
    command(page, "notebook:run-all-cells")
    seen = set()

    def drawn_anew():
        seen.update("".join(f)[-200:] for f in figures(training_outputs(page)))
        return len(seen) >= 3

    wait_for("the figure drawn three times", drawn_anew)
    command(page, "notebook:interrupt-kernel")
    wait_for("the interruption told", lambda: "interrupted after epoch" in text_of(training_outputs(page)))
    outputs = training_outputs(page)
    assert len(figures(outputs)) == 1, "one figure, redrawn in place"
    assert re.search(r"saved .*out\.png", text_of(outputs))
    assert (tmp_path / "out.png").read_bytes().startswith(b"\x89PNG")
    # The cells after the training run on: the kernel is alive.
    wait_for("the cell after the training", lambda: page.evaluate(
        "jupyterapp.shell.currentWidget.sessionContext.session.kernel.status") == "idle")
    page.evaluate("jupyterapp.commands.execute('docmanager:save')")
    wait_for("the notebook saved", lambda: not page.evaluate("jupyterapp.shell.currentWidget.context.model.dirty"))


def opened_again(page, lab):
    open_notebook(page, *lab)
    outputs = training_outputs(page)
    assert len(figures(outputs)) == 1 and "interrupted after epoch" in text_of(outputs), "outputs must survive saving"
    page.wait_for_selector(".jp-OutputArea img")
