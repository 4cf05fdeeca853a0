"""Makes a wheel of the command, and prints the file's name.

    wheel.py NAME SYSTEM TIME PROGRAM-FOLDER OUT-FOLDER [REQUIREMENT]

TIME is that of the commit, in seconds; it is the version, too. With a requirement, the package that brings XLA's plugin, a
launcher shows the program where pip has put that; else the program itself is what pip puts into the PATH.
"""

import base64
import hashlib
import pathlib
import re
import sys
import time
import zipfile

SYSTEMS = {"linux-arm64": "manylinux_2_17_aarch64", "darwin-arm64": "macosx_12_0_arm64", "darwin-amd64": "macosx_12_0_x86_64",
           "windows-amd64": "win_amd64"}

LAUNCHER = '''\
"""Starts the command, and shows it where XLA's plugin is."""

import importlib.util
import os
import sys


def main():
    plugin = importlib.util.find_spec("{plugin}")
    if plugin and plugin.submodule_search_locations:
        os.environ.setdefault("PJRT_PLUGIN_LIBRARY_PATH", plugin.submodule_search_locations[0])
    program = os.path.join(os.path.dirname(os.path.abspath(__file__)), "stylize")
    os.execv(program, [program, *sys.argv[1:]])
'''


def platform(system, program):
    """The tag of a system: of one that is linked with the C library, by the newest version that it asks for."""
    if system in SYSTEMS:
        return SYSTEMS[system]
    versions = [int(v) for v in re.findall(rb"\0GLIBC_2\.(\d+)(?=\0|\.)", program)]
    return f"manylinux_2_{max(versions)}_x86_64"


def contents(name, stem, system, folder, requirement):
    """Yields path, bytes and whether it is executed, for each file but the list of all."""
    program = next(folder.glob("stylize*"))
    binary = program.read_bytes()
    info = f"{stem}.dist-info"
    if requirement:
        package = f"{re.sub('[^a-z0-9]', '_', name.lower())}_command"
        plugin = requirement.split("==")[0].replace("-", "_")
        yield f"{package}/__init__.py", LAUNCHER.format(plugin=plugin).encode(), False
        yield f"{package}/{program.name}", binary, True
        yield f"{info}/entry_points.txt", f"[console_scripts]\nstylize = {package}:main\n".encode(), False
    else:
        yield f"{stem}.data/scripts/{program.name}", binary, True
    licences = [folder / "LICENSE", folder / "THIRD_PARTY.md", *sorted(p for p in (folder / "LICENSES").rglob("*") if p.is_file())]
    head = ["Metadata-Version: 2.4", f"Name: {name}", f"Version: {stem.rpartition('-')[2]}",
            "Summary: Paints one picture in the style of another", "License-Expression: Apache-2.0", "Requires-Python: >=3.10",
            *(f"License-File: {p.relative_to(folder)}" for p in licences), *([f"Requires-Dist: {requirement}"] if requirement else []),
            "Description-Content-Type: text/markdown", "", (folder / "README.md").read_text("utf-8")]
    yield f"{info}/METADATA", "\n".join(head).encode(), False
    yield f"{info}/WHEEL", f"Wheel-Version: 1.0\nGenerator: stylebook\nRoot-Is-Purelib: false\nTag: py3-none-{platform(system, binary)}\n".encode(), False
    for path in licences:
        yield f"{info}/licenses/{path.relative_to(folder)}", path.read_bytes(), False


def main():
    name, system, seconds, folder, out, *requirement = sys.argv[1:]
    when = time.gmtime(int(seconds))
    stem = f"{re.sub('[-_.]+', '_', name).lower()}-0.0.{time.strftime('%Y%m%d%H%M%S', when)}"
    files = list(contents(name, stem, system, pathlib.Path(folder), "".join(requirement)))
    record = f"{stem}.dist-info/RECORD"
    lines = []
    for path, data, _ in files:
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        lines.append(f"{path},sha256={digest},{len(data)}\n")
    files.append((record, "".join([*lines, f"{record},,\n"]).encode(), False))
    tag = next(data for path, data, _ in files if path.endswith("/WHEEL")).decode().split()[-1]
    with zipfile.ZipFile(pathlib.Path(out) / f"{stem}-{tag}.whl", "w", zipfile.ZIP_DEFLATED) as wheel:
        for path, data, executed in files:
            entry = zipfile.ZipInfo(path, when[:6])
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, (0o100755 if executed else 0o100644) << 16
            wheel.writestr(entry, data)
    print(f"{stem}-{tag}.whl")


if __name__ == "__main__":
    main()
