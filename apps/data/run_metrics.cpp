// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "data/run_metrics.hpp"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "rondo/base/error.hpp"

namespace rondo::apps {
namespace {

using nlohmann::json;

constexpr std::size_t longest_line = std::size_t{1} << 16;
constexpr std::uint64_t greatest = std::uint64_t{1} << 53;  // what JSON's readers agree on
constexpr std::uint64_t most_lanes = std::uint64_t{1} << 24;

/// One event of the file, and where it stands.
class Event {
 public:
  Event(const std::filesystem::path& file, std::size_t line, json content)
      : file_(file), line_(line), content_(std::move(content)) {}

  std::size_t line() const { return line_; }
  bool is(const char* name) const {
    const auto found = content_.find("event");
    return found != content_.end() && *found == name;
  }

  std::uint64_t number(const char* key, std::uint64_t least, std::uint64_t most) const {
    const auto found = content_.find(key);
    if (found != content_.end() && found->is_number_unsigned()) {
      const auto value = found->get<std::uint64_t>();
      if (value >= least && value <= most) return value;
    }
    fail(key, fmt::format("a whole number from {} to {}", least, most));
  }
  std::string text(const char* key) const {
    const auto found = content_.find(key);
    if (found == content_.end() || !found->is_string()) fail(key, "a text");
    return found->get<std::string>();
  }
  bool flag(const char* key) const {
    const auto found = content_.find(key);
    if (found == content_.end() || !found->is_boolean()) fail(key, "true or false");
    return found->get<bool>();
  }
  double amount(const char* key) const {
    const auto found = content_.find(key);
    if (found == content_.end() || !found->is_number()) fail(key, "a number");
    return found->get<double>();
  }

 private:
  [[noreturn]] void fail(const char* key, const std::string& expected) const {
    const auto found = content_.find(key);
    const bool is_there = found != content_.end();
    throw IoError(
        ExitCode::bad_content,
        fmt::format(
            "{}:{}: '{}': expected {}, found {:.60}{}", file_.string(), line_, key, expected,
            is_there ? found->dump(-1, ' ', true, json::error_handler_t::replace) : "nothing",
            is_there ? "" : " (a run of an older release cannot be audited)"));
  }

  const std::filesystem::path& file_;
  std::size_t line_;
  json content_;
};

/// Reads the file line by line. A broken line is an error unless it is the last or the next one is
/// a start: then a dying machine has left it unfinished.
class EventReader {
 public:
  explicit EventReader(const std::filesystem::path& path) : path_(path) {
    errno = 0;
    file_.open(path, std::ios::binary);
    if (!file_)
      throw IoError(ExitCode::missing_input,
                    fmt::format("cannot read {}: {}", path.string(),
                                std::generic_category().message(errno == 0 ? EIO : errno)));
  }

  /// Hands every event to `visit`.
  void read(const std::function<void(const Event&)>& visit) {
    while (next_line()) {
      json content = json::parse(line_.begin(), line_.begin() + length_, nullptr, false);
      const bool is_whole = content.is_object();
      const Event event(path_, number_, std::move(content));
      if (broken_line_ > 0 && !(is_whole && event.is("start"))) fail(broken_line_);
      broken_line_ = is_whole ? 0 : number_;
      if (is_whole) visit(event);
    }
    if (file_.bad())
      throw IoError(ExitCode::io, fmt::format("{}: cannot be read to its end", path_.string()));
  }

 private:
  bool next_line() {
    if (!file_.getline(line_.data(), longest_line) && file_.gcount() == 0) return false;
    ++number_;
    if (file_.fail()) fail(number_);  // longer than the buffer
    length_ = file_.gcount() - (file_.eof() ? 0 : 1);
    return true;
  }

  [[noreturn]] void fail(std::size_t number) const {
    throw IoError(ExitCode::bad_content,
                  fmt::format("{}:{}: expected a JSON object of at most {} bytes on one line",
                              path_.string(), number, longest_line));
  }

  const std::filesystem::path& path_;
  std::ifstream file_;
  std::string line_ = std::string(longest_line, '\0');
  std::ptrdiff_t length_ = 0;
  std::size_t number_ = 0;
  std::size_t broken_line_ = 0;  ///< 0: none
};

Life life_of(const Event& event) {
  return {.id = event.text("life"),
          .parent = event.text("parent"),
          .first_step = event.number("step", 0, greatest),
          .last_step = event.number("step", 0, greatest),
          .ranks = static_cast<int>(event.number("ranks", 1, INT32_MAX)),
          .order = {.seed = event.number("seed", 0, UINT64_MAX),
                    .samples = event.number("samples", 1, greatest),
                    .chunk_samples = event.number("chunk", 1, greatest),
                    .lanes = event.number("lanes", 1, most_lanes),
                    .micro_batch = event.number("batch", 1, most_lanes),
                    .window = event.number("window", 1, greatest)},
          .order_version = event.number("order", 0, greatest),
          .data = event.text("data"),
          .line = event.line()};
}

StepRecord step_of(const Event& event, const Life& life) {
  return {.step = event.number("step", 1, greatest),
          .epoch = event.number("epoch", 0, UINT32_MAX),
          .position = event.number("position", 0, life.order.samples),
          .count = event.number("count", 0, life.order.micro_batch),
          .samples = event.amount("samples"),
          .applied = event.flag("applied"),
          .line = event.line()};
}

}  // namespace

RunMetrics::RunMetrics(std::filesystem::path file) : file_(std::move(file)) {
  EventReader(file_).read([this](const Event& event) {
    if (event.is("start")) {
      Life life = life_of(event);
      if (const Life* other = find(life.id))
        throw IoError(ExitCode::bad_content,
                      fmt::format("{}:{}: a start with the id {} of line {}", file_.string(),
                                  life.line, life.id, other->line));
      index_[life.id] = lives_.size();
      lives_.push_back(std::move(life));
    } else if (event.is("step") && !lives_.empty()) {
      Life& life = lives_.back();
      life.last_step = std::max(life.last_step, event.number("step", 1, greatest));
    }
  });
  if (lives_.empty())
    throw IoError(ExitCode::bad_content,
                  fmt::format("{}: has no line with \"event\": \"start\"", file_.string()));
}

const Life* RunMetrics::find(const std::string& id) const {
  const auto found = index_.find(id);
  return found == index_.end() ? nullptr : &lives_[found->second];
}

void RunMetrics::for_each_step(
    const std::function<void(const Life&, const StepRecord&)>& visit) const {
  std::size_t begun = 0;
  EventReader(file_).read([&](const Event& event) {
    // What has been written since the constructor read the file is not looked at.
    while (begun < lives_.size() && lives_[begun].line <= event.line())
      ++begun;
    if (!event.is("step")) return;
    if (begun == 0)
      throw IoError(ExitCode::bad_content, fmt::format("{}:{}: a step before the first start",
                                                       file_.string(), event.line()));
    visit(lives_[begun - 1], step_of(event, lives_[begun - 1]));
  });
}

}  // namespace rondo::apps
