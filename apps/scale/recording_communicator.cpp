// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "scale/recording_communicator.hpp"

#include <utility>

#include "rondo/telemetry/counters.hpp"

namespace rondo::scale {

/// Shared with the works, which may outlive the communicator.
struct RecordingCommunicator::Log {
  telemetry::Stopwatch clock;
  std::vector<Bar> bars;
  std::vector<RecordedWork*> under_way;
};

class RecordingCommunicator::RecordedWork final : public comm::Work {
 public:
  RecordedWork(std::shared_ptr<Log> log, std::unique_ptr<comm::Work> inner, std::size_t bar)
      : log_(std::move(log)), inner_(std::move(inner)), bar_(bar) {
    log_->under_way.push_back(this);
  }
  RecordedWork(const RecordedWork&) = delete;
  RecordedWork& operator=(const RecordedWork&) = delete;
  ~RecordedWork() override { std::erase(log_->under_way, this); }

  bool done() override {
    if (!inner_->done()) return false;
    note_end();
    return true;
  }
  void wait(comm::Deadline deadline) override {
    inner_->wait(deadline);
    note_end();
  }

 private:
  void note_end() {
    if (bar_ < log_->bars.size() && log_->bars[bar_].end == 0)
      log_->bars[bar_].end = log_->clock.seconds();
    std::erase(log_->under_way, this);
  }

  std::shared_ptr<Log> log_;
  std::unique_ptr<comm::Work> inner_;
  std::size_t bar_;
};

RecordingCommunicator::RecordingCommunicator(comm::Communicator& inner)
    : Communicator(inner.place(), inner.time_limit()),
      inner_(inner),
      log_(std::make_shared<Log>()) {}

RecordingCommunicator::~RecordingCommunicator() = default;

void RecordingCommunicator::restart() {
  log_->bars.clear();
  log_->clock.restart();
}

std::vector<Bar> RecordingCommunicator::bars() const {
  std::vector<Bar> named;
  for (const Bar& bar : log_->bars)
    if (!bar.name.empty()) named.push_back(bar);
  return named;
}

std::unique_ptr<comm::Work> RecordingCommunicator::start(const comm::Call& call) {
  log_->bars.push_back({.name = std::string(call.options.name),
                        .begin = log_->clock.seconds(),
                        .bytes = call.output.size()});
  return std::make_unique<RecordedWork>(log_, inner_.start(call), log_->bars.size() - 1);
}

void RecordingCommunicator::progress() {
  inner_.progress();
  // A copy: whoever is done leaves the list.
  for (RecordedWork* work : std::vector(log_->under_way))
    work->done();
}

}  // namespace rondo::scale
