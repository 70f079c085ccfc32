// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "io/hdf5_library.hpp"

namespace rondo::io {

/// The texts of variable length in an attribute of `count` elements, of a file opened for reading.
///
/// HDF5 only gives the references; the texts are looked up here. HDF5 1.10 copies as much as the
/// file says into as little memory as the file says.
/// \throws IoError  bad_content: a reference to nothing, or more than `most_bytes` in all
std::vector<std::string> read_variable_texts(hid_t attribute, std::size_t count,
                                             std::size_t most_bytes, const Hdf5Place& place);

}  // namespace rondo::io
