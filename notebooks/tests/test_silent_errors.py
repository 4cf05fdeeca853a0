"""What the kernel reports as a success and is none, found by scripts/tools/check_notebooks.py."""

import nbformat
import pytest

import books

import check_notebooks


def executed(*sources):
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    books.client_for(book).execute()
    return book


def test_silent_errors_are_found():
    wrong = {"!false": "exit status 1", "%%bash\nexit 3": "exit status 3", "%nosuchmagic": "unknown or not implemented",
             '%%\nos.Stderr.WriteString("oh\\n")': "oh"}
    book = executed("!echo fine", '%%\nfmt.Println("fine")', *wrong)
    found = list(check_notebooks.executed_problems(book))
    assert len(found) == len(wrong)
    for number, (line, expected) in enumerate(zip(found, wrong.values()), 3):
        assert line.startswith(f"cell {number}: stderr: ") and expected in line


def notebook(tmp_path, *cells, **metadata):
    book = nbformat.v4.new_notebook(cells=[
        nbformat.v4.new_code_cell(source, execution_count=count, outputs=outputs, metadata=metadata) for source, count, outputs in cells])
    nbformat.write(book, tmp_path / "book.ipynb")
    return tmp_path / "book.ipynb"


def printed(text):
    return [nbformat.v4.new_output("stream", name="stdout", text=text)]


@pytest.mark.parametrize("cell, problem", [
    (("%%\ncheck(nbui.Show(a))", 1, []), "picture is missing"),
    (("%%\ncheck(nbui.Show(a))", 1, printed("text")), "picture is missing"),
    (("%%\ncheck(nbui.Show(a))", 1, printed("finish task 1 first · 先完成任务 1\ntext\n")), "picture is missing"),
    (("%%\nfmt.Println(1)", 1, []), "what it prints is missing"),
    (("x", 1, [nbformat.v4.new_output("error", ename="ERROR", evalue="bad", traceback=[])]), "ERROR: bad"),
    (("%%\nfmt.Println(p)", 1, printed("saved /root/stylebook/out.png")), "path of this machine"),
    (("%%\nfmt.Println(p)", 1, printed("weights /home/ann/.cache/w")), "path of this machine"),
    (('var p = "/tmp/x.png"', 1, []), "path of this machine"),
    (("%%\nfmt.Println(p)", 1, printed("x" * 1_000_000)), "must stay below"),
])
def test_unclean_notebooks_are_found(tmp_path, cell, problem):
    found = check_notebooks.problems(notebook(tmp_path, cell), committed=True)
    assert len(found) == 1 and problem in found[0]


def test_half_executed_and_papermill(tmp_path):
    half = check_notebooks.problems(notebook(tmp_path, ("a", 1, []), ("b", None, [])), committed=True)
    assert half == ["executed in part: run scripts/execute-all"]
    left = check_notebooks.problems(notebook(tmp_path, ("a", 1, []), papermill={"duration": 1}), committed=True)
    assert left == ["cell 1: left by papermill"]


def test_clean_notebook(tmp_path):
    picture = [nbformat.v4.new_output("display_data", data={"image/png": "iVBORw0KGgo/root/AAAA"})]
    path = notebook(tmp_path, ("%%\ncheck(nbui.Show(a))", 1, picture), ("%%\nfmt.Println(p)", 2, printed("saved ../out/a.png, 1/2")),
                    ("%%\ncheck(nbui.Show(a))", 3, printed("finish task 1 first · 先完成任务 1\n")))
    assert check_notebooks.problems(path, committed=True) == []
