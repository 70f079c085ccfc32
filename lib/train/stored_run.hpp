// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <charconv>
#include <cstdint>
#include <string>
#include <system_error>
#include <vector>

#include <fmt/format.h>

#include "rondo/base/error.hpp"
#include "rondo/checkpoint/inspect.hpp"
#include "rondo/train/session.hpp"
#include "rondo/train/session_checkpoint.hpp"

/// What a checkpoint's metadata say of the run that wrote it.
namespace rondo::train {

/// The number under `key`, in the shortest text that reads back to the same bits.
template <class T>
T number(const checkpoint::Contents& found, const std::string& key) {
  const auto entry = found.metadata.find(key);
  T value{};
  if (entry != found.metadata.end()) {
    const std::string& text = entry->second;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error == std::errc{} && end == text.data() + text.size()) return value;
  }
  throw IoError(ExitCode::bad_content,
                fmt::format("{}: metadata '{}' must be a number, found '{}'",
                            (found.directory / "manifest.json").string(), key,
                            entry == found.metadata.end() ? "nothing" : entry->second));
}

/// \throws ConfigError  the checkpoint is of another run, listing all differences
void check_identity(const checkpoint::Contents& found, const RunIdentity& identity);

/// What the checkpoint does not record changes nothing.
void warn_of_other_conditions(const checkpoint::Contents& found, const RunConditions& conditions);

Notes notes_of(const checkpoint::Contents& found);

/// The numbers that go with the tensors; to be sent as it is, but for the history.
struct StoredCounters {
  std::int64_t step = 0;
  std::int64_t ranks = 0;  ///< that saved it
  std::int64_t applied_steps = 0;
  std::int64_t clean_steps = 0;
  std::int64_t bad_steps = 0;
  std::int64_t history = 0;  ///< length of losses and norms together
  double loss_scale = 1;
};

/// With losses, then norms, equally many, in `history`. \throws IoError  bad_content
StoredCounters stored_counters(const checkpoint::Contents& found, std::vector<double>& history);

Session::Counters counters_of(const StoredCounters& stored, const std::vector<double>& history);

}  // namespace rondo::train
