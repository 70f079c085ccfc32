// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "data/sources/token_source.hpp"

#include <algorithm>
#include <cstring>
#include <type_traits>
#include <utility>

#include <fmt/format.h>

namespace rondo::apps {

TokenSource::TokenSource(ByteInput file, DType dtype, std::size_t sequence_length,
                         std::size_t vocabulary)
    : file_(std::move(file)),
      fields_{{.name = "token",
               .dtype = dtype,
               .sample_shape = {sequence_length},
               .is_stream = true,
               .vocabulary = vocabulary}},
      samples_(file_.bytes() / token().sample_bytes()) {
  if (file_.bytes() % size_of(dtype) != 0)
    file_.fail(fmt::format("expected whole {} tokens of {} bytes, found {} bytes", name_of(dtype),
                           size_of(dtype), file_.bytes()));
  if (samples_ == 0)
    file_.fail(
        fmt::format("expected at least one sample of {} tokens (--sequence-length), found "
                    "{} tokens",
                    sequence_length, file_.bytes() / size_of(dtype)));
}

std::size_t TokenSource::read(SampleBatch& batch) {
  const std::size_t count = std::min(batch.capacity(), samples_ - samples_read_);
  const auto tokens = batch.samples(0, 0, count);
  file_.read(tokens, "tokens");
  if (token().vocabulary > 0) require_vocabulary(tokens);
  samples_read_ += count;
  return count;
}

std::uint64_t TokenSource::tokens_left_out() const {
  return file_.bytes() % token().sample_bytes() / size_of(token().dtype);
}

void TokenSource::require_vocabulary(std::span<const std::byte> tokens) const {
  dispatch(token().dtype, [&]<class T>(std::type_identity<T>) {
    if constexpr (std::is_unsigned_v<T>) {
      for (std::size_t i = 0; i < tokens.size() / sizeof(T); ++i) {
        T value = 0;
        std::memcpy(&value, tokens.data() + i * sizeof(T), sizeof(T));
        if (value >= token().vocabulary)
          file_.fail(fmt::format("expected tokens below {} (--vocabulary), found {} at token {}",
                                 token().vocabulary, value,
                                 samples_read_ * token().sample_elements() + i));
      }
    }
  });
}

}  // namespace rondo::apps
