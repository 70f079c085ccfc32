// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "scale/figures.hpp"

namespace rondo::scale {

/// One page with plots, tables and all figures as JSON, which needs nothing else: no network, no
/// script. Every number in a table is a <data> element whose value is that of to_json() at the
/// pointer in its attribute data-figure.
std::string to_html(const Figures& figures);

}  // namespace rondo::scale
