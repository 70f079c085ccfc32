// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "scale/machine.hpp"

#include <algorithm>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sched.h>

#include "rondo/base/error.hpp"
#include "rondo/base/host_name.hpp"

namespace rondo::scale {
namespace {

std::string first_line(const std::string& file) {
  std::string line;
  std::getline(std::ifstream(file), line);
  return line;
}

std::string processor_model() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  return "unknown";
}

std::vector<int> allowed_cpus() {
  std::vector<int> cpus;
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) != 0) return cpus;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu)
    if (CPU_ISSET(cpu, &set)) cpus.push_back(cpu);
  return cpus;
}

std::string text_of(const RankPlace& place) {
  return fmt::format("{}\n{}\n{}\n{}\n", place.host, place.machine, place.processor,
                     fmt::join(place.cpus, " "));
}

RankPlace parse(const std::string& text) {
  RankPlace place;
  std::istringstream lines(text);
  std::getline(lines, place.host);
  std::getline(lines, place.machine);
  std::getline(lines, place.processor);
  for (int cpu = 0; lines >> cpu;)
    place.cpus.push_back(cpu);
  return place;
}

/// What ranks want of a machine's CPUs.
struct Use {
  double wanted = 0;
  std::set<int> cpus;
};

/// `wanted` is by rank, of the first ranks.
std::map<std::string, Use> use_by_machine(std::span<const RankPlace> places,
                                          std::span<const double> wanted) {
  std::map<std::string, Use> machines;
  for (std::size_t rank = 0; rank < wanted.size(); ++rank) {
    Use& use = machines[places[rank].machine];
    use.wanted += wanted[rank];
    use.cpus.insert(places[rank].cpus.begin(), places[rank].cpus.end());
  }
  return machines;
}

}  // namespace

RankPlace inspect_place() {
  return {.host = host_name(),
          .machine = first_line("/proc/sys/kernel/random/boot_id"),
          .processor = processor_model(),
          .cpus = allowed_cpus()};
}

std::vector<RankPlace> gather_places(comm::Communicator& comm, const RankPlace& own) {
  std::string text = text_of(own);
  auto longest = static_cast<std::int64_t>(text.size());
  comm::allreduce(comm, std::span(&longest, 1), comm::ReduceOp::max);
  const auto length = static_cast<std::size_t>(longest);
  text.resize(length, '\n');
  std::vector<char> all(length * static_cast<std::size_t>(comm.size()));
  comm::allgather(comm, std::span<const char>(text), std::span(all));
  std::vector<RankPlace> places;
  for (std::size_t begin = 0; begin < all.size(); begin += length)
    places.push_back(parse(std::string(all.data() + begin, length)));
  return places;
}

void require_equal_machines(std::span<const RankPlace> places) {
  for (std::size_t rank = 1; rank < places.size(); ++rank) {
    if (places[rank].processor == places[0].processor) continue;
    throw ConfigError(fmt::format(
        "mixed hosts: rank 0 on {} has '{}', rank {} on {} has '{}': the difference between rank "
        "counts would be that of the machines. Start the job on hosts of one kind (Slurm: "
        "--constraint)",
        places[0].host, places[0].processor, rank, places[rank].host, places[rank].processor));
  }
}

std::string oversubscription(std::span<const RankPlace> places, int ranks, int threads) {
  const std::vector<double> each(static_cast<std::size_t>(ranks), threads);
  for (const auto& [machine, use] : use_by_machine(places, each))
    if (use.wanted > static_cast<double>(use.cpus.size()))
      return fmt::format("{} threads share {} CPUs", use.wanted, use.cpus.size());
  return "";
}

std::string crowding(std::span<const RankPlace> places, std::span<const double> cores_busy) {
  for (const auto& [machine, use] : use_by_machine(places, cores_busy))
    if (use.wanted > 0.75 * static_cast<double>(use.cpus.size()))
      return fmt::format("they kept {:.1f} of {} CPUs busy", use.wanted, use.cpus.size());
  return "";
}

std::size_t machine_count(std::span<const RankPlace> places) {
  std::set<std::string> machines;
  for (const RankPlace& place : places)
    machines.insert(place.machine);
  return machines.size();
}

}  // namespace rondo::scale
