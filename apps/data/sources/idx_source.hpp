// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "data/sources/idx_file.hpp"
#include "data/sources/sample_source.hpp"

namespace rondo::apps {

/// Images and labels from two IDX files.
class IdxSource final : public SampleSource {
 public:
  /// \throws IoError  as IdxFile, and bad_content: other numbers of images and labels
  IdxSource(const std::filesystem::path& images, const std::filesystem::path& labels,
            std::size_t classes);

  const std::vector<data::FieldSpec>& fields() const override { return fields_; }
  std::optional<std::size_t> samples() const override { return images_.shape()[0]; }
  std::size_t read(SampleBatch& batch) override;

 private:
  void require_labels(std::span<const std::uint8_t> labels) const;

  IdxFile images_;
  IdxFile labels_;
  std::size_t classes_;
  std::size_t samples_read_ = 0;
  std::vector<data::FieldSpec> fields_;
};

}  // namespace rondo::apps
