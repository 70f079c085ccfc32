// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "rondo/telemetry/terminal.hpp"

namespace rondo::telemetry {

/// Shows people how far a training run is:
///
///     epoch 3/8 [==========>         ] 61% loss 0.312 acc 0.887 4,210 samples/s ETA 0:42
///
/// On an interactive terminal one line is redrawn, at most ten times a second and never wider than
/// the terminal. Elsewhere the same text comes as plain lines, without carriage returns or escape
/// sequences, every `line_interval`. Loss and accuracy are running means of the steps lately
/// shown; the rate is that of the last seconds; ETA is the time to the end of the run.
///
/// A default-constructed Progress shows nothing: what ranks other than 0 hold. Not thread-safe.
class Progress {
 public:
  using Clock = std::chrono::steady_clock;

  struct Plan {
    std::uint64_t steps = 1;  ///< of the whole run
    std::uint64_t steps_per_epoch = 1;
    double samples_per_step = 1;
    std::uint64_t first_step = 0;  ///< steps done before this process started (resumed runs)
    Clock::duration line_interval = std::chrono::seconds(10);
  };

  Progress() = default;
  /// Writes to `descriptor`, which must stay open.
  Progress(const Plan& plan, Terminal terminal, int descriptor,
           Clock::time_point now = Clock::now());
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress();

  /// `steps_done` counts from the start of the run and grows from call to call.
  void update(std::uint64_t steps_done, double loss, double accuracy,
              Clock::time_point now = Clock::now());

  /// Prints a line that stays, above the bar where there is one.
  void print(std::string_view line);

  /// Removes the bar; nothing is shown from now on.
  void finish();

 private:
  void measure_rate(std::uint64_t steps_done, Clock::time_point now);
  std::string position() const;
  std::string figures() const;
  std::string bar_line() const;
  void write(std::string_view text);

  Plan plan_;
  Terminal terminal_;
  int descriptor_ = -1;
  std::uint64_t steps_done_ = 0;
  double shown_steps_ = 0;  ///< steps in the running means
  double loss_ = 0;
  double accuracy_ = 0;
  double steps_per_second_ = 0;
  std::uint64_t measured_steps_ = 0;
  Clock::time_point measured_at_;
  Clock::time_point shown_at_;
  bool bar_visible_ = false;
};

/// `4210.3` as `4,210`; not for negative values.
std::string with_thousands(double value);
/// Seconds as `0:42`, `12:03` or `1:02:03`.
std::string clock_text(double seconds);

}  // namespace rondo::telemetry
