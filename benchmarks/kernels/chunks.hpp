// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace rondo::io {

/// The kernels that chunks are decoded with, and reading chunks from a file in the page cache, in a
/// shuffled order into 64 MiB of memory: pread alone, ChunkFile, and HDF5. Bytes are decoded ones.
void register_chunks();

}  // namespace rondo::io
