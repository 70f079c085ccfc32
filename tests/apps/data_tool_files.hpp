// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <hdf5.h>

#include "rondo/data/dataset_writer.hpp"

#include "support/io_errors.hpp"
#include "support/run_program.hpp"
#include "support/temporary_directory.hpp"

/// Data sets for the tools of rondo-data, and ways to spoil them.
namespace rondo::test {

inline ProgramResult rondo_data(const std::string& arguments) {
  return run_program(fmt::format("{} {}", RONDO_DATA_PROGRAM, arguments));
}

/// A data set with a field of every kind: 40 samples to train and 10 to test, chunks of 8.
inline void write_general_set(const std::filesystem::path& path,
                              data::StorageOptions storage = {.chunk_samples = 8}) {
  data::DatasetWriter writer(
      path, {.fields = {{.name = "image", .sample_shape = {2, 8, 8}},
                        {.name = "label"},
                        {.name = "token",
                         .dtype = DType::u16,
                         .sample_shape = {16},
                         .is_stream = true,
                         .vocabulary = 500},
                        {.name = "weight", .dtype = DType::f32, .sample_shape = {8}}},
             .splits = {{"train", 40}, {"test", 10}},
             .classes = 5,
             .class_names = {"a", "b", "c", "d", "e"},
             .source = "generated",
             .storage = storage});
  for (std::size_t sample = 0; sample < 50; ++sample) {
    std::vector<std::uint8_t> image(128);
    std::vector<std::uint16_t> tokens(16);
    for (std::size_t i = 0; i < image.size(); ++i)
      image[i] = static_cast<std::uint8_t>((sample * 31 + i / 4 * 7) % 251);
    for (std::size_t i = 0; i < tokens.size(); ++i)
      tokens[i] = static_cast<std::uint16_t>((sample * 16 + i) % 500);
    const std::vector<std::uint8_t> label{static_cast<std::uint8_t>(sample % 5)};
    std::vector<float> weight(8, 0.5F);
    weight[0] = static_cast<float>(sample);
    const std::vector<std::span<const std::byte>> fields{
        std::as_bytes(std::span(image)), std::as_bytes(std::span(label)),
        std::as_bytes(std::span(tokens)), std::as_bytes(std::span(weight))};
    writer.append(sample < 40 ? "train" : "test", 1, fields);
  }
  writer.finish();
}

/// Where HDF5 has put the beginning of chunk `chunk` of `dataset`.
inline std::uint64_t chunk_offset(const std::filesystem::path& path, const char* dataset,
                                  std::uint64_t chunk) {
  const hid_t file = H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT);
  const hid_t object = H5Dopen2(file, dataset, H5P_DEFAULT);
  const hid_t space = H5Dget_space(object);
  hsize_t offset[8] = {};
  unsigned filters = 0;
  haddr_t address = 0;
  hsize_t bytes = 0;
  H5Dget_chunk_info(object, space, chunk, offset, &filters, &address, &bytes);
  H5Sclose(space);
  H5Dclose(object);
  H5Fclose(file);
  return address;
}

inline void flip_bit(const std::filesystem::path& path, std::uint64_t offset) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(static_cast<std::streamoff>(offset));
  const auto byte = static_cast<char>(file.get() ^ 4);
  file.seekp(static_cast<std::streamoff>(offset));
  file.put(byte);
}

/// Overwrites elements of a dataset through HDF5, so that checksums fit.
template <class T>
void overwrite(const std::filesystem::path& path, const char* dataset, hid_t type,
               const std::vector<hsize_t>& start, const std::vector<T>& values) {
  const hid_t file = H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
  const hid_t object = H5Dopen2(file, dataset, H5P_DEFAULT);
  const hid_t space = H5Dget_space(object);
  std::vector<hsize_t> count(start.size(), 1);
  count.back() = values.size();
  H5Sselect_hyperslab(space, H5S_SELECT_SET, start.data(), nullptr, count.data(), nullptr);
  const hid_t memory = H5Screate_simple(static_cast<int>(count.size()), count.data(), nullptr);
  H5Dwrite(object, type, memory, space, H5P_DEFAULT, values.data());
  H5Sclose(memory);
  H5Sclose(space);
  H5Dclose(object);
  H5Fclose(file);
}

}  // namespace rondo::test
