// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "telemetry/trace_log.hpp"

#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "rondo/base/error.hpp"
#include "rondo/base/log.hpp"
#include "rondo/base/output_error.hpp"

namespace rondo::telemetry {
namespace {

constexpr std::uint64_t most_interval = std::uint64_t{1} << 62;

/// One write(2), so that a kill leaves whole records. \throws IoError
void write_whole(const FileDescriptor& file, std::string_view bytes, const std::string& name) {
  const ssize_t written = ::write(file.get(), bytes.data(), bytes.size());
  if (written == static_cast<ssize_t>(bytes.size())) return;
  throw output_error(fmt::format("cannot write {}", name), written < 0 ? errno : ENOSPC);
}

}  // namespace

TraceLog::TraceLog(const Trace::Options& options) : options_(options) {
  for (const std::string_view ending : trace_file_endings)
    std::filesystem::remove(path(ending));
  recent_ = begin_file(path(trace_file_endings[0]));
  sampled_ = begin_file(path("sampled"));
}

std::filesystem::path TraceLog::path(std::string_view ending) const {
  return options_.directory / trace_file_name(options_.identity.rank, ending);
}

FileDescriptor TraceLog::begin_file(const std::filesystem::path& path) const {
  FileDescriptor file(
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0666));
  if (!file) throw output_error(fmt::format("cannot create {}", path.string()), errno);
  write_whole(file, encode_head(options_.identity, clocks_), path.string());
  return file;
}

void TraceLog::write(const TracedStep& step) {
  if (has_ended_) return;
  try {
    const std::string record = encode_step(step);
    write_recent(record);
    if (step.step % interval_ == 0) write_sampled(step.step, record);
  } catch (const IoError& e) {
    has_ended_ = true;
    log::warning(
        fmt::format("the trace ends at step {}, the run goes on: {}", step.step, e.what()));
  }
}

void TraceLog::write_recent(const std::string& record) {
  if (recent_steps_ == options_.steps) {
    turn_ = 1 - turn_;
    recent_ = begin_file(path(trace_file_endings[turn_]));
    recent_steps_ = 0;
  }
  write_whole(recent_, record, path(trace_file_endings[turn_]).string());
  ++recent_steps_;
}

void TraceLog::write_sampled(std::uint64_t step, const std::string& record) {
  if (samples_.size() == options_.steps) thin_out();
  if (step % interval_ != 0) return;
  samples_.emplace_back(step, record);
  write_whole(sampled_, record, path("sampled").string());
}

/// The new file is whole before it takes the old one's name.
void TraceLog::thin_out() {
  while (samples_.size() == options_.steps && interval_ < most_interval) {
    interval_ *= 2;
    std::erase_if(samples_, [&](const auto& sample) { return sample.first % interval_ != 0; });
  }
  const std::filesystem::path next = path("sampled.next");
  sampled_ = begin_file(next);
  for (const auto& [step, record] : samples_)
    write_whole(sampled_, record, next.string());
  std::error_code problem;
  std::filesystem::rename(next, path("sampled"), problem);
  if (problem) throw output_error(fmt::format("cannot rename {}", next.string()), problem.value());
}

void TraceLog::add_clock(const ClockSample& sample) {
  if (clocks_.size() == most_clock_samples) {
    for (std::size_t i = 0; i < most_clock_samples / 2; ++i)
      clocks_[i] = clocks_[2 * i];
    clocks_.resize(most_clock_samples / 2);
  }
  clocks_.push_back(sample);
  if (has_ended_) return;
  try {
    write_whole(recent_, encode_clock(sample), path(trace_file_endings[turn_]).string());
  } catch (const IoError& e) {
    has_ended_ = true;
    log::warning(fmt::format("the trace ends, the run goes on: {}", e.what()));
  }
}

std::size_t TraceLog::most_bytes(const Trace::Options& options) {
  constexpr std::size_t most_head_bytes = 8192;
  const std::size_t step =
      record_head_bytes + 24 + most_threads * (longest_name + 4) + options.events * event_bytes;
  // While samples are thinned out there are two files of them.
  return 4 * most_head_bytes + 4 * options.steps * step;
}

}  // namespace rondo::telemetry
