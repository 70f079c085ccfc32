// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "telemetry/chrome_trace.hpp"

#include <cerrno>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "rondo/base/output_error.hpp"

namespace rondo::telemetry {
namespace {

std::string quoted(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

/// Microseconds with all digits of the nanoseconds.
std::string microseconds(std::int64_t nanoseconds) {
  const std::int64_t size = nanoseconds < 0 ? -nanoseconds : nanoseconds;
  return fmt::format("{}{}.{:03}", nanoseconds < 0 ? "-" : "", size / 1000, size % 1000);
}

}  // namespace

ChromeTrace::ChromeTrace(const std::filesystem::path& path)
    : path_(path), file_(std::fopen(path.c_str(), "w")) {
  if (!file_) throw output_error(fmt::format("cannot create {}", path_.string()), errno);
  write("{\"displayTimeUnit\":\"ms\",\"traceEvents\":[");
}

void ChromeTrace::write(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), file_.get()) != text.size()) has_failed_ = true;
}

void ChromeTrace::begin_event() {
  write(std::exchange(is_first_, false) ? "\n" : ",\n");
}

void ChromeTrace::add_metadata(std::string_view what, int rank, int thread, const std::string& name,
                               int sort_index) {
  begin_event();
  write(fmt::format(R"({{"name":"{}_name","ph":"M","pid":{},"tid":{},"args":{{"name":{}}}}})", what,
                    rank, thread, quoted(name)));
  begin_event();
  write(fmt::format(
      R"({{"name":"{}_sort_index","ph":"M","pid":{},"tid":{},"args":{{"sort_index":{}}}}})", what,
      rank, thread, sort_index));
}

void ChromeTrace::name_process(int rank, const std::string& name) {
  add_metadata("process", rank, 0, name, rank);
}

void ChromeTrace::name_thread(int rank, int thread, const std::string& name) {
  add_metadata("thread", rank, thread, name, thread);
}

void ChromeTrace::add(int rank, int thread, std::uint64_t step, const TraceEvent& event) {
  begin_event();
  std::string line =
      fmt::format(R"({{"name":"{}","cat":"{}","pid":{},"tid":{},"ts":{})", name_of(event.activity),
                  category_of(event.activity), rank, thread, microseconds(event.begin));
  if (is_instant(event.activity))
    line += R"(,"ph":"i","s":"t")";
  else
    line += fmt::format(R"(,"ph":"X","dur":{})", microseconds(event.end - event.begin));
  line += fmt::format(R"(,"args":{{"step":{})", step);
  const std::string_view index = index_name_of(event.activity);
  if (!index.empty()) line += fmt::format(R"(,"{}":{})", index, event.index);
  if (event.bytes > 0) line += fmt::format(R"(,"bytes":{})", event.bytes);
  write(line + "}}");
}

void ChromeTrace::finish(const std::string& about) {
  write(fmt::format("\n],\"otherData\":{}}}\n", about));
  if (std::fflush(file_.get()) != 0 || has_failed_)
    throw output_error(fmt::format("cannot write {}", path_.string()), errno != 0 ? errno : EIO);
  file_.reset();
}

}  // namespace rondo::telemetry
