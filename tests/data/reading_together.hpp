// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "rondo/comm/communicator.hpp"
#include "rondo/comm/lane_tree.hpp"
#include "rondo/data/batch_loader.hpp"

#include "data/generated_dataset.hpp"

namespace rondo::test {

/// 97 images in chunks of 4.
inline void generate_images(const std::filesystem::path& path) {
  ImageSet set = small_description();
  set.train_samples = 97;
  generate_dataset(path, set);
}

inline data::LaneSampler image_order(std::size_t lanes, std::size_t micro_batch,
                                     std::size_t window) {
  return data::LaneSampler({.seed = 5,
                            .samples = 97,
                            .chunk_samples = 4,
                            .lanes = lanes,
                            .micro_batch = micro_batch,
                            .window = window});
}

/// A loader of a rank's lanes; without `file`, one that reads alone.
inline std::unique_ptr<data::BatchLoader> make_loader(data::Dataset& dataset,
                                                      const data::LaneSampler& order,
                                                      const comm::Communicator& comm,
                                                      CollectiveFile* file, std::size_t step) {
  const comm::LaneRange lanes = comm::lane_range(comm.rank(), comm.size(), order.lanes());
  data::BatchLoader::Options options{.first_lane = lanes.begin,
                                     .last_lane = lanes.end,
                                     .step = step,
                                     .depth = 2,
                                     .chunks_ahead = 0};
  if (file != nullptr) {
    options.read_mode = data::ReadMode::collective;
    options.collective.emplace().file = file;
    for (int rank = 0; rank < comm.size(); ++rank)
      options.collective->first_lanes.push_back(
          comm::lane_range(rank, comm.size(), order.lanes()).begin);
    options.collective->first_lanes.push_back(order.lanes());
  }
  return std::make_unique<data::BatchLoader>(dataset, order, options);
}

/// Compares two epochs of batches that come through `file` with those that a rank reads alone.
inline void expect_the_same_batches(comm::Communicator& comm, CollectiveFile& file,
                                    const std::filesystem::path& path,
                                    const data::LaneSampler& order, std::size_t step) {
  data::Dataset dataset(path, "train");
  const auto together = make_loader(dataset, order, comm, &file, step);
  const auto alone = make_loader(dataset, order, comm, nullptr, step);
  const comm::LaneRange lanes = comm::lane_range(comm.rank(), comm.size(), order.lanes());
  const std::size_t steps = 2 * order.steps_per_epoch() + 1;
  for (std::size_t i = 0; i < steps * (lanes.end - lanes.begin); ++i) {
    const data::LaneBatch& batch = together->next();
    const data::LaneBatch& expected = alone->next();
    EXPECT_EQ(batch.epoch, expected.epoch);
    EXPECT_EQ(batch.step, expected.step);
    EXPECT_EQ(batch.lane, expected.lane);
    EXPECT_EQ(batch.count, expected.count);
    const std::size_t elements =
        std::min(batch.count, expected.count) * dataset.info().sample_elements();
    EXPECT_TRUE(std::ranges::equal(batch.images.span().first(elements),
                                   expected.images.span().first(elements)));
  }
  EXPECT_GE(together->reads(0).chunks, step == 0 ? alone->reads(0).chunks : 1);
}

/// Batches that could be had of a file that loses its end while it is open.
struct Ending {
  std::size_t steps = 0;
  ExitCode code = ExitCode::ok;
  std::string message;
};
inline Ending read_to_the_end(data::BatchLoader& loader) {
  Ending ending;
  try {
    for (;;)
      ending.steps = loader.next().step;
  } catch (const AgreedError& error) {
    ending.code = error.code();
    ending.message = error.what();
  }
  EXPECT_THROW(loader.next(), AgreedError);
  return ending;
}

}  // namespace rondo::test
