// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>

#include "rondo/base/error.hpp"

#include "data/sources/byte_input.hpp"
#include "data/sources/sample_source.hpp"

/// What the targets of rondo-data convert's formats share.
namespace rondo::fuzz {

/// Bytes of an input that choose the converter's options; the rest is the file.
class Choices {
 public:
  explicit Choices(std::string_view bytes) : bytes_(bytes) {}

  /// A number below `count`, of the next byte; 0 behind the last one.
  std::size_t below(std::size_t count) {
    if (bytes_.empty()) return 0;
    const auto byte = static_cast<unsigned char>(bytes_.front());
    bytes_.remove_prefix(1);
    return byte % count;
  }
  std::string_view file() const { return bytes_; }

 private:
  std::string_view bytes_;
};

inline apps::ByteInput input_of(std::string_view bytes) {
  return {std::make_unique<std::istringstream>(std::string(bytes)), "input"};
}

/// Reads all samples of the source that `open` makes; false if they are refused as bad content,
/// which is the only way in which they may be.
template <class Open>
bool reads_all(Open open) {
  constexpr std::size_t capacity = 3;  // so that most files take several batches
  try {
    const auto source = open();
    apps::SampleBatch batch(source->fields(), capacity);
    while (source->read(batch) > 0) {
    }
    return true;
  } catch (const IoError& error) {
    if (error.code() != ExitCode::bad_content) throw;
    return false;
  }
}

}  // namespace rondo::fuzz
