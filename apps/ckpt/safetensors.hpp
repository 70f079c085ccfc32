// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "rondo/base/parameter.hpp"

namespace rondo::apps {

/// Of elements of a tensor, one piece after another.
using TakeElements = std::function<void(std::span<const float>)>;

/// An f32 tensor that is read when its turn comes.
struct ExportedTensor {
  std::string name;
  Shape shape;
  std::function<void(const TakeElements&)> read;
};

/// Writes a file that Hugging Face's safetensors reads: the header's length in eight bytes, a JSON
/// header padded to a multiple of eight, the elements. It appears complete or not at all.
/// \throws IoError  cannot_create or io; bad_content: two tensors of one name, or a reserved one
void write_safetensors(const std::filesystem::path& path,
                       const std::map<std::string, std::string>& metadata,
                       const std::vector<ExportedTensor>& tensors);

}  // namespace rondo::apps
