"""JupyterHub for a course: everybody has an account on this machine, and all share one clone, in which setup ran with HOME=home.

README.md beside this file says how it is used. The settings that a course changes are the first three.
"""

import json
import os
import pathlib
import subprocess

from jupyterhub.spawner import LocalProcessSpawner

c = get_config()  # noqa: F821
c.Spawner.mem_limit = os.environ.get("COURSE_MEMORY", "3G")
c.Spawner.cpu_limit = float(os.environ.get("COURSE_THREADS", "2"))
c.LocalAuthenticator.allowed_groups = {os.environ.get("COURSE_GROUP", "course")}

course = pathlib.Path(__file__).resolve().parents[2]
home = course / "home"  # setup's: Go's caches, XLA's plugin and the weights are there
venv = course / ".stylebook/venv"
cgroups = pathlib.Path("/sys/fs/cgroup")


def kernelspec():
    """The clone's kernel, but for its log: each has one of their own."""
    spec = json.loads((venv / "share/jupyter/kernels/stylebook/kernel.json").read_text())
    rest = [a for a in spec["argv"] if "kernel.log" not in a]
    log = '"$HOME/.cache/stylebook-kernel.log"'
    spec["argv"] = ["/bin/sh", "-c", f'exec "$@" --extra_log={log} --log_file={log}', "sh", *rest]
    folder = home / "jupyter/kernels/stylebook"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "kernel.json").write_text(json.dumps(spec))


def limits(name, memory, threads):
    """Makes somebody's control groups, and gives the files into which a process writes itself to be in them."""
    if (cgroups / "cgroup.controllers").exists():
        (cgroups / "cgroup.subtree_control").write_text("+memory +cpu")
        (cgroups / "stylebook").mkdir(exist_ok=True)
        (cgroups / "stylebook/cgroup.subtree_control").write_text("+memory +cpu")
        wanted = {"stylebook": {"memory.max": memory, "cpu.max": f"{int(threads * 100000)} 100000"}}
    else:
        wanted = {"memory/stylebook": {"memory.limit_in_bytes": memory}, "cpu/stylebook": {"cpu.cfs_quota_us": int(threads * 100000)}}
    for group, values in wanted.items():
        (cgroups / group / name).mkdir(parents=True, exist_ok=True)
        for file, value in values.items():
            (cgroups / group / name / file).write_text(str(value))
    return [cgroups / group / name / "cgroup.procs" for group in wanted]


class CourseSpawner(LocalProcessSpawner):
    """Starts a server below the limits of its user."""

    def make_preexec_fn(self, name):
        become_user = super().make_preexec_fn(name)
        groups = limits(name, self.mem_limit, self.cpu_limit)

        def begin():
            for group in groups:
                group.write_text(str(os.getpid()))
            become_user()

        return begin

    def get_env(self):
        threads = str(max(1, int(self.cpu_limit)))
        return {**super().get_env(), "GOMAXPROCS": threads, "NPROC": threads}  # XLA reads the second


kernelspec()
subprocess.run(["find", home / ".cache/go-build", "-type", "f", "-exec", "touch", "{}", "+"], check=True)  # Go throws away what is old

c.JupyterHub.spawner_class = CourseSpawner
c.ConfigurableHTTPProxy.command = [str(venv / "bin/configurable-http-proxy")]
c.Spawner.cmd = [str(course / "kernel-config/hub/start"), str(course), str(venv / "bin/jupyterhub-singleuser")]
c.Spawner.notebook_dir = "~/stylebook"
c.Spawner.default_url = "/lab/tree/notebooks/01-style-transfer.ipynb"
c.Spawner.environment = {"JUPYTER_PATH": str(home / "jupyter"), "GOMODCACHE": str(home / "go/pkg/mod"), "GOPROXY": "off"}
c.Spawner.args = ["--MultiKernelManager.default_kernel_name=stylebook"]
