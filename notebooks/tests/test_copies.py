"""What scripts/lab opens: copies of the notebooks, which are renewed without losing what was done in them."""

import json

import nbformat
import pytest
from nbformat.sign import NotebookNotary

from books import REPOSITORY

import copies


def book(*sources, output=""):
    cells = [nbformat.v4.new_code_cell(s, id=f"c{i}", outputs=[nbformat.v4.new_output("stream", text=output)] if output else [])
             for i, s in enumerate(sources)]
    return nbformat.writes(nbformat.v4.new_notebook(cells=cells))


@pytest.fixture
def folders(tmp_path, monkeypatch):
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    originals = tmp_path / "notebooks"
    (originals / "figures").mkdir(parents=True)
    (originals / "figures/a.svg").write_text("<svg/>")
    (originals / "README.md").write_text("read")
    (originals / "01-a.ipynb").write_text(book("one"))
    copies.main(originals, tmp_path / "mine")
    return originals, tmp_path / "mine"


def names(mine):
    return sorted(p.name for p in mine.iterdir() if not p.name.startswith("."))


def test_what_notebooks_need_is_copied(folders):
    originals, mine = folders
    assert names(mine) == ["01-a.ipynb", "README.md", "figures"] and (mine / "figures/a.svg").exists()
    assert (mine / "01-a.ipynb").read_text() == book("one")


def test_what_was_done_stays_while_the_original_stays(folders, capsys):
    originals, mine = folders
    (mine / "01-a.ipynb").write_text(book("mine"))
    (originals / "01-a.ipynb").write_text(book("one", output="stored"))
    copies.main(originals, mine)
    assert (mine / "01-a.ipynb").read_text() == book("mine") and not capsys.readouterr().out


def test_one_that_only_ran_is_renewed(folders):
    originals, mine = folders
    (mine / "01-a.ipynb").write_text(book("one", output="ran"))
    (originals / "01-a.ipynb").write_text(book("two"))
    copies.main(originals, mine)
    assert (mine / "01-a.ipynb").read_text() == book("two") and "01-a-mine.ipynb" not in names(mine)


@pytest.mark.parametrize("work", [book("mine"), "{broken"])
def test_one_that_was_worked_on_is_kept_beside_the_new_one(folders, capsys, work):
    originals, mine = folders
    for number, name in (2, "01-a-mine.ipynb"), (3, "01-a-mine2.ipynb"):
        (mine / "01-a.ipynb").write_text(work)
        (originals / "01-a.ipynb").write_text(book(str(number)))
        copies.main(originals, mine)
        assert (mine / name).read_text() == work and (mine / "01-a.ipynb").read_text() == book(str(number))
        assert name in capsys.readouterr().out


def test_without_memory_nothing_is_lost(folders):
    originals, mine = folders
    (mine / ".copied.json").unlink()
    (mine / "01-a.ipynb").write_text(book("mine"))
    copies.main(originals, mine)
    assert (mine / "01-a-mine.ipynb").read_text() == book("mine")
    assert json.loads((mine / ".copied.json").read_text())


def test_git_ignores_the_copies():
    assert "/my-notebooks/" in (REPOSITORY / ".gitignore").read_text().split("\n")


def test_what_is_stored_is_trusted_and_nothing_else(folders):
    originals, mine = folders
    trusted = lambda path: NotebookNotary().check_signature(nbformat.read(path, as_version=4))
    (mine / "02-b.ipynb").write_text(book("foreign"))
    copies.main(originals, mine)
    assert trusted(mine / "01-a.ipynb") and not trusted(mine / "02-b.ipynb")
    (mine / "01-a.ipynb").write_text(book("one", output="another"))
    assert not trusted(mine / "01-a.ipynb")
