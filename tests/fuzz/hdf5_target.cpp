// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0

// HDF5 files as lib/io and lib/data read them.
#include <algorithm>
#include <numeric>

#include <hdf5.h>

#include "rondo/data/dataset.hpp"

#include "fuzz/input_file.hpp"
#include "fuzz/target.hpp"
#include "io/chunk_file.hpp"
#include "io/hdf5.hpp"
#include "support/io_errors.hpp"
#include "support/temporary_directory.hpp"

namespace rondo::fuzz {
namespace {

constexpr std::size_t most_objects = 40;
constexpr std::size_t most_bytes = std::size_t{4} << 20;

/// Refusing is what a reader may do.
template <class Action>
void attempt(Action action) {
  try {
    action();
  } catch (const IoError&) {
  }
}

void read_attributes(const io::Hdf5File& file, const std::string& object) {
  attempt([&] { file.attribute_names(object); });
  attempt([&] { file.has_attributes_elsewhere(object); });
  for (const char* name : {"format", "version", "classes", "class_names", "mean"}) {
    attempt([&] { file.has_attribute(object, name); });
    attempt([&] { file.text(object, name); });
    attempt([&] { file.texts(object, name); });
    attempt([&] { file.integer(object, name); });
    attempt([&] { file.numbers(object, name); });
  }
}

void read_by_library(const io::Hdf5Dataset& dataset, std::size_t rows) {
  dispatch(dataset.dtype(), [&]<class T>(std::type_identity<T>) {
    std::vector<T> values(element_count(dataset.shape()) / dataset.shape()[0] * rows);
    dataset.read_rows(0, rows, std::span(values));
  });
}

void read_directly(const io::ChunkMap& map) {
  const io::ChunkFile file(map);
  io::ChunkScratch scratch;
  std::vector<std::byte> rows;
  for (std::size_t i = 0; i < std::min<std::size_t>(map.chunk_count(), 100); ++i) {
    rows.resize(map.rows_in(i) * map.row_bytes());
    attempt([&] { file.read(map, i, rows, scratch); });
  }
}

void read_dataset(const io::Hdf5File& file, const std::string& name) {
  const io::Hdf5Dataset dataset = file.dataset(name);
  if (dataset.shape().empty() || dataset.shape()[0] == 0) return;
  const io::ChunkMap map = io::ChunkMap::of(dataset);
  const std::size_t rows = std::min<std::size_t>(dataset.shape()[0], 4);
  if (map.row_bytes() * std::max(rows, map.rows_per_chunk()) > most_bytes) return;
  attempt([&] { read_by_library(dataset, rows); });
  if (map.is_direct()) read_directly(map);
}

void read_group(const io::Hdf5File& file, const std::string& name, std::size_t& objects) {
  read_attributes(file, name);
  for (const std::string& part : file.names(name)) {
    if (++objects > most_objects) return;
    const std::string path = name.empty() ? part : name + "/" + part;
    attempt([&] { read_dataset(file, path); });
    attempt([&] { read_group(file, path, objects); });
  }
}

/// A data set as rondo-data convert makes them.
void write_dataset(io::Hdf5File& file) {
  file.set_text("", "format", "rondo-dataset");
  file.set_integer("", "version", 1);
  file.set_integer("", "classes", 3);
  file.set_texts("", "class_names", std::vector<std::string>{"a", "b", "c"});
  file.set_numbers("", "mean", std::vector<double>{0.5});
  file.set_numbers("", "deviation", std::vector<double>{0.25});
  std::vector<std::uint8_t> images(20 * 12);
  std::iota(images.begin(), images.end(), std::uint8_t{0});
  const std::vector<std::uint8_t> labels(20, 1);
  for (const std::string split : {"train/", "test/"}) {
    file.create_dataset(split + "image", DType::u8, {20, 1, 3, 4},
                        {.chunk = {8, 1, 3, 4}, .checksum = true})
        .write(std::span<const std::uint8_t>(images));
    file.create_dataset(split + "label", DType::u8, {20}, {.chunk = {8}, .checksum = true})
        .write(std::span<const std::uint8_t>(labels));
  }
}

/// Every layout and filter, and enough chunks for a tree of two levels.
void write_arrays(io::Hdf5File& file) {
  std::vector<float> values(300);
  std::iota(values.begin(), values.end(), 0.0F);
  const auto write = [&](const char* name, const io::Hdf5Storage& storage) {
    file.create_dataset(name, DType::f32, {100, 3}, storage).write(std::span<const float>(values));
  };
  write("plain", {});
  write("many", {.chunk = {1, 3}});
  write("split", {.chunk = {50, 2}});
  write("packed", {.chunk = {30, 3}, .checksum = true, .shuffle = true, .deflate_level = 6});
  file.create_dataset("scalar", DType::i64, {})
      .write(std::span<const std::int64_t>({std::int64_t{1}}));
  file.create_dataset("empty", DType::u16, {0, 4}, {.chunk = {2, 4}});
}

/// What others write: the newest file format, and texts of variable length.
void write_foreign(const std::filesystem::path& path) {
  const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
  H5Pset_libver_bounds(access, H5F_LIBVER_LATEST, H5F_LIBVER_LATEST);
  const hid_t file = H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, access);
  const hsize_t count = 2;
  const hid_t space = H5Screate_simple(1, &count, nullptr);
  const hid_t text = H5Tcopy(H5T_C_S1);
  H5Tset_size(text, H5T_VARIABLE);
  const hid_t attribute = H5Acreate2(file, "class_names", text, space, H5P_DEFAULT, H5P_DEFAULT);
  const char* names[] = {"first", "second"};
  H5Awrite(attribute, text, static_cast<const void*>(names));
  const hsize_t shape = 200;
  const hsize_t chunk = 20;
  const hid_t array = H5Screate_simple(1, &shape, nullptr);
  const hid_t properties = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_chunk(properties, 1, &chunk);
  const hid_t dataset =
      H5Dcreate2(file, "x", H5T_STD_U8LE, array, H5P_DEFAULT, properties, H5P_DEFAULT);
  const std::vector<std::uint8_t> values(shape, 3);
  H5Dwrite(dataset, H5T_NATIVE_UINT8, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data());
  H5Dclose(dataset);
  H5Aclose(attribute);
  for (const hid_t handle : {properties, text})
    H5Idec_ref(handle);
  H5Sclose(array);
  H5Sclose(space);
  H5Fclose(file);
  H5Pclose(access);
}

}  // namespace

bool consume(std::string_view bytes) {
  const InputFile input(bytes);
  bool is_read = false;
  attempt([&] {
    const io::Hdf5File file = io::Hdf5File::open(input.path());
    std::size_t objects = 0;
    read_group(file, "", objects);
    is_read = objects > 0;
  });
  attempt([&] { const data::Dataset dataset(input.path(), "train"); });
  return is_read;
}

std::vector<std::string> seeds() {
  const test::TemporaryDirectory directory;
  const auto path = directory.path() / "seed.h5";
  std::vector<std::string> result;
  for (const auto write : {write_dataset, write_arrays}) {
    io::Hdf5File file = io::Hdf5File::create(path);
    write(file);
    file.close();
    result.push_back(test::read_file(path));
  }
  write_foreign(path);
  result.push_back(test::read_file(path));
  return result;
}

}  // namespace rondo::fuzz
