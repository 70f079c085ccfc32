// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "io/hdf5_driver.hpp"

/// How files are written: an HDF5 file driver that never tells HDF5 of an error.
///
/// HDF5 1.10 cannot close a file that it could not write: objects stay half open, and the process
/// crashes when the library shuts down. So this driver keeps the first error for itself, drops all
/// writes after it, and the wrappers ask for it.
namespace rondo::io {

/// File access properties that select the driver. Call within a Hdf5Scope.
Hdf5Handle output_access_properties(const Hdf5Place& place);

/// Throws the error that writing the file of `object` (any open object) has met so far, if any.
/// \throws IoError  io
void throw_if_output_failed(hid_t object, const Hdf5Place& place, Where where = Where::here());

/// The same for the file that was closed last.
void throw_if_closing_failed(const Hdf5Place& place, Where where = Where::here());

/// The file is as long as if the elements had been written.
using RawWriteRecorder = RawRecorder<struct Writing>;

}  // namespace rondo::io
