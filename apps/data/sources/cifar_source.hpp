// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <vector>

#include "data/sources/byte_input.hpp"
#include "data/sources/sample_source.hpp"

namespace rondo::apps {

/// The binary version of CIFAR: files of records, each of one label (CIFAR-10) or a coarse and a
/// fine one (CIFAR-100, of which the fine one is taken), and an image (3, 32, 32).
class CifarSource final : public SampleSource {
 public:
  /// `classes`: 10 or 100. \throws IoError  missing_input, or bad_content: no whole records
  CifarSource(std::vector<ByteInput> files, std::size_t classes);

  const std::vector<data::FieldSpec>& fields() const override { return fields_; }
  std::optional<std::size_t> samples() const override { return samples_; }
  std::size_t read(SampleBatch& batch) override;

 private:
  std::size_t record_bytes() const;

  std::vector<ByteInput> files_;
  std::size_t classes_;
  std::size_t samples_ = 0;
  std::size_t file_ = 0;      ///< that is being read
  std::uint64_t record_ = 0;  ///< of the file
  std::vector<data::FieldSpec> fields_;
};

}  // namespace rondo::apps
