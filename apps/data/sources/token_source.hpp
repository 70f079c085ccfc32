// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "data/sources/byte_input.hpp"
#include "data/sources/sample_source.hpp"

namespace rondo::apps {

/// A file of nothing but tokens, little-endian u16 or u32, or bytes of text (u8). Tokens at the end
/// that do not fill a sample are left out.
class TokenSource final : public SampleSource {
 public:
  /// `vocabulary`: all tokens must be below; 0: any.
  /// \throws IoError  bad_content: not whole tokens, or less than one sample
  TokenSource(ByteInput file, DType dtype, std::size_t sequence_length, std::size_t vocabulary);

  const std::vector<data::FieldSpec>& fields() const override { return fields_; }
  std::optional<std::size_t> samples() const override { return samples_; }
  std::size_t read(SampleBatch& batch) override;

  std::uint64_t tokens_left_out() const;

 private:
  const data::FieldSpec& token() const { return fields_.front(); }
  void require_vocabulary(std::span<const std::byte> tokens) const;

  ByteInput file_;
  std::vector<data::FieldSpec> fields_;
  std::size_t samples_;
  std::size_t samples_read_ = 0;
};

}  // namespace rondo::apps
