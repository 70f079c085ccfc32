// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "io/bytes.hpp"
#include "io/hdf5_library.hpp"

namespace rondo::io {

/// The texts that the first `count` of an attribute's `references` refer to, in the file's heap.
/// \throws IoError  bad_content: a reference to nothing, or more than `most_bytes` in all
std::vector<std::string> read_variable_texts(const ReadAt& read, Bytes references,
                                             std::size_t count, std::size_t most_bytes,
                                             const Hdf5Place& place);

}  // namespace rondo::io
