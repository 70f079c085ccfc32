#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Rondo authors
# SPDX-License-Identifier: Apache-2.0
"""The step of `rondo-bench step` under PyTorch DistributedDataParallel over gloo, without I/O.

    mpirun -np 2 python3 torch_image.py --precision bf16 --batch 64 --steps 50

Also starts under torchrun, and alone as one rank. The network is `cnn` of lib/nn/models.cpp, the
data synthetic 28x28 images that stay the same, the optimizer SGD with momentum. One micro-batch of
`--batch` samples a rank and accumulation; one thread a rank unless `--threads` says otherwise.
Rank 0 prints samples/s of the whole job: median and spread over the repeats.
"""
import argparse
import contextlib
import os
import statistics
import time
import warnings

import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel

CLASSES = 10


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--precision", choices=["f32", "bf16"], default="f32")
    parser.add_argument("--batch", type=int, default=64, help="samples of a micro-batch")
    parser.add_argument("--accumulate", type=int, default=1, help="micro-batches a rank and step")
    parser.add_argument("--steps", type=int, default=50, help="steps of a repeat")
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--warmup", type=int, default=10, help="steps before the clock runs")
    parser.add_argument("--threads", type=int, default=1, help="threads a rank")
    parser.add_argument("--channels-last", action="store_true", help="(N, H, W, C) in memory")
    parser.add_argument("--compile", action="store_true", help="fuse with torch.compile")
    return parser.parse_args()


def join_group() -> tuple[int, int]:
    """Rank and size from mpirun's or torchrun's environment."""
    rank = int(os.environ.get("OMPI_COMM_WORLD_RANK", os.environ.get("RANK", "0")))
    size = int(os.environ.get("OMPI_COMM_WORLD_SIZE", os.environ.get("WORLD_SIZE", "1")))
    os.environ.setdefault("MASTER_ADDR", "localhost")
    os.environ.setdefault("MASTER_PORT", "29531")
    dist.init_process_group("gloo", rank=rank, world_size=size)
    return rank, size


def make_cnn() -> nn.Module:
    """Three blocks of convolution, normalisation and pooling, as `cnn` of lib/nn/models.cpp."""
    layers: list[nn.Module] = []
    channels = 1
    for out_channels in (32, 64, 128):
        layers += [nn.Conv2d(channels, out_channels, 3, padding=1, bias=False),
                   nn.BatchNorm2d(out_channels), nn.ReLU(inplace=True), nn.MaxPool2d(2)]
        channels = out_channels
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(channels * 3 * 3, CLASSES))


class StepLoop:
    """Model, optimizer and data of one rank."""

    def __init__(self, options: argparse.Namespace, rank: int):
        torch.manual_seed(1)
        layout = torch.channels_last if options.channels_last else torch.contiguous_format
        model = DistributedDataParallel(make_cnn().to(memory_format=layout),
                                        broadcast_buffers=False, gradient_as_bucket_view=True)
        self.model = torch.compile(model) if options.compile else model
        self.no_sync = model.no_sync
        self.optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9, foreach=True)
        self.bf16 = options.precision == "bf16"
        torch.manual_seed(100 + rank)
        self.batches = [
            ((2 * torch.rand(options.batch, 1, 28, 28) - 1).contiguous(memory_format=layout),
             torch.arange(options.batch) % CLASSES) for _ in range(options.accumulate)]

    def backward(self, images: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=self.bf16):
            logits = self.model(images)
        loss = nn.functional.cross_entropy(logits.float(), labels) / len(self.batches)
        loss.backward()
        return loss.detach()

    def run(self) -> float:
        self.optimizer.zero_grad(set_to_none=True)
        loss = torch.zeros(())
        for index, batch in enumerate(self.batches):
            last = index + 1 == len(self.batches)
            with contextlib.nullcontext() if last else self.no_sync():
                loss += self.backward(*batch)
        self.optimizer.step()
        return loss.item()


def seconds_of_slowest_rank(loop: StepLoop, steps: int) -> float:
    dist.barrier()
    begin = time.perf_counter()
    for _ in range(steps):
        loop.run()
    seconds = torch.tensor(time.perf_counter() - begin, dtype=torch.float64)
    dist.all_reduce(seconds, op=dist.ReduceOp.MAX)
    return seconds.item()


def main() -> None:
    options = parse_options()
    warnings.filterwarnings("ignore", category=FutureWarning)  # newer releases rename arguments
    torch.set_num_threads(options.threads)
    torch.set_num_interop_threads(1)
    rank, size = join_group()
    loop = StepLoop(options, rank)

    losses = [loop.run() for _ in range(max(2, options.warmup))]
    if not losses[-1] < losses[0]:
        raise SystemExit(f"the loss did not fall during warm-up ({losses[0]} to {losses[-1]})")
    samples = options.steps * options.batch * options.accumulate * size
    rates = [samples / seconds_of_slowest_rank(loop, options.steps) for _ in range(options.repeats)]

    if rank == 0:
        print(f"torch {torch.__version__}: {options.precision}, {size} ranks x {options.threads} threads, "
              f"batch {options.batch} x {options.accumulate}: {statistics.median(rates):.0f} samples/s "
              f"(median of {options.repeats}; {min(rates):.0f} to {max(rates):.0f})", flush=True)
    dist.barrier()
    os._exit(0)  # the teardown of gloo's threads aborts now and then, after all is measured


if __name__ == "__main__":
    main()
