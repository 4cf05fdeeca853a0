"""Runs the chapter, small, in a running JupyterLab in Chromium and takes a screenshot.

    browse.py ADDRESS TOKEN SCREENSHOT [TEXT]

ADDRESS ends with a slash. Without the token nothing must be seen. With a TEXT it runs up to the first cell that holds it, and that
cell, else the training, must show a picture.
"""

import os
import shutil
import ssl
import sys
import urllib.error
import urllib.request

from playwright.sync_api import sync_playwright

CONNECTED = "window.jupyterapp?.shell?.currentWidget?.sessionContext?.session?.kernel?.connectionStatus === 'connected'"
SMALL = """() => {
  for (const {model: {sharedModel}} of jupyterapp.shell.currentWidget.content.widgets)
    if (sharedModel.source.includes('var epochs = '))
      sharedModel.setSource(sharedModel.source.replace(/(height|width|epochs) = [0-9]+/g,
        (_, name) => `${name} = ${{height: 48, width: 72, epochs: 20}[name]}`));
}"""
RUN = """(text) => {
  const book = jupyterapp.shell.currentWidget.content;
  const index = book.widgets.findIndex(c => text && c.model.sharedModel.source.includes(text));
  book.activeCellIndex = index + 1;
  void jupyterapp.commands.execute(index < 0 ? 'notebook:run-all-cells' : 'notebook:run-all-above');
}"""
RESULT = """(text) => {
  const all = jupyterapp.shell.currentWidget.content.model.sharedModel.toJSON().cells;
  const end = all.findIndex(c => text && [c.source].flat().join('').includes(text));
  const cells = (end < 0 ? all : all.slice(0, end + 1)).filter(c => c.cell_type === 'code' && [c.source].flat().join('').trim());
  const error = cells.flatMap(c => c.outputs).find(o => o.output_type === 'error');
  if (error) return JSON.stringify(error);
  return cells.every(c => c.execution_count) &&
    jupyterapp.shell.currentWidget.sessionContext.session.kernel.status === 'idle' && 'done';
}"""
PICTURE = """async (text) => {
  const book = jupyterapp.shell.currentWidget.content;
  const index = book.widgets.findIndex(c => c.model.sharedModel.source.includes(text));
  await book.scrollToItem(index, 'start');
  return book.model.sharedModel.toJSON().cells[index].outputs.some(o => o.data?.['image/jpeg'] || o.data?.['image/png']);
}"""


def refuses_strangers(address):
    try:
        urllib.request.urlopen(address + "api/contents", timeout=10, context=ssl._create_unverified_context())
    except urllib.error.HTTPError as e:
        return e.code == 403
    return False


def main(address, token, screenshot, text=None):
    if not refuses_strangers(address):
        sys.exit(f"{address} shows its files without the token")
    with sync_playwright() as p:
        arguments = ["--disable-dev-shm-usage", "--disable-background-networking"]
        if os.getuid() == 0:
            arguments.append("--no-sandbox")
        browser = p.chromium.launch(executable_path=shutil.which("chromium"), args=arguments)
        page = browser.new_page(viewport={"width": 1280, "height": 900}, ignore_https_errors=True)
        page.goto(f"{address}lab/tree/notebooks/01-style-transfer.ipynb?token={token}&reset")
        page.wait_for_function(CONNECTED, timeout=90_000)
        page.evaluate("jupyterapp.commands.execute('notebook:clear-all-cell-outputs')")
        page.evaluate(SMALL)
        page.evaluate(RUN, text)
        result = page.wait_for_function(RESULT, arg=text, timeout=900_000).json_value()
        shown = page.evaluate(PICTURE, text or "live := nbui.NewLive")
        page.wait_for_timeout(2000)
        page.screenshot(path=screenshot)
        browser.close()
    if result != "done":
        sys.exit(f"a cell failed: {result}")
    if not shown:
        sys.exit("the cell shows no picture")


main(*sys.argv[1:])
