// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "io/hdf5_library.hpp"

#include <algorithm>
#include <mutex>

#include <fmt/format.h>

namespace rondo::io {
namespace {

/// Recursive, because handles close themselves inside of functions that hold it.
std::recursive_mutex& library_mutex() {
  static std::recursive_mutex mutex;
  return mutex;
}

/// What to do about `description`, where that can be said.
std::string advice(std::string_view description) {
  if (description.find("version number") == std::string_view::npos) return {};
  unsigned major = 0;
  unsigned minor = 0;
  unsigned release = 0;
  H5get_libversion(&major, &minor, &release);
  return fmt::format(
      "; perhaps a newer HDF5 than this one, {}.{}.{}, wrote it: write it again with "
      "h5py.File(..., libver=('earliest', 'v110')) or H5Pset_libver_bounds",
      major, minor, release);
}

herr_t keep_first_description(unsigned index, const H5E_error2_t* error, void* description) {
  if (index == 0 && error->desc != nullptr) *static_cast<std::string*>(description) = error->desc;
  return 0;
}

}  // namespace

void Hdf5Traits::close(handle_type handle) noexcept {
  const Hdf5Scope scope;
  if (H5Iis_valid(handle) > 0) H5Idec_ref(handle);
}

Hdf5Scope::Hdf5Scope() {
  library_mutex().lock();
  H5Eget_auto2(H5E_DEFAULT, &print_, &print_data_);
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  H5PLget_loading_state(&plugins_);
  H5PLset_loading_state(0);
}

Hdf5Scope::~Hdf5Scope() {
  H5PLset_loading_state(plugins_);
  H5Eset_auto2(H5E_DEFAULT, print_, print_data_);
  library_mutex().unlock();
}

std::string innermost_message() {
  std::string description;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, keep_first_description, &description);
  std::replace(description.begin(), description.end(), '\n', ' ');
  return description.empty() ? "no reason given by HDF5" : description + advice(description);
}

void throw_hdf5(ExitCode code, const Hdf5Place& place, std::string_view problem, Where where) {
  const std::string object = place.object.empty() ? "" : fmt::format("{}: ", place.object);
  throw IoError(code, fmt::format("{}: {}{}: {}", place.path, object, problem, innermost_message()),
                where);
}

hid_t native_type(DType dtype) {
  switch (dtype) {
    case DType::f32: return H5T_NATIVE_FLOAT;
    case DType::f64: return H5T_NATIVE_DOUBLE;
    case DType::i32: return H5T_NATIVE_INT32;
    case DType::i64: return H5T_NATIVE_INT64;
    case DType::u8: return H5T_NATIVE_UINT8;
    case DType::u16: return H5T_NATIVE_UINT16;
    case DType::u32: return H5T_NATIVE_UINT32;
    case DType::f16:
    case DType::bf16: break;
  }
  throw UsageError(fmt::format("HDF5 files hold no {} here: cast to f32", name_of(dtype)));
}

hid_t file_type(DType dtype) {
  switch (dtype) {
    case DType::f32: return H5T_IEEE_F32LE;
    case DType::f64: return H5T_IEEE_F64LE;
    case DType::i32: return H5T_STD_I32LE;
    case DType::i64: return H5T_STD_I64LE;
    case DType::u8: return H5T_STD_U8LE;
    case DType::u16: return H5T_STD_U16LE;
    case DType::u32: return H5T_STD_U32LE;
    case DType::f16:
    case DType::bf16: break;
  }
  throw UsageError(fmt::format("HDF5 files hold no {} here: cast to f32", name_of(dtype)));
}

}  // namespace rondo::io
