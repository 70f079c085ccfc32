// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string_view>

namespace rondo::scaling {

/// A table in this library, as its file has it.
struct ShippedModel {
  std::string_view name;
  std::string_view text;
};

std::span<const ShippedModel> shipped_model_texts() noexcept;

}  // namespace rondo::scaling
