// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "checkpoint/uncached_bytes.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "support/io_errors.hpp"
#include "support/temporary_directory.hpp"

namespace rondo::checkpoint {
namespace {

constexpr std::size_t file_bytes = (std::size_t{9} << 20) + 123;

/// A file of bytes that tell their places.
class UncachedBytesOfAFile : public testing::Test {
 protected:
  UncachedBytesOfAFile() {
    for (std::size_t i = 0; i < file_bytes; ++i)
      content_[i] = static_cast<char>(i * 2654435761U >> 16);
    test::write_file(path_, content_);
  }
  void evict() const {
    const FileDescriptor file(::open(path_.c_str(), O_RDONLY | O_CLOEXEC));
    ASSERT_EQ(::fsync(file.get()), 0);
    ASSERT_EQ(::posix_fadvise(file.get(), 0, 0, POSIX_FADV_DONTNEED), 0);
  }
  /// Nothing where the object says no.
  static std::string read(const UncachedBytes& file, std::uint64_t offset, std::size_t bytes) {
    std::string found(bytes, '\0');
    if (!file.read(offset, std::as_writable_bytes(std::span(found)))) return {};
    return found;
  }

  const test::TemporaryDirectory directory_;
  const std::filesystem::path path_ = directory_.path() / "file";
  std::string content_ = std::string(file_bytes, '\0');
};

TEST_F(UncachedBytesOfAFile, are_those_of_the_file_wherever_they_begin_and_end) {
  evict();
  const UncachedBytes file(path_);
  if (read(file, 0, 1).empty()) GTEST_SKIP() << "this disk reads through the system's cache only";

  for (const auto& [offset, bytes] :
       std::vector<std::pair<std::uint64_t, std::size_t>>{{0, 4096},
                                                          {1, 1},
                                                          {4095, 2},
                                                          {2048, 1 << 20},
                                                          {3, (5 << 20) + 7},
                                                          {12345, 4 << 20},
                                                          {file_bytes - 1, 1},
                                                          {file_bytes - 5000, 5000},
                                                          {0, file_bytes}})
    EXPECT_TRUE(read(file, offset, bytes) == content_.substr(offset, bytes))
        << bytes << " from byte " << offset << " on";
}

TEST_F(UncachedBytesOfAFile, are_left_to_the_cache_where_it_has_them) {
  evict();
  const UncachedBytes file(path_);
  if (read(file, 0, 1).empty()) GTEST_SKIP() << "this disk reads through the system's cache only";

  EXPECT_EQ(test::read_file(path_).size(), file_bytes);

  EXPECT_TRUE(read(file, 4096, 100).empty());
}

TEST_F(UncachedBytesOfAFile, are_not_read_behind_its_end_or_where_there_is_no_file) {
  evict();
  const UncachedBytes file(path_);

  EXPECT_TRUE(read(file, file_bytes - 1, 2).empty());
  EXPECT_TRUE(read(file, file_bytes + 10'000, 2).empty());
  EXPECT_TRUE(read(UncachedBytes(directory_.path() / "other"), 0, 1).empty());
}

TEST_F(UncachedBytesOfAFile, come_while_their_reader_does_something_else_wherever_they_belong) {
  evict();
  const UncachedBytes file(path_);
  std::string found(file_bytes, '\0');
  const auto start = [&](std::uint64_t offset, std::size_t bytes) {
    return file.start(offset, std::as_writable_bytes(std::span(found).first(bytes)));
  };
  if (!start(0, 1)) GTEST_SKIP() << "this system has no asynchronous reads past its cache";

  for (const auto& [offset, bytes] : std::vector<std::pair<std::uint64_t, std::size_t>>{
           {0, 8 << 20}, {4096, 4096}, {1, 1}, {3, (5 << 20) + 7}, {file_bytes - 5000, 5000}}) {
    const auto arrival = start(offset, bytes);
    ASSERT_TRUE(arrival);
    EXPECT_TRUE(arrival->wait());
    EXPECT_TRUE(std::string_view(found).substr(0, bytes) ==
                std::string_view(content_).substr(offset, bytes))
        << bytes << " from byte " << offset << " on";
  }
}

TEST_F(UncachedBytesOfAFile, have_not_all_come_where_it_ends_before) {
  evict();
  const UncachedBytes file(path_);
  std::vector<char> memory(3 * 4096);
  const auto arrival =
      file.start(file_bytes - 100, std::as_writable_bytes(std::span(memory).first(101)));
  if (!arrival) GTEST_SKIP() << "this system has no asynchronous reads past its cache";

  EXPECT_FALSE(arrival->wait());
}

}  // namespace
}  // namespace rondo::checkpoint
