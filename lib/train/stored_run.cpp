// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "train/stored_run.hpp"

#include <cstddef>
#include <sstream>

#include "rondo/base/log.hpp"

#include "train/session_state.hpp"

namespace rondo::train {
namespace {

/// The numbers under `key`, as metadata_of wrote them; none if the checkpoint has no such entry.
std::vector<double> numbers(const checkpoint::Contents& found, const std::string& key) {
  std::vector<double> values;
  const auto entry = found.metadata.find(key);
  if (entry == found.metadata.end()) return values;
  std::istringstream text(entry->second);
  for (double value = 0; text >> value;)
    values.push_back(value);
  if (!text.eof())
    throw IoError(ExitCode::bad_content,
                  fmt::format("{}: metadata '{}' must be numbers, found '{}'",
                              (found.directory / "manifest.json").string(), key, entry->second));
  return values;
}

/// Losses, then norms, equally many.
std::vector<double> load_history(const checkpoint::Contents& found) {
  std::vector<double> history = numbers(found, "recent_losses");
  const std::vector<double> norms = numbers(found, "recent_norms");
  if (norms.size() != history.size())
    throw IoError(ExitCode::bad_content, fmt::format("{}: {} recent losses, but {} norms",
                                                     (found.directory / "manifest.json").string(),
                                                     history.size(), norms.size()));
  history.insert(history.end(), norms.begin(), norms.end());
  return history;
}

int saving_ranks(const checkpoint::Contents& found) {
  const int ranks = number<int>(found, "ranks");
  if (ranks >= 1) return ranks;
  throw IoError(ExitCode::bad_content,
                fmt::format("{}: metadata 'ranks' must be at least 1, found {}",
                            (found.directory / "manifest.json").string(), ranks));
}

}  // namespace

void check_identity(const checkpoint::Contents& found, const RunIdentity& identity) {
  std::string differences;
  for (const auto& [key, value] : identity) {
    const auto entry = found.metadata.find(std::string(identity_prefix) + key);
    const std::string stored = entry == found.metadata.end() ? "not recorded" : entry->second;
    if (stored != value)
      differences += fmt::format("\n  {}: checkpoint {}, now {}", key, stored, value);
  }
  if (differences.empty()) return;
  throw ConfigError(
      fmt::format("{} belongs to another run:{}\nResume with the same options, or "
                  "choose another --output",
                  found.directory.string(), differences));
}

/// What the checkpoint does not record changes nothing.
void warn_of_other_conditions(const checkpoint::Contents& found, const RunConditions& conditions) {
  for (const auto& [key, value] : conditions) {
    const auto entry = found.metadata.find(std::string(condition_prefix) + key);
    if (entry == found.metadata.end() || entry->second == value) continue;
    log::warning(
        fmt::format("{} was written with {} {}, and the run goes on with {}: it will not end with "
                    "the bits of a run without this change",
                    found.directory.string(), key, entry->second, value));
  }
}

Notes notes_of(const checkpoint::Contents& found) {
  Notes notes;
  for (const auto& [key, value] : found.metadata)
    if (key.starts_with(note_prefix)) notes[key.substr(note_prefix.size())] = value;
  return notes;
}

StoredCounters stored_counters(const checkpoint::Contents& found, std::vector<double>& history) {
  history = load_history(found);
  return {.step = static_cast<std::int64_t>(found.step),
          .ranks = saving_ranks(found),
          .applied_steps = number<std::int64_t>(found, "applied_steps"),
          .clean_steps = number<std::int64_t>(found, "clean_steps"),
          .bad_steps =
              found.metadata.contains("bad_steps") ? number<std::int64_t>(found, "bad_steps") : 0,
          .history = static_cast<std::int64_t>(history.size()),
          .loss_scale = number<double>(found, "loss_scale")};
}

Session::Counters counters_of(const StoredCounters& stored, const std::vector<double>& history) {
  const auto middle = history.begin() + static_cast<std::ptrdiff_t>(history.size() / 2);
  return {.applied_steps = static_cast<std::uint64_t>(stored.applied_steps),
          .scaler = {.scale = static_cast<float>(stored.loss_scale),
                     .clean_steps = static_cast<int>(stored.clean_steps)},
          .health = {.losses = {history.begin(), middle},
                     .norms = {middle, history.end()},
                     .bad_steps = static_cast<std::uint64_t>(stored.bad_steps)}};
}

}  // namespace rondo::train
