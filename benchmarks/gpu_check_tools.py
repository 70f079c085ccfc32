# SPDX-FileCopyrightText: 2026 The Rondo authors
# SPDX-License-Identifier: Apache-2.0
"""What gpu-check finds on a machine, runs and reads."""
import glob
import json
import os
import shutil
import signal
import struct
import subprocess
import tempfile

USAGE, NO_GPU, CANNOT_BUILD = 2, 77, 78


class CannotRun(Exception):
    """Ends the program with a reason and an exit code."""

    def __init__(self, code, reason):
        super().__init__(reason)
        self.code = code


class NoTime(Exception):
    """A part had no time left, or was stopped at the end of it."""


class PartSkipped(Exception):
    """A part that cannot run on this machine."""


class PartFailed(Exception):
    """A part that ran and found what must not be."""


def run(command, seconds, log, **environment):
    """Runs a command with its output in `log` and returns its exit code; stops it and all that it started after `seconds`."""
    if seconds <= 0:
        raise NoTime()
    with open(log, "ab") as output:
        with subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                              env={**os.environ, **environment}, start_new_session=True) as process:
            try:
                return process.wait(timeout=seconds)
            except subprocess.TimeoutExpired:
                raise NoTime() from None
            finally:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)


def last_lines(log, count=15):
    with open(log, encoding="utf-8", errors="replace") as file:
        return "".join(file.readlines()[-count:]).rstrip()


def bring_dependencies(deps):
    """Takes over what env.sh of slurm/bundle-deps' folder sets; an archive is unpacked beside the logs first."""
    if os.path.isfile(deps):
        folder = tempfile.mkdtemp(prefix="gpu-check-deps-")
        subprocess.run(["tar", "-xzf", deps, "-C", folder], check=True)
        deps = os.path.join(folder, "rondo-deps")
    answer = subprocess.run(["bash", "-c", '. "$1/env.sh" && env -0', "bash", deps], capture_output=True, check=False)
    if answer.returncode != 0:
        raise CannotRun(USAGE, f"--deps: {deps} has no env.sh that works: {answer.stderr.decode(errors='replace').strip()}")
    os.environ.update(entry.split("=", 1) for entry in answer.stdout.decode(errors="surrogateescape").split("\0") if "=" in entry)


def find_gpu():
    """The first GPU as nvidia-smi describes it."""
    if not shutil.which("nvidia-smi"):
        raise CannotRun(NO_GPU, "no NVIDIA driver here: there is no nvidia-smi")
    answer = subprocess.run(["nvidia-smi", "--query-gpu=name,compute_cap,driver_version", "--format=csv,noheader"],
                            capture_output=True, text=True, check=False)
    lines = answer.stdout.splitlines()
    if answer.returncode != 0 or not lines or lines[0].count(",") != 2:
        reason = (answer.stderr or answer.stdout).strip().splitlines()
        raise CannotRun(NO_GPU, f"no GPU that works here: nvidia-smi says: {reason[0] if reason else 'nothing'}")
    name, capability, driver = (field.strip() for field in lines[0].split(","))
    return {"device": name, "compute_capability": capability, "driver": driver}


def find_nvcc():
    named = os.environ.get("CUDACXX")
    nvcc = shutil.which(named) if named else shutil.which("nvcc") or shutil.which("nvcc", path="/usr/local/cuda/bin")
    if not nvcc:
        raise CannotRun(CANNOT_BUILD, "no nvcc here: install the CUDA toolkit, set CUDACXX, or name a build that was made elsewhere by --build")
    if not shutil.which("cmake"):
        raise CannotRun(CANNOT_BUILD, "no cmake here: install it, or name a build that was made elsewhere by --build")
    return nvcc


def libraries_of_python(python, nvcc, folder):
    """cuDNN and NCCL of Python's packages, which PyTorch brings, where the machine has none of its own: options of CMake.
    Their libraries are linked to in `folder` under the names that the linker looks for."""
    search = "import importlib.util as u; print(*(u.find_spec('nvidia') or exit()).submodule_search_locations, sep='\\n')"
    options = []
    toolkit = os.path.dirname(os.path.dirname(os.path.realpath(nvcc)))
    for package, header in (("cuDNN", "cudnn_version.h"), ("NCCL", "nccl.h")):
        if any(glob.glob(os.path.join(place, header)) for place in (
                f"{toolkit}/include", f"{toolkit}/targets/*/include", "/usr/include", "/usr/include/*")):
            continue
        found = [match for place in ask_python(python, search).splitlines() for match in glob.glob(f"{place}/{package.lower()}")]
        if found:
            target = os.path.join(folder, package)
            link_package(found[0], target)
            options.append(f"-D{package}_ROOT={target}")
    return options


def link_package(package, target):
    os.makedirs(os.path.join(target, "lib"))
    os.symlink(os.path.join(package, "include"), os.path.join(target, "include"))
    for library in glob.glob(f"{package}/lib/lib*.so.*"):
        name = os.path.basename(library)
        for link in {name, name[:name.index(".so") + 3]}:
            os.symlink(library, os.path.join(target, "lib", link))


def ask_python(python, question):
    try:
        return subprocess.run([python, "-c", question], capture_output=True, text=True, check=False).stdout
    except FileNotFoundError:
        return ""


def json_lines(path):
    """Whole lines only: the writer may have been stopped."""
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.endswith("\n") and line.strip()]


def error_line(log):
    """What a program says of why it cannot run."""
    lines = [line for line in last_lines(log, 40).splitlines() if "error:" in line]
    return lines[0].split("error:", 1)[1].strip() if lines else last_lines(log, 1)


def samples_per_second(metrics):
    """Of training alone, without the first tenth of the steps, in which memory is touched and kernels are chosen."""
    steps = [line for line in metrics if line["event"] == "step"]
    counted = steps[len(steps) // 10:]
    seconds = counted[-1]["seconds"] - counted[0]["seconds"] - sum(
        line["seconds"] for line in metrics if line["event"] == "evaluation" and line["step"] < counted[-1]["step"])
    return sum(line["samples"] for line in counted[1:]) / seconds


def losses(metrics):
    return [line["loss"] for line in metrics if line["event"] == "step"]


def write_images(folder, samples=640):
    """Images of 28x28 in ten classes as IDX files: numbers of a linear congruential generator, with a bright band where the
    class says, so that a network learns and does not make much of its last bits."""
    os.mkdir(folder)
    labels = bytes(i * 7 % 10 for i in range(samples))
    state, pixels = 1, bytearray()
    for label in labels:
        for place in range(28 * 28):
            state = (1664525 * state + 1013904223) % 2**32
            is_in_band = place // (2 * 28) == label + 2
            pixels.append(255 if is_in_band else state >> 26)
    for split in ("train", "t10k"):
        with open(os.path.join(folder, split + "-images-idx3-ubyte"), "wb") as file:
            file.write(struct.pack(">4I", 0x803, samples, 28, 28) + pixels)
        with open(os.path.join(folder, split + "-labels-idx1-ubyte"), "wb") as file:
            file.write(struct.pack(">2I", 0x801, samples) + labels)
    return folder
