# SPDX-FileCopyrightText: 2026 The Rondo authors
# SPDX-License-Identifier: Apache-2.0
"""What compare-gpu-optimizer and compare-gpu-step share: rondo-bench-gpu and PyTorch taking turns on one GPU."""
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
SKIPPED = 77


def rondo_lines(program, arguments, number):
    """Runs rondo-bench-gpu and returns its figures. It verifies its results in the first round only."""
    if number > 0:
        arguments = [*arguments, "--no-verify"]
    with tempfile.TemporaryDirectory() as folder:
        report = os.path.join(folder, "figures.ndjson")
        subprocess.run([program, *arguments, "--json", report], check=True, stdout=subprocess.DEVNULL)
        with open(report, encoding="utf-8") as file:
            return [json.loads(line) for line in file]


def torch_seconds(torch, step, warmup, repeats):
    """The median time of a step on the GPU's clock; as rondo-bench-gpu, nothing waits between steps."""
    for _ in range(warmup):
        step()
    laps = [[torch.cuda.Event(enable_timing=True) for _ in range(2)] for _ in range(repeats)]
    for begin, end in laps:
        begin.record()
        step()
        end.record()
    torch.cuda.synchronize()
    return statistics.median(begin.elapsed_time(end) * 1e-3 for begin, end in laps)


def take_turns(torch, ours, theirs, rounds):
    """Rounds of both in turn, each of which returns seconds; ours gets its round's number. Yields after every round, so
    that there is something to report if the next one is not finished: medians, and that of each round's ratio."""
    pairs = []
    for number in range(rounds):
        pairs.append((ours(number), theirs()))
        ratios = [torch_round / rondo_round for rondo_round, torch_round in pairs]
        yield {"peer": f"torch {torch.__version__}", "seconds": statistics.median(pair[0] for pair in pairs),
               "torch_seconds": statistics.median(pair[1] for pair in pairs), "ratio": statistics.median(ratios),
               "ratios": ratios, "rounds": rounds}


def report(name, figures, path):
    """Prints a comparison after a round and appends it to the file, if any: the last line of a comparison counts."""
    print(f"{name}: rondo {figures['seconds'] * 1e3:.3f} ms, torch {figures['torch_seconds'] * 1e3:.3f} ms, "
          f"torch / rondo {figures['ratio']:.2f} ({' '.join(f'{ratio:.2f}' for ratio in figures['ratios'])})", flush=True)
    if path:
        with open(path, "a", encoding="utf-8") as file:
            file.write(json.dumps(figures) + "\n")


def import_torch():
    """PyTorch with a GPU; without, the program ends with code 77 and a reason."""
    try:
        import torch
    except ImportError as error:
        print(f"skipped: no PyTorch here: {error}")
        sys.exit(SKIPPED)
    if not torch.cuda.is_available():
        print("skipped: this PyTorch has no GPU")
        sys.exit(SKIPPED)
    return torch


def option_parser(description, repeats):
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=os.path.join(HERE, "../../build/cuda/bin/rondo-bench-gpu"),
                        help="rondo-bench-gpu (default: of the preset cuda)")
    parser.add_argument("--rounds", type=int, default=3, help="of each, in turn (default: %(default)s)")
    parser.add_argument("--repeats", type=int, default=repeats, help="steps in a round (default: %(default)s)")
    parser.add_argument("--json", help="append the figures to this file")
    return parser
