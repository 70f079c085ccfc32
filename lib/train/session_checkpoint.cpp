// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/train/session_checkpoint.hpp"

#include <charconv>
#include <functional>
#include <sstream>
#include <system_error>
#include <vector>

#include <fmt/format.h>

#include "rondo/base/error.hpp"
#include "rondo/base/log.hpp"
#include "rondo/checkpoint/checkpoint.hpp"
#include "rondo/comm/agree.hpp"

#include "train/same_text.hpp"
#include "train/session_state.hpp"

namespace rondo::train {
namespace {

/// The number under `key`, in the shortest text that reads back to the same bits.
template <class T>
T number(const checkpoint::Found& found, const std::string& key) {
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

void check_identity(const checkpoint::Found& found, const RunIdentity& identity) {
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
void warn_of_other_conditions(const checkpoint::Found& found, const RunConditions& conditions) {
  for (const auto& [key, value] : conditions) {
    const auto entry = found.metadata.find(std::string(condition_prefix) + key);
    if (entry == found.metadata.end() || entry->second == value) continue;
    log::warning(
        fmt::format("{} was written with {} {}, and the run goes on with {}: it will not end with "
                    "the bits of a run without this change",
                    found.directory.string(), key, entry->second, value));
  }
}

/// What rank 0 tells the others of a checkpoint it has loaded.
struct Restored {
  std::int64_t found = 0;
  std::int64_t step = 0;
  std::int64_t applied_steps = 0;
  std::int64_t clean_steps = 0;
  std::int64_t bad_steps = 0;
  std::int64_t history = 0;  ///< length of what follows in a message of its own
  double loss_scale = 1;
};

/// The numbers under `key`, as metadata_of wrote them; none if the checkpoint has no such entry.
std::vector<double> numbers(const checkpoint::Found& found, const std::string& key) {
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
std::vector<double> load_history(const checkpoint::Found& found) {
  std::vector<double> history = numbers(found, "recent_losses");
  const std::vector<double> norms = numbers(found, "recent_norms");
  if (norms.size() != history.size())
    throw IoError(ExitCode::bad_content, fmt::format("{}: {} recent losses, but {} norms",
                                                     (found.directory / "manifest.json").string(),
                                                     history.size(), norms.size()));
  history.insert(history.end(), norms.begin(), norms.end());
  return history;
}

/// Memory for the residuals of as many ranks as have saved them.
grad::SavedState blank_compression(const checkpoint::Found& found, grad::Compressor& compressor) {
  const int ranks = number<int>(found, "ranks");
  if (ranks >= 1) return grad::blank_state(compressor, ranks);
  throw IoError(ExitCode::bad_content,
                fmt::format("{}: metadata 'ranks' must be at least 1, found {}",
                            (found.directory / "manifest.json").string(), ranks));
}

Session::Counters counters_of(const Restored& restored, const std::vector<double>& history) {
  const auto middle = history.begin() + static_cast<std::ptrdiff_t>(history.size() / 2);
  return {.applied_steps = static_cast<std::uint64_t>(restored.applied_steps),
          .scaler = {.scale = static_cast<float>(restored.loss_scale),
                     .clean_steps = static_cast<int>(restored.clean_steps)},
          .health = {.losses = {history.begin(), middle},
                     .norms = {middle, history.end()},
                     .bad_steps = static_cast<std::uint64_t>(restored.bad_steps)}};
}

Notes notes_of(const checkpoint::Found& found) {
  Notes notes;
  for (const auto& [key, value] : found.metadata)
    if (key.starts_with(note_prefix)) notes[key.substr(note_prefix.size())] = value;
  return notes;
}

Restored load_on_root(Session& session, std::vector<double>& history, Gathered& gathered,
                      const checkpoint::Found& found, const RunIdentity& identity) {
  check_identity(found, identity);
  Restored restored{.found = 1,
                    .step = static_cast<std::int64_t>(found.step),
                    .applied_steps = number<std::int64_t>(found, "applied_steps"),
                    .clean_steps = number<std::int64_t>(found, "clean_steps"),
                    .bad_steps = found.metadata.contains("bad_steps")
                                     ? number<std::int64_t>(found, "bad_steps")
                                     : 0,
                    .loss_scale = number<double>(found, "loss_scale")};
  history = load_history(found);
  restored.history = static_cast<std::int64_t>(history.size());
  if (session.compressor() != nullptr)
    gathered.compression = blank_compression(found, *session.compressor());
  session.check(counters_of(restored, history));
  checkpoint::load(found, tensors_of(session, gathered));
  return restored;
}

/// What `read` finds in the newest valid checkpoint, if it finds anything but 0. Collective.
std::optional<std::size_t> stored_number(
    comm::Communicator& comm, const std::filesystem::path& directory,
    const std::function<std::int64_t(const checkpoint::Found&)>& read) {
  std::int64_t value = 0;
  comm::agree_on_success(comm, [&] {
    if (!is_root(comm)) return;
    if (const auto found = checkpoint::find_newest(directory)) value = read(*found);
  });
  comm::broadcast(comm, std::span(&value, 1), 0);
  if (value == 0) return std::nullopt;
  return static_cast<std::size_t>(value);
}

}  // namespace

void check_same_identity(comm::Communicator& comm, const RunIdentity& identity) {
  std::string text;
  for (const auto& [name, value] : identity)
    text += fmt::format("{}: {}\n", name, value);
  check_same_text(comm, text,
                  "the ranks have different options: start every rank with the same ones");
}

void save(comm::Communicator& comm, Session& session, const std::filesystem::path& directory,
          std::uint64_t step, const RunIdentity& identity, const RunRecord& record,
          const checkpoint::Retention& retention) {
  Gathered gathered = gather(comm, session);
  comm::agree_on_success(comm, [&] {
    if (!is_root(comm)) return;
    checkpoint::save(directory, step, tensors_of(session, gathered),
                     metadata_of(comm, session, identity, record), retention);
  });
}

std::optional<std::uint64_t> resume(comm::Communicator& comm, Session& session,
                                    const std::filesystem::path& directory,
                                    const RunIdentity& identity, const RunConditions& conditions,
                                    Notes* notes) {
  Restored restored;
  std::vector<double> history;
  Gathered gathered{.slots = session.optimizer_state().make_whole(comm), .compression = {}};
  comm::agree_on_success(comm, [&] {
    if (!is_root(comm)) return;
    const auto found = checkpoint::find_newest(directory);
    if (!found) return;
    restored = load_on_root(session, history, gathered, *found, identity);
    warn_of_other_conditions(*found, conditions);
    if (notes != nullptr) *notes = notes_of(*found);
  });
  comm::broadcast(comm, std::span(&restored, 1), 0);
  if (restored.found == 0) return std::nullopt;
  session.synchronize();
  session.optimizer_state().scatter(comm, gathered.slots);
  if (session.compressor() != nullptr)
    grad::scatter_state(comm, gathered.compression, *session.compressor());
  history.resize(static_cast<std::size_t>(restored.history));
  comm::broadcast(comm, std::span(history), 0);
  session.restore(counters_of(restored, history));
  return static_cast<std::uint64_t>(restored.step);
}

std::optional<std::size_t> stored_lanes(comm::Communicator& comm,
                                        const std::filesystem::path& directory) {
  return stored_number(comm, directory, [](const checkpoint::Found& found) {
    return number<std::int64_t>(found, std::string(identity_prefix) + "lanes");
  });
}

std::optional<std::size_t> stored_bucket_bytes(comm::Communicator& comm,
                                               const std::filesystem::path& directory) {
  return stored_number(comm, directory, [&](const checkpoint::Found& found) -> std::int64_t {
    if (!found.metadata.contains("bucket_bytes")) return 0;
    if (number<int>(found, "ranks") != comm.size()) return 0;
    return number<std::int64_t>(found, "bucket_bytes");
  });
}

}  // namespace rondo::train
