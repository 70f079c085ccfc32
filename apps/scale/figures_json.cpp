// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "scale/figures.hpp"

namespace rondo::scale {
namespace {

using Json = nlohmann::ordered_json;

Json json_of(const Estimate& estimate) {
  return {{"median", estimate.median}, {"low", estimate.low}, {"high", estimate.high}};
}

Json json_of(const Parts& parts) {
  Json json;
  for (std::size_t i = 0; i < part_count; ++i)
    json[std::string(key_of(static_cast<Part>(i)))] = parts.seconds[i];
  return json;
}

Json json_of(const LastRank& last) {
  return {{"rank", last.rank},
          {"share", last.share},
          {"seconds", last.seconds},
          {"chronic", last.is_chronic},
          {"cause", key_of(last.cause)}};
}

Json json_of(const std::optional<Prediction>& prediction) {
  if (!prediction) return nullptr;
  return {{"step_seconds", prediction->step_seconds},
          {"efficiency", prediction->efficiency},
          {"error", prediction->error}};
}

Json json_of(const std::vector<HostLink>& links) {
  Json json = Json::array();
  for (const HostLink& link : links)
    json.push_back({{"host", link.host}, {"bytes_per_second", link.bytes_per_second}});
  return json;
}

Json slow_link_of(const std::vector<HostLink>& links) {
  const auto slow = find_slow_link(links);
  return slow ? Json(slow->link.host) : Json();
}

Json json_of(const CountFigures& count) {
  return {{"ranks", count.ranks},
          {"nodes", count.nodes},
          {"scaling", count.is_scaling()},
          {"oversubscription", count.setting.oversubscription},
          {"bucket_bytes", count.setting.bucket_bytes},
          {"step_seconds", json_of(count.step)},
          // What cannot be called scaling has no efficiency.
          {"efficiency", count.is_scaling() ? json_of(count.efficiency) : Json()},
          {"ideal_seconds", count.ideal_seconds},
          {"computing_seconds", count.computing_seconds},
          {"reduction_seconds", count.reduction_seconds},
          {"bound_seconds", count.bound_seconds},
          {"of_bound", count.of_bound},
          {"link_bytes_per_second", count.setting.link_bytes_per_second},
          {"links", json_of(count.setting.links)},
          {"slow_link", slow_link_of(count.setting.links)},
          {"link_seconds", count.link_seconds},
          {"least_step_seconds", count.setting.least_step_seconds},
          {"limit_efficiency", count.limit_efficiency},
          {"cores_busy", count.cores_busy},
          {"parts_seconds", json_of(count.parts)},
          {"lost", json_of(count.lost)},
          {"last_rank", json_of(count.last)},
          {"prediction", json_of(count.setting.prediction)},
          {"rounds_seconds", count.rounds},
          {"steps_seconds", count.steps}};
}

Json json_of(const std::vector<Bar>& bars) {
  Json json = Json::array();
  for (const Bar& bar : bars)
    json.push_back(
        {{"name", bar.name}, {"begin", bar.begin}, {"end", bar.end}, {"bytes", bar.bytes}});
  return json;
}

Json json_of(const Subject& subject) {
  return {{"mode", name_of(subject.mode)},  {"model", subject.model},
          {"source", subject.source},       {"compute", subject.compute},
          {"work", subject.work},           {"gradient_bytes", subject.gradient_bytes},
          {"host", subject.host},           {"processor", subject.processor},
          {"job_ranks", subject.job_ranks}, {"hosts", subject.hosts},
          {"machines", subject.machines},   {"seed", subject.seed},
          {"warmup", subject.warmup},       {"steps", subject.steps},
          {"repeats", subject.repeats},     {"rondo", subject.version}};
}

}  // namespace

Json to_json(const Figures& figures) {
  Json counts = Json::array();
  for (const CountFigures& count : figures.counts)
    counts.push_back(json_of(count));
  return {{"format", "rondo-scale"},
          {"version", 1},
          {"subject", json_of(figures.subject)},
          {"remarks", figures.remarks},
          {"counts", counts},
          {"timeline",
           {{"phases", json_of(figures.timeline.phases)},
            {"buckets", json_of(figures.timeline.buckets)}}}};
}

}  // namespace rondo::scale
