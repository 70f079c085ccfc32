// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "data/sources/image_folder_source.hpp"

#include <algorithm>
#include <cctype>
#include <cstring>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "rondo/base/error.hpp"

#include "data/sources/byte_input.hpp"

namespace rondo::apps {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t max_file_bytes = std::uint64_t{256} << 20;
constexpr std::size_t most_classes_in_a_byte = 256;

fs::directory_iterator list(const fs::path& folder) {
  std::error_code problem;
  fs::directory_iterator entries(folder, problem);
  if (problem)
    throw IoError(ExitCode::missing_input, fmt::format("{}: cannot look into the folder: {}",
                                                       folder.string(), problem.message()));
  return entries;
}

bool is_image_name(const fs::path& path) {
  std::string extension = path.extension().string();
  std::transform(
      extension.begin(), extension.end(), extension.begin(),
      [](unsigned char character) { return static_cast<char>(std::tolower(character)); });
  return extension == ".png" || extension == ".jpg" || extension == ".jpeg";
}

/// Names of a class's images, sorted from last to first.
std::vector<std::string> image_names(const fs::path& folder) {
  std::vector<std::string> names;
  for (const fs::directory_entry& entry : list(folder))
    if (is_image_name(entry.path())) names.push_back(entry.path().filename().string());
  std::sort(names.rbegin(), names.rend());
  return names;
}

}  // namespace

std::vector<std::string> class_folders(const fs::path& folder) {
  std::vector<std::string> names;
  for (const fs::directory_entry& entry : list(folder))
    if (entry.is_directory()) names.push_back(entry.path().filename().string());
  if (names.empty())
    throw IoError(ExitCode::bad_content,
                  fmt::format("{}: expected one sub-folder of images for each class, found none",
                              folder.string()));
  std::sort(names.begin(), names.end());
  return names;
}

ImageFolderSource::ImageFolderSource(fs::path folder, ImageLayout layout)
    : folder_(std::move(folder)), layout_(std::move(layout)) {
  count_images();
  if (layout_.height == 0) {
    fs::path first;
    next_image(first);
    const Picture picture = load(first);
    layout_.height = picture.height;
    layout_.width = picture.width;
    class_ = 0;
    is_listed_ = false;
  }
  fields_ = {{.name = "image", .sample_shape = {layout_.channels, layout_.height, layout_.width}},
             {.name = "label",
              .dtype = layout_.classes.size() <= most_classes_in_a_byte ? DType::u8 : DType::i32}};
}

void ImageFolderSource::count_images() {
  for (const std::string& name : class_folders(folder_)) {
    if (std::find(layout_.classes.begin(), layout_.classes.end(), name) == layout_.classes.end())
      throw IoError(ExitCode::bad_content, fmt::format("{}: is no class of the training images",
                                                       (folder_ / name).string()));
    samples_ += image_names(folder_ / name).size();
  }
  if (samples_ == 0)
    throw IoError(ExitCode::bad_content,
                  fmt::format("{}: expected .png, .jpg or .jpeg files in the class folders, found "
                              "none",
                              folder_.string()));
}

bool ImageFolderSource::next_image(fs::path& path) {
  while (class_ < layout_.classes.size()) {
    const fs::path folder = folder_ / layout_.classes[class_];
    if (!is_listed_) {
      std::error_code ignored;
      names_ = fs::exists(folder, ignored) ? image_names(folder) : std::vector<std::string>();
      is_listed_ = true;
    }
    if (!names_.empty()) {
      path = folder / names_.back();
      names_.pop_back();
      return true;
    }
    ++class_;
    is_listed_ = false;
  }
  return false;
}

Picture ImageFolderSource::load(const fs::path& path) const {
  ByteInput file(path);
  if (file.bytes() > max_file_bytes)
    file.fail(fmt::format("expected an image of at most {} bytes, found {}", max_file_bytes,
                          file.bytes()));
  std::vector<std::byte> bytes(file.bytes());
  file.read(bytes, "an image");
  return decode_picture(bytes, layout_.channels, file.name());
}

std::size_t ImageFolderSource::read(SampleBatch& batch) {
  std::size_t count = 0;
  for (fs::path path; count < batch.capacity() && next_image(path); ++count) {
    const Picture picture = load(path);
    if (!layout_.may_resize && (picture.height != layout_.height || picture.width != layout_.width))
      throw IoError(
          ExitCode::bad_content,
          fmt::format("{}: expected {}x{} pixels as the first image has, found {}x{}: "
                      "--size HxW makes all alike",
                      path.string(), layout_.height, layout_.width, picture.height, picture.width));
    store(picture, batch, count);
  }
  return count;
}

void ImageFolderSource::store(const Picture& picture, SampleBatch& batch,
                              std::size_t sample) const {
  const Picture sized = resize(picture, layout_.height, layout_.width, layout_.fit);
  const auto planes = batch.samples(0, sample, 1);
  const std::size_t plane = sized.height * sized.width;
  for (std::size_t channel = 0; channel < sized.channels; ++channel)
    for (std::size_t i = 0; i < plane; ++i)
      planes[channel * plane + i] = std::byte(sized.pixels[i * sized.channels + channel]);
  const auto label = static_cast<std::int32_t>(class_);
  // Little-endian: a byte is the number's first.
  std::memcpy(batch.samples(1, sample, 1).data(), &label, size_of(fields_[1].dtype));
}

}  // namespace rondo::apps
