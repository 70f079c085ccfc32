// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "train/same_text.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "rondo/base/error.hpp"
#include "rondo/base/hash.hpp"

namespace rondo::train {
namespace {

using Lines = std::vector<std::string_view>;

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

Lines lines_of(std::string_view text) {
  Lines lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    if (end > 0) lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::string_view name_of(std::string_view line) {
  return line.substr(0, line.find(": "));
}

std::map<std::string_view, std::string_view> by_name(const Lines& lines) {
  std::map<std::string_view, std::string_view> found;
  for (const std::string_view line : lines)
    found.emplace(name_of(line), line);
  return found;
}

std::string difference(std::string_view mine, std::string_view theirs) {
  return fmt::format("{}  <-  rank 0: {}", mine, theirs);
}

std::vector<std::string> differences(const Lines& theirs, const Lines& mine) {
  const auto theirs_by_name = by_name(theirs);
  const auto mine_by_name = by_name(mine);
  std::vector<std::string> found;
  for (const std::string_view line : mine) {
    const auto other = theirs_by_name.find(name_of(line));
    if (other == theirs_by_name.end())
      found.push_back(difference(line, "nothing"));
    else if (other->second != line)
      found.push_back(difference(line, other->second));
  }
  for (const std::string_view line : theirs)
    if (!mine_by_name.contains(name_of(line))) found.push_back(difference("nothing", line));
  if (!found.empty()) return found;
  const auto [first, other] = std::ranges::mismatch(mine, theirs);
  return {"another order, from: " + difference(*first, *other)};
}

std::string shown(std::vector<std::string> found) {
  constexpr std::size_t most = 20;
  const std::size_t more = found.size() - std::min(most, found.size());
  found.resize(found.size() - more);
  return fmt::format("\n  {}{}", fmt::join(found, "\n  "),
                     more > 0 ? fmt::format("\n  and {} more", more) : "");
}

}  // namespace

void check_same_text(comm::Communicator& comm, const std::string& text, std::string_view problem) {
  if (is_same_everywhere(comm, text)) return;
  const std::vector<std::string> texts = texts_of_all(comm, text);
  std::map<std::string_view, std::vector<std::size_t>> ranks_by_text;
  for (std::size_t rank = 1; rank < texts.size(); ++rank)
    if (texts[rank] != texts[0]) ranks_by_text[texts[rank]].push_back(rank);
  std::string message(problem);
  for (const auto& [other, ranks] : ranks_by_text)
    message += fmt::format("\n rank {}:{}", fmt::join(ranks, ", "),
                           shown(differences(lines_of(texts[0]), lines_of(other))));
  throw AgreedError(ExitCode::internal, message);
}

}  // namespace rondo::train
