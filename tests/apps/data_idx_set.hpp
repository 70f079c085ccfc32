// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "support/io_errors.hpp"
#include "support/run_program.hpp"
#include "support/temporary_directory.hpp"

namespace rondo::test {

inline constexpr const char* train_images = "train-images-idx3-ubyte";
inline constexpr const char* train_labels = "train-labels-idx1-ubyte";
inline constexpr const char* test_images = "t10k-images-idx3-ubyte";
inline constexpr const char* test_labels = "t10k-labels-idx1-ubyte";

/// The bytes of an IDX file of unsigned bytes.
inline std::string idx_bytes(const std::vector<std::uint32_t>& dimensions,
                             const std::string& content) {
  std::string bytes{0, 0, 8, static_cast<char>(dimensions.size())};
  for (const std::uint32_t dimension : dimensions)
    for (const int shift : {24, 16, 8, 0})
      bytes += static_cast<char>(dimension >> shift);
  return bytes + content;
}

/// A directory with four good IDX files, 5 + 2 images of 2 x 3 pixels in 10 classes, that a test
/// may spoil, and rondo-data to run on them.
class IdxSet {
 public:
  IdxSet() {
    std::string pixels;
    for (int i = 0; i < 30; ++i)
      pixels += static_cast<char>(i * 8);
    write(train_images, idx_bytes({5, 2, 3}, pixels));
    write(train_labels, idx_bytes({5}, {0, 9, 1, 1, 3}));
    write(test_images, idx_bytes({2, 2, 3}, pixels.substr(0, 12)));
    write(test_labels, idx_bytes({2}, {4, 5}));
  }

  std::filesystem::path path(const std::string& name) const { return directory_.path() / name; }
  std::filesystem::path output() const { return path("out.h5"); }
  void write(const std::string& name, const std::string& bytes) const {
    write_file(path(name), bytes);
  }

  ProgramResult convert(const std::string& options = "") const {
    return convert_to(output(), options);
  }
  ProgramResult convert_to(const std::filesystem::path& target,
                           const std::string& options = "") const {
    return run_program(fmt::format("{} convert idx --directory {} --output {} {}",
                                   RONDO_DATA_PROGRAM, directory_.path().string(), target.string(),
                                   options));
  }

 private:
  TemporaryDirectory directory_;
};

}  // namespace rondo::test
