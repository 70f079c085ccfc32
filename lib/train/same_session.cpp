// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "train/same_session.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "rondo/base/error.hpp"
#include "rondo/base/hash.hpp"

namespace rondo::train {
namespace {

std::string_view name_of_role(ParameterRole role) {
  switch (role) {
    case ParameterRole::weight: return "weight";
    case ParameterRole::bias: return "bias";
    case ParameterRole::statistic: return "statistic";
  }
  return "?";
}

/// One line for each thing that must be equal.
std::string description(std::span<const ParameterSpec> parameters,
                        const optim::Optimizer& optimizer, const Session::Options& options) {
  std::string text = fmt::format("optimizer {}\n", optimizer.name());
  text += fmt::format("lanes {}\n", options.lanes);
  text += fmt::format("reduction {}\n", name_of(options.reduction));
  text += fmt::format("precision {}\n", name_of(options.precision.compute));
  text += fmt::format("copy {}, rounding {}, seed {}\n", name_of(options.precision.copy),
                      name_of(options.precision.rounding), options.rounding_seed);
  text += fmt::format("bucket bytes {}\n", options.bucket_bytes);
  text += fmt::format("sharding {}, one pass {}\n", name_of(options.sharding), options.one_pass);
  text += fmt::format("compression {}, seed {}\n",
                      grad::compression_text(options.compression, options.compression_options),
                      options.compression_options.seed);
  text += fmt::format("clip norm {}, value {}\n", options.clip_norm, options.clip_value);
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const auto& [name, shape, role] = parameters[i];
    text += fmt::format("parameter {}: '{}' ({}) {}\n", i, name, fmt::join(shape, ", "),
                        name_of_role(role));
  }
  return text;
}

bool is_same_everywhere(comm::Communicator& comm, const std::string& text) {
  const auto mine = static_cast<std::int64_t>(content_hash(text) >> 1);
  std::array<std::int64_t, 2> extremes{mine, -mine};
  comm::allreduce(comm, std::span<std::int64_t>(extremes), comm::ReduceOp::min);
  return extremes[0] == -extremes[1];
}

std::vector<std::string> texts_of_all(comm::Communicator& comm, std::string text) {
  auto longest = static_cast<std::int64_t>(text.size());
  comm::allreduce(comm, std::span(&longest, 1), comm::ReduceOp::max);
  const auto length = static_cast<std::size_t>(longest);
  text.resize(length, '\n');
  std::vector<char> all(length * static_cast<std::size_t>(comm.size()));
  comm::allgather(comm, std::span<const char>(text), std::span(all));
  std::vector<std::string> texts;
  for (std::size_t begin = 0; begin < all.size(); begin += length)
    texts.emplace_back(all.data() + begin, length);
  return texts;
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    if (end > 0) lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::string differences(std::string_view expected, std::string_view found) {
  const auto theirs = lines_of(expected);
  const auto mine = lines_of(found);
  std::string text;
  for (std::size_t i = 0; i < std::max(theirs.size(), mine.size()); ++i) {
    const std::string_view left = i < theirs.size() ? theirs[i] : "nothing";
    const std::string_view right = i < mine.size() ? mine[i] : "nothing";
    if (left != right) text += fmt::format("\n  {}  <-  rank 0: {}", right, left);
  }
  return text;
}

}  // namespace

void check_same_session(comm::Communicator& comm, std::span<const ParameterSpec> parameters,
                        const optim::Optimizer& optimizer, const Session::Options& options) {
  const std::string mine = description(parameters, optimizer, options);
  if (is_same_everywhere(comm, mine)) return;
  const std::vector<std::string> texts = texts_of_all(comm, mine);
  std::map<std::string_view, std::vector<std::size_t>> ranks_by_text;
  for (std::size_t rank = 1; rank < texts.size(); ++rank)
    if (texts[rank] != texts[0]) ranks_by_text[texts[rank]].push_back(rank);
  std::string message =
      "the ranks have different parameters or options: build the same model with the same options "
      "on every rank";
  for (const auto& [text, ranks] : ranks_by_text)
    message += fmt::format("\n rank {}:{}", fmt::join(ranks, ", "), differences(texts[0], text));
  throw AgreedError(ExitCode::internal, message);
}

}  // namespace rondo::train
