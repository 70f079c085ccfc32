// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0

// rondo-data doctor, run as a program.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "rondo/data/batch_loader.hpp"
#include "rondo/data/dataset.hpp"
#include "rondo/data/storage_report.hpp"

#include "apps/data_tool_files.hpp"
#include "data/generated_dataset.hpp"

namespace rondo::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class Doctor : public ::testing::Test {
 protected:
  /// `samples` images of 12 KiB, in chunks of `chunk` samples.
  void make(std::size_t samples, std::size_t chunk) const {
    generate_dataset(file_, {.train_samples = samples,
                             .test_samples = 1,
                             .channels = 3,
                             .height = 64,
                             .width = 64,
                             .classes = 2,
                             .chunk_samples = chunk});
  }

  ProgramResult doctor(const std::string& options = "") const {
    return rondo_data(fmt::format("doctor {} {}", options, file_.string()));
  }
  /// The line of that name, of `doctor --json`.
  nlohmann::json check(const std::string& name, const std::string& options = "") const {
    const ProgramResult result = doctor("--json " + options);
    EXPECT_EQ(result.err, "");
    const auto report = nlohmann::json::parse(result.out);
    for (const auto& entry : report["checks"])
      if (entry["name"] == name) return entry;
    ADD_FAILURE() << "no " << name << " in " << result.out;
    return {};
  }

  TemporaryDirectory directory_;
  std::filesystem::path file_ = directory_.path() / "set.h5";
};

TEST_F(Doctor, finds_a_good_set_in_good_health_and_leaves_nothing) {
  make(512, 8);

  const ProgramResult result = doctor("--ranks 2 --lanes 4 --batch 32");

  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_THAT(result.out, AllOf(HasSubstr("OK   samples      512 samples in 4 lanes"),
                                HasSubstr("OK   direct       chunks are read directly"),
                                HasSubstr("OK   checksum"), HasSubstr("OK   mixing"),
                                HasSubstr("4 steps an epoch of 4 lanes x 32 samples, 0.0 %")));
  EXPECT_EQ(entry_count(directory_.path()), 1U);
}

TEST_F(Doctor, foretells_what_the_loaders_read) {
  make(300, 8);
  data::Dataset dataset(file_, "train");
  std::uint64_t bytes = 0;
  for (std::size_t rank = 0; rank < 3; ++rank) {
    const data::LaneSampler sampler(
        {.samples = 300, .chunk_samples = 8, .lanes = 6, .micro_batch = 10, .window = 4});
    data::BatchLoader loader(dataset, sampler, {.first_lane = 2 * rank, .last_lane = 2 * rank + 2});
    for (std::size_t i = 0; i < 2 * sampler.steps_per_epoch(); ++i)
      loader.next();
    bytes += loader.reads(0).bytes;
  }

  const auto reads = check("reads", "--ranks 3 --lanes 6 --batch 10 --window 4");

  const auto image = data::find_field(dataset.fields(), "image");
  EXPECT_DOUBLE_EQ(reads["value"],
                   static_cast<double>(bytes) / static_cast<double>(image.stored_bytes));
}

TEST_F(Doctor, foretells_the_memory_that_a_loader_plans) {
  make(300, 8);
  data::Dataset dataset(file_, "train");
  const data::LaneSampler sampler(
      {.samples = 300, .chunk_samples = 8, .lanes = 6, .micro_batch = 10, .window = 4});
  const data::BatchLoader loader(dataset, sampler, {.first_lane = 0, .last_lane = 2});

  const auto memory = check("memory", "--ranks 3 --lanes 6 --batch 10 --window 4");

  EXPECT_EQ(memory["value"], loader.statistics().planned_bytes);
}

TEST_F(Doctor, advises_smaller_chunks_where_ranks_share_too_many) {
  make(128, 32);

  const auto reads = check("reads", "--ranks 4");
  const auto naive = check("naive_reads", "--ranks 4");

  EXPECT_EQ(reads["verdict"], "OK") << "4 chunks dealt to 4 ranks";
  EXPECT_EQ(naive["value"], 32);
  const auto many = check("reads", "--ranks 8");
  EXPECT_EQ(many["verdict"], "WARN");
  EXPECT_THAT(
      many["advice"].get<std::string>(),
      AllOf(HasSubstr("rondo-data rechunk --chunk-samples 1 "), HasSubstr("set-rechunked.h5")));
}

TEST_F(Doctor, advises_a_command_that_works) {
  make(128, 128);

  const auto size = check("memory");
  EXPECT_GT(size["value"], 128 * 64 * 64 * 3);
  const auto reads = check("reads", "--ranks 4");
  const std::string text = reads["advice"];
  const std::string command = text.substr(text.find("rondo-data ") + 11);
  ASSERT_EQ(rondo_data(command).code, 0) << command;
  file_ = directory_.path() / "set-rechunked.h5";

  EXPECT_EQ(check("reads", "--ranks 4")["verdict"], "OK");
}

TEST_F(Doctor, warns_of_missing_checksums_and_chunks_that_split_samples) {
  make(64, 8);
  const hid_t file = H5Fopen(file_.c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
  H5Ldelete(file, "train/image", H5P_DEFAULT);
  const std::vector<hsize_t> shape{64, 3, 64, 64};
  const std::vector<hsize_t> chunk{8, 1, 64, 64};
  const hid_t space = H5Screate_simple(4, shape.data(), nullptr);
  const hid_t properties = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_chunk(properties, 4, chunk.data());
  const hid_t dataset =
      H5Dcreate2(file, "train/image", H5T_STD_U8LE, space, H5P_DEFAULT, properties, H5P_DEFAULT);
  const std::vector<std::uint8_t> pixels(64 * 3 * 64 * 64, 9);
  H5Dwrite(dataset, H5T_NATIVE_UINT8, H5S_ALL, H5S_ALL, H5P_DEFAULT, pixels.data());
  H5Dclose(dataset);
  H5Pclose(properties);
  H5Sclose(space);
  H5Fclose(file);

  EXPECT_EQ(check("direct")["verdict"], "WARN");
  EXPECT_THAT(check("direct")["finding"].get<std::string>(),
              HasSubstr("its chunks of (8, 1, 64, 64) split samples of (3, 64, 64)"));
  EXPECT_EQ(check("checksum")["verdict"], "WARN");
  EXPECT_THAT(check("compression")["advice"].get<std::string>(), HasSubstr("--deflate 1"));
}

TEST_F(Doctor, fails_where_samples_are_fewer_than_lanes) {
  make(8, 8);

  const ProgramResult result = doctor("--lanes 9");

  EXPECT_EQ(result.code, 65);
  EXPECT_THAT(result.out, HasSubstr("FAIL samples"));
}

TEST_F(Doctor, warns_of_lanes_that_ranks_cannot_share_evenly) {
  make(64, 8);

  const auto lanes = check("lanes", "--ranks 3 --lanes 4");

  EXPECT_EQ(lanes["verdict"], "WARN");
  EXPECT_THAT(lanes["advice"].get<std::string>(), HasSubstr("--lanes 6"));
}

}  // namespace
}  // namespace rondo::test
