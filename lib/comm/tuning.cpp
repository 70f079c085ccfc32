// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/comm/tuning.hpp"

#include <algorithm>
#include <array>
#include <initializer_list>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "rondo/base/error.hpp"

namespace rondo::comm {
namespace {

using nlohmann::json;

constexpr std::string_view format_name = "rondo-tuning";
constexpr int format_version = 1;
constexpr std::size_t largest_size = std::size_t{1} << 40;

constexpr Collective all_collectives[] = {Collective::allreduce,
                                          Collective::reduce_scatter,
                                          Collective::allgather,
                                          Collective::broadcast,
                                          Collective::barrier,
                                          Collective::allreduce_lanes,
                                          Collective::reduce_scatter_lanes,
                                          Collective::all_to_all};
constexpr DType all_dtypes[] = {DType::f32, DType::f64, DType::f16, DType::bf16, DType::i32,
                                DType::i64, DType::u8,  DType::u16, DType::u32};

/// One object of the document, with its place in it for messages.
class Section {
 public:
  Section(const json& object, std::string place) : object_(object), place_(std::move(place)) {
    if (!object.is_object())
      throw ConfigError(fmt::format("{} is {}: it must be an object", place_, object.dump()));
  }

  bool has(const char* key) const { return object_.contains(key); }

  void require_known(std::initializer_list<std::string_view> keys) const {
    for (const auto& [key, value] : object_.items()) {
      if (std::ranges::find(keys, key) == keys.end())
        throw ConfigError(fmt::format("{} has the unknown key '{}': known are {}", place_, key,
                                      fmt::join(keys, ", ")));
    }
  }

  const json& at(const char* key) const {
    if (has(key)) return object_.at(key);
    throw ConfigError(fmt::format("{} has no '{}', which is needed", place_, key));
  }

  std::string place_of(const char* key) const { return fmt::format("{}.{}", place_, key); }

  /// A whole number from `least` to `most`; `value` stays as it is if the key is absent.
  template <class T>
  void read(const char* key, T& value, T least, T most) const {
    if (has(key)) value = number(at(key), place_of(key), least, most);
  }

  void read(const char* key, CountRange& range) const {
    if (!has(key)) return;
    const json& pair = at(key);
    if (!pair.is_array() || pair.size() != 2)
      fail(key, "a list of two numbers, the least and the most");
    constexpr int most = std::numeric_limits<int>::max();
    range.least = number(pair[0], place_of(key), 1, most);
    range.most = number(pair[1], place_of(key), range.least, most);
  }

  /// That one of `choices` whose name the key's value is.
  template <class Choices>
  auto read_name(const char* key, const Choices& choices) const {
    std::string names;
    for (const auto choice : choices) {
      if (at(key) == name_of(choice)) return choice;
      names += fmt::format("{}{}", names.empty() ? "" : ", ", name_of(choice));
    }
    fail(key, "one of " + names);
  }

  [[noreturn]] void fail(const char* key, std::string_view expectation) const {
    throw ConfigError(
        fmt::format("{} is {}: it must be {}", place_of(key), at(key).dump(), expectation));
  }

 private:
  template <class T>
  static T number(const json& value, const std::string& place, T least, T most) {
    const bool fits = value.is_number_unsigned() &&
                      value.get<std::uint64_t>() >= static_cast<std::uint64_t>(least) &&
                      value.get<std::uint64_t>() <= static_cast<std::uint64_t>(most);
    if (fits) return value.get<T>();
    throw ConfigError(fmt::format("{} is {}: it must be a whole number from {} to {}", place,
                                  value.dump(), least, most));
  }

  const json& object_;
  std::string place_;
};

bool has_dtype(Collective collective) {
  return collective == Collective::allreduce || collective == Collective::reduce_scatter;
}

TuningRule parse_rule(const json& document, const std::string& place) {
  const Section section(document, place);
  section.require_known({"collective", "algorithm", "ranks", "nodes", "max_bytes", "dtype"});
  TuningRule rule;
  rule.collective = section.read_name("collective", all_collectives);
  rule.algorithm = section.read_name("algorithm", algorithms_of(rule.collective));
  section.read("ranks", rule.ranks);
  section.read("nodes", rule.nodes);
  section.read("max_bytes", rule.max_bytes, std::size_t{0}, rule.max_bytes);
  if (section.has("dtype")) {
    if (!has_dtype(rule.collective))
      section.fail("dtype", fmt::format("left out: {} reduces no elements of any type",
                                        name_of(rule.collective)));
    rule.dtype = section.read_name("dtype", all_dtypes);
  }
  return rule;
}

SharedMemoryTuning parse_shared_memory(const Section& section) {
  section.require_known({"one_shot_bytes", "streaming_bytes", "staging_chunk_bytes"});
  SharedMemoryTuning tuning;
  section.read("one_shot_bytes", tuning.one_shot_bytes, std::size_t{0}, std::size_t{1} << 20);
  section.read("streaming_bytes", tuning.streaming_bytes, std::size_t{0}, largest_size);
  section.read("staging_chunk_bytes", tuning.staging_chunk_bytes, std::size_t{4096},
               std::size_t{1} << 30);
  if (tuning.staging_chunk_bytes % 64 != 0) section.fail("staging_chunk_bytes", "a multiple of 64");
  return tuning;
}

TransportTuning parse_transport(const Section& section) {
  section.require_known({"segment_bytes", "receives_ahead", "one_shot_bytes", "copy_limit_bytes"});
  TransportTuning tuning;
  section.read("segment_bytes", tuning.segment_bytes, std::size_t{64}, std::size_t{1} << 30);
  if (tuning.segment_bytes % 64 != 0) section.fail("segment_bytes", "a multiple of 64");
  section.read("receives_ahead", tuning.receives_ahead, std::size_t{1}, std::size_t{1024});
  section.read("one_shot_bytes", tuning.one_shot_bytes, std::size_t{0}, std::size_t{1} << 20);
  section.read("copy_limit_bytes", tuning.copy_limit_bytes, std::size_t{0}, std::size_t{1} << 30);
  return tuning;
}

void require_format(const Section& document) {
  document.require_known({"format", "version", "rules", "shared_memory", "transport"});
  if (document.at("format") != format_name)
    document.fail("format", fmt::format("\"{}\"", format_name));
  if (document.at("version") != format_version)
    document.fail("version", fmt::format("{}: use the release of Rondo that wrote the file, or "
                                         "measure again (rondo-bench tune)",
                                         format_version));
}

/// Refuses nesting that no tuning has before it becomes deep recursion.
json parse_flat(std::string_view text, const std::string& file) {
  constexpr int deepest = 5;
  const auto limit_depth = [&](int depth, json::parse_event_t, const json&) {
    if (depth > deepest)
      throw ConfigError(fmt::format("{} is nested too deeply for a tuning file", file));
    return true;
  };
  try {
    return json::parse(text, limit_depth);
  } catch (const json::exception& e) {
    throw ConfigError(fmt::format("{} is no JSON: {}", file, e.what()));
  }
}

json to_json(const TuningRule& rule) {
  json document{{"collective", name_of(rule.collective)}, {"algorithm", name_of(rule.algorithm)}};
  if (rule.ranks != CountRange{}) document["ranks"] = {rule.ranks.least, rule.ranks.most};
  if (rule.nodes != CountRange{}) document["nodes"] = {rule.nodes.least, rule.nodes.most};
  if (rule.max_bytes != TuningRule().max_bytes) document["max_bytes"] = rule.max_bytes;
  if (rule.dtype) document["dtype"] = name_of(*rule.dtype);
  return document;
}

}  // namespace

std::string to_json(const Tuning& tuning) {
  json document{{"format", format_name},
                {"version", format_version},
                {"rules", json::array()},
                {"shared_memory",
                 {{"one_shot_bytes", tuning.shared_memory.one_shot_bytes},
                  {"streaming_bytes", tuning.shared_memory.streaming_bytes},
                  {"staging_chunk_bytes", tuning.shared_memory.staging_chunk_bytes}}},
                {"transport",
                 {{"segment_bytes", tuning.transport.segment_bytes},
                  {"receives_ahead", tuning.transport.receives_ahead},
                  {"one_shot_bytes", tuning.transport.one_shot_bytes},
                  {"copy_limit_bytes", tuning.transport.copy_limit_bytes}}}};
  for (const TuningRule& rule : tuning.rules)
    document["rules"].push_back(to_json(rule));
  return document.dump(1) + "\n";
}

Tuning parse_tuning(std::string_view text, const std::string& file) {
  const json content = parse_flat(text, file);
  const Section document(content, file + ": the document");
  require_format(document);
  Tuning tuning{.origin = file};
  const auto section = [&](const char* key) {
    return Section(document.at(key), fmt::format("{}: {}", file, key));
  };
  if (document.has("shared_memory"))
    tuning.shared_memory = parse_shared_memory(section("shared_memory"));
  if (document.has("transport")) tuning.transport = parse_transport(section("transport"));
  if (!document.has("rules")) return tuning;
  const json& rules = document.at("rules");
  if (!rules.is_array()) document.fail("rules", "a list");
  for (std::size_t i = 0; i < rules.size(); ++i)
    tuning.rules.push_back(parse_rule(rules[i], fmt::format("{}: rules[{}]", file, i)));
  return tuning;
}

}  // namespace rondo::comm
