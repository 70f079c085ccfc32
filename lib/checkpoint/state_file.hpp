// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <span>

#include "rondo/base/aligned_buffer.hpp"

#include "checkpoint/manifest.hpp"
#include "io/hdf5.hpp"

namespace rondo::checkpoint {

/// Writes the tensors as contiguous f32 datasets, to disk. \throws IoError  cannot_create or io
FileContent write_state(const std::filesystem::path& path, std::span<const Tensor> tensors);

/// Opens a state file after comparing all its bytes, so that HDF5 never sees a damaged one.
/// \throws IoError  missing_input, or bad_content naming expected and found
io::Hdf5File open_state(const std::filesystem::path& path, const FileContent& expected);

/// Reads a tensor and compares shape and hash. \throws IoError  bad_content
AlignedBuffer<float> read_tensor(const io::Hdf5File& file, const TensorEntry& entry);

}  // namespace rondo::checkpoint
