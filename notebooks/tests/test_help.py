"""Help while typing, in JupyterLab in a real browser: Tab completes, Shift-Tab explains."""

import shutil

import nbformat
import pytest

from books import CHAPTER, PATIENCE, wait_for
from lab import command, needs_browser, open_notebook, opened, served

pytestmark = [needs_browser, pytest.mark.skipif(shutil.which("gopls") is None, reason="gopls is not built yet: scripts/setup --gopls")]
COUNT = "jupyterapp.shell.currentWidget.content.widgets.find(c => c.model.sharedModel.source.includes('stylebook/stylelib')).model.executionCount"


@pytest.fixture
def page(tmp_path):
    """The chapter's imports, run, and an empty cell below them."""
    book = nbformat.read(CHAPTER, as_version=4)
    imports = next(i for i, c in enumerate(book.cells) if c.cell_type == "code" and "stylebook/stylelib" in c.source)
    book.cells = [c for c in book.cells[:imports + 1] if c.cell_type == "code"] + [nbformat.v4.new_code_cell("")]
    for cell in book.cells:
        cell.outputs, cell.execution_count = [], None
    root = tmp_path / "lab"
    root.mkdir()
    nbformat.write(book, root / "help.ipynb")
    with served(root, tmp_path / "lab.log") as (address, token), opened() as page:
        open_notebook(page, address, token, "help.ipynb")
        command(page, "notebook:run-all-cells")
        wait_for("the imports", lambda: page.evaluate(COUNT))
        page.locator(".jp-Notebook .jp-CodeCell").last.locator(".cm-content").click()
        yield page


def until_answered(page, key, selector, text):
    """Presses a key until its answer comes: gopls reads the library first."""
    def pressed():
        page.keyboard.press("Escape")
        page.keyboard.press("Enter")
        page.keyboard.press(key)
        page.wait_for_timeout(3000)
        return text in "".join(page.locator(selector).all_inner_texts())
    wait_for(f"{key}'s answer", pressed)


def test_tab_completes_and_shift_tab_explains(page):
    page.keyboard.type("%%\nsl.Pre")
    until_answered(page, "Tab", ".jp-Completer", "Preprocess")
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    page.keyboard.type("process(")
    page.keyboard.press("ArrowLeft")
    until_answered(page, "Shift+Tab", ".jp-Tooltip", "func sl.Preprocess")
