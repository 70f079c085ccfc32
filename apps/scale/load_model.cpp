// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "scale/load_model.hpp"

#include <fmt/format.h>

#include "rondo/base/error.hpp"
#include "rondo/scaling/model_table.hpp"

namespace rondo::scale {

ModelWork load_model(const std::string& name_or_file, const Device& device) {
  const scaling::ModelTable table = scaling::load_model_table(name_or_file);
  if (table.parameters() == 0 || !(table.forward_flops() > 0))
    throw IoError(ExitCode::bad_content,
                  fmt::format("--model {}: no row with elements, or none with work", name_or_file));
  ModelWork model{.name = table.name, .source = table.source};
  for (const scaling::ModelRow& row : table.rows) {
    const double forward = row.forward_flops * static_cast<double>(device.samples) / device.flops;
    model.layers.push_back({.name = row.name,
                            .elements = row.elements,
                            .forward_seconds = forward,
                            .backward_seconds = 2 * forward});
  }
  return model;
}

}  // namespace rondo::scale
