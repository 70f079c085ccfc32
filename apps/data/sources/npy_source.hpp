// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "data/sources/npy_array.hpp"
#include "data/sources/sample_source.hpp"

namespace rondo::apps {

/// One array for each field, of equal first dimensions.
class NpySource final : public SampleSource {
 public:
  using NamedInput = std::pair<std::string, ByteInput>;

  /// An image may be (N, H, W) or (N, C, H, W), a label (N) or (N, 1).
  /// \throws IoError  bad_content: as NpyArray; other lengths; an image that is none
  explicit NpySource(std::vector<NamedInput> inputs);

  const std::vector<data::FieldSpec>& fields() const override { return fields_; }
  std::optional<std::size_t> samples() const override { return arrays_.front().shape()[0]; }
  std::size_t read(SampleBatch& batch) override;

 private:
  std::vector<NpyArray> arrays_;
  std::vector<data::FieldSpec> fields_;
  std::size_t samples_read_ = 0;
};

}  // namespace rondo::apps
