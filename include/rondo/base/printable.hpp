// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace rondo {

/// `text` of a file, fit for a terminal: its control characters, of UTF-8 and of ASCII, which could
/// move the cursor or colour and hide what stands there, as `\x1b`.
std::string printable(std::string_view text);

/// The same of a message, whose line breaks stay.
std::string printable_lines(std::string_view text);

}  // namespace rondo
