// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "io/hdf5.hpp"

#include <numeric>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rondo/base/atomic_file.hpp"

#include "support/io_errors.hpp"
#include "support/small_disk.hpp"
#include "support/temporary_directory.hpp"

namespace rondo::io {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<float> counting(std::size_t count) {
  std::vector<float> values(count);
  std::iota(values.begin(), values.end(), 1.0F);
  return values;
}

class Hdf5 : public ::testing::Test {
 protected:
  /// A file with one dataset "a/b" of shape (7, 3).
  void write_sample(const Hdf5Storage& storage) const {
    const auto values = counting(21);
    Hdf5File file = Hdf5File::create(path_);
    file.create_dataset("a/b", DType::f32, {7, 3}, storage).write(std::span(values));
    file.close();
  }

  test::TemporaryDirectory directory_;
  std::filesystem::path path_ = directory_.path() / "file.h5";
};

TEST_F(Hdf5, gives_back_what_was_written) {
  write_sample({});

  const Hdf5Dataset dataset = Hdf5File::open(path_).dataset("a/b");
  std::vector<float> values(21);
  dataset.read(std::span(values));

  EXPECT_EQ(dataset.dtype(), DType::f32);
  EXPECT_EQ(dataset.shape(), (Shape{7, 3}));
  EXPECT_EQ(values, counting(21));
}

TEST_F(Hdf5, reads_and_writes_rows) {
  {
    Hdf5File file = Hdf5File::create(path_);
    Hdf5Dataset dataset =
        file.create_dataset("rows", DType::f32, {7, 3}, {.chunk = {4, 3}, .checksum = true});
    const auto values = counting(21);
    dataset.write_rows(0, 5, std::span(values).first(15));
    dataset.write_rows(5, 2, std::span(values).subspan(15));
  }

  std::vector<float> rows(6);
  const Hdf5Dataset dataset = Hdf5File::open(path_).dataset("rows");
  dataset.read_rows(4, 2, std::span(rows));

  EXPECT_EQ(dataset.storage().chunk, (Shape{4, 3}));
  EXPECT_TRUE(dataset.storage().checksum);
  EXPECT_THAT(rows, ElementsAre(13, 14, 15, 16, 17, 18));
}

TEST_F(Hdf5, keeps_every_dtype_and_a_scalar) {
  const auto round_trip = [this]<class T>(T value) {
    Hdf5File file = Hdf5File::create(path_);
    file.create_dataset("value", dtype_of<T>, {}).write(std::span<const T>(&value, 1));
    file.close();
    T found{};
    Hdf5File::open(path_).dataset("value").read(std::span<T>(&found, 1));
    EXPECT_EQ(found, value);
  };

  round_trip(0.1F);
  round_trip(0.1);
  round_trip(std::int32_t{-5});
  round_trip(std::int64_t{1} << 40);
  round_trip(std::uint8_t{200});
  round_trip(std::uint16_t{65'000});
  round_trip(std::uint32_t{4'000'000'000});
}

TEST_F(Hdf5, keeps_attributes) {
  const std::vector<double> numbers{0.5, -1.25};
  const std::vector<std::string> texts{"one", "", "three \u00e9"};
  {
    Hdf5File file = Hdf5File::create(path_);
    file.create_dataset("a/b", DType::u8, {0});
    file.set_text("", "text", "value");
    file.set_text("", "empty", "");
    file.set_integer("a", "integer", -7);
    file.set_numbers("a/b", "numbers", numbers);
    file.set_texts("", "texts", texts);
    file.close();
  }

  const Hdf5File file = Hdf5File::open(path_);

  EXPECT_EQ(file.text("", "text"), "value");
  EXPECT_EQ(file.text("", "empty"), "");
  EXPECT_EQ(file.integer("a", "integer"), -7);
  EXPECT_EQ(file.numbers("a/b", "numbers"), numbers);
  EXPECT_EQ(file.texts("", "texts"), texts);
  EXPECT_TRUE(file.has_attribute("a", "integer"));
  EXPECT_FALSE(file.has_attribute("a", "text"));
}

TEST_F(Hdf5, lists_names_and_tells_what_is_there) {
  write_sample({});
  const Hdf5File file = Hdf5File::open(path_);

  EXPECT_THAT(file.names(""), ElementsAre("a"));
  EXPECT_THAT(file.names("a"), ElementsAre("b"));
  EXPECT_TRUE(file.contains("a/b"));
  EXPECT_FALSE(file.contains("a/c"));
  EXPECT_FALSE(file.contains("a/b/c"));
}

TEST_F(Hdf5, names_file_and_object_of_what_is_absent_or_of_another_kind) {
  write_sample({});
  const Hdf5File file = Hdf5File::open(path_);

  const auto absent = test::io_error_of(ExitCode::bad_content, [&] { file.dataset("a/c"); });
  const auto group = test::io_error_of(ExitCode::bad_content, [&] { file.dataset("a"); });
  const auto attribute = test::io_error_of(ExitCode::bad_content, [&] { file.text("", "title"); });

  EXPECT_THAT(absent, HasSubstr(path_.string() + ": a/c: expected a dataset, found nothing"));
  EXPECT_THAT(group, HasSubstr("a: expected a dataset, found another kind of object"));
  EXPECT_THAT(attribute, HasSubstr("attribute title: expected, but absent"));
}

TEST_F(Hdf5, refuses_attributes_of_another_type) {
  {
    Hdf5File file = Hdf5File::create(path_);
    file.set_text("", "text", "value");
    file.set_numbers("", "numbers", std::vector<double>{1, 2});
    file.close();
  }
  const Hdf5File file = Hdf5File::open(path_);

  test::io_error_of(ExitCode::bad_content, [&] { file.integer("", "text"); });
  test::io_error_of(ExitCode::bad_content, [&] { file.numbers("", "text"); });
  test::io_error_of(ExitCode::bad_content, [&] { file.integer("", "numbers"); });
  test::io_error_of(ExitCode::bad_content, [&] { file.text("", "numbers"); });
}

TEST_F(Hdf5, refuses_buffers_that_do_not_match) {
  write_sample({});
  const Hdf5Dataset dataset = Hdf5File::open(path_).dataset("a/b");
  std::vector<float> values(21);
  std::vector<double> doubles(21);

  EXPECT_THROW(dataset.read(std::span(values).first(20)), UsageError);
  EXPECT_THROW(dataset.read(std::span(doubles)), UsageError);
  EXPECT_THROW(dataset.read_rows(6, 2, std::span(values).first(6)), UsageError);
  EXPECT_THROW(dataset.read_rows(8, 0, std::span(values).first(0)), UsageError);
}

TEST_F(Hdf5, finds_a_flipped_bit_by_the_checksum) {
  write_sample({.chunk = {1, 3}, .checksum = true});
  const auto values = counting(21);
  test::damage(path_, std::string(reinterpret_cast<const char*>(values.data() + 12), 12));
  const Hdf5Dataset dataset = Hdf5File::open(path_).dataset("a/b");
  std::vector<float> row(3);

  dataset.read_rows(3, 1, std::span(row));
  const auto message =
      test::io_error_of(ExitCode::bad_content, [&] { dataset.read_rows(4, 1, std::span(row)); });

  EXPECT_THAT(message, HasSubstr("a/b: cannot read rows 4 to 4"));
  EXPECT_THAT(message, HasSubstr("checksum"));
}

TEST_F(Hdf5, writes_the_same_bytes_for_the_same_content) {
  write_sample({.chunk = {2, 3}, .checksum = true});
  const std::string first = test::read_file(path_);
  write_sample({.chunk = {2, 3}, .checksum = true});

  EXPECT_EQ(test::read_file(path_), first);
}

TEST_F(Hdf5, names_the_reason_when_a_file_cannot_be_created) {
  const auto path = directory_.path() / "absent" / "file.h5";

  const auto message = test::io_error_of(ExitCode::cannot_create, [&] { Hdf5File::create(path); });

  EXPECT_THAT(message, HasSubstr(path.string()));
  EXPECT_THAT(message, HasSubstr("No such file or directory"));
}

TEST_F(Hdf5, survives_a_full_disk_and_names_the_final_path) {
  const test::SmallDisk disk("64k");
  if (!disk.failure().empty()) GTEST_SKIP() << disk.failure();
  const auto values = counting(100'000);
  const auto fill = [&] {
    const AtomicFile target(disk.path() / "result.h5");
    Hdf5File file = Hdf5File::create(target);
    Hdf5Dataset dataset =
        file.create_dataset("rows", DType::f32, {1000, 100}, {.chunk = {10, 100}});
    dataset.write(std::span(values));
    file.close();
  };

  const auto message = test::io_error_of(ExitCode::io, fill);
  write_sample({});  // the library still works

  EXPECT_THAT(message, HasSubstr((disk.path() / "result.h5").string()));
  EXPECT_THAT(message, HasSubstr("No space left on device"));
  EXPECT_EQ(test::entry_count(disk.path()), 0U);
}

TEST_F(Hdf5, is_serialised_between_threads) {
  write_sample({.chunk = {1, 3}});
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([this] {
      for (int repeat = 0; repeat < 20; ++repeat) {
        std::vector<float> values(21);
        Hdf5File::open(path_).dataset("a/b").read(std::span(values));
        EXPECT_EQ(values, counting(21));
      }
    });
  for (std::thread& thread : threads)
    thread.join();
}

}  // namespace
}  // namespace rondo::io
