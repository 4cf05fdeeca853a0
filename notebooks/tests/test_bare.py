"""Setup where there is Python, a Go that is too old, and no C compiler."""

import os
import shutil
import subprocess
import sys

import pytest

from books import REPOSITORY

PROGRAMS = """bash sh env uname id awk sed grep cat mkdir rm cp mv ln ls find basename dirname cksum paste head tail tr sort cut date nice
sleep kill mktemp chmod touch od readlink""".split()
OURS = ("GO", "CGO", "CC", "STYLEBOOK", "JUPYTER", "VIRTUAL_ENV", "PYTEST", "PJRT")


@pytest.fixture
def bare(tmp_path):
    """A copy of what git knows and an environment with little in PATH; the caches of packages are those of the account."""
    clone, path = tmp_path / "clone", tmp_path / "bin"
    names = subprocess.run(["git", "-C", REPOSITORY, "ls-files", "-co", "--exclude-standard"], capture_output=True, text=True, check=True).stdout
    for name in filter(lambda n: (REPOSITORY / n).is_file(), names.splitlines()):
        (clone / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(REPOSITORY / name, clone / name)
    script = (clone / "scripts/lib.sh").read_text()
    assert script.count("/usr/local/go/bin/go") == 1
    (clone / "scripts/lib.sh").write_text(script.replace("/usr/local/go/bin/go", f"{tmp_path}/none"))
    path.mkdir()
    for program in PROGRAMS:
        (path / program).symlink_to(shutil.which(program))
    (path / "python3").symlink_to(os.path.realpath(sys.executable))
    (path / "go").write_text("#!/bin/sh\nexit 1\n")  # what one that is too old says of go.mod
    (path / "go").chmod(0o755)
    environment = {k: v for k, v in os.environ.items() if not k.startswith(OURS)}
    yield clone, {**environment, "PATH": str(path), "STYLEBOOK_WEIGHTS": "offline"}
    subprocess.run(["chmod", "-R", "u+w", tmp_path], check=True)
    shutil.rmtree(tmp_path)


def test_python_is_all_that_must_be_there(bare):
    clone, environment = bare
    setup = subprocess.run([clone / "scripts/setup", "--no-gopls", "--no-weights", "--preview", clone / "data/content.jpg", clone / "data/style.jpg",
                            clone / "picture.png"], capture_output=True, text=True, env=environment, timeout=3000)
    if "no network" in setup.stderr:
        pytest.skip("no package index answers")
    assert setup.returncode == 0, setup.stdout + setup.stderr
    first = setup.stdout.split("\n")[0]
    assert "brings what is missing, as far as your caches lack it: Go 70 MB, Jupyter" in first and "XLA" not in first
    assert setup.stderr.count("\n") == 1 and "the pure-Go engine serves" in setup.stderr
    assert (clone / "picture.png").read_bytes().startswith(b"\x89PNG")
    check = subprocess.run(["bash", "-c", '. scripts/lib.sh && stylebook_env && exec "$stylebook_venv/bin/python" scripts/tools/check_lab.py "$PWD"'],
                           capture_output=True, text=True, cwd=clone, env=environment, timeout=1000)
    assert check.returncode == 0, check.stdout + check.stderr
    assert "kernel   a cell runs: go1.26.5, go" in check.stdout and check.stdout.endswith("all works: scripts/lab opens the notebooks\n")
    assert (clone / ".stylebook/go/bin/go").exists()
