// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "telemetry/trace_records.hpp"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <system_error>
#include <type_traits>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "rondo/base/error.hpp"
#include "rondo/base/hash.hpp"

namespace rondo::telemetry {
namespace {

static_assert(std::endian::native == std::endian::little, "the log is written as memory has it");

constexpr int format_version = 1;

template <class T>
void put(std::string& bytes, T value) {
  static_assert(std::is_arithmetic_v<T>);
  bytes.append(reinterpret_cast<const char*>(&value), sizeof(T));
}

/// What is wrong with a payload; the caller knows the file and the place.
struct Malformed {
  std::string what;
};

/// Takes numbers and texts from the front of a payload.
class Taker {
 public:
  explicit Taker(std::string_view bytes) : bytes_(bytes) {}

  template <class T>
  T take() {
    T value;
    std::memcpy(&value, text(sizeof(T)).data(), sizeof(T));
    return value;
  }
  std::string_view text(std::size_t length) {
    if (bytes_.size() < length) throw Malformed{"it is too short for what it announces"};
    const std::string_view front = bytes_.substr(0, length);
    bytes_.remove_prefix(length);
    return front;
  }
  std::size_t left() const { return bytes_.size(); }

 private:
  std::string_view bytes_;
};

/// Some 36 years in nanoseconds: what is computed from times does not overflow.
constexpr std::int64_t largest_time = std::int64_t{1} << 60;

std::int64_t plausible(std::int64_t time) {
  if (time < -largest_time || time > largest_time)
    throw Malformed{fmt::format("no steady clock shows {} ns", time)};
  return time;
}

nlohmann::ordered_json json_of(const ClockSample& sample) {
  return {sample.at, sample.offset, sample.error};
}

ClockSample clock_of(const nlohmann::json& json) {
  return {plausible(json.at(0).get<std::int64_t>()), plausible(json.at(1).get<std::int64_t>()),
          plausible(json.at(2).get<std::int64_t>())};
}

void take_head(std::string_view payload, TraceFile& file) {
  try {
    const auto json = nlohmann::json::parse(payload);
    if (json.at("format").get<int>() != format_version)
      throw Malformed{fmt::format("it is of format {}, this program reads format {}",
                                  json.at("format").get<int>(), format_version)};
    TraceIdentity identity{.life = json.at("life").get<std::uint64_t>(),
                           .rank = json.at("rank").get<int>(),
                           .ranks = json.at("ranks").get<int>(),
                           .host = json.at("host").get<std::string>(),
                           .clock = json.at("clock").get<std::uint64_t>(),
                           .reference = json.at("reference").get<std::uint64_t>(),
                           .begin = plausible(json.at("begin").get<std::int64_t>())};
    if (identity.rank < 0 || identity.rank >= identity.ranks)
      throw Malformed{fmt::format("rank {} of {}", identity.rank, identity.ranks)};
    for (const auto& sample : json.at("clocks"))
      file.clocks.push_back(clock_of(sample));
    file.identity = std::move(identity);
  } catch (const nlohmann::json::exception& e) {
    throw Malformed{e.what()};
  }
}

TraceEvent take_event(Taker& taker) {
  TraceEvent event;
  event.begin = plausible(taker.take<std::int64_t>());
  event.end = plausible(taker.take<std::int64_t>());
  event.bytes = taker.take<std::uint64_t>();
  event.index = taker.take<std::uint32_t>();
  const auto activity = taker.take<std::uint16_t>();
  event.thread = taker.take<std::uint16_t>();
  if (activity >= activity_count) throw Malformed{fmt::format("there is no activity {}", activity)};
  if (event.end < event.begin) throw Malformed{"an event ends before it begins"};
  event.activity = static_cast<Activity>(activity);
  return event;
}

void take_step(std::string_view payload, TraceFile& file) {
  Taker taker(payload);
  TracedStep step;
  step.step = taker.take<std::uint64_t>();
  step.dropped = taker.take<std::uint32_t>();
  const auto threads = taker.take<std::uint32_t>();
  const auto events = taker.take<std::uint32_t>();
  if (threads > most_threads) throw Malformed{fmt::format("it announces {} threads", threads)};
  for (std::uint32_t i = 0; i < threads; ++i) {
    const auto number = taker.take<std::uint16_t>();
    const auto length = taker.take<std::uint16_t>();
    step.threads.push_back({number, std::string(taker.text(length))});
  }
  if (taker.left() != events * event_bytes)
    throw Malformed{
        fmt::format("it announces {} events and has {} bytes for them", events, taker.left())};
  for (std::uint32_t i = 0; i < events; ++i) {
    step.events.push_back(take_event(taker));
    const auto is_its_thread = [&](const TracedThread& thread) {
      return thread.number == step.events.back().thread;
    };
    if (std::none_of(step.threads.begin(), step.threads.end(), is_its_thread))
      throw Malformed{fmt::format("an event is of thread {}, which it does not name",
                                  step.events.back().thread)};
  }
  file.steps.push_back(std::move(step));
}

void take_clock(std::string_view payload, TraceFile& file) {
  Taker taker(payload);
  ClockSample sample;
  sample.at = plausible(taker.take<std::int64_t>());
  sample.offset = plausible(taker.take<std::int64_t>());
  sample.error = plausible(taker.take<std::int64_t>());
  file.clocks.push_back(sample);
}

void take_record(std::uint32_t kind, std::string_view payload, TraceFile& file) {
  const bool is_head = kind == static_cast<std::uint32_t>(RecordKind::head);
  if (is_head == file.identity.has_value())
    throw Malformed{is_head ? "a second head" : "the file does not begin with a head"};
  switch (static_cast<RecordKind>(kind)) {
    case RecordKind::head: return take_head(payload, file);
    case RecordKind::step: return take_step(payload, file);
    case RecordKind::clock: return take_clock(payload, file);
  }
  throw Malformed{fmt::format("there is no kind {} of record", kind)};
}

std::string content_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (!file)
    throw IoError(ExitCode::missing_input, fmt::format("cannot read {}: {}", path.string(),
                                                       std::generic_category().message(errno)));
  return bytes;
}

/// Reads the records of `bytes`; returns where the first one is that is not whole.
std::size_t take_records(std::string_view bytes, TraceFile& file) {
  std::size_t at = 0;
  while (bytes.size() - at >= record_head_bytes) {
    Taker head(bytes.substr(at, record_head_bytes));
    const auto length = head.take<std::uint32_t>();
    const auto kind = head.take<std::uint32_t>();
    const auto hash = head.take<std::uint64_t>();
    if (length > bytes.size() - at - record_head_bytes) break;
    const std::string_view payload = bytes.substr(at + record_head_bytes, length);
    try {
      if (content_hash(payload, kind) != hash) throw Malformed{"its hash is another"};
      take_record(kind, payload, file);
    } catch (Malformed& malformed) {
      malformed.what = fmt::format("the record at byte {} is damaged: {}", at, malformed.what);
      throw;
    }
    at += record_head_bytes + length;
  }
  return at;
}

}  // namespace

std::string encode(RecordKind kind, std::string_view payload) {
  std::string bytes;
  bytes.reserve(record_head_bytes + payload.size());
  put(bytes, static_cast<std::uint32_t>(payload.size()));
  put(bytes, static_cast<std::uint32_t>(kind));
  put(bytes, content_hash(payload, static_cast<std::uint32_t>(kind)));
  bytes += payload;
  return bytes;
}

std::string encode_step(const TracedStep& step) {
  std::string payload;
  payload.reserve(step.events.size() * event_bytes + 256);
  put(payload, step.step);
  put(payload, step.dropped);
  put(payload, static_cast<std::uint32_t>(step.threads.size()));
  put(payload, static_cast<std::uint32_t>(step.events.size()));
  for (const TracedThread& thread : step.threads) {
    put(payload, thread.number);
    put(payload, static_cast<std::uint16_t>(thread.name.size()));
    payload += thread.name;
  }
  for (const TraceEvent& event : step.events) {
    put(payload, event.begin);
    put(payload, event.end);
    put(payload, event.bytes);
    put(payload, event.index);
    put(payload, static_cast<std::uint16_t>(event.activity));
    put(payload, event.thread);
  }
  return encode(RecordKind::step, payload);
}

std::string encode_head(const TraceIdentity& identity, std::span<const ClockSample> clocks) {
  nlohmann::ordered_json json{{"format", format_version},
                              {"life", identity.life},
                              {"rank", identity.rank},
                              {"ranks", identity.ranks},
                              {"host", identity.host},
                              {"clock", identity.clock},
                              {"reference", identity.reference},
                              {"begin", identity.begin},
                              {"clocks", nlohmann::ordered_json::array()}};
  for (const ClockSample& sample : clocks)
    json["clocks"].push_back(json_of(sample));
  return encode(RecordKind::head,
                json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

std::string encode_clock(const ClockSample& sample) {
  std::string payload;
  put(payload, sample.at);
  put(payload, sample.offset);
  put(payload, sample.error);
  return encode(RecordKind::clock, payload);
}

TraceFile read_trace_file(const std::filesystem::path& path, Damage on_damage,
                          std::string* damage) {
  const std::string bytes = content_of(path);
  TraceFile file;
  try {
    const std::size_t whole = take_records(bytes, file);
    if (whole < bytes.size()) file.unfinished_at = whole;
  } catch (const Malformed& malformed) {
    const std::string what = fmt::format("{}: {}", path.string(), malformed.what);
    if (on_damage == Damage::error)
      throw IoError(
          ExitCode::bad_content,
          fmt::format("{}. What stands before it is converted with --skip-damaged", what));
    if (damage != nullptr) *damage = what;
  }
  return file;
}

std::string trace_file_name(int rank, std::string_view ending) {
  return fmt::format("rank-{:05}.{}", rank, ending);
}

}  // namespace rondo::telemetry
