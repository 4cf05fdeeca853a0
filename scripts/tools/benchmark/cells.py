"""How long a learner waits for a cell of the chapter's notebook in a warm kernel: one that only draws, one that computes.

Prints JSON: {"draw": seconds, "compute": seconds}, the medians of a few runs after the first.
"""

import asyncio
import json
import pathlib
import statistics
import time

import nbformat
from nbclient import NotebookClient

REPOSITORY = pathlib.Path(__file__).resolve().parents[3]
CHAPTER = REPOSITORY / "notebooks" / "01-style-transfer.ipynb"
DRAWS = "style := must(sl.ReadImage(stylePath))"  # shows the two pictures
COMPUTES = "range must(GetStyles("  # opens the engine, loads the network, extracts the features of both pictures
REPEAT = 4


async def wait(client, index):
    start = time.perf_counter()
    await client.async_execute_cell(client.nb.cells[index], index)
    return time.perf_counter() - start


async def measure():
    book = nbformat.read(CHAPTER, as_version=4)
    client = NotebookClient(book, timeout=300, kernel_name="stylebook", resources={"metadata": {"path": CHAPTER.parent}})
    find = lambda text: next(i for i, c in enumerate(book.cells) if c.cell_type == "code" and text in c.source)
    draws, computes = find(DRAWS), find(COMPUTES)
    async with client.async_setup_kernel():
        for index in range(max(draws, computes) + 1):
            await client.async_execute_cell(book.cells[index], index)
        return {name: statistics.median([await wait(client, index) for _ in range(REPEAT)])
                for name, index in (("draw", draws), ("compute", computes))}


print(json.dumps(asyncio.run(measure())))
