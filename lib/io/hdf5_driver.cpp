// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "io/hdf5_driver.hpp"

#include <algorithm>
#include <iterator>
#include <string_view>

namespace rondo::io {
namespace {

constexpr haddr_t max_address = std::uint64_t{1} << 62;

haddr_t allocated_end(const H5FD_t* file, H5FD_mem_t) {
  return driver_file<DriverFile>(file)->allocated;
}

herr_t set_allocated_end(H5FD_t* file, H5FD_mem_t, haddr_t address) {
  driver_file<DriverFile>(file)->allocated = address;
  return 0;
}

herr_t file_handle(H5FD_t* file, hid_t, void** handle) {
  *handle = driver_file<DriverFile>(file);
  return 0;
}

}  // namespace

H5FD_class_t make_driver(const char* name) {
  H5FD_class_t driver = {};
  driver.name = name;
  driver.maxaddr = max_address;
  driver.fc_degree = H5F_CLOSE_WEAK;
  driver.get_eoa = allocated_end;
  driver.set_eoa = set_allocated_end;
  driver.get_handle = file_handle;
  const H5FD_mem_t free_lists[H5FD_MEM_NTYPES] = H5FD_FLMAP_DICHOTOMY;
  std::copy(std::begin(free_lists), std::end(free_lists), std::begin(driver.fl_map));
  return driver;
}

Hdf5Handle driver_access_properties(const H5FD_class_t& driver, const Hdf5Place& place) {
  auto properties = checked_handle(H5Pcreate(H5P_FILE_ACCESS), ExitCode::internal, place,
                                   "cannot set up file access");
  // Registering again after MPI_Finalize, which shuts the library down, gives a new number. It is
  // never given back: HDF5 frees a class when its last file lets go of it, and then reads from it
  // how to close that file. This costs some hundred bytes a file.
  auto registered =
      checked_handle(H5FDregister(&driver), ExitCode::internal, place, "cannot set up the driver");
  checked(H5Pset_driver(properties.get(), registered.get(), nullptr), ExitCode::internal, place,
          "cannot set up the driver");
  registered.release();
  return properties;
}

DriverFile* find_driver_file(hid_t object, const H5FD_class_t& driver, const Hdf5Place& place) {
  const auto file =
      checked_handle(H5Iget_file_id(object), ExitCode::internal, place, "cannot find the file");
  void* handle = nullptr;
  checked(H5Fget_vfd_handle(file.get(), H5P_DEFAULT, &handle), ExitCode::internal, place,
          "cannot find the driver");
  auto* found = static_cast<DriverFile*>(handle);
  return std::string_view(found->base.cls->name) == driver.name ? found : nullptr;
}

DriverFile& driver_file_of(hid_t object, const H5FD_class_t& driver, const Hdf5Place& place) {
  DriverFile* found = find_driver_file(object, driver, place);
  require(found != nullptr, "only of a file that this driver opened");
  return *found;
}

}  // namespace rondo::io
