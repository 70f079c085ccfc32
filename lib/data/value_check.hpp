// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "rondo/data/fields.hpp"

namespace rondo::data {

/// Which of `values`, the rows from `first_row` on, `field` may not have: labels that are no class
/// (of `classes`; 0: not known), tokens beyond the vocabulary, numbers that are not finite. A
/// clause with the first of them and how many there are; empty if there is none.
std::string value_problem(const FieldSpec& field, std::size_t classes, std::size_t first_row,
                          std::span<const std::byte> values);

}  // namespace rondo::data
