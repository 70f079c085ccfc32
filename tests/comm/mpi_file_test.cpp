// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/comm/mpi_file.hpp"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "rondo/base/error.hpp"
#include "rondo/comm/inproc.hpp"
#include "rondo/comm/mpi_world.hpp"

namespace rondo::comm {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr std::size_t file_bytes = 100'000;

std::byte byte_at(std::size_t offset) {
  return static_cast<std::byte>(offset * 7 + offset / 256);
}

/// A file that rank 0 writes, the same for all ranks.
class MpiFileTest : public testing::Test {
 protected:
  MpiFileTest() : comm_(make_mpi_communicator()) {
    auto process = static_cast<std::int64_t>(::getpid());
    broadcast(*comm_, std::span(&process, 1), 0);
    path_ = fs::temp_directory_path() / fmt::format("rondo-mpi-file-{}", process);
    if (is_root(*comm_)) {
      std::ofstream file(path_, std::ios::binary);
      for (std::size_t i = 0; i < file_bytes; ++i)
        file.put(static_cast<char>(byte_at(i)));
    }
    barrier(*comm_);
  }
  ~MpiFileTest() override {
    barrier(*comm_);
    if (is_root(*comm_)) fs::remove(path_);
  }

  static void expect_content(std::span<const std::byte> bytes, std::size_t offset) {
    for (std::size_t i = 0; i < bytes.size(); ++i)
      if (bytes[i] != byte_at(offset + i)) {
        ADD_FAILURE() << "byte " << offset + i;
        return;
      }
  }

  std::unique_ptr<Communicator> comm_;
  fs::path path_;
};

TEST_F(MpiFileTest, reads_for_each_rank_what_it_wants) {
  const auto file = open_collective_file(*comm_, path_);
  const auto rank = static_cast<std::size_t>(comm_->rank());
  for (std::size_t round = 0; round < 5; ++round) {
    // Some ranks want nothing, others the same, or what lies before.
    std::vector<std::byte> bytes((rank + round) % 3 * 10'000);
    const std::size_t offset = (rank * 13'337 + 40'000 * round) % (file_bytes - bytes.size());

    file->read(offset, bytes);

    expect_content(bytes, offset);
  }
}

TEST_F(MpiFileTest, reads_up_to_the_end_and_tells_the_size) {
  const auto file = open_collective_file(*comm_, path_);
  const bool is_last = comm_->rank() == comm_->size() - 1;
  const std::size_t offset = is_last ? file_bytes - 10 : 0;
  std::vector<std::byte> bytes(1000);

  file->read(offset, bytes);

  expect_content(std::span(bytes).first(is_last ? 10 : 1000), offset);
  EXPECT_EQ(file->size(), file_bytes);
  EXPECT_NO_THROW(file->read(file_bytes + 5, bytes));
}

TEST_F(MpiFileTest, tells_the_size_of_a_file_that_was_cut_off) {
  const auto file = open_collective_file(*comm_, path_);
  barrier(*comm_);
  if (is_root(*comm_)) fs::resize_file(path_, 100);
  barrier(*comm_);

  EXPECT_EQ(file->size(), 100U);
}

TEST_F(MpiFileTest, agrees_that_one_rank_failed) {
  const auto file = open_collective_file(*comm_, path_);
  const int failing = comm_->size() - 1;

  try {
    file->agree_on_success([&] {
      if (comm_->rank() == failing) throw IoError(ExitCode::bad_content, "it is torn");
    });
    ADD_FAILURE() << "nothing was thrown";
  } catch (const AgreedError& error) {
    EXPECT_EQ(error.code(), ExitCode::bad_content);
    EXPECT_THAT(error.what(), HasSubstr("it is torn"));
  }
  EXPECT_NO_THROW(file->agree_on_success([] {}));
}

TEST_F(MpiFileTest, does_not_open_what_is_not_there) {
  try {
    open_collective_file(*comm_, path_.string() + "-missing");
    ADD_FAILURE() << "nothing was thrown";
  } catch (const AgreedError& error) {
    EXPECT_EQ(error.code(), ExitCode::missing_input);
    EXPECT_THAT(error.what(), HasSubstr("-missing: cannot be opened through MPI-IO"));
  }
}

TEST_F(MpiFileTest, needs_all_ranks_of_mpi) {
  const auto part = comm_->split(comm_->rank(), 0);

  if (comm_->size() == 1)
    EXPECT_NO_THROW(open_collective_file(*part, path_));
  else
    EXPECT_THROW(open_collective_file(*part, path_), AgreedError);
}

}  // namespace
}  // namespace rondo::comm
