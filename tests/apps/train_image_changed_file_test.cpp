// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// A data set that changes under the trainer that reads it, in the real program.

#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "apps/train_image_data_runs.hpp"
#include "support/io_errors.hpp"

namespace rondo::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr int epochs = 60;

class ChangedFile : public TrainImageData {
 protected:
  static void SetUpTestSuite() {
    TrainImageData::SetUpTestSuite();
    std::filesystem::copy(path("idx"), path("other-idx"));
    const std::filesystem::path images = path("other-idx/train-images-idx3-ubyte");
    std::string content = read_file(images);
    constexpr std::ptrdiff_t header_bytes = 16;
    std::reverse(content.begin() + header_bytes, content.end());
    write_file(images, content);
    ASSERT_EQ(run_program(fmt::format("{} convert idx --directory {} --source {} --chunk 20 "
                                      "--output {}",
                                      RONDO_DATA_PROGRAM, path("other-idx"), path("idx"), other()))
                  .code,
              0);
    ASSERT_EQ(std::filesystem::file_size(other()), std::filesystem::file_size(data_file()));
    ASSERT_EQ(run_program(trainer("undisturbed", options(), data_file())).code, 0);
  }

  /// A good data set of the same layout, but of other images.
  static std::string other() { return path("other.h5"); }

  /// A window of a chunk, so that each epoch reads the file again.
  static std::string options(const std::string& more = "") {
    return fmt::format("--window 1 --prefetch 1 --epochs {} {}", epochs, more);
  }

  /// Trains on a copy of the data set ($data). When the first epoch has ended, the trainer is held,
  /// `change` is made, and the trainer goes on.
  static ProgramResult train_while(const std::string& run, const std::string& change,
                                   const std::string& more) {
    const std::string data = path(run + ".h5");
    return run_program(fmt::format(
        "metrics={0}/metrics.ndjson; data={1}; cp {2} $data; {3} & trainer=$!; "
        "until grep -qs evaluation $metrics || ! kill -0 $trainer; do sleep 0.01; done; "
        "kill -STOP $trainer && test $(grep -c evaluation $metrics) -lt {4} || exit 99; "
        "{5}; kill -CONT $trainer; wait $trainer",
        path(run), data, data_file(), trainer(run, options(more), data), epochs, change));
  }
};

const std::vector<std::string> ways_to_read = {"--read direct", "--read library"};

TEST_F(ChangedFile, is_read_on_as_it_was_when_another_takes_its_name_or_none) {
  for (const std::string& read : ways_to_read) {
    const std::string run = "moved" + read.substr(7);
    const ProgramResult moved =
        train_while(run, fmt::format("cp {0} {0}.new; mv {0}.new $data", other()), read);
    const ProgramResult removed = train_while(run + "-removed", "rm $data", read);

    EXPECT_EQ(moved.code, 0) << moved.err;
    EXPECT_EQ(removed.code, 0) << removed.err;
    EXPECT_EQ(hash(run), hash("undisturbed")) << read;
    EXPECT_EQ(hash(run + "-removed"), hash("undisturbed")) << read;
  }
}

TEST_F(ChangedFile, ends_with_65_when_another_is_copied_over_it) {
  std::vector<std::string> ways = ways_to_read;
  ways.push_back(stage("copies"));
  for (const std::string& read : ways) {
    const std::string run = fmt::format("overwritten-{}", read.size());
    const ProgramResult result = train_while(run, fmt::format("cat {} >$data", other()), read);

    EXPECT_EQ(result.code, 65) << read;
    EXPECT_THAT(result.err, AllOf(HasSubstr(path(run + ".h5")),
                                  HasSubstr("the file was changed while it was open")));
  }
}

TEST_F(ChangedFile, ends_with_65_when_it_is_cut_off) {
  for (const std::string& read : ways_to_read) {
    const std::string run = "cut" + read.substr(7);
    const ProgramResult result = train_while(run, "truncate -s 4000 $data", read);

    EXPECT_EQ(result.code, 65) << read;
    EXPECT_THAT(result.err, AllOf(HasSubstr(path(run + ".h5")), HasSubstr("now 4000")));
  }
}

}  // namespace
}  // namespace rondo::test
