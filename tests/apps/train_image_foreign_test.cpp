// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// Training on HDF5 files of other makes, by --field, in the real program.

#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <hdf5.h>

#include "apps/train_image_data_runs.hpp"

namespace rondo::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

/// The samples of the good data set, and nothing else of it, at /x_train, /y_train and so on.
class ForeignFile : public TrainImageData {
 protected:
  static void SetUpTestSuite() {
    TrainImageData::SetUpTestSuite();
    const hid_t from = H5Fopen(data_file().c_str(), H5F_ACC_RDONLY, H5P_DEFAULT);
    const hid_t to = H5Fcreate(foreign().c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    for (const std::string split : {"train", "test"}) {
      H5Ocopy(from, (split + "/image").c_str(), to, ("x_" + split).c_str(), H5P_DEFAULT,
              H5P_DEFAULT);
      H5Ocopy(from, (split + "/label").c_str(), to, ("y_" + split).c_str(), H5P_DEFAULT,
              H5P_DEFAULT);
    }
    EXPECT_GE(H5Fclose(to), 0);
    EXPECT_GE(H5Fclose(from), 0);
  }

  static std::string foreign() { return path("foreign.h5"); }
  static ProgramResult train_foreign(const std::string& run, const std::string& fields,
                                     const std::string& arguments = "") {
    return train(run, fmt::format("--field '{}' {}", fields, arguments), 2, foreign());
  }
};

TEST_F(ForeignFile, trains_to_the_same_bits_and_says_what_the_file_does_not_say) {
  ASSERT_EQ(train("rondos", "").code, 0);
  const ProgramResult result = train_foreign("foreign", "image=/x_{split},label=/y_{split}");

  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(hash("foreign"), hash("rondos"));
  EXPECT_THAT(result.err, AllOf(HasSubstr("data: classes: 10 taken, the highest label of "),
                                HasSubstr("data: mean 0.")));
}

TEST_F(ForeignFile, is_inspected_with_the_same_notes) {
  const ProgramResult result =
      run_program(fmt::format("{} inspect --field 'image=/x_{{split}},label=/y_{{split}}' {}",
                              RONDO_DATA_PROGRAM, foreign()));

  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_THAT(result.out, AllOf(HasSubstr("note       classes: 10 taken"),
                                HasSubstr("note       mean 0."), HasSubstr("test/image: u8")));
}

TEST_F(ForeignFile, may_have_each_split_where_it_likes) {
  const ProgramResult result =
      train_foreign("apart", "image=/x_train,label=/y_{split},test/image=/x_test", "--steps 1");

  EXPECT_EQ(result.code, 0) << result.err;
}

TEST_F(ForeignFile, with_one_path_for_training_and_test_is_78) {
  const ProgramResult result = train_foreign("both", "image=/x_train,label=/y_{split}");

  EXPECT_EQ(result.code, 78);
  EXPECT_THAT(result.err,
              AllOf(HasSubstr("training and test would have the same samples"),
                    HasSubstr("image=/x_{split}"), HasSubstr("image=/x_train,test/image=PATH")));

  const ProgramResult said = train_foreign(
      "both", "image=/x_train,label=/y_train,test/image=/x_train,test/label=/y_train", "--steps 1");
  EXPECT_EQ(said.code, 0) << said.err;
}

TEST_F(ForeignFile, without_the_fields_that_are_named_is_65_with_all_of_them) {
  const ProgramResult result = train_foreign("absent", "image=/a/{split},label=/b/{split}");

  EXPECT_EQ(result.code, 65);
  EXPECT_THAT(result.err, AllOf(HasSubstr("/a/train"), HasSubstr("/b/train")));
}

TEST_F(ForeignFile, with_a_field_that_is_no_mapping_is_2) {
  const ProgramResult result = train_foreign("none", "image");

  EXPECT_EQ(result.code, 2);
  EXPECT_THAT(result.err, HasSubstr("expected NAME=PATH"));
}

}  // namespace
}  // namespace rondo::test
