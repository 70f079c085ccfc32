// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <filesystem>
#include <fstream>
#include <functional>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rondo/base/error.hpp"
#include "rondo/comm/agree.hpp"
#include "rondo/comm/inproc.hpp"

#include "data/reading_together.hpp"
#include "support/io_errors.hpp"
#include "support/temporary_directory.hpp"

namespace rondo::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

/// Read by ranks that are threads. A rank that calls another function than the others gets a
/// CommError.
class RanksFile final : public CollectiveFile {
 public:
  RanksFile(comm::Communicator& comm, const fs::path& path)
      : comm_(comm), path_(path), file_(path, std::ios::binary) {}

  void read(std::uint64_t offset, std::span<std::byte> bytes) override {
    comm::barrier(comm_);
    file_.clear();
    file_.seekg(static_cast<std::streamoff>(offset));
    file_.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  }
  std::uint64_t size() override { return fs::file_size(path_); }
  void agree_on_success(const std::function<void()>& local) override {
    comm::agree_on_success(comm_, local);
  }

 private:
  comm::Communicator& comm_;
  fs::path path_;
  std::ifstream file_;
};

class CollectiveReading : public testing::Test {
 protected:
  CollectiveReading() { generate_images(path_); }

  TemporaryDirectory directory_;
  fs::path path_ = directory_.path() / "data.h5";
};

TEST_F(CollectiveReading, yields_what_each_rank_reads_alone_whatever_the_shape) {
  struct Shape {
    int ranks;
    std::size_t lanes, micro_batch, window, step;
  };
  const std::array<Shape, 7> shapes{{
      {1, 1, 10, 3, 0},
      {2, 4, 5, 2, 0},
      {3, 5, 4, 1, 2},     // ranks of one and of two lanes, from the middle on
      {3, 7, 13, 1, 0},    // batches of several groups
      {2, 2, 49, 100, 0},  // all in one step
      {4, 40, 1, 1, 1},
      {2, 128, 1, 2, 0},  // lanes without samples
  }};
  for (const Shape& shape : shapes) {
    SCOPED_TRACE(testing::Message() << shape.ranks << " ranks, " << shape.lanes << " lanes");
    comm::run_ranks(shape.ranks, [&](comm::Communicator& comm) {
      RanksFile file(comm, path_);
      expect_the_same_batches(
          comm, file, path_, image_order(shape.lanes, shape.micro_batch, shape.window), shape.step);
    });
  }
}

TEST_F(CollectiveReading, is_ready_only_for_the_rest_of_a_step) {
  comm::run_ranks(2, [&](comm::Communicator& comm) {
    data::Dataset dataset(path_, "train");
    RanksFile file(comm, path_);
    const auto loader = make_loader(dataset, image_order(4, 5, 2), comm, &file, 0);
    for (int step = 0; step < 3; ++step) {
      loader->next();
      while (!loader->is_ready())
        std::this_thread::yield();
      loader->next();
      EXPECT_FALSE(loader->is_ready()) << "the others are not asked";
    }
  });
}

TEST_F(CollectiveReading, ends_on_all_ranks_in_the_same_step_where_one_cannot_read) {
  constexpr int ranks = 3;
  std::array<Ending, ranks> endings;
  comm::run_ranks(ranks, [&](comm::Communicator& comm) {
    data::Dataset dataset(path_, "train");
    RanksFile file(comm, path_);
    const auto loader = make_loader(dataset, image_order(3, 4, 1), comm, &file, 0);
    comm::barrier(comm);
    if (is_root(comm)) fs::resize_file(path_, fs::file_size(path_) / 2);
    comm::barrier(comm);
    endings[static_cast<std::size_t>(comm.rank())] = read_to_the_end(*loader);
  });

  EXPECT_EQ(endings[0].code, ExitCode::bad_content);
  EXPECT_THAT(endings[0].message, HasSubstr("truncated"));
  for (const Ending& ending : endings) {
    EXPECT_EQ(ending.code, endings[0].code);
    EXPECT_EQ(ending.message, endings[0].message);
    EXPECT_EQ(ending.steps, endings[0].steps);
  }
}

TEST_F(CollectiveReading, finds_a_wrong_checksum_where_the_chunk_is_used) {
  const auto bytes = sample_bytes(40, 24);
  damage(path_, std::string(bytes.begin(), bytes.end()));
  comm::run_ranks(1, [&](comm::Communicator& comm) {
    data::Dataset dataset(path_, "train");
    RanksFile file(comm, path_);
    const auto loader = make_loader(dataset, image_order(2, 4, 2), comm, &file, 0);
    const std::string message = io_error_of(ExitCode::bad_content, [&] {
      while (loader->next().epoch == 0) {
      }
    });
    EXPECT_THAT(message, HasSubstr("chunk 10"));
  });
}

TEST_F(CollectiveReading, needs_a_file_and_all_lanes_dealt_to_the_ranks) {
  data::Dataset dataset(path_, "train");
  const data::LaneSampler order = image_order(4, 4, 2);
  comm::run_ranks(1, [&](comm::Communicator& comm) {
    RanksFile file(comm, path_);
    const auto make = [&](CollectiveFile* of, const std::vector<std::size_t>& first_lanes) {
      data::BatchLoader(dataset, order,
                        {.last_lane = 4,
                         .read_mode = data::ReadMode::collective,
                         .collective = data::CollectiveReading{of, first_lanes}});
    };
    EXPECT_NO_THROW(make(&file, {0, 4}));
    EXPECT_THROW(make(nullptr, {0, 4}), UsageError);
    for (const std::vector<std::size_t>& lanes :
         {std::vector<std::size_t>{}, {0}, {0, 3}, {1, 4}, {0, 2, 4}, {0, 4, 3, 4}})
      EXPECT_THROW(make(&file, lanes), UsageError);
    EXPECT_THROW(data::BatchLoader(dataset, order, {.read_mode = data::ReadMode::collective}),
                 UsageError);
  });
}

}  // namespace
}  // namespace rondo::test
