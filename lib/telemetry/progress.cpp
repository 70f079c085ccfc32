// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/telemetry/progress.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <unistd.h>

namespace rondo::telemetry {
namespace {

constexpr auto redraw_interval = std::chrono::milliseconds(100);
constexpr auto rate_interval = std::chrono::seconds(1);
constexpr double steps_in_mean = 20;
constexpr int widest_bar = 40;
constexpr int narrowest_bar = 8;

double seconds(Progress::Clock::duration duration) {
  return std::chrono::duration<double>(duration).count();
}

/// `[=====>    ]` of `width` characters, both brackets included.
std::string bar(double fraction, int width) {
  const int inside = width - 2;
  const int filled = std::clamp(static_cast<int>(fraction * inside), 0, inside);
  const std::string head = filled < inside ? ">" : "";
  return fmt::format("[{:<{}}]", std::string(static_cast<std::size_t>(filled), '=') + head, inside);
}

}  // namespace

std::string with_thousands(double value) {
  const std::string digits = fmt::format("{:.0f}", std::max(value, 0.0));
  std::string grouped;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) grouped += ',';
    grouped += digits[i];
  }
  return grouped;
}

std::string clock_text(double duration) {
  const auto total = static_cast<std::uint64_t>(std::max(0.0, std::round(duration)));
  const std::uint64_t minutes = total / 60;
  if (minutes < 60) return fmt::format("{}:{:02}", minutes, total % 60);
  return fmt::format("{}:{:02}:{:02}", minutes / 60, minutes % 60, total % 60);
}

Progress::Progress(const Plan& plan, Terminal terminal, int descriptor, Clock::time_point now)
    : plan_(plan),
      terminal_(terminal),
      descriptor_(descriptor),
      steps_done_(plan.first_step),
      measured_steps_(plan.first_step),
      measured_at_(now),
      shown_at_(now) {}

Progress::~Progress() {
  finish();
}

void Progress::update(std::uint64_t steps_done, double loss, double accuracy,
                      Clock::time_point now) {
  if (descriptor_ < 0) return;
  steps_done_ = steps_done;
  shown_steps_ = std::min(shown_steps_ + 1, steps_in_mean);
  loss_ += (loss - loss_) / shown_steps_;
  accuracy_ += (accuracy - accuracy_) / shown_steps_;
  measure_rate(steps_done, now);

  const auto interval = terminal_.interactive ? redraw_interval : plan_.line_interval;
  if (now - shown_at_ < interval) return;
  shown_at_ = now;
  write(terminal_.interactive ? fmt::format("\r{}", bar_line())
                              : fmt::format("{}{}\n", position(), figures()));
  bar_visible_ = terminal_.interactive;
}

void Progress::measure_rate(std::uint64_t steps_done, Clock::time_point now) {
  const double elapsed = seconds(now - measured_at_);
  if (elapsed <= 0) return;
  const double recent = static_cast<double>(steps_done - measured_steps_) / elapsed;
  if (now - measured_at_ >= rate_interval) {
    steps_per_second_ = steps_per_second_ > 0 ? 0.5 * (steps_per_second_ + recent) : recent;
    measured_steps_ = steps_done;
    measured_at_ = now;
  } else if (measured_steps_ == plan_.first_step) {
    steps_per_second_ = recent;  // the first second: better a rough figure than none
  }
}

std::string Progress::position() const {
  const std::uint64_t epochs = (plan_.steps + plan_.steps_per_epoch - 1) / plan_.steps_per_epoch;
  const std::uint64_t current =
      (std::max<std::uint64_t>(steps_done_, 1) - 1) / plan_.steps_per_epoch;
  return fmt::format("epoch {}/{} ", current + 1, epochs);
}

std::string Progress::figures() const {
  const std::uint64_t done = steps_done_ == 0 ? 0 : (steps_done_ - 1) % plan_.steps_per_epoch + 1;
  const double percent =
      100.0 * static_cast<double>(done) / static_cast<double>(plan_.steps_per_epoch);
  const auto steps_left = static_cast<double>(plan_.steps - std::min(plan_.steps, steps_done_));
  const std::string eta = steps_per_second_ > 0 ? clock_text(steps_left / steps_per_second_) : "?";
  return fmt::format("{:.0f}% loss {:.3f} acc {:.3f} {} samples/s ETA {}", percent, loss_,
                     accuracy_, with_thousands(steps_per_second_ * plan_.samples_per_step), eta);
}

std::string Progress::bar_line() const {
  const std::uint64_t done = steps_done_ == 0 ? 0 : (steps_done_ - 1) % plan_.steps_per_epoch + 1;
  const double fraction = static_cast<double>(done) / static_cast<double>(plan_.steps_per_epoch);
  const std::string left = position();
  const std::string right = figures();
  // The last column stays free: writing into it wraps the line on some terminals.
  const auto columns = static_cast<std::size_t>(std::max(terminal_.columns - 1, 1));
  const int room = static_cast<int>(columns) - static_cast<int>(left.size() + right.size()) - 1;
  std::string line = left;
  if (room >= narrowest_bar) line += bar(fraction, std::min(room, widest_bar)) + " ";
  line += right;
  line.resize(columns, ' ');  // also wipes what a longer line left behind
  return line;
}

void Progress::print(std::string_view line) {
  if (descriptor_ < 0) return;
  const std::string wipe =
      bar_visible_ ? fmt::format("\r{:{}}\r", "", std::max(terminal_.columns - 1, 1)) : "";
  write(fmt::format("{}{}\n", wipe, line));
  bar_visible_ = false;
}

void Progress::finish() {
  if (bar_visible_) write(fmt::format("\r{:{}}\r", "", std::max(terminal_.columns - 1, 1)));
  bar_visible_ = false;
  descriptor_ = -1;
}

void Progress::write(std::string_view text) {
  // Nobody watching any more is no reason to stop the run.
  [[maybe_unused]] const ssize_t written = ::write(descriptor_, text.data(), text.size());
}

}  // namespace rondo::telemetry
