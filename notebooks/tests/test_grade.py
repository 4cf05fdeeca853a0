"""Grades ten submissions, right and wrong ones, made of our notebooks."""

import csv
import os
import subprocess
import sys

import nbformat
import pytest

from books import CHAPTER, NOTEBOOKS, PATIENCE, REPOSITORY, find

GRADE = [sys.executable, str(REPOSITORY / "scripts/tools/grade.py")]
EXERCISE = NOTEBOOKS / "07-exercise-3-solution.ipynb"
BODY = "func Postprocess(x *tensors.Tensor) (*image.RGBA, error) {"
ENDLESS = BODY + '\n\tfor i := 0; ; i++ {\n\t\tfmt.Print("on and on ", i)\n\t}\n'
HUNGRY = BODY + "\n\tvar all [][]byte\n\tfor {\n\t\tall = append(all, make([]byte, 1<<28))\n\t}\n"

# name: notebook, text that is replaced, what stands there then
SUBMISSIONS = {
    "ann/right": (CHAPTER, "", ""),
    "bob/divides": (CHAPTER, "float64(c*n)", "float64(n)"),
    "cem/truncates": (CHAPTER, "math.Round(255 *", "(255 *"),
    "dan/taps": (CHAPTER.with_suffix(".zh.ipynb"), "layer.Tap(x)", "x"),
    "eva/misspelt": (CHAPTER, "func TVLoss(x *Node) *Node {", "func TVLoss(x *Node) *Nodde {"),
    "fay/signature": (CHAPTER, BODY, BODY.replace(")", ", more int)", 1)),
    "gil/endless": (CHAPTER, BODY, ENDLESS),
    "hal/hungry": (CHAPTER, BODY, HUNGRY),
    "ida/ends": (CHAPTER, BODY, BODY + "\n\tos.Exit(3)"),
    "jan": (EXERCISE, "math.Round(", "math.Floor("),
}


def submission(path, book, old, new):
    book = nbformat.read(book, as_version=4)
    if old:
        cell = book.cells[find(book, old)]
        cell.source = cell.source.replace(old, new)
    for cell in book.cells:
        if cell.cell_type == "code" and cell.source.startswith("%%"):
            cell.source = "!touch was_here\n%%\nos.Exit(1)"  # what a submission runs is not taken
    path.parent.mkdir(exist_ok=True)
    nbformat.write(book, path)


@pytest.fixture(scope="module")
def grades(tmp_path_factory):
    """What the table says of each submission's checks, and of what is none."""
    folder = tmp_path_factory.mktemp("class")
    for name, made in SUBMISSIONS.items():
        submission(folder / f"{name}.ipynb", *made)
    (folder / "broken.ipynb").write_text("{")
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("func Other() {}")]), folder / "other.ipynb")
    run = subprocess.run([*GRADE, "--seconds", "10", str(folder)], capture_output=True, text=True, timeout=3 * PATIENCE,
                         env={**os.environ, "STYLEBOOK_LANGUAGE": "en"})
    assert run.returncode == 0, run.stderr
    with open(folder / "grades.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["name", "check", "passed", "message", "seconds"]
    assert [line.split()[0] for line in run.stdout.splitlines()] == [row["name"] for row in rows], "the terminal has the same table"
    assert sorted({row["name"] for row in rows}) == sorted([*SUBMISSIONS, "broken", "other"])
    assert not list(folder.rglob("was_here"))
    return {name: {row["check"]: row for row in rows if row["name"] == name} for name in {row["name"] for row in rows}}


def failed(grade):
    return {check: row["message"] for check, row in grade.items() if row["passed"] != "yes"}


def test_right_ones_pass(grades):
    assert failed(grades["ann/right"]) == {} and len(grades["ann/right"]) >= 13


@pytest.mark.parametrize("name, check, message, others", [
    ("bob/divides", "Gram", "divide by c·h·w", {"StyleLoss", "GetInits", "Train", "ComputeLoss"}),
    ("cem/truncates", "Postprocess", "cut down to whole levels", set()),
    ("dan/taps", "ExtractFeatures", "before the ReLU", {"GetContents", "GetStyles", "GetInits", "Train"}),
    ("eva/misspelt", "TVLoss", "does not compile: undefined: Nodde", {"ComputeLoss", "Train"}),
    ("fay/signature", "Postprocess", "does not compile: cannot use Postprocess", set()),
    ("gil/endless", "Postprocess", "took longer than 10 s", set()),
    ("hal/hungry", "Postprocess", "out of memory", set()),
    ("ida/ends", "Postprocess", "the program ended: exit status 3", set()),
    ("jan", "Size", "Round to the nearest pixel", set()),
])
def test_wrong_ones_are_named(grades, name, check, message, others):
    wrong = failed(grades[name])
    assert message in wrong.pop(check)
    assert set(wrong) <= others, "what doesn't use the wrong function passes"


def test_what_is_no_submission_has_a_line(grades):
    assert grades["broken"]["-"]["message"] == "is no notebook"
    assert grades["other"]["-"]["message"] == "declares no function that a check knows"


def test_an_empty_folder_is_told(tmp_path):
    run = subprocess.run([*GRADE, str(tmp_path)], capture_output=True, text=True, timeout=PATIENCE)
    assert run.returncode == 1 and "no notebooks there" in run.stderr
