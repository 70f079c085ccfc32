// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace rondo::scaling {

/// One parameter of a model and the work of its layer; or work without parameters.
struct ModelRow {
  std::string name;
  std::size_t elements = 0;
  double forward_flops = 0;  ///< of one sample; a backward pass takes twice as many
};

/// What a training step needs to know of a model: how much is computed and what is reduced when.
struct ModelTable {
  std::string name;
  std::string sample;          ///< what one is: "one image of 224 x 224"
  std::string source;          ///< where the architecture is published
  std::vector<ModelRow> rows;  ///< in the order of the forward pass

  std::size_t parameters() const;
  double forward_flops() const;
};

/// The names of the tables in this library: resnet50, vgg16, bert-large, gpt2-124m.
std::vector<std::string_view> shipped_models();

/// `name`: a shipped one, or the path of a file. \throws IoError  66: neither; 65: malformed, with
/// its line
ModelTable load_model_table(const std::string& name);

/// The format is told in lib/scaling/README.md. `file` is for messages.
/// \throws IoError  65, naming file, line, what is wrong and what was expected
ModelTable parse_model_table(std::string_view text, const std::string& file);

}  // namespace rondo::scaling
