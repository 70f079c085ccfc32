// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/train/session_checkpoint.hpp"

#include <functional>
#include <span>
#include <string>

#include <fmt/format.h>

#include "rondo/base/error.hpp"
#include "rondo/checkpoint/checkpoint.hpp"
#include "rondo/checkpoint/inspect.hpp"
#include "rondo/comm/agree.hpp"

#include "train/same_text.hpp"
#include "train/session_state.hpp"
#include "train/several_writers.hpp"
#include "train/stored_run.hpp"

namespace rondo::train {
namespace {

/// What the newest checkpoint says of itself whose manifest is good; nothing if there is none.
std::optional<checkpoint::Contents> describe_newest(const std::filesystem::path& directory) {
  for (const checkpoint::Committed& committed : checkpoint::list_committed(directory)) {
    try {
      return checkpoint::describe(committed.directory);
    } catch (const IoError&) {  // resume() will tell
    }
  }
  return std::nullopt;
}

/// What `read` finds in the newest checkpoint, if it finds anything but 0. Collective.
std::optional<std::size_t> stored_number(
    comm::Communicator& comm, const std::filesystem::path& directory,
    const std::function<std::int64_t(const checkpoint::Contents&)>& read) {
  std::int64_t value = 0;
  comm::agree_on_success(comm, [&] {
    if (!is_root(comm)) return;
    if (const auto found = describe_newest(directory)) value = read(*found);
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
          const Saving& saving) {
  const bool by_all = all_write(comm, session, directory, saving.writers);
  (by_all ? save_by_all : save_by_one)(comm, session, directory, step,
                                       metadata_of(comm, session, identity, record),
                                       saving.retention);
}

std::optional<std::size_t> stored_lanes(comm::Communicator& comm,
                                        const std::filesystem::path& directory) {
  return stored_number(comm, directory, [](const checkpoint::Contents& found) {
    return number<std::int64_t>(found, std::string(identity_prefix) + "lanes");
  });
}

std::optional<std::size_t> stored_bucket_bytes(comm::Communicator& comm,
                                               const std::filesystem::path& directory) {
  return stored_number(comm, directory, [&](const checkpoint::Contents& found) -> std::int64_t {
    if (!found.metadata.contains("bucket_bytes")) return 0;
    if (number<int>(found, "ranks") != comm.size()) return 0;
    return number<std::int64_t>(found, "bucket_bytes");
  });
}

}  // namespace rondo::train
