// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "rondo/base/file_descriptor.hpp"
#include "rondo/checkpoint/checkpoint.hpp"
#include "rondo/checkpoint/reader.hpp"

#include "support/io_errors.hpp"
#include "support/temporary_directory.hpp"

namespace rondo::checkpoint {

/// A checkpoint of a small tensor "a", and of "b/c", which has several blocks.
class LargeState {
 public:
  static constexpr std::size_t elements = 600'000;

  LargeState() {
    for (std::size_t i = 0; i < elements; ++i)
      values_[i] = static_cast<float>(i);
    const std::vector<Tensor> tensors{{"a", {10}, std::span(values_).first(10)},
                                      {"b/c", {600, 1000}, values_}};
    save(parent_.path(), 9, tensors, {});
  }
  std::filesystem::path directory() const { return parent_.path() / "step-00000009"; }
  std::filesystem::path file() const { return directory() / "state.h5"; }
  const std::vector<float>& values() const { return values_; }

  /// Where "b/c" begins in the file.
  std::size_t offset() const {
    const auto document = nlohmann::json::parse(test::read_file(directory() / "manifest.json"));
    return document["tensors"][1]["offset"].get<std::size_t>();
  }
  /// Takes the file out of the system's cache.
  void evict() const {
    const FileDescriptor opened(::open(file().c_str(), O_RDONLY | O_CLOEXEC));
    ASSERT_EQ(::fsync(opened.get()), 0);
    ASSERT_EQ(::posix_fadvise(opened.get(), 0, 0, POSIX_FADV_DONTNEED), 0);
  }
  /// Of a byte of "b/c", on the disk, in the file that is open elsewhere.
  void flip_bit(std::size_t byte) const {
    const FileDescriptor opened(::open(file().c_str(), O_RDWR | O_CLOEXEC));
    const auto place = static_cast<off_t>(offset() + byte);
    char value = 0;
    ASSERT_EQ(::pread(opened.get(), &value, 1, place), 1);
    value = static_cast<char>(value ^ 1);
    ASSERT_EQ(::pwrite(opened.get(), &value, 1, place), 1);
    evict();
  }

 private:
  const test::TemporaryDirectory parent_;
  std::vector<float> values_ = std::vector<float>(elements);
};

}  // namespace rondo::checkpoint
