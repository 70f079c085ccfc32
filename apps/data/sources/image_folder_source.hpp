// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "data/sources/picture.hpp"
#include "data/sources/sample_source.hpp"

namespace rondo::apps {

/// The sub-folders of a folder, sorted: one a class. \throws IoError  missing_input or bad_content
std::vector<std::string> class_folders(const std::filesystem::path& folder);

struct ImageLayout {
  std::vector<std::string> classes;   ///< folders, in the order of their labels
  std::size_t channels = 3;           ///< 1 (grey) or 3 (RGB)
  std::size_t height = 0, width = 0;  ///< 0: all images have the first one's
  bool may_resize = false;            ///< other sizes are made that; else they are refused
  Fit fit = Fit::stretch;
};

/// PNG and JPEG files in one folder a class, class by class, sorted by name. Files of other names
/// are passed over.
class ImageFolderSource final : public SampleSource {
 public:
  /// \throws IoError  missing_input; bad_content: no images, a folder that is no class, or a first
  ///                  image that cannot be decoded
  ImageFolderSource(std::filesystem::path folder, ImageLayout layout);

  const std::vector<data::FieldSpec>& fields() const override { return fields_; }
  std::optional<std::size_t> samples() const override { return samples_; }
  std::size_t read(SampleBatch& batch) override;

  std::size_t height() const noexcept { return layout_.height; }
  std::size_t width() const noexcept { return layout_.width; }

 private:
  void count_images();
  bool next_image(std::filesystem::path& path);
  Picture load(const std::filesystem::path& path) const;
  void store(const Picture& picture, SampleBatch& batch, std::size_t sample) const;

  std::filesystem::path folder_;
  ImageLayout layout_;
  std::size_t samples_ = 0;
  std::size_t class_ = 0;           ///< that is being read
  std::vector<std::string> names_;  ///< of its images, the last one first
  bool is_listed_ = false;
  std::vector<data::FieldSpec> fields_;
};

}  // namespace rondo::apps
