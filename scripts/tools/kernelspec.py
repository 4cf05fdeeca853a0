"""Writes the kernelspec of this folder and this machine, Lab's settings and what papermill needs where the venv's Jupyter looks first.

    kernelspec.py CONFIG SHARE      CONFIG is kernel-config, SHARE the venv's share/jupyter; @NAME@ is filled in from the environment
"""

import json
import os
import pathlib
import re
import sys
import sysconfig


def fill(text, dollar="$"):
    return re.sub("@([A-Z_]+)@", lambda m: os.environ.get(m[1], "").replace("$", dollar), text)


def put(path, text):
    if not path.exists() or path.read_text() != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        part.write_text(text)
        part.replace(path)


config, share = map(pathlib.Path, sys.argv[1:])
spec = json.loads((config / "kernel.json").read_text())
spec["argv"] = [fill(x) for x in spec["argv"]]
spec["env"] = {k: fill(v, "$$") for k, v in spec["env"].items()}  # Jupyter fills in ${...} there
put(share / "kernels/stylebook/kernel.json", json.dumps(spec, indent=1, ensure_ascii=False) + "\n")
put(share / "lab/settings/overrides.json", (config / "lab-settings.json").read_text())
for file in [*config.glob("papermill/*.py"), *config.glob("papermill/*.dist-info/*")]:  # for a papermill that is installed there
    put(pathlib.Path(sysconfig.get_path("purelib"), file.relative_to(config / "papermill")), file.read_text())
