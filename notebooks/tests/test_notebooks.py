"""Runs every other notebook whole, at small sizes, through scripts/tools/execute.py, and looks at the Chinese ones."""

import base64
import os
import pathlib
import re
import shutil
import subprocess
import sys

import nbformat
import pytest

import books
from books import CHINESE, ENGLISH, NOTEBOOKS, PATIENCE, REPOSITORY, client_for, is_check, name_of, parametrized, pictures, stream

import check_notebooks

PICTURES = {"height": 32, "width": 48, "epochs": 4}
PARAMETERS = {
    "from-python": {},
    "exercise-1": PICTURES,
    "exercise-2": {**PICTURES, "steps": 3},
    "exercise-3": {"longSide": 96, "epochs": 4},
    "exercise-4": {"perStyle": 600},
    "beyond": {"height": 48, "width": 72, "epochs": 4},
    "offline-network": {"height": 48, "width": 72},
    "what-came-after": PICTURES,
    "a-network-instead-of-an-image": {"channels": 4, "blocks": 1, "crop": 32, "steps": 5, "side": 60, "frames": 4, "outFolder": "EXECUTED/networks"},
    "laboratory": {"height": 32, "width": 48, "epochs": 3, "folder": "EXECUTED/runs"},
}


def parameters(path):
    return next(p for name, p in PARAMETERS.items() if name_of(path).startswith(name))


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    """Executes a notebook once and gives the path of the result."""
    folder, done = tmp_path_factory.mktemp("executed"), {}

    def execute(path):
        if path not in done:
            done[path] = folder / path.name
            values = [f"{name}={value}".replace("EXECUTED", str(folder)) for name, value in parameters(path).items()]
            # The chapter runs on the fastest engine. Here, with a few epochs each, XLA would compile longer than Go computes.
            run = subprocess.run([sys.executable, REPOSITORY / "scripts/tools/execute.py", path, done[path], *values],
                                 capture_output=True, text=True, timeout=2 * PATIENCE, env={**os.environ, "GOMLX_BACKEND": "go"})
            assert run.returncode == 0, run.stderr
        return done[path]

    return execute


@pytest.mark.parametrize("path", [p for p in ENGLISH if p != books.CHAPTER], ids=name_of)
def test_runs_whole(path, executed):
    out = executed(path)
    assert check_notebooks.problems(out) == []
    book = nbformat.read(out, as_version=4)
    checks = [c for c in book.cells if is_check(c)]
    assert checks or name_of(path) in ("beyond", "offline-network", "laboratory", "what-came-after")
    for cell in checks:
        if path.stem.endswith("-solution") or name_of(path) == "a-network-instead-of-an-image":
            assert "all right ✓" in stream(cell) and "not yet" not in stream(cell)
        else:
            assert "not yet" in stream(cell), "an open task must not be taken for a solution"
    for cell in (c for c in book.cells if c.cell_type == "code" and re.search(r"^%%\nif .*nfinished\(", c.source)):
        if path.stem.endswith("-solution"):
            assert (pictures(cell) or stream(cell)) and "finish task" not in stream(cell)
        else:
            assert re.fullmatch(r"finish task \d first · 先完成任务 \d\n", stream(cell)) and not pictures(cell), "no results of placeholders"


COMMENT = re.compile(r"(?:^[ \t]*//.*\n)+|[ \t]+// .*$", re.MULTILINE)


def bare(source):
    """Code without comments, and without the line that has programs speak Chinese."""
    return re.sub(COMMENT, "", source).replace("\n%env STYLEBOOK_LANGUAGE zh", "")


def shown(outputs):
    """All but the text, which is in the language of the notebook; of a page to play with, its pictures."""
    return [(o.output_type, o.get("name"), {kind: re.findall("base64,[A-Za-z0-9+/=]+", data) if kind == "text/html" else data
                                            for kind, data in o.get("data", {}).items()}) for o in outputs]


@pytest.mark.parametrize("path", CHINESE, ids=name_of)
def test_chinese_has_the_same_code(path):
    chinese, english = (nbformat.read(p, as_version=4) for p in (path, NOTEBOOKS / path.name.replace(".zh", "")))
    code = lambda book: [(bare(c.source), shown(c.outputs), c.metadata.get("tags")) for c in book.cells if c.cell_type == "code"]
    assert code(chinese) == code(english)
    comments = "".join("".join(re.findall(COMMENT, c.source)) for c in chinese.cells if c.cell_type == "code")
    assert not re.search(r"//.*\b(the|of|is|are|and)\b", comments), "comments are in Chinese"
    text = "".join(c.source for c in chinese.cells if c.cell_type == "markdown")
    assert len(re.findall("[\u4e00-\u9fff]", text)) > 100
    headings = lambda book: [line.split()[0] for c in book.cells if c.cell_type == "markdown" for line in c.source.split("\n")
                             if re.match(r"#+ ", line) and "术语" not in line]
    assert headings(chinese) == headings(english), "the same sections, but for the table of terms"


@pytest.mark.parametrize("path", CHINESE, ids=name_of)
def test_chinese_starts(path):
    """As far as the parameters, in a live kernel."""
    book = nbformat.read(path, as_version=4)
    last = next((i for i, c in enumerate(book.cells) if "parameters" in c.metadata.get("tags", [])), 2)
    book.cells = book.cells[:last + 1]
    client_for(book).execute()
    assert list(check_notebooks.executed_problems(book)) == []


@pytest.mark.parametrize("path", ENGLISH + CHINESE, ids=name_of)
def test_committed_notebook_is_clean(path):
    assert check_notebooks.problems(path, committed=True) == []
    if not check_notebooks.executed(path):
        pytest.skip("not executed yet: scripts/execute-all does it")
    if path.stem.endswith("-solution") or name_of(path).startswith("style-transfer"):
        for cell in nbformat.read(path, as_version=4).cells:
            assert cell.cell_type != "code" or "not yet" not in stream(cell)


@pytest.mark.parametrize("path", ENGLISH + CHINESE, ids=name_of)
def test_links_lead_somewhere(path):
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "markdown":
            for target in re.findall(r"\]\(([^)#\s]+)", cell.source):
                assert "://" in target or (NOTEBOOKS / target).exists(), target


def test_header_tells_what_it_takes():
    for path in ENGLISH + CHINESE:
        header = nbformat.read(path, as_version=4).cells[0].source
        rows = ("**你将学到**", "**所需时间**", "**所需条件**") if ".zh" in path.name else ("**You learn**", "**It takes**", "**You need**")
        assert all(row in header for row in rows), path.name


@pytest.mark.parametrize("name, right, wrong", [("01-style-transfer", "Right", "No"), ("01-style-transfer.zh", "对", "不对")])
def test_each_section_of_the_chapter_ends_with_a_quiz(name, right, wrong):
    """Three answers, one of them right, in HTML that JupyterLab lets through."""
    text = "\n".join(c.source if c.cell_type == "markdown" else "CODE" for c in nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4).cells)
    sections = re.split(r"^##+ ", text, flags=re.MULTILINE)
    method = next(i for i, section in enumerate(sections) if section.startswith(("Method", "方法")))
    end = next(i for i, section in enumerate(sections) if section.startswith(("Summary", "小结")))
    asked = [s for s in sections[method:end] if not s.startswith(("Defining the loss", "定义损失函数", "Three tabs", "三个版本"))]
    asked[-1] += sections[end - 1]  # the training's quiz stands after its three presets
    for section in asked:
        quiz = re.search(r"\*\*(Quiz\.|小测验。)\*\* .*\n\n((?:<details><summary>[ABC]\. .*</summary>.*</details>\n?){3})\s*$", section)
        assert quiz, section.split("\n")[0]
        verdicts = re.findall("</summary>([^\\W_]+)", quiz[2])
        assert sorted(v if v == wrong else right if v.startswith(right) else v for v in verdicts) == sorted([right, wrong, wrong]), quiz[2]
        assert set(re.findall("</?([a-z]+)", quiz[2])) <= {"details", "summary", "code"}


def test_only_the_list_tells_what_was_not_measured():
    assert "No GPU was measured" in (NOTEBOOKS / "README.md").read_text("utf-8")
    for path in ENGLISH + CHINESE:
        header = nbformat.read(path, as_version=4).cells[0].source
        assert not re.search("not measured|尚未测量", header), path.name


def page_of(path):
    subprocess.run([sys.executable, REPOSITORY / "scripts/tools/page.py", path], check=True, timeout=PATIENCE)
    return path.with_suffix(".html").read_text("utf-8")


def test_page_holds_all_it_shows(tmp_path, executed):
    """The page that scripts/run makes needs no other file and no connection."""
    shutil.copytree(NOTEBOOKS / "figures", tmp_path / "figures")
    book = nbformat.read(NOTEBOOKS / "01-style-transfer.zh.ipynb", as_version=4)
    book.metadata.language_info = {"name": "go", "pygments_lexer": ""}  # as the kernel tells it
    book.cells.append(nbformat.v4.new_markdown_cell(r"$\frac{a$ and $\frac{a<b}{c}$"))
    nbformat.write(book, tmp_path / "chapter.ipynb")
    chapter, beyond = page_of(tmp_path / "chapter.ipynb"), page_of(pathlib.Path(shutil.copy(executed(NOTEBOOKS / "10-beyond.ipynb"), tmp_path)))
    script = (REPOSITORY / "stylelib/nbui/play.js").read_text("utf-8")
    for page in chapter, beyond:
        page = page.replace(f"<script>{script}</script>", "")  # test_play.py lets it run
        assert not re.search(r"<script|<link|<iframe|@import|\bsrcset=|url\((?![\"']?data:)|\bsrc=\"(?!data:)", page)
        assert "Content-Security-Policy" in page and '<span class="kd">func</span>' in page
    formulas = re.findall(r'<img alt="([^"]*)" src="data:image/svg\+xml;base64,([^"]*)" style="height', chapter)
    written = sum(len(re.findall(r"\$\$?[^$`]+\$\$?", c.source)) for c in book.cells if c.cell_type == "markdown")
    assert len(formulas) == written - 1 and r"XX^\top" in dict(formulas) and r"<code>\frac{a</code>" in chapter
    assert all(b"<path" in base64.b64decode(data) for _, data in formulas)
    assert chapter.count('src="data:image/svg+xml;base64,') == 3 + len(formulas) and "格拉姆矩阵" in chapter
    assert beyond.count('src="data:image/jpeg;base64,') == 7


def nbmake(path):
    return subprocess.run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--nbmake", f"--nbmake-timeout={PATIENCE}", path],
                          capture_output=True, text=True, timeout=2 * PATIENCE, cwd=path.parent)


def test_nbmake(tmp_path):
    book = parametrized(NOTEBOOKS / "08-exercise-4.ipynb", perStyle="300")
    nbformat.write(book, tmp_path / "good.ipynb")
    assert nbmake(tmp_path / "good.ipynb").returncode == 0
    book.cells = book.cells[:2] + [nbformat.v4.new_code_cell("%%\nos.Exit(3)")]
    nbformat.write(book, tmp_path / "bad.ipynb")
    run = nbmake(tmp_path / "bad.ipynb")
    assert run.returncode == 1 and "1 failed" in run.stdout
