// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0

// rondo-data rechunk, run as a program on one rank and on several.
#include <map>
#include <numeric>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rondo/base/hash.hpp"
#include "rondo/data/dataset.hpp"

#include "apps/data_tool_files.hpp"
#include "data/generated_dataset.hpp"
#include "support/small_disk.hpp"

namespace rondo::test {
namespace {

using ::testing::HasSubstr;

class Rechunk : public ::testing::Test {
 protected:
  Rechunk() { write_general_set(input_); }

  ProgramResult rechunk(const std::string& options = "", int ranks = 1) const {
    const std::string command = fmt::format("{} rechunk {} {} {}", RONDO_DATA_PROGRAM, options,
                                            input_.string(), output_.string());
    return ranks == 1 ? run_program(command) : run_program(mpirun(ranks, command));
  }

  /// The content hash of each field of each split, by its path.
  static std::map<std::string, std::uint64_t> contents(const std::filesystem::path& file) {
    std::map<std::string, std::uint64_t> hashes;
    for (const std::string split : {"train", "test"}) {
      data::Dataset dataset(file, split);
      std::vector<std::uint64_t> samples(dataset.info().samples);
      std::iota(samples.begin(), samples.end(), 0U);
      for (const data::FieldInfo& field : dataset.fields()) {
        std::vector<std::byte> bytes(samples.size() * field.sample_bytes());
        dataset.read_field_bytes(field.name, samples, bytes);
        hashes[split + "/" + field.name] = content_hash(bytes);
      }
    }
    return hashes;
  }

  static std::size_t attributes_in(const std::filesystem::path& file, const char* object) {
    const hid_t handle = H5Fopen(file.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT);
    const hid_t place = H5Oopen(handle, object, H5P_DEFAULT);
    H5O_info_t info{};
    H5Oget_info(place, &info);
    H5Oclose(place);
    H5Fclose(handle);
    return info.num_attrs;
  }

  TemporaryDirectory directory_;
  std::filesystem::path input_ = directory_.path() / "in.h5";
  std::filesystem::path output_ = directory_.path() / "out.h5";
};

TEST_F(Rechunk, keeps_all_samples_and_attributes_in_other_chunks) {
  const ProgramResult result = rechunk("--chunk-samples 3 --deflate 4 --shuffle");

  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("verified"));
  EXPECT_EQ(contents(output_), contents(input_));
  const data::DatasetInfo info = data::Dataset(output_, "train").info();
  EXPECT_EQ(info.chunk_samples, 3U);
  EXPECT_TRUE(info.checksum);
  EXPECT_EQ(info.class_names, data::Dataset(input_, "train").info().class_names);
  EXPECT_EQ(info.mean, data::Dataset(input_, "train").info().mean);
  EXPECT_EQ(data::find_field(info.fields, "token").vocabulary, 500U);
  EXPECT_LT(data::find_field(info.fields, "image").stored_bytes, 40U * 128U);
  for (const char* object : {"/", "/train", "/test", "/train/token", "/test/image"})
    EXPECT_EQ(attributes_in(output_, object), attributes_in(input_, object)) << object;
  EXPECT_EQ(rondo_data("verify --statistics " + output_.string()).code, 0);
}

TEST_F(Rechunk, writes_the_same_file_on_any_number_of_ranks_and_threads) {
  ASSERT_EQ(rechunk("--chunk-samples 5 --deflate 1").code, 0);
  const std::string expected = read_file(output_);

  ASSERT_EQ(rechunk("--chunk-samples 5 --deflate 1 --threads 3").code, 0);
  EXPECT_EQ(read_file(output_), expected);
  const ProgramResult parallel = rechunk("--chunk-samples 5 --deflate 1 --threads 2", 3);
  ASSERT_EQ(parallel.code, 0) << parallel.err;
  EXPECT_EQ(read_file(output_), expected);
}

TEST_F(Rechunk, returns_to_where_it_began) {
  ASSERT_EQ(rechunk("--chunk-samples 16 --deflate 9 --shuffle").code, 0);
  const ProgramResult back =
      rondo_data(fmt::format("rechunk --drop-deflate --chunk-samples 8 {} {}", output_.string(),
                             (directory_.path() / "back.h5").string()));

  ASSERT_EQ(back.code, 0) << back.err;
  EXPECT_EQ(contents(directory_.path() / "back.h5"), contents(input_));
  const data::FieldInfo image =
      data::find_field(data::Dataset(directory_.path() / "back.h5", "train").fields(), "image");
  EXPECT_EQ(image.stored_bytes, 40U * 128U + 5U * 4U);
}

TEST_F(Rechunk, makes_a_file_of_another_make_one_of_ours) {
  const hid_t file = H5Fopen(input_.c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
  for (const char* attribute : {"format", "version", "classes", "class_names", "mean", "deviation"})
    H5Adelete(file, attribute);
  H5Lmove(file, "train/image", file, "x_train", H5P_DEFAULT, H5P_DEFAULT);
  H5Lmove(file, "train/label", file, "y_train", H5P_DEFAULT, H5P_DEFAULT);
  H5Fclose(file);

  const ProgramResult result = rechunk("--field image=x_{split},label=y_{split}");

  ASSERT_EQ(result.code, 0) << result.err;
  const data::DatasetInfo info = data::Dataset(output_, "train").info();
  EXPECT_EQ(info.samples, 40U);
  EXPECT_EQ(info.classes, 5U);
  EXPECT_EQ(info.notes, std::vector<std::string>());
  EXPECT_EQ(data::split_names(output_), std::vector<std::string>{"train"});
}

TEST_F(Rechunk, says_which_attributes_it_leaves_out) {
  const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
  H5Pset_libver_bounds(access, H5F_LIBVER_LATEST, H5F_LIBVER_LATEST);
  const hid_t file = H5Fcreate(input_.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, access);
  const hsize_t shape[] = {5, 2, 3};
  const hid_t space = H5Screate_simple(3, shape, nullptr);
  const hid_t scalar = H5Screate(H5S_SCALAR);
  const hid_t image =
      H5Dcreate2(file, "x", H5T_STD_U8LE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  const std::vector<std::uint8_t> pixels(30, 3);
  H5Dwrite(image, H5T_NATIVE_UINT8, H5S_ALL, H5S_ALL, H5P_DEFAULT, pixels.data());
  const auto add_attribute = [&](hid_t object, const std::string& name, hid_t type) {
    H5Aclose(H5Acreate2(object, name.c_str(), type, scalar, H5P_DEFAULT, H5P_DEFAULT));
  };
  for (int i = 0; i < 9; ++i)  // the ninth moves all of them
    add_attribute(image, fmt::format("in_heap_{}", i), H5T_STD_I32LE);
  add_attribute(file, "reference", H5T_STD_REF_OBJ);
  H5Dclose(image);
  H5Sclose(scalar);
  H5Sclose(space);
  H5Fclose(file);
  H5Pclose(access);

  const ProgramResult result = rechunk("--field image=x");

  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("note: attribute reference is neither numbers nor text: not"));
  EXPECT_THAT(result.out,
              HasSubstr("note: x has its attributes in a heap, which is not read: not"));
}

TEST_F(Rechunk, leaves_nothing_where_the_input_is_damaged) {
  write_file(output_, "what was there before");
  flip_bit(input_, chunk_offset(input_, "train/image", 3));

  for (const int ranks : {1, 2}) {
    const ProgramResult result = rechunk("", ranks);

    EXPECT_EQ(result.code, 65);
    EXPECT_THAT(result.err, HasSubstr("train/image: chunk 3 (samples 24 to 31) is damaged"));
    EXPECT_EQ(read_file(output_), "what was there before");
    EXPECT_EQ(entry_count(directory_.path()), 2U);
  }
}

TEST_F(Rechunk, leaves_nothing_on_a_full_disk) {
  const SmallDisk disk("8k");
  if (!disk.failure().empty()) GTEST_SKIP() << disk.failure();
  output_ = disk.path() / "out.h5";

  const ProgramResult result = rechunk("--drop-deflate");

  EXPECT_EQ(result.code, 74) << result.err;
  EXPECT_THAT(result.err, HasSubstr("out.h5: cannot write: No space left on device"));
  EXPECT_EQ(entry_count(disk.path()), 0U);
}

TEST_F(Rechunk, leaves_nothing_when_it_is_interrupted) {
  generate_dataset(input_, {.train_samples = 4000,
                            .test_samples = 10,
                            .channels = 3,
                            .height = 64,
                            .width = 64,
                            .classes = 2,
                            .chunk_samples = 64});

  const ProgramResult result = run_program(fmt::format(
      "{} rechunk --deflate 9 {} {} & until ls -A {} | grep -q partial; do sleep 0.01; done; "
      "kill -TERM $!; wait $!",
      RONDO_DATA_PROGRAM, input_.string(), output_.string(), directory_.path().string()));

  EXPECT_EQ(result.code, 75) << result.err;
  EXPECT_THAT(result.err, HasSubstr("interrupted: "));
  EXPECT_EQ(entry_count(directory_.path()), 1U);
}

TEST_F(Rechunk, refuses_unusable_options) {
  EXPECT_EQ(rechunk("--deflate 3 --drop-deflate").code, 2);
  EXPECT_EQ(rechunk("--deflate 10").code, 2);
  const ProgramResult same =
      rondo_data(fmt::format("rechunk {} {}", input_.string(), input_.string()));
  EXPECT_EQ(same.code, 2);
  EXPECT_THAT(same.err, HasSubstr("is IN and OUT"));
  EXPECT_EQ(rondo_data("rechunk /nonexistent.h5 " + output_.string()).code, 66);
}

}  // namespace
}  // namespace rondo::test
