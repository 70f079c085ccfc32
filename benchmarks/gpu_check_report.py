# SPDX-FileCopyrightText: 2026 The Rondo authors
# SPDX-License-Identifier: Apache-2.0
"""What gpu-check makes of its figures: tables, and a verdict for each level that is aimed at.

A report is what gpu-check writes as JSON. A level is judged by what was measured alone: "met", "missed", "wrong" where
results were, or "not measured".
"""
COPY_SHARE = 0.92
STEP = "norm clip adamw"
TORCH_UPDATE = {148: 1.3, 2000: 3.0}
TORCH_STEP, COMPILED_STEP = 1.1, 1.0
ACCURACY, CPU_RATIO = 0.92, 20.0
PARITY = 1e-4


def latest(lines, *keys):
    """The last of all lines that are about the same; comparisons write one after every round."""
    return list({tuple(line[key] for key in keys): line for line in lines}.values())


def level(name, needed, found, wrong=0):
    """`found` is None where nothing was measured."""
    if wrong:
        verdict = "wrong"
    elif found is None:
        verdict = "not measured"
    else:
        verdict = "met" if found >= needed else "missed"
    return {"level": name, "at_least": needed, "found": found, "verdict": verdict}


def least(rows, key):
    return min((row[key] for row in rows), default=None)


def wrong_of(rows):
    return sum(row["wrong"] for row in rows)


def of_kernels(name, figures, chosen):
    rows = [row for row in figures if chosen(row["kernel"])]
    return level(f"{name}: x copy", COPY_SHARE, least(rows, "copy_ratio"), wrong_of(rows))


def levels_of_update(report):
    for tensors, ratio in TORCH_UPDATE.items():
        rows = [row for row in report["figures"] if (row["kernel"], row["tensors"]) == (STEP, tensors)]
        name = f"norm, clip, AdamW, {tensors} tensors"
        yield level(f"{name}: x copy", COPY_SHARE, least(rows, "copy_ratio"), wrong_of(rows))
        peers = [peer for peer in report["peers"] if peer["tensors"] == tensors]
        yield level(f"{name}: x torch", ratio, least(peers, "ratio"), wrong_of(rows))


def levels_of_step(report):
    wrong = wrong_of(report["steps"])
    for name, compiled, ratio in (("eager", False, TORCH_STEP), ("compiled", True, COMPILED_STEP)):
        peers = [peer for peer in report["step_peers"] if peer["compiled"] == compiled]
        yield level(f"ResNet-50 bf16 step: x torch {name}", ratio, least(peers, "ratio"), wrong)


def levels_of_training(report):
    job = report["main_job"]
    yield level("main job: test accuracy", ACCURACY, job.get("accuracy"))
    judged = job.get("ratio") if job.get("onednn", True) else None
    yield level("main job: x two cores", CPU_RATIO, judged)
    largest = [row["largest_difference"] for row in report["parity"]]
    yield {"level": "losses of ten steps: GPU - CPU", "at_most": PARITY, "found": max(largest, default=None),
           "verdict": "not measured" if not largest else "met" if max(largest) <= PARITY else "missed"}


def levels_of_allreduce(report):
    for ranks in (2, 3, 4):
        rows = [row for row in report["allreduce"] if row["ranks"] == ranks]
        paths = " ".join(sorted({row["path"] for row in rows}))
        yield {"level": f"allreduce 64 MiB, {ranks} ranks: right", "found": paths or None,
               "verdict": "not measured" if not rows else "wrong" if wrong_of(rows) else "met"}


def levels(report):
    return [*levels_of_update(report),
            of_kernels("tree sums", report["figures"], lambda kernel: kernel.startswith("tree")),
            of_kernels("casts", report["figures"], lambda kernel: " to " in kernel),
            *levels_of_step(report), *levels_of_training(report), *levels_of_allreduce(report)]


def level_table(rows):
    def text(value):
        return "-" if value is None else value if isinstance(value, str) else f"{value:.4g}"
    lines = [f"{'level':<44} {'limit':>10} {'found':>12}  verdict"]
    for row in rows:
        limit = f">= {row['at_least']:g}" if "at_least" in row else f"<= {row['at_most']:g}" if "at_most" in row else "-"
        lines.append(f"{row['level']:<44} {limit:>10} {text(row['found']):>12}  {row['verdict']}")
    return lines


def kernel_table(figures, peers):
    """Every kernel, and PyTorch's time for the same where there is one."""
    torch = {(peer["kernel"], peer["tensors"]): peer for peer in peers}
    lines = [f"{'kernel':<20} {'tensors':>7} {'ms':>9} {'GB/s':>8} {'x copy':>7} {'torch ms':>9} {'x torch':>8} {'wrong':>6}"]
    for row in figures:
        lines.append(f"{row['kernel']:<20} {row['tensors'] or '-':>7} {row['median_seconds'] * 1e3:>9.3f} "
                     f"{row['bytes_per_second'] / 1e9:>8.1f} {row['copy_ratio']:>7.3f} "
                     f"{beside(torch.get((row['kernel'], row['tensors'])))} {row['wrong']:>6}")
    return lines


def beside(peer):
    return f"{peer['torch_seconds'] * 1e3:>9.3f} {peer['ratio']:>8.2f}" if peer else f"{'-':>9} {'-':>8}"


def step_table(steps, peers):
    """Every training step beside PyTorch's, eager and compiled."""
    lines = [f"{'step':<20} {'batch':>7} {'ms':>9} {'samples/s':>9} {'TFLOP/s':>8} {'MiB':>7} {'torch ms':>9} {'x torch':>8} {'wrong':>6}"]
    for row in steps:
        lines.append(f"{row['model'] + ' ' + row['precision']:<20} {row['batch']:>7} {row['median_seconds'] * 1e3:>9.3f} "
                     f"{row['samples_per_second']:>9.1f} {row['flops_per_second'] / 1e12:>8.1f} {row['device_bytes'] >> 20:>7} "
                     f"{beside(next((peer for peer in peers if not peer['compiled']), None))} {row['wrong']:>6}")
    lines += [f"{'  torch.compile':<20} {peer['batch']:>7} {peer['seconds'] * 1e3:>9.3f} {'-':>9} {'-':>8} {'-':>7} {beside(peer)} {'-':>6}"
              for peer in peers if peer["compiled"]]
    return lines


def allreduce_table(rows):
    lines = [f"{'allreduce':<20} {'ranks':>7} {'ms':>9} {'GB/s':>8} {'bus GB/s':>8} {'wrong':>6}"]
    for row in rows:
        lines.append(f"{row['path'] + ' ' + row['sum']:<20} {row['ranks']:>7} {row['median_seconds'] * 1e3:>9.3f} "
                     f"{row['bytes_per_second'] / 1e9:>8.2f} {row['bus_bytes_per_second'] / 1e9:>8.2f} {row['wrong']:>6}")
    return lines


def tables(report):
    """Lines of text, the levels last."""
    return [*kernel_table(report["figures"], report["peers"]), *step_table(report["steps"], report["step_peers"]),
            *allreduce_table(report["allreduce"]), *level_table(report["levels"])]
