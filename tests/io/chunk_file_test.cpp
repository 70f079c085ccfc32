// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "io/chunk_file.hpp"

#include <chrono>
#include <functional>
#include <optional>
#include <random>
#include <thread>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <hdf5.h>

#include "support/io_errors.hpp"
#include "support/temporary_directory.hpp"

namespace rondo::io {
namespace {

using ::testing::HasSubstr;

template <class T>
std::vector<T> some_values(std::size_t count) {
  std::mt19937 random(7);
  std::vector<T> values(count);
  for (T& value : values)
    value = static_cast<T>(random() % 50);
  return values;
}

/// All rows, chunk by chunk.
std::vector<std::byte> read_directly(const ChunkMap& map, const ChunkFile& file) {
  ChunkScratch scratch;
  std::vector<std::byte> bytes(map.row_count() * map.row_bytes());
  for (std::size_t i = 0; i < map.chunk_count(); ++i)
    file.read(map, i,
              std::span(bytes).subspan(map.first_row(i) * map.row_bytes(),
                                       map.rows_in(i) * map.row_bytes()),
              scratch);
  return bytes;
}

class ChunkedFile : public ::testing::Test {
 protected:
  template <class T>
  ChunkMap write(const Shape& shape, const Hdf5Storage& storage, std::size_t contiguous_rows = 0) {
    const auto values = some_values<T>(element_count(shape));
    Hdf5File file = Hdf5File::create(path_);
    if (!values.empty())
      file.create_dataset("a/x", dtype_of<T>, shape, storage).write(std::span(values));
    else
      file.create_dataset("a/x", dtype_of<T>, shape, storage);
    file.close();
    return map(contiguous_rows);
  }
  ChunkMap map(std::size_t contiguous_rows = 0) const {
    return ChunkMap::of(Hdf5File::open(path_).dataset("a/x"), contiguous_rows);
  }

  /// The dataset "a/x" of u8 with properties that Hdf5File does not make.
  void write_foreign(const std::vector<hsize_t>& shape, const std::vector<hsize_t>& chunk,
                     const std::function<void(hid_t properties)>& set,
                     const std::function<void(hid_t dataset)>& fill) const {
    const hid_t file = H5Fcreate(path_.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    const hid_t group = H5Gcreate2(file, "a", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    const hid_t space = H5Screate_simple(static_cast<int>(shape.size()), shape.data(), nullptr);
    const hid_t properties = H5Pcreate(H5P_DATASET_CREATE);
    if (!chunk.empty()) H5Pset_chunk(properties, static_cast<int>(chunk.size()), chunk.data());
    set(properties);
    const hid_t dataset =
        H5Dcreate2(group, "x", H5T_STD_U8LE, space, H5P_DEFAULT, properties, H5P_DEFAULT);
    ASSERT_GE(dataset, 0);
    fill(dataset);
    H5Dclose(dataset);
    H5Pclose(properties);
    H5Sclose(space);
    H5Gclose(group);
    H5Fclose(file);
  }
  static void fill(hid_t dataset, const std::vector<std::uint8_t>& values) {
    ASSERT_GE(H5Dwrite(dataset, H5T_NATIVE_UINT8, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()), 0);
  }
  std::string error_of_reading(const ChunkMap& map, const ChunkFile& file) const {
    return test::io_error_of(ExitCode::bad_content, [&] { read_directly(map, file); });
  }
  static std::string error_of_reading(const ChunkMap& map, const ChunkFile& file,
                                      std::size_t chunk) {
    std::vector<std::byte> rows(map.rows_in(chunk) * map.row_bytes());
    ChunkScratch scratch;
    return test::io_error_of(ExitCode::bad_content, [&] { file.read(map, chunk, rows, scratch); });
  }

  test::TemporaryDirectory directory_;
  std::filesystem::path path_ = directory_.path() / "file.h5";
};

/// Reads by the library what was written, and directly, and compares.
template <class T>
void expect_same(const std::filesystem::path& path, const ChunkMap& map) {
  std::vector<T> expected(map.row_count() * map.row_bytes() / sizeof(T));
  Hdf5File::open(path).dataset("a/x").read(std::span(expected));
  const auto found = read_directly(map, ChunkFile(map));
  const auto bytes = std::as_bytes(std::span(expected));
  EXPECT_TRUE(std::equal(found.begin(), found.end(), bytes.begin(), bytes.end()));
}

TEST_F(ChunkedFile, reads_what_hdf5_reads_with_every_filter) {
  const auto check = [this]<class T>(std::type_identity<T>) {
    for (const std::size_t rows : {std::size_t{1}, std::size_t{12}, std::size_t{101}})
      for (const std::size_t chunk_rows : {std::size_t{1}, std::size_t{8}, std::size_t{200}})
        for (int filters = 0; filters < 8; ++filters) {
          SCOPED_TRACE(
              fmt::format("{} rows, {} in a chunk, filters {}", rows, chunk_rows, filters));
          const Hdf5Storage storage{.chunk = {std::min(chunk_rows, rows), 3, 5},
                                    .checksum = (filters & 1) != 0,
                                    .shuffle = (filters & 2) != 0,
                                    .deflate_level = (filters & 4) != 0 ? 4 : 0};
          const ChunkMap map = write<T>({rows, 3, 5}, storage);
          EXPECT_EQ(map.obstacle(), "");
          EXPECT_EQ(map.rows_per_chunk(), std::min(chunk_rows, rows));
          expect_same<T>(path_, map);
        }
  };
  check(std::type_identity<std::uint8_t>());
  check(std::type_identity<std::uint16_t>());
  check(std::type_identity<float>());
  check(std::type_identity<double>());
}

TEST_F(ChunkedFile, is_cut_where_it_has_no_chunks) {
  const ChunkMap map = write<float>({100, 7}, {}, 30);
  const ChunkMap automatic = write<float>({100'000, 7}, {});

  EXPECT_EQ(map.chunk_count(), 4U);
  EXPECT_EQ(map.rows_in(3), 10U);
  EXPECT_EQ(automatic.rows_per_chunk(), (1U << 20) / 28);
  expect_same<float>(path_, automatic);
}

TEST_F(ChunkedFile, counts_the_bytes_that_it_reads) {
  const ChunkMap map = write<float>({100, 16}, {.chunk = {16, 16}, .checksum = true});
  const ChunkFile file(map);

  read_directly(map, file);

  EXPECT_EQ(file.bytes_read(), map.stored_bytes());
  EXPECT_EQ(map.stored_bytes(), 7U * (16 * 64 + 4));
}

TEST_F(ChunkedFile, tells_why_it_cannot_be_read_directly) {
  const std::vector<std::uint8_t> values(600, 1);
  write_foreign(
      {10, 60}, {5, 30}, [](hid_t) {}, [&](hid_t x) { fill(x, values); });
  const ChunkMap split = map();
  write_foreign(
      {10, 60}, {}, [](hid_t p) { H5Pset_layout(p, H5D_COMPACT); },
      [&](hid_t x) { fill(x, values); });
  const ChunkMap compact = map();

  EXPECT_EQ(split.obstacle(), "its chunks of (5, 30) split samples of (60)");
  EXPECT_EQ(split.chunk_count(), 2U);
  EXPECT_EQ(compact.obstacle(), "its elements lie in the header of the dataset");
  EXPECT_THROW(read_directly(compact, ChunkFile(compact)), UsageError);
}

TEST_F(ChunkedFile, may_have_the_checksum_before_compression) {
  const auto values = some_values<std::uint8_t>(6000);
  write_foreign(
      {100, 60}, {30, 60},
      [](hid_t properties) {
        H5Pset_fletcher32(properties);
        H5Pset_shuffle(properties);
        H5Pset_deflate(properties, 3);
      },
      [&](hid_t dataset) { fill(dataset, values); });

  expect_same<std::uint8_t>(path_, map());
}

TEST_F(ChunkedFile, may_have_chunks_without_some_of_its_filters) {
  const auto values = some_values<std::uint8_t>(60);
  write_foreign(
      {2, 30}, {1, 30},
      [](hid_t properties) {
        H5Pset_deflate(properties, 3);
        H5Pset_fletcher32(properties);
      },
      [&](hid_t dataset) {
        fill(dataset, values);
        const hsize_t offset[] = {1, 0};
        H5Dwrite_chunk(dataset, H5P_DEFAULT, 0b11, offset, 30, values.data());
      });

  const ChunkMap found = map();

  EXPECT_EQ(found.place(0).skipped_filters, 0U);
  EXPECT_EQ(found.place(1).skipped_filters, 0b11U);
  expect_same<std::uint8_t>(path_, found);
}

TEST_F(ChunkedFile, takes_chunks_that_were_encoded_elsewhere) {
  const auto values = some_values<std::uint16_t>(1000);
  const Shape shape{10, 100};
  const Hdf5Storage storage{
      .chunk = {4, 100}, .checksum = true, .shuffle = true, .deflate_level = 5};
  const std::vector<Filter> filters{
      {Filter::Kind::shuffle, 2}, {Filter::Kind::deflate}, {Filter::Kind::checksum}};
  {
    Hdf5File file = Hdf5File::create(path_);
    Hdf5Dataset dataset = file.create_dataset("a/x", DType::u16, shape, storage);
    std::vector<std::uint16_t> padded(values);
    padded.resize(1200);
    for (std::size_t row = 0; row < 10; row += 4)
      dataset.write_chunk(
          row, encode_chunk(filters, 5, std::as_bytes(std::span(padded).subspan(row * 100, 400))));
  }
  std::vector<std::uint16_t> found(1000);
  Hdf5File::open(path_).dataset("a/x").read(std::span(found));

  EXPECT_EQ(found, values);
  expect_same<std::uint16_t>(path_, map());
}

TEST_F(ChunkedFile, names_the_damaged_chunk) {
  const ChunkMap sealed = write<float>({100, 16}, {.chunk = {16, 16}, .checksum = true});
  const ChunkFile file(sealed);
  std::string content = test::read_file(path_);
  content[sealed.place(2).offset + 100] ^= 1;
  test::write_file(path_, content);

  const auto message = error_of_reading(sealed, file, 2);

  EXPECT_THAT(message, HasSubstr(path_.string() + ": a/x: chunk 2 (samples 32 to 47) is damaged: "
                                                  "expected checksum "));
  EXPECT_THAT(message, HasSubstr("; the file was changed while it was open"));
}

TEST_F(ChunkedFile, names_a_damaged_compressed_chunk) {
  ChunkMap packed = write<float>({100, 16}, {.chunk = {16, 16}, .deflate_level = 1});
  std::string content = test::read_file(path_);
  content[packed.place(6).offset + 30] ^= 1;
  test::write_file(path_, content);
  packed = map();

  const auto message = error_of_reading(packed, ChunkFile(packed));

  EXPECT_THAT(message, HasSubstr("a/x: chunk 6 (samples 96 to 99) cannot be decompressed"));
  EXPECT_THAT(message, ::testing::Not(HasSubstr("while it was open")));
}

TEST_F(ChunkedFile, notices_that_it_was_truncated_or_replaced) {
  const ChunkMap before = write<float>({100, 16}, {.chunk = {16, 16}, .checksum = true});
  const ChunkFile file(before);
  std::filesystem::resize_file(path_, before.place(3).offset + 8);
  const auto truncated = error_of_reading(before, file, 3);
  std::filesystem::remove(path_);
  const auto gone = error_of_reading(before, file);
  write<float>({100, 16}, {.chunk = {16, 16}, .checksum = true});
  const auto replaced =
      test::io_error_of(ExitCode::bad_content, [&] { const ChunkFile again(before); });

  EXPECT_THAT(truncated, HasSubstr("chunk 3 (samples 48 to 63) is truncated: the file ends at"));
  EXPECT_THAT(truncated, HasSubstr("; the file was changed while it was open: it had "));
  EXPECT_THAT(gone, HasSubstr("; the file is gone since it was opened"));
  EXPECT_THAT(replaced, HasSubstr(path_.string() + ": the file was replaced while it was open"));
}

TEST_F(ChunkedFile, notices_another_set_of_the_same_layout_copied_over_it) {
  const Hdf5Storage storage{.chunk = {16, 16}, .checksum = true};
  const ChunkMap before = write<float>({100, 16}, storage);
  const ChunkFile file(before);
  const Hdf5File opened = Hdf5File::open(path_);
  const Hdf5Dataset dataset = opened.dataset("a/x");
  const auto other = directory_.path() / "other.h5";
  {
    const std::vector<float> values(1600, 3.5F);
    Hdf5File writer = Hdf5File::create(other);
    writer.create_dataset("a/x", DType::f32, {100, 16}, storage).write(std::span(values));
    writer.close();
  }
  test::write_file(path_, test::read_file(other));

  const auto direct = error_of_reading(before, file, 4);
  const auto stored = test::io_error_of(ExitCode::bad_content, [&] {
    std::vector<std::byte> bytes(before.place(4).stored_bytes);
    file.read_stored(before, 4, bytes);
  });
  const auto by_library = test::io_error_of(ExitCode::bad_content, [&] {
    std::vector<float> rows(16);
    dataset.read_rows(0, 1, std::span(rows));
  });

  for (const std::string& message : {direct, stored, by_library}) {
    EXPECT_THAT(message, HasSubstr(path_.string() + ": a/x: "));
    EXPECT_THAT(message, HasSubstr("; the file was changed while it was open"));
  }
}

TEST_F(ChunkedFile, reads_on_what_was_renamed_or_removed) {
  const ChunkMap before = write<float>({100, 16}, {.chunk = {16, 16}, .checksum = true});
  const ChunkFile file(before);
  const auto expected = read_directly(before, file);

  std::filesystem::rename(path_, directory_.path() / "moved.h5");
  test::write_file(path_, "another file");
  const auto replaced = read_directly(before, file);
  std::filesystem::remove(directory_.path() / "moved.h5");

  EXPECT_EQ(replaced, expected);
  EXPECT_EQ(read_directly(before, file), expected);
}

TEST_F(ChunkedFile, must_be_open_for_reading) {
  Hdf5File file = Hdf5File::create(path_);
  const Hdf5Dataset dataset = file.create_dataset("x", DType::u8, {4}, {.chunk = {2}});

  EXPECT_THROW(ChunkMap::of(dataset), UsageError);
}

TEST_F(ChunkedFile, may_be_empty) {
  const ChunkMap no_rows = write<float>({0, 16}, {.chunk = {16, 16}});
  const ChunkMap no_elements = write<float>({16, 0}, {});

  EXPECT_EQ(no_rows.chunk_count(), 0U);
  EXPECT_TRUE(no_rows.is_direct());
  EXPECT_EQ(no_elements.obstacle(), "its samples have no elements");
}

TEST_F(ChunkedFile, is_mapped_quickly) {
  write<std::uint8_t>({20'000, 16}, {.chunk = {1, 16}, .checksum = true});
  const Hdf5Dataset dataset = Hdf5File::open(path_).dataset("a/x");

  const auto start = std::chrono::steady_clock::now();
  const ChunkMap map = ChunkMap::of(dataset);
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;

  EXPECT_EQ(map.chunk_count(), 20'000U);
  // About 0.05 s; HDF5's own function would take minutes.
  EXPECT_LT(elapsed.count(), 10);
  RecordProperty("seconds", std::to_string(elapsed.count()));
}

TEST_F(ChunkedFile, is_read_by_many_threads) {
  const ChunkMap map =
      write<float>({100, 16}, {.chunk = {16, 16}, .checksum = true, .deflate_level = 1});
  const ChunkFile file(map);
  const auto expected = read_directly(map, file);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int repeat = 0; repeat < 20; ++repeat)
        EXPECT_EQ(read_directly(map, file), expected);
    });
  for (std::thread& thread : threads)
    thread.join();

  EXPECT_EQ(file.bytes_read(), 81 * map.stored_bytes());
}

}  // namespace
}  // namespace rondo::io
