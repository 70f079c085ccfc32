// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "job/shares.hpp"

#include <algorithm>
#include <iterator>
#include <span>

namespace rondo::job {
namespace {

Processors common(const Processors& left, const Processors& right) {
  Processors result;
  std::ranges::set_intersection(left, right, std::back_inserter(result));
  return result;
}

Processors joined(std::span<const Processors> cores) {
  Processors result;
  for (const Processors& core : cores)
    result.insert(result.end(), core.begin(), core.end());
  std::ranges::sort(result);
  return result;
}

/// The `index`-th of `count` runs of equal length, or one more.
template <class T>
std::span<const T> run(const std::vector<T>& all, std::size_t index, std::size_t count) {
  const std::size_t begin = index * all.size() / count;
  return std::span(all).subspan(begin, (index + 1) * all.size() / count - begin);
}

/// How many ranks each domain has, so that the poorest of them has the most: one rank after the
/// other goes where most cores a rank are left (d'Hondt's method).
std::vector<std::size_t> ranks_by_domain(const Domains& domains, int ranks) {
  std::vector<std::size_t> counts(domains.size());
  for (int rank = 0; rank < ranks; ++rank) {
    std::size_t best = 0;
    for (std::size_t i = 1; i < domains.size(); ++i)
      if (domains[i].size() * (counts[best] + 1) > domains[best].size() * (counts[i] + 1)) best = i;
    ++counts[best];
  }
  return counts;
}

Domains with_threads_as_cores(const Domains& domains) {
  Domains result;
  for (const Domain& domain : domains) {
    Domain& threads = result.emplace_back();
    for (const int processor : joined(domain))
      threads.push_back({processor});
  }
  return result;
}

std::vector<Processors> runs_of_domains(const Domains& domains, int ranks) {
  std::vector<Processors> shares;
  const auto count = static_cast<std::size_t>(ranks);
  for (std::size_t rank = 0; rank < count; ++rank) {
    const auto own = run(domains, rank, count);
    shares.push_back(processors_of(Domains(own.begin(), own.end())));
  }
  return shares;
}

std::vector<Processors> shared_domains(const Domains& domains, int ranks) {
  std::vector<Processors> shares;
  const std::vector<std::size_t> counts = ranks_by_domain(domains, ranks);
  for (std::size_t i = 0; i < domains.size(); ++i)
    shares.insert(shares.end(), counts[i], joined(domains[i]));
  return shares;
}

std::vector<Processors> runs_of_cores(const Domains& domains, int ranks) {
  const auto count = static_cast<std::size_t>(ranks);
  if (core_count(domains) < count) {
    if (processors_of(domains).size() < count) return {};
    return runs_of_cores(with_threads_as_cores(domains), ranks);
  }
  std::vector<Processors> shares;
  const std::vector<std::size_t> counts = ranks_by_domain(domains, ranks);
  for (std::size_t i = 0; i < domains.size(); ++i)
    for (std::size_t rank = 0; rank < counts[i]; ++rank)
      shares.push_back(joined(run(domains[i], rank, counts[i])));
  return shares;
}

std::size_t smallest(const std::vector<Processors>& shares) {
  std::size_t least = shares.empty() ? 0 : shares.front().size();
  for (const Processors& share : shares)
    least = std::min(least, share.size());
  return least;
}

/// Whether `own` has all or nothing of every part.
bool is_made_of(std::span<const Processors> parts, const Processors& own) {
  return std::ranges::all_of(parts, [&](const Processors& part) {
    const std::size_t shared = common(part, own).size();
    return shared == 0 || shared == part.size();
  });
}

}  // namespace

Domains restrict_to(const Domains& domains, const Processors& allowed) {
  Domains result;
  for (const Domain& domain : domains) {
    Domain rest;
    for (const Processors& core : domain)
      if (Processors left = common(core, allowed); !left.empty()) rest.push_back(std::move(left));
    if (!rest.empty()) result.push_back(std::move(rest));
  }
  return result;
}

Processors processors_of(const Domains& domains) {
  Processors result;
  for (const Domain& domain : domains)
    for (const Processors& core : domain)
      result.insert(result.end(), core.begin(), core.end());
  std::ranges::sort(result);
  return result;
}

std::size_t core_count(const Domains& domains) {
  std::size_t count = 0;
  for (const Domain& domain : domains)
    count += domain.size();
  return count;
}

std::vector<Processors> share_out(const Domains& domains, Bind bind, int ranks) {
  if (domains.empty() || ranks < 1 || bind == Bind::none) return {};
  const bool has_domain_each = domains.size() >= static_cast<std::size_t>(ranks);
  if (bind == Bind::numa)
    return has_domain_each ? runs_of_domains(domains, ranks) : shared_domains(domains, ranks);
  std::vector<Processors> cores = runs_of_cores(domains, ranks);
  if (bind == Bind::core || !has_domain_each) return cores;
  // A domain of which little is allowed is worse than a part of another.
  std::vector<Processors> whole = runs_of_domains(domains, ranks);
  return smallest(whole) >= smallest(cores) ? whole : cores;
}

std::string describe(const Domains& machine, const Processors& own) {
  if (own == processors_of(machine)) return "not bound";
  std::vector<Processors> domains;
  std::vector<Processors> cores;
  for (const Domain& domain : machine) {
    domains.push_back(joined(domain));
    cores.insert(cores.end(), domain.begin(), domain.end());
  }
  if (is_made_of(domains, own)) return "bound to NUMA domains";
  if (is_made_of(cores, own)) return "bound to cores";
  return "bound to hardware threads";
}

}  // namespace rondo::job
