// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "train_image/consumption.hpp"

#include <cstdint>
#include <random>
#include <span>
#include <string_view>
#include <vector>

#include "rondo/base/hash.hpp"

namespace rondo::apps {
namespace {

std::string new_id() {
  std::random_device random;
  const std::uint64_t high = random();
  return to_hex(high << 32 | random());
}

std::string note(const train::Notes& notes, const std::string& key) {
  const auto found = notes.find(key);
  return found == notes.end() ? "" : found->second;
}

/// The text of every rank, by rank. Collective.
std::vector<std::string> texts_of_all(comm::Communicator& comm, std::string text) {
  auto longest = static_cast<std::int64_t>(text.size());
  comm::allreduce(comm, std::span(&longest, 1), comm::ReduceOp::max);
  const auto length = static_cast<std::size_t>(longest) + 1;  // never nothing
  text.resize(length, '\0');
  std::vector<char> all(length * static_cast<std::size_t>(comm.size()));
  comm::allgather(comm, std::span<const char>(text), std::span(all));
  std::vector<std::string> texts;
  for (std::size_t begin = 0; begin < all.size(); begin += length)
    texts.emplace_back(all.data() + begin);
  return texts;
}

}  // namespace

Consumption::Consumption() : life_(new_id()) {}

void Consumption::add(const data::LaneBatch& batch) {
  recent_.add(batch.epoch, batch.lane, {batch.position, batch.position + batch.count});
}

train::Notes Consumption::collect(comm::Communicator& comm) {
  const std::vector<std::string> texts = texts_of_all(comm, recent_.text());
  recent_ = {};
  if (!is_root(comm)) return {};
  for (const std::string& text : texts)
    whole_.add(data::Ledger::parse(text));
  return {{"life", life_}, {"ledger", whole_.text()}};
}

void Consumption::restore(const train::Notes& notes) {
  parent_ = note(notes, "life");
  whole_ = data::Ledger::parse(note(notes, "ledger"));
}

}  // namespace rondo::apps
