"""Papermill gives a notebook other parameters. It is no part of the project: it comes for the tests, into a folder of theirs."""

import os
import subprocess
import sys

import nbformat
import pytest

from books import CHAPTER, NOTEBOOKS, PATIENCE, REPOSITORY, parametrized, stream

SHOWS = '%%\nfmt.Printf("%T %v|%T %v|%T %q|%T %q|%v\\n", height, height, lr, lr, contentPath, contentPath, layers, layers, more)'


@pytest.fixture(scope="module")
def papermill(tmp_path_factory):
    """Calls papermill; the translator is where setup puts it, or in the folder that setup takes it from."""
    folder = tmp_path_factory.mktemp("papermill")
    got = subprocess.run([sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-input", "--retries", "1", "--no-deps",
                          "--require-hashes", "-r", str(NOTEBOOKS / "tests/papermill.txt"), "--target", str(folder)], capture_output=True, text=True)
    if got.returncode:
        pytest.skip("papermill can't be had: " + got.stderr.strip().split("\n")[-1])
    environment = dict(os.environ, PYTHONPATH=f"{folder}:{REPOSITORY / 'kernel-config/papermill'}")

    def call(*arguments):
        return subprocess.run([sys.executable, "-m", "papermill", "--no-progress-bar", *map(str, arguments)], capture_output=True, text=True,
                              env=environment, timeout=PATIENCE)

    return call


@pytest.fixture
def book(tmp_path):
    """The chapter's parameters, three more, and a cell that shows them."""
    book = parametrized(CHAPTER)
    cell = next(c for c in book.cells if "parameters" in c.metadata.get("tags", []))
    cell.source += '\n\nvar lr = 0.3 // the learning rate\n\nvar layers = []string{"conv1_1"}\n\nvar more = [][]int{{1}}'
    book.cells = [cell, nbformat.v4.new_code_cell(SHOWS)]
    nbformat.write(book, tmp_path / "book.ipynb")
    return tmp_path / "book.ipynb"


def test_texts_numbers_and_lists(papermill, book, tmp_path):
    path = 'a "ü"\\\t.jpg'
    done = papermill(book, tmp_path / "out.ipynb", "-p", "height", "60", "-p", "lr", "1e-05", "-p", "contentPath", path,
                     "-y", '{layers: [conv2_1, "é\\n"], more: [[1, 2], [3]]}')
    assert done.returncode == 0, done.stderr
    assert "unknown parameter" not in done.stderr.lower()
    shown = stream(nbformat.read(tmp_path / "out.ipynb", as_version=4).cells[-1])
    assert shown == 'int 60|float64 1e-05|string "a \\"ü\\"\\\\\\t.jpg"|[]string ["conv2_1" "é\\n"]|[[1 2] [3]]\n'


@pytest.mark.parametrize("value, cause", [("[1, a]", "different types"), ("[]", "has no type"), (".inf", "no literal"), ("null", "without a value")])
def test_what_go_cannot_have_is_told(papermill, book, tmp_path, value, cause):
    done = papermill(book, tmp_path / "out.ipynb", "-y", f"{{height: {value}}}")
    assert done.returncode != 0 and cause in done.stderr.strip().split("\n")[-1]


def test_its_help_names_the_parameters(papermill, book):
    told = papermill("--help-notebook", book).stdout
    assert "height: Unknown type (default 300)" in told and "the learning rate" in told
