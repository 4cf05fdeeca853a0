"""A wheel of the command: pip puts it into the PATH, and the launcher shows it XLA's plugin."""

import os
import subprocess
import sys

import pytest

from books import REPOSITORY

PROGRAM = '#!/bin/sh\n# \0GLIBC_2.4\0GLIBC_2.34\0GLIBC_2.2.5\0\necho "$PJRT_PLUGIN_LIBRARY_PATH|$*"\nexit 3\n'


@pytest.fixture
def install(tmp_path):
    """Makes a wheel of a program that tells what it is given, and installs it with a plugin's package, if there is one."""

    def make(system, *requirement, plugin=False):
        folder = tmp_path / system
        (folder / "LICENSES/go").mkdir(parents=True)
        (folder / "stylize").write_text(PROGRAM)
        for name in ["LICENSE", "THIRD_PARTY.md", "LICENSES/go/LICENSE", "README.md"]:
            (folder / name).write_text(name)
        tool = [sys.executable, str(REPOSITORY / "scripts/tools/wheel.py"), "Some-Name", system, "1796038978", str(folder), str(tmp_path)]
        name = subprocess.run([*tool, *requirement], capture_output=True, text=True, check=True).stdout.strip()
        whole = (tmp_path / name).read_bytes()
        subprocess.run([*tool, *requirement], capture_output=True, check=True)
        assert (tmp_path / name).read_bytes() == whole
        venv = tmp_path / "venv"
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv], check=True)
        if plugin:
            site = next(venv.glob("lib/python*/site-packages"))
            (site / "some_plugin").mkdir()
            (site / "some_plugin/__init__.py").touch()
        done = subprocess.run([sys.executable, "-m", "pip", "--python", venv / "bin/python", "install", "-q", "--no-index", "--no-deps",
                               "--disable-pip-version-check", tmp_path / name], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return name, venv

    return make


def run(venv, **more):
    environment = {k: v for k, v in os.environ.items() if k != "PJRT_PLUGIN_LIBRARY_PATH"}
    done = subprocess.run([venv / "bin/stylize", "-out", "a b.png"], capture_output=True, text=True, env={**environment, **more})
    assert done.returncode == 3, done
    return done.stdout.strip()


def test_the_plugin_is_shown(install):
    name, venv = install("linux-amd64", "some-plugin==1.2", plugin=True)
    assert name == "some_name-0.0.20261130114258-py3-none-manylinux_2_34_x86_64.whl"
    assert run(venv) == f"{next(venv.glob('lib/python*/site-packages'))}/some_plugin|-out a b.png"
    assert run(venv, PJRT_PLUGIN_LIBRARY_PATH="/elsewhere") == "/elsewhere|-out a b.png"
    metadata = next(venv.glob("lib/python*/site-packages/*.dist-info/METADATA")).read_text()
    assert "\nRequires-Dist: some-plugin==1.2\n" in metadata and "\nLicense-File: LICENSES/go/LICENSE\n" in metadata


def test_without_the_plugin(install):
    _, venv = install("linux-amd64", "some-plugin==1.2")
    assert run(venv) == "|-out a b.png"


def test_each_system_has_its_own(install):
    with pytest.raises(AssertionError, match="_amd64.whl is not a supported wheel"):
        install("windows-amd64")
