// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/sources/image_folder_source.hpp"
#include "data/sources/picture.hpp"
#include "support/encoded_pictures.hpp"
#include "support/io_errors.hpp"
#include "support/temporary_directory.hpp"

namespace rondo::apps {
namespace {

using test::gradient;
using test::jpeg_bytes;
using test::png_bytes;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

Picture decode(const std::string& bytes, std::size_t channels = 3) {
  return decode_picture(std::as_bytes(std::span(bytes)), channels, "x");
}

TEST(Picture, is_what_was_encoded) {
  const Picture picture = gradient(20, 30);

  EXPECT_EQ(decode(png_bytes(picture)).pixels, picture.pixels);
  EXPECT_EQ(decode(png_bytes(picture), 1).pixels.size(), 600U);
  const Picture lossy = decode(jpeg_bytes(picture));
  ASSERT_EQ(lossy.pixels.size(), picture.pixels.size());
  for (std::size_t i = 0; i < lossy.pixels.size(); ++i)
    EXPECT_NEAR(lossy.pixels[i], picture.pixels[i], 8) << i;
}

TEST(Picture, is_refused_by_name_wherever_it_is_cut_off) {
  for (const std::string& whole : {png_bytes(gradient(20, 30)), jpeg_bytes(gradient(20, 30))})
    for (std::size_t length = 0; length + 16 < whole.size(); length += 7) {
      const auto message =
          test::io_error_of(ExitCode::bad_content, [&] { decode(whole.substr(0, length)); });
      EXPECT_THAT(message, HasSubstr("x: ")) << length;
    }
}

TEST(Picture, is_decoded_or_refused_whatever_bits_flip) {
  for (const std::string& whole : {png_bytes(gradient(9, 9)), jpeg_bytes(gradient(9, 9))})
    for (std::size_t bit = 0; bit < whole.size() * 8; bit += 13) {
      std::string damaged = whole;
      damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
      try {
        decode(damaged);
      } catch (const IoError& error) {
        EXPECT_EQ(error.code(), ExitCode::bad_content);
      }
    }
}

TEST(Picture, is_resampled_by_a_triangle_filter) {
  const Picture row{1, 4, 1, {0, 40, 80, 120}};

  EXPECT_THAT(resize(row, 1, 2, Fit::stretch).pixels, ElementsAre(29, 91));
  EXPECT_THAT(resize(row, 1, 1, Fit::crop).pixels, ElementsAre(60));
  EXPECT_THAT(resize({1, 2, 1, {0, 100}}, 1, 4, Fit::stretch).pixels, ElementsAre(0, 25, 75, 100));
  EXPECT_EQ(resize(gradient(8, 8), 8, 8, Fit::crop).pixels, gradient(8, 8).pixels);
}

class ImageFolders : public ::testing::Test {
 protected:
  ImageFolders() {
    for (const char* name : {"b", "a"})
      std::filesystem::create_directory(directory_.path() / name);
    write("a/2.png", png_bytes(gradient(4, 4)));
    write("a/1.JPG", jpeg_bytes(gradient(8, 8)));
    write("b/x.png", png_bytes(gradient(4, 4)));
    write("b/notes.txt", "not an image");
  }
  void write(const std::string& name, const std::string& bytes) const {
    test::write_file(directory_.path() / name, bytes);
  }

  test::TemporaryDirectory directory_;
};

TEST_F(ImageFolders, come_sorted_with_their_class) {
  ImageFolderSource source(
      directory_.path(),
      {.classes = class_folders(directory_.path()), .height = 4, .width = 4, .may_resize = true});
  SampleBatch batch(source.fields(), 2);

  EXPECT_EQ(source.samples(), 3U);
  EXPECT_EQ(source.read(batch), 2U);
  EXPECT_EQ(batch.samples(1, 1, 1)[0], std::byte{0});
  EXPECT_EQ(batch.samples(0, 1, 1)[17], std::byte{4});  // second channel, first row, column 1
  EXPECT_EQ(source.read(batch), 1U);
  EXPECT_EQ(batch.samples(1, 0, 1)[0], std::byte{1});
  EXPECT_EQ(source.read(batch), 0U);
}

TEST_F(ImageFolders, are_refused_by_the_image_that_is_broken_or_unlike) {
  const auto read_all = [&] {
    ImageFolderSource source(directory_.path(), {.classes = {"a", "b"}});
    SampleBatch batch(source.fields(), 8);
    source.read(batch);
  };
  EXPECT_THAT(test::io_error_of(ExitCode::bad_content, read_all),
              HasSubstr("a/2.png: expected 8x8 pixels as the first image has, found 4x4"));
  write("a/1.JPG", "not an image");
  EXPECT_THAT(test::io_error_of(ExitCode::bad_content, read_all),
              HasSubstr("a/1.JPG: expected a PNG or JPEG image"));
  EXPECT_THAT(test::io_error_of(ExitCode::bad_content,
                                [&] { ImageFolderSource(directory_.path(), {.classes = {"a"}}); }),
              HasSubstr("is no class of the training images"));
}

}  // namespace
}  // namespace rondo::apps
