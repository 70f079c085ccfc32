// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include <hdf5.h>

#include "io/hdf5.hpp"

/// What the wrappers share; only sources of lib/io include this.
namespace rondo::io {

static_assert(std::is_same_v<hid_t, Hdf5Traits::handle_type>);

/// For its lifetime: no other thread is inside HDF5, errors are not printed, no plugin is loaded.
/// The program's own HDF5 settings return with the outermost scope. May be nested.
class Hdf5Scope {
 public:
  Hdf5Scope();
  ~Hdf5Scope();
  Hdf5Scope(const Hdf5Scope&) = delete;
  Hdf5Scope& operator=(const Hdf5Scope&) = delete;

 private:
  H5E_auto2_t print_ = nullptr;
  void* print_data_ = nullptr;
  unsigned plugins_ = 0;
};

/// The message deepest in HDF5's error stack: the cause, without the calls it came through.
std::string innermost_message();

/// What an operation works on, for messages: `FILE: OBJECT`.
struct Hdf5Place {
  std::string_view path;
  std::string_view object = {};
};

[[noreturn]] void throw_hdf5(ExitCode code, const Hdf5Place& place, std::string_view problem,
                             Where where = Where::here());

/// Returns `result` of a C call unless it is negative, then throws IoError with HDF5's message.
template <class Result>
Result checked(Result result, ExitCode code, const Hdf5Place& place, std::string_view problem,
               Where where = Where::here()) {
  if (result < 0) throw_hdf5(code, place, problem, where);
  return result;
}

/// The same for calls that return a new handle.
inline Hdf5Handle checked_handle(hid_t handle, ExitCode code, const Hdf5Place& place,
                                 std::string_view problem, Where where = Where::here()) {
  return Hdf5Handle(checked(handle, code, place, problem, where));
}

/// HDF5's type in memory and, little-endian, in files.
hid_t native_type(DType dtype);
hid_t file_type(DType dtype);

}  // namespace rondo::io
