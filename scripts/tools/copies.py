"""Brings a learner's copies of the notebooks up to date, and loses nothing that was done in them.

    copies.py ORIGINALS [COPIES]

A copy is renewed when its original has got other cells. One whose cells were changed meanwhile is kept as NAME-mine.ipynb, which is told.
COPIES/.copied.json remembers what was copied. What is stored in the originals is trusted, so that it can be played with in JupyterLab, there and
in the copies; what else lies there is not.
"""

import contextlib
import hashlib
import json
import os
import pathlib
import shutil
import sys

import nbformat
from nbformat.sign import NotebookNotary


def cells(path):
    """What stands in a notebook's cells, as a hash: outputs don't count."""
    data = path.read_bytes()
    try:
        data = json.dumps([[c["cell_type"], "".join(c["source"])] for c in json.loads(data)["cells"]]).encode()
    except (ValueError, KeyError, TypeError):
        pass  # no notebook any more: it counts as changed
    return hashlib.sha256(data).hexdigest()


def put(source, target):
    part = target.with_name(f".{target.name}.part")
    shutil.copyfile(source, part)
    os.replace(part, target)


def set_aside(path):
    """Moves a file out of the way, to a name that is free."""
    names = (path.with_name(f"{path.stem}-mine{number}{path.suffix}") for number in ["", *range(2, 1000)])
    kept = next(name for name in names if not name.exists())
    path.rename(kept)
    return kept


def renew(original, copy, copied):
    """Copies a notebook where that is due; gives the cells that the copy was made of, and where changed ones are kept."""
    new, kept = cells(original), None
    if copy.exists():
        if copied == new:
            return new, None
        mine = cells(copy)
        if mine == new:
            return new, None
        if mine != copied:
            kept = set_aside(copy)
    put(original, copy)
    return new, kept


def trust(originals):
    """Signs what is stored; a copy has the same signature until something else is in it."""
    notary = NotebookNotary()
    for original in originals.glob("*.ipynb"):
        with contextlib.suppress(ValueError):  # no notebook
            notary.sign(nbformat.read(original, as_version=4))


def main(originals, copies=None):
    if copies is None:
        return trust(originals)
    copies.mkdir(exist_ok=True)
    memory = copies / ".copied.json"
    copied = json.loads(memory.read_text()) if memory.exists() else {}
    for original in sorted(originals.glob("*.ipynb")):
        copied[original.name], kept = renew(original, copies / original.name, copied.get(original.name))
        if kept:
            print(f"{original.name} is new: yours is kept as {kept.name}")
    trust(originals)
    memory.with_suffix(".part").write_text(json.dumps(copied, indent=1))
    memory.with_suffix(".part").replace(memory)
    for text in originals.glob("*.md"):
        put(text, copies / text.name)
    shutil.copytree(originals / "figures", copies / "figures", dirs_exist_ok=True)


if __name__ == "__main__":
    main(*map(pathlib.Path, sys.argv[1:]))
