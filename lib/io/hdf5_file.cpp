// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cerrno>
#include <system_error>

#include <fmt/format.h>

#include "rondo/base/atomic_file.hpp"

#include "io/hdf5.hpp"
#include "io/hdf5_guard.hpp"
#include "io/hdf5_input_driver.hpp"
#include "io/hdf5_library.hpp"
#include "io/hdf5_output_driver.hpp"
#include "io/object_header.hpp"

namespace rondo::io {
namespace {

/// The parts of "a/b/c", without empty ones.
std::vector<std::string> split_path(const std::string& name) {
  std::vector<std::string> parts;
  std::size_t begin = 0;
  while (begin <= name.size()) {
    const std::size_t end = std::min(name.find('/', begin), name.size());
    if (end > begin) parts.push_back(name.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

/// Opens `part` of group `parent`; a null handle if there is no such link.
Hdf5Handle open_hard_link(hid_t parent, const std::string& part, bool is_input,
                          const Hdf5Place& place) {
  if (H5Iget_type(parent) != H5I_GROUP && H5Iget_type(parent) != H5I_FILE) return Hdf5Handle();
  const htri_t exists = checked(H5Lexists(parent, part.c_str(), H5P_DEFAULT), ExitCode::bad_content,
                                place, "cannot look up the name");
  if (exists == 0) return Hdf5Handle();
  H5L_info_t link = {};
  checked(H5Lget_info(parent, part.c_str(), &link, H5P_DEFAULT), ExitCode::bad_content, place,
          "cannot read the link");
  if (link.type != H5L_TYPE_HARD)
    throw IoError(ExitCode::bad_content,
                  fmt::format("{}: {}: is {} link; expected an object of this file", place.path,
                              place.object, link.type == H5L_TYPE_SOFT ? "a soft" : "an external"));
  if (is_input)
    require_sound(read_header(link.u.address, input_reader(parent, place), place), place);
  return checked_handle(H5Oopen(parent, part.c_str(), H5P_DEFAULT), ExitCode::bad_content, place,
                        "cannot open");
}

herr_t collect_name(hid_t, const char* name, const H5L_info_t*, void* names) {
  static_cast<std::vector<std::string>*>(names)->emplace_back(name);
  return 0;
}

Hdf5Handle create_properties(const Hdf5Storage& storage, const Hdf5Place& place) {
  auto properties = checked_handle(H5Pcreate(H5P_DATASET_CREATE), ExitCode::internal, place,
                                   "cannot set up storage");
  // No times: the same content gives the same file.
  checked(H5Pset_obj_track_times(properties.get(), false), ExitCode::internal, place,
          "cannot set up storage");
  if (storage.reserved) {
    checked(H5Pset_alloc_time(properties.get(), H5D_ALLOC_TIME_EARLY), ExitCode::internal, place,
            "cannot set up storage");
    checked(H5Pset_fill_time(properties.get(), H5D_FILL_TIME_NEVER), ExitCode::internal, place,
            "cannot set up storage");
  }
  if (storage.chunk.empty()) return properties;
  const std::vector<hsize_t> chunk(storage.chunk.begin(), storage.chunk.end());
  checked(H5Pset_chunk(properties.get(), static_cast<int>(chunk.size()), chunk.data()),
          ExitCode::internal, place, "cannot set the chunk shape");
  if (storage.shuffle)
    checked(H5Pset_shuffle(properties.get()), ExitCode::internal, place,
            "cannot switch shuffling on");
  if (storage.deflate_level > 0)
    checked(H5Pset_deflate(properties.get(), static_cast<unsigned>(storage.deflate_level)),
            ExitCode::internal, place, "cannot switch compression on");
  if (storage.checksum)
    checked(H5Pset_fletcher32(properties.get()), ExitCode::internal, place,
            "cannot switch checksums on");
  return properties;
}

}  // namespace

Hdf5File Hdf5File::open(const std::filesystem::path& path) {
  Hdf5File file(path.string());
  require_intact_file(file.path_);
  const Hdf5Scope scope;
  file.is_input_ = true;
  file.handle_ = checked_handle(
      H5Fopen(file.path_.c_str(), H5F_ACC_RDONLY, input_access_properties({file.path_}).get()),
      ExitCode::bad_content, {file.path_}, "cannot open as HDF5");
  return file;
}

Hdf5File Hdf5File::create(const std::filesystem::path& path) {
  return create(path, path);
}

Hdf5File Hdf5File::create(const AtomicFile& target) {
  return create(target.temporary_path(), target.final_path());
}

Hdf5File Hdf5File::create(const std::filesystem::path& path,
                          const std::filesystem::path& shown_path) {
  Hdf5File file(shown_path.string());
  const Hdf5Scope scope;
  errno = 0;
  file.handle_ = Hdf5Handle(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT,
                                      output_access_properties({file.path_}).get()));
  if (!file.handle_)
    throw IoError(
        ExitCode::cannot_create,
        fmt::format("{}: cannot create: {}", file.path_,
                    errno == 0 ? innermost_message() : std::generic_category().message(errno)));
  throw_if_output_failed(file.handle_.get(), {file.path_});
  return file;
}

void Hdf5File::close() {
  const Hdf5Scope scope;
  checked(H5Fflush(handle_.get(), H5F_SCOPE_LOCAL), ExitCode::io, {path_}, "cannot write");
  throw_if_output_failed(handle_.get(), {path_});
  checked(H5Fclose(handle_.release()), ExitCode::io, {path_}, "cannot close");
  throw_if_closing_failed({path_});
}

Hdf5Handle Hdf5File::find(const std::string& name) const {
  const Hdf5Place place{path_, name};
  auto object = checked_handle(H5Oopen(handle_.get(), "/", H5P_DEFAULT), ExitCode::bad_content,
                               place, "cannot open the root group");
  for (const std::string& part : split_path(name)) {
    object = open_hard_link(object.get(), part, is_input_, place);
    if (!object) break;
  }
  return object;
}

bool Hdf5File::contains(const std::string& name) const {
  const Hdf5Scope scope;
  return static_cast<bool>(find(name));
}

std::vector<std::string> Hdf5File::names(const std::string& group) const {
  const Hdf5Scope scope;
  const Hdf5Place place{path_, group};
  const auto object = find(group);
  if (!object || H5Iget_type(object.get()) != H5I_GROUP)
    throw IoError(ExitCode::bad_content, fmt::format("{}: expected a group {}", path_, group));
  std::vector<std::string> names;
  checked(H5Literate(object.get(), H5_INDEX_NAME, H5_ITER_INC, nullptr, collect_name, &names),
          ExitCode::bad_content, place, "cannot list the group");
  std::sort(names.begin(), names.end());
  return names;
}

Hdf5Dataset Hdf5File::dataset(const std::string& name) const {
  const Hdf5Scope scope;
  Hdf5Dataset dataset;
  dataset.handle_ = find(name);
  dataset.path_ = path_;
  dataset.name_ = name;
  if (!dataset.handle_ || H5Iget_type(dataset.handle_.get()) != H5I_DATASET)
    throw IoError(ExitCode::bad_content,
                  fmt::format("{}: {}: expected a dataset, found {}", path_, name,
                              dataset.handle_ ? "another kind of object" : "nothing"));
  const Hdf5Header header = require_plain_dataset(dataset.handle_.get(), {path_, name});
  dataset.dtype_ = header.dtype;
  dataset.shape_ = header.shape;
  dataset.storage_ = header.storage;
  return dataset;
}

Hdf5Dataset Hdf5File::create_dataset(const std::string& name, DType dtype, const Shape& shape,
                                     const Hdf5Storage& storage) {
  require(storage.chunk.empty() || storage.chunk.size() == shape.size(),
          "create_dataset: the chunk must have as many dimensions as the shape");
  const bool has_filters = storage.checksum || storage.shuffle || storage.deflate_level != 0;
  require(!has_filters || !storage.chunk.empty(),
          "create_dataset: checksums, shuffling and compression need chunks");
  require(storage.deflate_level >= 0 && storage.deflate_level <= 9,
          "create_dataset: the level of deflate must be 0 to 9");
  require(!storage.reserved || storage.chunk.empty(),
          "create_dataset: room is reserved for contiguous datasets only");
  require(!storage.extendible || !storage.chunk.empty(), "create_dataset: growing needs chunks");
  const Hdf5Scope scope;
  const Hdf5Place place{path_, name};
  const std::vector<hsize_t> dimensions(shape.begin(), shape.end());
  std::vector<hsize_t> limits = dimensions;
  if (storage.extendible) limits.front() = H5S_UNLIMITED;
  const auto space = checked_handle(
      H5Screate_simple(static_cast<int>(shape.size()), dimensions.data(), limits.data()),
      ExitCode::internal, place, "cannot set the shape");
  const auto links = checked_handle(H5Pcreate(H5P_LINK_CREATE), ExitCode::internal, place,
                                    "cannot set up the name");
  checked(H5Pset_create_intermediate_group(links.get(), 1), ExitCode::internal, place,
          "cannot set up the name");

  Hdf5Dataset dataset;
  dataset.handle_ =
      checked_handle(H5Dcreate2(handle_.get(), name.c_str(), file_type(dtype), space.get(),
                                links.get(), create_properties(storage, place).get(), H5P_DEFAULT),
                     ExitCode::io, place, "cannot create");
  throw_if_output_failed(handle_.get(), place);
  dataset.path_ = path_;
  dataset.name_ = name;
  dataset.dtype_ = dtype;
  dataset.shape_ = shape;
  dataset.storage_ = storage;
  return dataset;
}

}  // namespace rondo::io
