#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Rondo authors
# SPDX-License-Identifier: Apache-2.0
"""Samples/s of PyTorch's DataLoader over h5py that reads a sample at a time, in random order.

    python3 h5py_loader.py pictures.h5 --batch 32 --workers 2 --seconds 10

Each worker opens the file for itself. It returns u8 pictures as they are stored: less work than ours, which
normalises to f32. The clock starts behind the first batch. Exits with 77 where torch or h5py is not
installed.
"""
import argparse
import sys
import time

try:
    import h5py
    import torch
    from torch.utils.data import DataLoader, Dataset
except ImportError as missing:
    print(f"skipped: {missing}", file=sys.stderr)
    sys.exit(77)


class Pictures(Dataset):
    """Samples of one split; the file is opened by whoever reads first."""

    def __init__(self, path: str, split: str):
        self.path, self.split, self.group = path, split, None
        with h5py.File(path, "r") as file:
            self.samples = len(file[split]["image"])

    def __len__(self) -> int:
        return self.samples

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        if self.group is None:
            self.group = h5py.File(self.path, "r")[self.split]
        return torch.from_numpy(self.group["image"][index]), int(self.group["label"][index])


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file")
    parser.add_argument("--split", default="train")
    parser.add_argument("--batch", type=int, default=32, help="samples of a micro-batch")
    parser.add_argument("--workers", type=int, default=2, help="processes that read")
    parser.add_argument("--seconds", type=float, default=10, help="at most, and to the end of the split")
    return parser.parse_args()


def main() -> None:
    options = parse_options()
    loader = DataLoader(Pictures(options.file, options.split), batch_size=options.batch, shuffle=True,
                        num_workers=options.workers)
    samples, begin, seconds = 0, None, 0.0
    for images, labels in loader:
        assert len(images) == len(labels) and images.dtype == torch.uint8
        if begin is None:
            begin = time.perf_counter()
            continue
        samples += len(labels)
        seconds = time.perf_counter() - begin
        if seconds > options.seconds:
            break
    print(f"torch {torch.__version__}, h5py {h5py.__version__} on HDF5 {h5py.version.hdf5_version}, "
          f"{options.workers} workers: {samples / seconds:.1f} samples/s", flush=True)


if __name__ == "__main__":
    main()
