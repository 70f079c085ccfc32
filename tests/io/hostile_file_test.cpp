// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0

// Files that want to be read as something else: made with bare HDF5, refused by Hdf5File.
#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <hdf5.h>
#include <sys/stat.h>

#include "io/hdf5.hpp"
#include "support/io_errors.hpp"
#include "support/temporary_directory.hpp"

namespace rondo::io {
namespace {

using ::testing::HasSubstr;

class HostileFile : public ::testing::Test {
 protected:
  /// Calls `build` with a new HDF5 file.
  void build(const std::function<void(hid_t file)>& fill) const {
    const hid_t file = H5Fcreate(path_.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    ASSERT_GE(file, 0);
    fill(file);
    ASSERT_GE(H5Fclose(file), 0);
  }

  /// Creates dataset "x" of u8 with the given properties; writes zeros if `write`.
  static void create(hid_t file, const std::vector<hsize_t>& dimensions, hid_t properties,
                     const std::vector<std::uint8_t>& content = {}) {
    const hid_t space =
        H5Screate_simple(static_cast<int>(dimensions.size()), dimensions.data(), nullptr);
    const hid_t dataset =
        H5Dcreate2(file, "x", H5T_STD_U8LE, space, H5P_DEFAULT, properties, H5P_DEFAULT);
    ASSERT_GE(dataset, 0);
    if (!content.empty()) {
      ASSERT_GE(H5Dwrite(dataset, H5T_NATIVE_UINT8, H5S_ALL, H5S_ALL, H5P_DEFAULT, content.data()),
                0);
    }
    H5Dclose(dataset);
    H5Sclose(space);
  }

  std::string refusal_of_x() const {
    return test::io_error_of(ExitCode::bad_content, [&] { Hdf5File::open(path_).dataset("x"); });
  }
  std::string refusal_to_open(ExitCode code) const {
    return test::io_error_of(code, [&] { Hdf5File::open(path_); });
  }

  test::TemporaryDirectory directory_;
  std::filesystem::path path_ = directory_.path() / "file.h5";
  std::filesystem::path secret_ = directory_.path() / "secret";
};

TEST_F(HostileFile, is_missing_input_when_absent_or_no_regular_file) {
  const auto absent = refusal_to_open(ExitCode::missing_input);
  std::filesystem::create_directory(path_);
  const auto directory = refusal_to_open(ExitCode::missing_input);
  std::filesystem::remove(path_);
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  const auto pipe = refusal_to_open(ExitCode::missing_input);

  EXPECT_THAT(absent, HasSubstr(path_.string() + ": cannot read: No such file or directory"));
  EXPECT_THAT(directory, HasSubstr("is a directory"));
  EXPECT_THAT(pipe, HasSubstr("is not a regular file"));
}

TEST_F(HostileFile, is_bad_content_with_another_signature) {
  test::write_file(path_, "\x1f\x8b and more");
  const auto other = refusal_to_open(ExitCode::bad_content);
  test::write_file(path_, "");
  const auto empty = refusal_to_open(ExitCode::bad_content);

  EXPECT_THAT(other, HasSubstr("expected signature 89 48 44 46 0d 0a 1a 0a, found 1f 8b 20"));
  EXPECT_THAT(empty, HasSubstr("found an empty file"));
}

TEST_F(HostileFile, is_bad_content_at_every_truncated_length) {
  const std::vector<std::uint8_t> content(10'000, 7);
  build([&](hid_t file) { create(file, {10'000}, H5P_DEFAULT, content); });
  const std::string whole = test::read_file(path_);
  const std::size_t size = whole.size();

  for (const std::size_t length :
       {std::size_t{1}, std::size_t{8}, std::size_t{9}, std::size_t{47}, std::size_t{55},
        std::size_t{56}, std::size_t{96}, std::size_t{800}, size / 2, size - 1}) {
    SCOPED_TRACE(length);
    test::write_file(path_, whole.substr(0, length));
    EXPECT_THAT(refusal_to_open(ExitCode::bad_content), HasSubstr(path_.string()));
  }

  test::write_file(path_, whole.substr(0, size - 1));
  EXPECT_THAT(refusal_to_open(ExitCode::bad_content),
              HasSubstr("is truncated: expected " + std::to_string(size) + " bytes, found " +
                        std::to_string(size - 1)));
}

TEST_F(HostileFile, is_refused_with_external_storage) {
  test::write_file(secret_, "secret");
  const hid_t properties = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_external(properties, secret_.c_str(), 0, 6);
  build([&](hid_t file) { create(file, {6}, properties); });
  H5Pclose(properties);

  EXPECT_THAT(refusal_of_x(), HasSubstr("x: has external storage"));
}

TEST_F(HostileFile, is_refused_with_a_virtual_dataset) {
  const hid_t properties = H5Pcreate(H5P_DATASET_CREATE);
  const hsize_t count = 6;
  const hid_t space = H5Screate_simple(1, &count, nullptr);
  H5Pset_virtual(properties, space, secret_.c_str(), "y", space);
  build([&](hid_t file) { create(file, {6}, properties); });
  H5Sclose(space);
  H5Pclose(properties);

  EXPECT_THAT(refusal_of_x(), HasSubstr("x: is a virtual dataset"));
}

TEST_F(HostileFile, is_refused_with_links_to_elsewhere) {
  build([&](hid_t file) {
    H5Lcreate_external("secret.h5", "/y", file, "x", H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_soft("/other", file, "soft", H5P_DEFAULT, H5P_DEFAULT);
  });
  const Hdf5File file = Hdf5File::open(path_);

  EXPECT_THAT(refusal_of_x(), HasSubstr("x: is an external link"));
  EXPECT_THAT(test::io_error_of(ExitCode::bad_content, [&] { file.dataset("soft/y"); }),
              HasSubstr("is a soft link"));
  test::io_error_of(ExitCode::bad_content, [&] { file.has_attribute("x", "a"); });
}

TEST_F(HostileFile, is_refused_when_it_declares_more_than_it_holds) {
  const hid_t chunked = H5Pcreate(H5P_DATASET_CREATE);
  const hsize_t chunk = 1 << 20;
  H5Pset_chunk(chunked, 1, &chunk);
  const hid_t deflated = H5Pcopy(chunked);
  H5Pset_deflate(deflated, 9);

  for (const hid_t properties : {static_cast<hid_t>(H5P_DEFAULT), chunked, deflated})
    for (const hsize_t count : {hsize_t{4'000'000}, hsize_t{1'000'000'000'000'000}}) {
      build([&](hid_t file) { create(file, {count}, properties); });
      EXPECT_THAT(refusal_of_x(), HasSubstr("declares shape (" + std::to_string(count) + ")"));
    }
  H5Pclose(deflated);
  H5Pclose(chunked);
}

TEST_F(HostileFile, is_refused_when_chunks_are_missing) {
  const hid_t properties = H5Pcreate(H5P_DATASET_CREATE);
  const hsize_t chunk = 1000;
  H5Pset_chunk(properties, 1, &chunk);
  H5Pset_deflate(properties, 1);
  std::vector<std::uint8_t> noise(1000);
  for (std::size_t i = 0; i < noise.size(); ++i)
    noise[i] = static_cast<std::uint8_t>(i * i * 31);
  build([&](hid_t file) {
    create(file, {2000}, properties);
    const hid_t dataset = H5Dopen2(file, "x", H5P_DEFAULT);
    const hsize_t offset = 0;
    H5Dwrite_chunk(dataset, H5P_DEFAULT, 1, &offset, noise.size(), noise.data());
    H5Dclose(dataset);
  });
  H5Pclose(properties);

  EXPECT_THAT(refusal_of_x(), HasSubstr("x: expected 2 chunks, found 1"));
}

TEST_F(HostileFile, is_refused_with_a_filter_that_is_not_built_in) {
  const hid_t properties = H5Pcreate(H5P_DATASET_CREATE);
  const hsize_t chunk = 4;
  H5Pset_chunk(properties, 1, &chunk);
  ASSERT_GE(H5Pset_filter(properties, 32000, H5Z_FLAG_OPTIONAL, 0, nullptr), 0);
  const std::vector<std::uint8_t> content(4, 1);
  build([&](hid_t file) { create(file, {4}, properties, content); });
  H5Pclose(properties);

  EXPECT_THAT(refusal_of_x(), HasSubstr("x: uses filter 32000"));
}

TEST_F(HostileFile, is_refused_with_elements_of_another_type) {
  build([&](hid_t file) {
    const hsize_t count = 2;
    const hid_t space = H5Screate_simple(1, &count, nullptr);
    const hid_t text = H5Tcopy(H5T_C_S1);
    H5Tset_size(text, H5T_VARIABLE);
    H5Dclose(H5Dcreate2(file, "x", text, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    H5Tclose(text);
    H5Sclose(space);
  });

  EXPECT_THAT(refusal_of_x(),
              HasSubstr("x: expected elements of f32, f64, i32, i64, u8, u16 or u32"));
}

TEST_F(HostileFile, is_refused_with_an_attribute_that_declares_more_than_it_holds) {
  {
    Hdf5File file = Hdf5File::create(path_);
    file.set_numbers("", "mean", std::vector<double>{1, 2});
    file.close();
  }
  // After the name: a type of 24 bytes, eight bytes of the space, its one dimension.
  std::string bytes = test::read_file(path_);
  const std::size_t dimension = bytes.find(std::string("mean\0\0\0\0", 8)) + 8 + 24 + 8;
  ASSERT_EQ(bytes[dimension], 2);
  bytes[dimension] = 8;  // with the type and the space, the message has as many bytes
  test::write_file(path_, bytes);
  const Hdf5File file = Hdf5File::open(path_);

  EXPECT_THAT(
      test::io_error_of(ExitCode::bad_content, [&] { file.numbers("", "mean"); }),
      HasSubstr("attribute mean: an attribute declares more than its message of 80 bytes holds"));
}

TEST_F(HostileFile, is_refused_with_a_header_that_declares_more_than_it_holds) {
  build([&](hid_t file) { create(file, {6}, H5P_DEFAULT); });
  std::string bytes = test::read_file(path_);
  // The dataset's header: version 1, one reference, and first of all a dataspace of one dimension.
  const std::size_t dataspace = bytes.find(std::string("\x01\0\x18\0\0\0\0\0\x01\x01\x01", 11));
  ASSERT_NE(dataspace, std::string::npos);
  bytes[dataspace + 9] = 32;
  test::write_file(path_, bytes);

  EXPECT_THAT(refusal_of_x(), HasSubstr("x: has a damaged header: its message of kind 1"));
}

TEST_F(HostileFile, is_refused_with_advice_when_a_newer_library_wrote_it) {
  build([&](hid_t file) { create(file, {6}, H5P_DEFAULT, {1, 2, 3, 4, 5, 6}); });
  std::string bytes = test::read_file(path_);
  // A layout message: kind 8 of 24 bytes, then version 3 and contiguous storage.
  const std::size_t layout = bytes.find(std::string("\x08\0\x18\0\0\0\0\0\x03\x01", 10));
  ASSERT_NE(layout, std::string::npos);
  bytes[layout + 8] = 5;  // as of HDF5 2.0
  test::write_file(path_, bytes);

  EXPECT_THAT(refusal_of_x(), HasSubstr("perhaps a newer HDF5 than this one, "));
}

TEST_F(HostileFile, is_refused_with_a_root_group_beyond_its_end) {
  build([](hid_t) {});
  std::string bytes = test::read_file(path_);
  bytes[66] = '\x7F';  // of the address in the superblock
  test::write_file(path_, bytes);

  EXPECT_THAT(refusal_to_open(ExitCode::bad_content),
              HasSubstr("refers to bytes beyond the end of the file"));
}

TEST_F(HostileFile, may_be_chunked_shuffled_deflated_and_checksummed) {
  const hid_t properties = H5Pcreate(H5P_DATASET_CREATE);
  const hsize_t chunk = 1000;
  H5Pset_chunk(properties, 1, &chunk);
  H5Pset_shuffle(properties);
  H5Pset_deflate(properties, 9);
  H5Pset_fletcher32(properties);
  const std::vector<std::uint8_t> content(5500, 9);
  build([&](hid_t file) { create(file, {5500}, properties, content); });
  H5Pclose(properties);

  std::vector<std::uint8_t> found(5500);
  Hdf5File::open(path_).dataset("x").read(std::span(found));

  EXPECT_EQ(found, content);
}

}  // namespace
}  // namespace rondo::io
