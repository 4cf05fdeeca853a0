"""What the tests of the notebooks share."""

import base64
import contextlib
import json
import pathlib
import re
import sys
import time

import nbformat
import pytest
from nbclient import NotebookClient

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "scripts/tools"))
NOTEBOOKS = REPOSITORY / "notebooks"
ENGLISH = sorted(p for p in NOTEBOOKS.glob("*.ipynb") if p.name.count(".") == 1)
CHINESE = sorted(NOTEBOOKS.glob("*.zh.ipynb"))
CHAPTER = NOTEBOOKS / "01-style-transfer.ipynb"
OURS = {f"{role}Path": json.dumps(str(REPOSITORY / f"data/{role}.jpg")) for role in ("content", "style")}  # for a notebook elsewhere
TRAINING = "live := nbui.NewLive"  # in the chapter's cell that trains
PATIENCE = 600  # seconds, for a machine that does much else
SMALL = {"height": "48", "width": "72", "epochs": "20"}


def wait_for(what, condition):
    """What the condition gives once it gives something; what fails with an OSError isn't there yet."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            if found := condition():
                return found
        time.sleep(0.2)
    pytest.fail(f"{what}: not within {PATIENCE} s")


def alive(process):
    """Whether a process of that id has not ended."""
    with contextlib.suppress(OSError, IndexError):
        return pathlib.Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    return False


def name_of(path):
    """A notebook's name without its number."""
    return re.sub(r"^\d+-", "", path.stem)


def parametrized(path, **parameters):
    """A notebook with other values for its parameters, written as Go has them."""
    book = nbformat.read(path, as_version=4)
    cell = next(c for c in book.cells if "parameters" in c.metadata.get("tags", []))
    for name, value in parameters.items():
        lines = [f"var {name} = {value}" if line.startswith(f"var {name} =") else line for line in cell.source.split("\n")]
        assert lines != cell.source.split("\n"), f"the notebook has no parameter {name}"
        cell.source = "\n".join(lines)
    return book


def chapter(tmp_path, checks=False, **parameters):
    """The chapter, small and without a trace outside the test's folder; without its check cells and the second training at its
    end it is quicker."""
    paths = {name: json.dumps(str(tmp_path / file)) for name, file in (("outPath", "out.png"), ("relativePath", "relative.png"))}
    book = parametrized(CHAPTER, **{**SMALL, **paths, **parameters})
    if not checks:
        book.cells = [c for c in book.cells if not is_check(c) and "r.Options.Normalize()" not in c.source]
    return book


def only(book, *texts):
    """The book with its declarations, its parameters and the cells that run one of these texts: what a test needs of it."""
    book.cells = [c for c in book.cells if c.cell_type == "code" and (not runs(c) or any(text in c.source for text in texts))]
    return book


def runs(cell):
    """Whether a cell runs more than its declarations."""
    return cell.source.startswith(("%%\n", "!"))


def is_check(cell):
    """Whether a cell checks a learner's function."""
    return cell.cell_type == "code" and re.search(r"fmt\.Println\(checks\.", cell.source)


def client_for(book):
    return NotebookClient(book, timeout=PATIENCE, kernel_name="stylebook", resources={"metadata": {"path": NOTEBOOKS}})


def find(book, text):
    """Index of the code cell that holds text."""
    return next(i for i, c in enumerate(book.cells) if c.cell_type == "code" and text in c.source)


def progress(tmp_path):
    return [json.loads(line) for line in (tmp_path / "progress.jsonl").read_text().splitlines()]


def stream(cell, name="stdout"):
    return "".join(o.text for o in cell.outputs if o.output_type == "stream" and o.name == name)


def pictures(cell):
    return [base64.b64decode(data) for o in cell.outputs for kind, data in o.get("data", {}).items() if kind.startswith("image/")]
