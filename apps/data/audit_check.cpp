// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "data/audit_check.hpp"

#include <algorithm>
#include <map>
#include <tuple>

#include <fmt/format.h>

#include "rondo/base/error.hpp"
#include "rondo/checkpoint/checkpoint.hpp"
#include "rondo/data/ledger.hpp"
#include "rondo/job/run_directory.hpp"

#include "data/usage_check.hpp"

namespace rondo::apps {
namespace {

using data::LaneSampler;
using data::Ledger;

constexpr std::size_t enumerated_samples = std::size_t{1} << 24;

std::string metadata(const checkpoint::Found& found, const std::string& key) {
  const auto entry = found.metadata.find(key);
  if (entry == found.metadata.end())
    throw IoError(
        ExitCode::bad_content,
        fmt::format("{}: metadata '{}': expected a text, found nothing (a run of an older "
                    "release cannot be audited)",
                    (found.directory / "manifest.json").string(), key));
  return entry->second;
}

bool is_same_order(const Life& a, const Life& b) {
  const auto key = [](const Life& life) {
    const LaneSampler::Options& order = life.order;
    return std::tuple(life.order_version, life.data, order.seed, order.samples, order.chunk_samples,
                      order.lanes, order.micro_batch, order.window);
  };
  return key(a) == key(b);
}

/// What the checkpoint's identity says of the order, against what its life told the metrics.
void check_identity(const checkpoint::Found& found, const Life& life, Exceptions& exceptions) {
  const std::map<std::string, std::string> expected{
      {"run.data", life.data},
      {"run.seed", fmt::format("{}", life.order.seed)},
      {"run.lanes", fmt::format("{}", life.order.lanes)},
      {"run.batch", fmt::format("{}", life.order.micro_batch)},
      {"run.window", fmt::format("{} chunks of {}", life.order.window, life.order.chunk_samples)},
      {"run.order", fmt::format("version {}", life.order_version)}};
  for (const auto& [key, value] : expected)
    if (const std::string stored = metadata(found, key); stored != value)
      exceptions.add(fmt::format("{} is '{}', the metrics say '{}'", key, stored, value), life.id);
}

/// Follows the parents of the life that wrote the checkpoint, and marks what each has given.
void trace(const RunMetrics& metrics, const std::string& last_life, AuditResult& result,
           Exceptions& exceptions) {
  std::map<std::string, KeptLife*> by_id;
  for (const Life& life : metrics.lives()) {
    result.lives.push_back({.life = life});
  }
  for (KeptLife& kept : result.lives)
    by_id[kept.life.id] = &kept;
  std::string id = last_life;
  std::uint64_t up_to = result.step;
  const KeptLife* child = nullptr;
  while (true) {
    const auto found = by_id.find(id);
    if (found == by_id.end() ||
        (child != nullptr && found->second->life.line >= child->life.line)) {
      exceptions.add(fmt::format("life {}, which made step {}, does not stand before its successor",
                                 id, up_to),
                     id);
      return;
    }
    KeptLife& kept = *found->second;
    kept.is_kept = true;
    kept.up_to = up_to;
    if (!is_same_order(kept.life, by_id.at(last_life)->life))
      exceptions.add(fmt::format("line {}: another order or other data than in life {}",
                                 kept.life.line, last_life),
                     id);
    if (kept.life.parent.empty()) {
      if (kept.life.first_step > 0)
        exceptions.add(fmt::format("line {}: began at step {} without a parent", kept.life.line,
                                   kept.life.first_step),
                       id);
      return;
    }
    id = kept.life.parent;
    up_to = kept.life.first_step;
    child = &kept;
  }
}

/// Whether the lanes' sequences of an epoch hold every sample once.
bool is_permutation(const LaneSampler& sampler, std::size_t epoch) {
  std::vector<bool> seen(sampler.sample_count(), false);
  std::size_t count = 0;
  for (std::size_t lane = 0; lane < std::min(sampler.lanes(), sampler.sample_count()); ++lane)
    for (std::size_t group = 0; group < sampler.group_count(epoch, lane); ++group)
      for (const std::uint64_t sample : sampler.group_samples(epoch, lane, group)) {
        if (sample >= seen.size() || seen[sample]) return false;
        seen[sample] = true;
        ++count;
      }
  return count == sampler.sample_count();
}

void enumerate(AuditResult& result, Enumeration enumeration) {
  const LaneSampler sampler(result.order);
  const std::size_t begun = result.complete_epochs + (result.samples_behind > 0 ? 1 : 0);
  const std::size_t some = enumerated_samples / result.order.samples;
  result.enumerated_epochs = enumeration == Enumeration::all ? begun : std::min(begun, some);
  for (std::size_t epoch = 0; epoch < result.enumerated_epochs; ++epoch)
    if (!is_permutation(sampler, epoch))
      Exceptions(result, "order")
          .add(fmt::format("the order of epoch {} does not hold every sample once", epoch), "");
}

}  // namespace

AuditResult audit_run(const std::filesystem::path& run, Enumeration enumeration) {
  const job::RunDirectory directory(run);
  const RunMetrics metrics(directory.metrics());
  const auto found = checkpoint::find_newest(directory.checkpoints());
  if (!found)
    throw IoError(ExitCode::missing_input,
                  fmt::format("{}: holds no checkpoint, so there are no parameters to speak for",
                              directory.checkpoints().string()));
  const std::string last_life = metadata(*found, "note.life");
  const Ledger ledger = Ledger::parse(metadata(*found, "note.ledger"));
  const Life* life = metrics.find(last_life);
  if (life == nullptr)
    throw IoError(ExitCode::bad_content,
                  fmt::format("{}: has no start of life {}, which wrote {}",
                              metrics.file().string(), last_life, found->directory.string()));

  AuditResult result;
  result.checkpoint = found->directory;
  result.step = found->step;
  result.order = life->order;
  result.steps_per_epoch = LaneSampler(result.order).steps_per_epoch();
  const Target target(result.order, result.step);
  result.complete_epochs = target.epoch();
  result.samples_behind = target.samples(0, target.position());

  Exceptions in_metrics(result, "metrics");
  Exceptions in_checkpoint(result, "checkpoint");
  check_identity(*found, *life, in_checkpoint);
  trace(metrics, last_life, result, in_metrics);
  check_ledger(ledger, last_life, result);
  check_steps(metrics, result);
  if (life->order_version == LaneSampler::version)
    enumerate(result, enumeration);
  else
    in_metrics.add(fmt::format("the run's order has version {}, this release knows {}",
                               life->order_version, LaneSampler::version),
                   last_life);
  return result;
}

}  // namespace rondo::apps
