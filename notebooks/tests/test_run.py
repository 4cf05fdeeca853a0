"""What scripts/run does when things go wrong: the cause is printed, and nothing stays at work."""

import os
import shutil
import signal
import subprocess
import sys
import time

import nbformat
import psutil
import pytest

from books import CHAPTER, OURS, PATIENCE, REPOSITORY, TRAINING, chapter, only

OURS_STYLE = REPOSITORY / "data/style.jpg"
EXECUTE = [sys.executable, str(REPOSITORY / "scripts/tools/execute.py")]


@pytest.mark.parametrize("who, number", [("parent", signal.SIGKILL), ("parent", signal.SIGTERM), ("execute.py", signal.SIGKILL),
                                         ("execute.py", signal.SIGHUP), ("execute.py", signal.SIGINT)])
def test_nothing_outlives_a_kill(tmp_path, who, number):
    nbformat.write(only(chapter(tmp_path, epochs="1000000", **OURS), TRAINING), tmp_path / "training.ipynb")
    command = [*EXECUTE, str(tmp_path / "training.ipynb"), str(tmp_path / "out.ipynb")]
    log = open(tmp_path / "log", "w+")
    family = []
    parent = subprocess.Popen(["sh", "-c", '"$@"; :', "sh", *command], stderr=log)
    try:
        deadline = time.monotonic() + PATIENCE
        while "/1000000 " not in (tmp_path / "log").read_text():
            assert parent.poll() is None and time.monotonic() < deadline, (tmp_path / "log").read_text()
            time.sleep(0.2)
        family = psutil.Process(parent.pid).children(recursive=True)
        assert len(family) >= 3, family  # execute.py, the kernel, the cell's program
        (family[0] if who == "execute.py" else psutil.Process(parent.pid)).send_signal(number)
        parent.wait(PATIENCE)
        _, alive = psutil.wait_procs(family, timeout=PATIENCE)
        assert not alive
        assert "Traceback" not in (tmp_path / "log").read_text()
    finally:
        for process in family or psutil.Process(parent.pid).children(recursive=True):
            if process.is_running():
                process.kill()


def failing(tmp_path, monkeypatch, *parameters, **environment):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    folder = tmp_path / "{odd}"  # a name that templates would fill in
    folder.mkdir(exist_ok=True)
    command = [*EXECUTE, str(CHAPTER), str(folder / "out.ipynb"), f"outPath={tmp_path}/out.png", "epochs=1", "height=48", "width=72", *parameters]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace")
    assert done.returncode == 1 and "Traceback" not in done.stderr and not (tmp_path / "out.png").exists()
    return done.stderr


def test_the_cause_is_printed(tmp_path, monkeypatch):
    bad = tmp_path / 'a "$b` picture.jpg'
    bad.write_bytes(bytes(range(256)))
    assert "is not a picture in a known format" in failing(tmp_path, monkeypatch, f"contentPath={bad}")
    assert (tmp_path / "{odd}/out.ipynb").exists()
    assert "there is no engine \"nope\"" in failing(tmp_path, monkeypatch, GOMLX_BACKEND="nope")
    monkeypatch.delenv("GOMLX_BACKEND")
    assert "is of an unknown kind" in failing(tmp_path, monkeypatch, STYLEBOOK_WEIGHTS=str(bad))
    name = os.fsdecode(bytes(tmp_path) + b"/\xff.jpg")
    shutil.copy(bad, name)
    assert "is not UTF-8" in failing(tmp_path, monkeypatch, f"contentPath={name}")


def test_in_place(tmp_path):
    """Outputs come into the notebook, a piece of a stream to its neighbours; one that fails stays as it was."""
    path, cells = tmp_path / "book.ipynb", ['%%\nfmt.Println("a")\nos.Stdout.Sync()\ntime.Sleep(time.Second)\nfmt.Println("b")', "%%\nos.Exit(3)"]
    for count in 1, 2:
        book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells[:count]])
        nbformat.write(book, path)
        before = path.read_text()
        done = subprocess.run([*EXECUTE, "--in-place", str(path)], capture_output=True, text=True, timeout=PATIENCE)
        if count == 1:
            assert done.returncode == 0, done.stderr
            outputs = nbformat.read(path, as_version=4).cells[0].outputs
            assert [o.text for o in outputs] == ["a\nb\n"] and "slowest cell 1" in done.stdout
        else:
            assert done.returncode == 1 and "a cell failed" in done.stderr and path.read_text() == before
    assert os.listdir(tmp_path) == ["book.ipynb"]


@pytest.mark.parametrize("arguments, cause", [
    ([], "HOME is not set"), (["picture.jpg"], "usage: "), (["none.jpg", "none.jpg"], "none.jpg: no such picture"),
    (["--fast"], "usage: "), (["--epochs"], "--epochs needs a number")])
def test_wrong_use_is_told(tmp_path, arguments, cause):
    environment = dict(os.environ, HOME="" if not arguments else os.environ["HOME"])
    done = subprocess.run([REPOSITORY / "scripts/run", *arguments], capture_output=True, text=True, cwd=tmp_path, env=environment, timeout=PATIENCE)
    assert done.returncode in (1, 2) and cause in done.stderr and not done.stdout and not os.listdir(tmp_path)


@pytest.mark.parametrize("first, cause", [
    (None, "is not a file"), (b"", "is empty"), (b"\0\0\0\x18ftypisom\0\0\0\0", "is a film"),
    (b"II+\0\x08\0\0\0", "is not a picture in JPEG, PNG, HEIC, AVIF, WebP, TIFF, GIF or BMP"), (b"RIFF\0\0\0\0WAVEfmt ", "is not a picture in JPEG")])
def test_pictures_are_looked_at_before_setup(tmp_path, first, cause):
    (tmp_path / "scripts").mkdir()
    for name in "run", "lib.sh":
        shutil.copy(REPOSITORY / "scripts" / name, tmp_path / "scripts")
    picture = tmp_path / "a b.jpg"
    picture.mkdir() if first is None else picture.write_bytes(first)
    for pair in [picture, OURS_STYLE], [OURS_STYLE, picture]:
        done = subprocess.run([tmp_path / "scripts/run", *pair], capture_output=True, text=True, timeout=PATIENCE)
        assert done.returncode == 1 and f"{picture} " in done.stderr and cause in done.stderr
        assert done.stderr.count("\n") == 1 and not done.stdout


@pytest.mark.parametrize("name", ["24.bmp", "frames.gif", "lossy.webp", "1x1.webp", "gray.png", "gray.jpg", "formats/plain.heic", "formats/plain.avif", "formats/lzw.tif",
                                  "formats/big-endian.tif"])
def test_kinds_that_can_be_read_pass_the_look(tmp_path, name):
    (tmp_path / "scripts").mkdir()
    for script in "run", "lib.sh":
        shutil.copy(REPOSITORY / "scripts" / script, tmp_path / "scripts")
    (tmp_path / "scripts/setup").write_text("#!/bin/sh\necho set up; exit 4\n")
    (tmp_path / "scripts/setup").chmod(0o755)
    picture = REPOSITORY / "stylelib/internal/imagefile/testdata" / name
    done = subprocess.run([tmp_path / "scripts/run", picture, OURS_STYLE], capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 4 and done.stdout == "set up\n" and not done.stderr


@pytest.mark.parametrize("folder, python, cause", [
    ('a "quoted" one', "", "the folder's path holds one of"), ("a $HOME", "", "the folder's path holds one of"),
    ("plain", "exit 127", "older or broken"), ("plain", 'case "$*" in *venv*) exit 1; esac', "has no venv module")])
def test_setup_tells_what_it_lacks(tmp_path, folder, python, cause):
    shutil.copytree(REPOSITORY / "scripts", tmp_path / folder / "scripts")
    for name in ["python", "python3", *(f"python3.{minor}" for minor in range(10, 14))] if python else []:
        (tmp_path / name).write_text(f"#!/bin/sh\n{python}\n")
        (tmp_path / name).chmod(0o755)
    environment = dict(os.environ, PATH=f"{tmp_path}:{os.environ['PATH']}")
    done = subprocess.run([tmp_path / folder / "scripts/setup"], capture_output=True, text=True, env=environment, timeout=PATIENCE)
    assert done.returncode == 1 and cause in done.stderr and done.stderr.count("\n") == 1 and not done.stdout


@pytest.mark.parametrize("epochs", ["0", "00", "-1", "99999999999999999999", "x", "", "1.5"])
def test_epochs_are_a_number(epochs):
    done = subprocess.run([REPOSITORY / "scripts/run", "--epochs", epochs], capture_output=True, text=True)
    assert done.returncode == 1 and done.stderr == "run: --epochs: give a number from 1 to 999999\n"
