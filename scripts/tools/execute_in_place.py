"""Executes notebooks with the parameters they have and writes the outputs into them.

    execute_in_place.py NOTEBOOK...

A notebook whose cell fails, or that is not clean afterwards, is left as it was, and the status is 1.
"""

import os
import sys
import time

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

import check_notebooks


def merge_streams(outputs):
    """Puts neighbouring pieces of one stream together: the kernel sends them as they come."""
    merged = []
    for o in outputs:
        if merged and o.output_type == "stream" == merged[-1].output_type and o.name == merged[-1].name:
            merged[-1].text += o.text
        else:
            merged.append(o)
    return merged


def execute(path):
    book = nbformat.read(path, as_version=4)
    client = NotebookClient(book, timeout=3600, kernel_name="stylebook", record_timing=False,
                            resources={"metadata": {"path": os.path.dirname(os.path.abspath(path))}})
    start = time.monotonic()
    slowest, last = (0, 0), [start]

    def after(cell, cell_index, **_):
        nonlocal slowest
        now = time.monotonic()
        slowest, last[0] = max(slowest, (now - last[0], cell_index + 1)), now

    client.on_cell_executed = after
    client.execute()
    for cell in book.cells:
        if cell.cell_type == "code":
            cell.outputs = merge_streams(cell.outputs)
            for o in cell.outputs:
                o.get("metadata", {}).clear()
    part = path + ".part"
    nbformat.write(book, part)
    found = check_notebooks.problems(part, committed=False)
    if found:
        os.remove(part)
        sys.exit(f"{path} is not clean:\n" + "\n".join(found))
    os.replace(part, path)
    print(f"{path}: {time.monotonic() - start:.0f} s, slowest cell {slowest[1]} with {slowest[0]:.1f} s", flush=True)


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    for path in sys.argv[1:]:
        try:
            execute(path)
        except CellExecutionError as error:
            sys.exit(f"{path}: a cell failed:\n{error}")


if __name__ == "__main__":
    main()
