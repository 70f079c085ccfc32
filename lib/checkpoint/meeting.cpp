// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "checkpoint/meeting.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "rondo/base/hash.hpp"
#include "rondo/base/output_error.hpp"

#include "checkpoint/directories.hpp"
#include "checkpoint/file_bytes.hpp"
#include "checkpoint/hashed_json.hpp"

namespace rondo::checkpoint {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

fs::path layout_path(const fs::path& place) {
  return place / "layout.json";
}

fs::path part_path(const fs::path& place, int writer) {
  return place / fmt::format("part-{}.json", writer);
}

/// Of a writer that had no room for its reason.
fs::path failed_path(const fs::path& place, int writer) {
  return place / fmt::format("part-{}.failed", writer);
}

/// Names and shapes in order.
std::string hash_of(std::span<const TensorSpec> tensors) {
  json list = json::array();
  for (const TensorSpec& tensor : tensors)
    list.push_back({tensor.name, tensor.shape});
  return to_hex(content_hash(list.dump()));
}

/// A file that is complete or absent for whoever looks; that it outlives a crash is not needed.
void leave(const fs::path& path, json content) {
  const fs::path incomplete = path.string() + ".incomplete";
  const std::string text = hashed_text(std::move(content));
  FileBytes(incomplete, FileBytes::Access::create).write(0, std::as_bytes(std::span(text)));
  std::error_code error;
  fs::rename(incomplete, path, error);
  if (error) throw output_error(fmt::format("{}: cannot create", path.string()), error.value());
}

/// The file's content, when it is there.
std::optional<json> find(const fs::path& path) {
  std::error_code error;
  if (!fs::exists(path, error)) return std::nullopt;
  try {
    json document = parse_flat(read_text(path), path.string());
    require_own_hash(document, path.string());
    return document;
  } catch (const json::exception& e) {
    throw IoError(ExitCode::io, fmt::format("{}: is unreadable: {}", path.string(), e.what()));
  } catch (const IoError& e) {
    throw IoError(ExitCode::io, e.what());
  }
}

json json_of(const Part& part) {
  json pieces = json::array();
  for (const PieceRange& piece : part.pieces)
    pieces.push_back({piece.tensor, piece.first, piece.count});
  return {{"pieces", std::move(pieces)}, {"hashes", text_of(part.hashes)}};
}

/// \throws IoError  the writer has failed
Part part_of(const json& document, const fs::path& place, int writer) {
  if (document.contains("failure"))
    throw IoError(ExitCode::io, fmt::format("{}: writer {} failed: {}", place.string(), writer,
                                            document.at("failure").get<std::string>()));
  Part part;
  for (const json& piece : document.at("pieces"))
    part.pieces.push_back({piece.at(0), piece.at(1), piece.at(2)});
  part.hashes = hashes_in(document.at("hashes").get_ref<const std::string&>()).value();
  return part;
}

/// A writer's part, when it is there. \throws IoError  the writer has failed
std::optional<Part> find_part(const fs::path& place, int writer) {
  if (const auto document = find(part_path(place, writer)))
    return part_of(*document, place, writer);
  std::error_code error;
  if (fs::exists(failed_path(place, writer), error))
    throw IoError(ExitCode::io,
                  fmt::format("{}: writer {} failed, and could not write why: its disk is full or "
                              "broken",
                              place.string(), writer));
  return std::nullopt;
}

/// Calls `look` more and more seldom until it returns something, or until `deadline`.
template <class Look>
auto poll(Clock::time_point deadline, Look look) {
  std::chrono::milliseconds pause(1);
  auto found = look();
  while (!found && Clock::now() < deadline) {
    std::this_thread::sleep_for(pause);
    pause = std::min(2 * pause, std::chrono::milliseconds(100));
    found = look();
  }
  return found;
}

}  // namespace

Meeting::Meeting(const Writer& writer, const fs::path& directory, std::uint64_t step)
    : writer_(writer) {
  require(writer.count >= 1 && writer.number >= 0 && writer.number < writer.count,
          "checkpoint::save: the writers are numbered from 0 on");
  require(writer.count == 1 || !writer.save_id.empty(),
          "checkpoint::save: several writers need a save_id");
  require(writer.save_id.find('/') == std::string::npos,
          "checkpoint::save: a save_id comes from new_save_id()");
  const std::string maker = writer.count == 1 ? this_process() : writer.save_id;
  place_ = hidden_path(final_path(directory, step), maker, partial_suffix);
  called_off_ = hidden_path(final_path(directory, step), maker, failed_suffix);
}

double Meeting::seconds() const {
  return std::chrono::duration<double>(writer_.patience).count();
}

void Meeting::leave_layout(const StateLayout& layout, std::span<const TensorSpec> tensors) const {
  if (writer_.count == 1) return;
  json offsets = json::array();
  for (const Extent& extent : layout.extents)
    offsets.push_back(extent.offset);
  leave(layout_path(place_),
        {{"bytes", layout.bytes}, {"offsets", std::move(offsets)}, {"tensors", hash_of(tensors)}});
}

std::vector<Part> Meeting::await_parts() const {
  std::vector<Part> parts;
  std::set<int> missing;
  for (int other = 1; other < writer_.count; ++other)
    missing.insert(other);
  const auto look = [&] {
    std::erase_if(missing, [&](int other) {
      auto found = find_part(place_, other);
      if (!found) return false;
      parts.push_back(std::move(*found));
      return true;
    });
    return missing.empty();
  };
  if (!poll(Clock::now() + writer_.patience, look))
    throw IoError(
        ExitCode::io,
        fmt::format(
            "{}: of {} writers, {} have not written their parts within {} s behind writer 0",
            place_.string(), writer_.count, fmt::join(missing, ", "), seconds()));
  return parts;
}

void Meeting::clean() const {
  if (writer_.count == 1) return;
  fs::remove(layout_path(place_));
  for (int other = 1; other < writer_.count; ++other)
    fs::remove(part_path(place_, other));
}

void Meeting::call_off(const Error& reason) const noexcept {
  if (writer_.count == 1) return;
  try {
    leave(called_off_, {{"failure", reason.what()}});
  } catch (const std::exception&) {
    // The others will have waited in vain, and say so.
  }
}

StateLayout Meeting::await_layout(std::span<const TensorSpec> tensors) const {
  const auto document = poll(Clock::now() + writer_.patience, [&] {
    if (const auto failure = find(called_off_))
      throw IoError(ExitCode::io, fmt::format("{}: writer 0 failed: {}", place_.string(),
                                              failure->at("failure").get<std::string>()));
    return find(layout_path(place_));
  });
  if (!document)
    throw IoError(ExitCode::cannot_create,
                  fmt::format("{}: writer {} of {} has not seen it within {} s: all writers need "
                              "the same directory, on a file system that they share",
                              place_.string(), writer_.number, writer_.count, seconds()));
  if (document->at("tensors") != hash_of(tensors))
    throw UsageError(
        fmt::format("writer {} of a checkpoint has other tensors than writer 0", writer_.number));
  StateLayout layout{.bytes = document->at("bytes"), .extents = {}};
  for (std::size_t i = 0; i < tensors.size(); ++i)
    layout.extents.push_back({document->at("offsets").at(i).get<std::uint64_t>(),
                              sizeof(float) * element_count(tensors[i].shape)});
  return layout;
}

void Meeting::leave_part(const Part& part) const {
  try {
    leave(part_path(place_, writer_.number), json_of(part));
  } catch (const IoError&) {
    std::error_code error;
    if (fs::exists(place_, error)) throw;
    throw IoError(ExitCode::io,
                  fmt::format("{}: writer 0 has given this save up", place_.string()));
  }
}

void Meeting::leave_failure(const Error& reason) const noexcept {
  std::error_code error;
  if (!fs::exists(place_, error)) return;
  try {
    leave(part_path(place_, writer_.number), {{"failure", reason.what()}});
  } catch (const std::exception&) {
    leave_mark();
  }
}

/// An empty file takes no room.
void Meeting::leave_mark() const noexcept {
  try {
    FileBytes(failed_path(place_, writer_.number), FileBytes::Access::create);
  } catch (const std::exception&) {
    // Writer 0 will have waited in vain, and says so.
  }
}

}  // namespace rondo::checkpoint
