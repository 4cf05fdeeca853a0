"""Runs the chapter's notebook in a live kernel, as a learner would. scripts/test calls it."""

import asyncio
import json
import re
import threading

import nbformat
import pytest
from nbclient.exceptions import CellExecutionError

from books import TRAINING, chapter, client_for, find, is_check, only, pictures, progress, stream, wait_for

import check_notebooks


def test_runs_from_top_to_bottom(tmp_path):
    book = chapter(tmp_path, checks=True)
    client_for(book).execute()
    assert list(check_notebooks.executed_problems(book)) == []
    checked = [c for c in book.cells if is_check(c)]
    assert len(checked) == 13 and all("all right ✓" in stream(c) and "not yet" not in stream(c) for c in checked)
    training = book.cells[find(book, TRAINING)]
    assert len(pictures(training)) == 1, "the live figure must stay, once, in the saved notebook"
    assert f"saved {tmp_path / 'out.png'}" in stream(training)
    described = [o.metadata.get("alt") for c in book.cells for o in c.get("outputs", []) for kind in o.get("data", {})
                 if kind.startswith("image/")]
    assert described[0] == "content, style" and all(described), "each picture has words for who does not see it"
    assert (tmp_path / "out.png").read_bytes().startswith(b"\x89PNG")
    assert [r["epoch"] for r in progress(tmp_path)] == [*range(1, 21), *range(1, 11)], "the training, and a second one at the end"
    relative = book.cells[find(book, "r.Options.Normalize()")]
    assert len(pictures(relative)) == 2 and len(re.findall(r"\d+\.\d", stream(relative))) == 3 * 5
    assert all(len(pictures(book.cells[find(book, text)])) == 1 for text in ("ReadImage(contentPath))\nstyle", "back :=", "ShowBeforeAfter"))


def test_a_wrong_function_is_recognized(tmp_path):
    """Whoever rewrites a function in its cell learns at once what is wrong, there and where it is used."""
    book = chapter(tmp_path, checks=True)
    for right, wrong in {"float64(c*n)": "float64(n)", "math.Round(255 *": "(255 *", "layer.Tap(x)": "x"}.items():
        cell = book.cells[find(book, right)]
        cell.source = cell.source.replace(right, wrong)
    client_for(only(book, "fmt.Println(checks.")).execute()
    said = {name: stream(book.cells[find(book, f"checks.{name}({name})")]) for name in
            ("Postprocess", "ExtractFeatures", "Gram", "StyleLoss", "TVLoss", "ComputeLoss")}
    assert "cut down to whole levels" in said["Postprocess"]
    assert "before the ReLU" in said["ExtractFeatures"]
    assert "divide by c·h·w" in said["Gram"] and "Gram: not yet" in said["Gram"]
    assert "StyleLoss: not yet" in said["StyleLoss"], "the check must call the cell's Gram through the cell's StyleLoss"
    assert "TVLoss: all right ✓" in said["TVLoss"] and "ComputeLoss: not yet" in said["ComputeLoss"]


def test_figure_is_drawn_anew_while_training(tmp_path):
    book = only(chapter(tmp_path), TRAINING)
    client = client_for(book)
    updates, lines = [], []
    output = client.process_message

    def process(message, cell, index):
        if message["msg_type"] in ("display_data", "update_display_data") and TRAINING in cell.source:
            data = message["content"]["data"]
            if "image/jpeg" in data:
                updates.append((message["msg_type"], "stylebook-play" in data.get("text/html", "")))
            else:
                lines.append(data["text/html"])
        return output(message, cell, index)

    client.process_message = process
    client.execute()
    assert lines[0].startswith("opening ") and lines[2].startswith("compiling ") and lines[3].startswith("epoch 1/20  content ")
    assert lines[1] == lines[-1] == "", "nothing of it stays"
    assert updates == [("display_data", False), ("update_display_data", False), ("update_display_data", True)], \
        "epochs 10 and 20 in one output, in whose place the slider comes"


def test_a_changed_function_changes_the_training(tmp_path):
    book = only(chapter(tmp_path), TRAINING)
    training = book.cells[find(book, TRAINING)]
    client = client_for(book)

    def trained_with(changed):
        """What a training tells after a cell with another function; then the chapter's own comes back."""
        name = re.match(r"func (\w+)\(", changed)[0]
        done = len(progress(tmp_path)) if (tmp_path / "progress.jsonl").exists() else 0
        for cell in nbformat.v4.new_code_cell(changed), training, book.cells[find(book, name)]:
            book.cells.append(cell)
            client.execute_cell(cell, len(book.cells) - 1)
        records = progress(tmp_path)[done:]
        assert len(records) == 20
        return records

    with client.setup_kernel():
        for i, cell in enumerate(book.cells):
            if cell is not training:
                client.execute_cell(cell, i)
        records = trained_with("func StyleLoss(features, gramTarget *Node) *Node {\n"
                               "\treturn MulScalar(ops.ReduceAllMean(Square(Sub(Gram(features), gramTarget))), 0)\n}")
        assert all(r["style"] == 0 for r in records), "the learner's StyleLoss is not the one that trains"
        assert records[0]["total"] == pytest.approx(records[0]["content"] + records[0]["tv"])

        records = trained_with("func AdamUpdate(pixels, m, v, gradient, rate, scale *Node, beta1, beta2 float64) (newPixels, newM, newV *Node) {\n"
                               "\treturn Identity(pixels), Identity(m), Identity(v)\n}")
        assert records[0]["style"] > 0 and len({r["total"] for r in records}) == 1, "the learner's AdamUpdate is not the one that trains"

        records = trained_with("func LearningRate(options sl.Options, epoch int) float64 { return 0 }")
        assert {r["lr"] for r in records} == {0} and len({r["total"] for r in records}) == 1


def test_an_interrupt_keeps_the_picture_and_the_kernel(tmp_path):
    book = only(chapter(tmp_path, epochs="100000"), TRAINING, "ShowBeforeAfter")
    client = client_for(book)
    training = find(book, TRAINING)
    with client.setup_kernel():
        for i, cell in enumerate(book.cells[:training]):
            client.execute_cell(cell, i)

        def interrupt():
            file = tmp_path / "progress.jsonl"
            wait_for("twelve epochs", lambda: file.read_text().count("\n") >= 12)  # the last line may be half written
            asyncio.run(client.km.interrupt_kernel())

        thread = threading.Thread(target=interrupt)
        thread.start()
        client.execute_cell(book.cells[training], training)
        thread.join()
        assert "interrupted after epoch" in stream(book.cells[training])
        assert (tmp_path / "out.png").read_bytes().startswith(b"\x89PNG")
        client.execute_cell(book.cells[training + 1], training + 1)
        assert len(pictures(book.cells[training + 1])) == 1, "the kernel must still be alive"


def test_drawing_cells_do_not_link_the_engine(tmp_path):
    book = only(chapter(tmp_path))
    probe = nbformat.v4.new_code_cell(
        '%%\ninfo, _ := debug.ReadBuildInfo()\nfor _, m := range info.Deps {\n\tfmt.Println(m.Path)\n}\n_ = figure.Picture{}')
    book.cells.append(probe)
    client_for(book).execute()
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
