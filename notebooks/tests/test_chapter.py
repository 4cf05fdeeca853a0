"""Runs the chapter's notebook in a live kernel, as a learner would. scripts/test calls it."""

import asyncio
import base64
import json
import pathlib
import threading
import time

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
CHAPTER = REPOSITORY / "notebooks" / "style-transfer.ipynb"
TRAINING = "live := nbui.NewLive"  # the cell that trains
SMALL = {"height": "48", "width": "72", "epochs": "20"}


@pytest.fixture(autouse=True)
def offline(monkeypatch, tmp_path):
    """Weights and engine that need nothing, and a file that tells what each epoch did."""
    monkeypatch.setenv("STYLEBOOK_WEIGHTS", "offline")
    monkeypatch.setenv("STYLEBOOK_PROGRESS", str(tmp_path / "progress.jsonl"))


def chapter(tmp_path, **parameters):
    """The notebook with other values for its parameters."""
    book = nbformat.read(CHAPTER, as_version=4)
    cell = next(c for c in book.cells if "parameters" in c.metadata.get("tags", []))
    for name, value in {**SMALL, "outPath": json.dumps(str(tmp_path / "out.png")), **parameters}.items():
        lines = [f"var {name} = {value}" if line.startswith(f"var {name} =") else line for line in cell.source.split("\n")]
        assert lines != cell.source.split("\n"), f"the notebook has no parameter {name}"
        cell.source = "\n".join(lines)
    return book


def client_for(book):
    return NotebookClient(book, timeout=300, kernel_name="stylebook", resources={"metadata": {"path": CHAPTER.parent}})


def find(book, text):
    """Index of the code cell that holds text."""
    return next(i for i, c in enumerate(book.cells) if c.cell_type == "code" and text in c.source)


def progress(tmp_path):
    return [json.loads(line) for line in (tmp_path / "progress.jsonl").read_text().splitlines()]


def stream(cell, name="stdout"):
    return "".join(o.text for o in cell.outputs if o.output_type == "stream" and o.name == name)


def pictures(cell):
    return [base64.b64decode(data) for o in cell.outputs for kind, data in o.get("data", {}).items() if kind.startswith("image/")]


def test_runs_from_top_to_bottom(tmp_path):
    book = chapter(tmp_path)
    client_for(book).execute()
    for cell in book.cells:
        if cell.cell_type == "code":  # a failing command of the kernel is no error to Jupyter: look for its trace
            assert "exit status" not in stream(cell, "stderr"), stream(cell, "stderr")
    training = book.cells[find(book, TRAINING)]
    assert len(pictures(training)) == 1, "the live figure must stay, once, in the saved notebook"
    assert f"saved {tmp_path / 'out.png'}" in stream(training)
    assert (tmp_path / "out.png").read_bytes().startswith(b"\x89PNG")
    assert len(progress(tmp_path)) == 20
    assert all(len(pictures(book.cells[find(book, text)])) == 1 for text in ("ReadImage(contentPath))\nstyle", "back :=", "shown"))


def test_figure_is_drawn_anew_while_training(tmp_path):
    book = chapter(tmp_path)
    client = client_for(book)
    updates = []
    output = client.process_message

    def process(message, cell, index):
        if message["msg_type"] in ("display_data", "update_display_data") and TRAINING in cell.source:
            updates.append(message["msg_type"])
        return output(message, cell, index)

    client.process_message = process
    client.execute()
    assert updates == ["display_data", "update_display_data"], "epochs 10 and 20 in one output"


def test_a_changed_style_loss_changes_the_training(tmp_path):
    book = chapter(tmp_path)
    changed = nbformat.v4.new_code_cell(
        "func StyleLoss(features, gramTarget *Node) *Node {\n\treturn MulScalar(sl.Mean(Square(Sub(Gram(features), gramTarget))), 0)\n}")
    book.cells.insert(find(book, TRAINING), changed)
    client_for(book).execute()
    records = progress(tmp_path)
    assert len(records) == 20 and all(r["style"] == 0 for r in records), "the learner's StyleLoss is not the one that trains"
    assert records[0]["total"] == pytest.approx(records[0]["content"] + records[0]["tv"])


def test_an_interrupt_keeps_the_picture_and_the_kernel(tmp_path):
    book = chapter(tmp_path, epochs="100000")
    client = client_for(book)
    training = find(book, TRAINING)
    with client.setup_kernel():
        for i, cell in enumerate(book.cells[:training]):
            client.execute_cell(cell, i)

        def interrupt():
            for _ in range(600):
                if (tmp_path / "progress.jsonl").exists() and len(progress(tmp_path)) >= 12:
                    break
                time.sleep(0.1)
            asyncio.run(client.km.interrupt_kernel())

        thread = threading.Thread(target=interrupt)
        thread.start()
        client.execute_cell(book.cells[training], training)
        thread.join()
        assert "interrupted after epoch" in stream(book.cells[training])
        assert (tmp_path / "out.png").read_bytes().startswith(b"\x89PNG")
        client.execute_cell(book.cells[training + 2], training + 2)
        assert len(pictures(book.cells[training + 2])) == 1, "the kernel must still be alive"


def test_drawing_cells_do_not_link_the_engine(tmp_path):
    book = chapter(tmp_path)
    probe = nbformat.v4.new_code_cell(
        '%%\ninfo, _ := debug.ReadBuildInfo()\nfor _, m := range info.Deps {\n\tfmt.Println(m.Path)\n}\n_ = figure.Picture{}')
    book.cells.append(probe)
    client = client_for(book)
    with client.setup_kernel():
        for i, cell in enumerate(book.cells):
            if "%%" not in cell.source or cell is probe:
                client.execute_cell(cell, i)
    linked = stream(probe).split()
    assert "gonum.org/v1/plot" in linked, "the probe must see what is linked"
    assert "github.com/gomlx/go-xla" not in linked


def test_a_bad_picture_gives_one_clear_line(tmp_path):
    (tmp_path / "page.jpg").write_text("<!DOCTYPE html><html></html>")
    book = chapter(tmp_path, contentPath=json.dumps(str(tmp_path / "page.jpg")))
    with pytest.raises(CellExecutionError):
        client_for(book).execute()
    cell = book.cells[find(book, "ReadImage(contentPath))\nstyle")]
    assert "page.jpg" in stream(cell, "stderr") and "web page" in stream(cell, "stderr")
    assert not (tmp_path / "out.png").exists()
