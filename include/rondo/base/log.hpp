// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace rondo {

enum class LogLevel { quiet, error, warning, info, debug };

/// Messages for people, on stderr, one line each: `[rank r] level: text`.
///
/// Thread-safe. Info lines come from rank 0 only, warnings and errors from every rank.
namespace log {

/// Sets what the prefix shows and what is printed; `size` 1 omits the prefix.
void set_rank(int rank, int size);
void set_level(LogLevel level);
LogLevel level();

void error(std::string_view text);
void warning(std::string_view text);
void info(std::string_view text);
void debug(std::string_view text);

}  // namespace log
}  // namespace rondo
