// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "run/hosts.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <future>
#include <iterator>
#include <sstream>

#include <fmt/format.h>

#include "rondo/base/error.hpp"
#include "rondo/base/host_name.hpp"
#include "rondo/job/helper_program.hpp"

namespace rondo::apps {
namespace {

constexpr auto patience = std::chrono::seconds(10);

std::string environment(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nobody calls setenv
  return value != nullptr ? value : "";
}

std::string first_label(const std::string& name) {
  return name.substr(0, name.find('.'));
}

bool is_this_host(const std::string& name) {
  return name == "localhost" || first_label(name) == first_label(host_name());
}

Host parse_host(const std::string& text, int slots) {
  const std::size_t colon = text.find(':');
  Host host{text.substr(0, colon), slots};
  bool is_good = !host.name.empty() && host.name[0] != '-';
  if (colon != std::string::npos) {
    const char* end = text.data() + text.size();
    const auto [stopped, error] = std::from_chars(text.data() + colon + 1, end, host.slots);
    is_good = is_good && error == std::errc() && stopped == end && host.slots > 0;
  }
  if (!is_good)
    throw Error(ExitCode::usage, fmt::format("--hosts: '{}' is not NAME or NAME:SLOTS", text));
  return host;
}

std::vector<std::string> probe_command(const RunOptions& options, const std::string& host) {
  std::vector<std::string> words = words_of(options.probe);
  if (words.empty() && environment("SLURM_JOB_ID").empty())
    words = {"ssh", "-o", "BatchMode=yes", "-o", "ConnectTimeout=5"};
  else if (words.empty())
    words = {"srun", "--overlap", "--immediate=5", "--nodes=1", "--ntasks=1", "--nodelist"};
  words.push_back(host);
  words.emplace_back("true");
  return words;
}

bool answers(const RunOptions& options, const std::string& host) {
  if (options.probe.empty() && is_this_host(host)) return true;
  const auto result = job::run_helper(probe_command(options, host), patience);
  return result && result->code == 0;
}

}  // namespace

std::string to_text(const std::vector<Host>& hosts) {
  std::string text;
  for (const Host& host : hosts)
    text += fmt::format("{}{}:{}", text.empty() ? "" : ",", host.name, host.slots);
  return text;
}

std::vector<Host> parse_hosts(const std::string& text, int ranks) {
  const auto count = static_cast<int>(std::count(text.begin(), text.end(), ',')) + 1;
  const int share = (ranks + count - 1) / count;
  std::vector<Host> hosts;
  std::istringstream stream(text);
  for (std::string one; std::getline(stream, one, ',');)
    hosts.push_back(parse_host(one, share));
  return hosts;
}

std::vector<Host> hosts_of_run(const RunOptions& options) {
  if (!options.hosts.empty()) return parse_hosts(options.hosts, options.ranks);
  const std::string nodes = environment("SLURM_JOB_NODELIST");
  if (nodes.empty()) return {};
  const auto names = job::run_helper({"scontrol", "show", "hostnames", nodes}, patience);
  if (!names || names->code != 0)
    throw ConfigError(fmt::format(
        "scontrol show hostnames {} does not name the hosts of the job: give --hosts", nodes));
  std::string list = names->output.substr(0, names->output.find_last_not_of('\n') + 1);
  std::replace(list.begin(), list.end(), '\n', ',');
  return parse_hosts(list, options.ranks);
}

std::vector<Host> answering(const std::vector<Host>& hosts, const RunOptions& options) {
  std::vector<std::future<bool>> answers_of;
  answers_of.reserve(hosts.size());
  for (const Host& host : hosts)
    answers_of.push_back(
        std::async(std::launch::async, [&] { return answers(options, host.name); }));
  std::vector<Host> found;
  for (std::size_t i = 0; i < hosts.size(); ++i)
    if (answers_of[i].get()) found.push_back(hosts[i]);
  return found;
}

std::vector<Host> without(const std::vector<Host>& hosts, const std::vector<Host>& others) {
  std::vector<Host> rest;
  std::ranges::copy_if(hosts, std::back_inserter(rest), [&](const Host& host) {
    return std::ranges::find(others, host) == others.end();
  });
  return rest;
}

std::optional<Placement> place(const std::vector<Host>& answering, int wanted, int least) {
  Placement placement{.ranks = 0, .hosts = answering};
  for (const Host& host : answering)
    placement.ranks += std::min(host.slots, wanted - placement.ranks);
  return placement.ranks >= least ? std::optional(placement) : std::nullopt;
}

}  // namespace rondo::apps
