// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "rondo/comm/communicator.hpp"

#include "scale/timeline.hpp"

namespace rondo::scale {

/// Passes every call on to another communicator, and notes from when to when the started ones were
/// under way: until the first look that finds them complete. Not thread-safe.
class RecordingCommunicator final : public comm::Communicator {
 public:
  /// `inner` must outlive this.
  explicit RecordingCommunicator(comm::Communicator& inner);
  ~RecordingCommunicator() override;
  RecordingCommunicator(const RecordingCommunicator&) = delete;
  RecordingCommunicator& operator=(const RecordingCommunicator&) = delete;

  /// Forgets what was noted; times count from here on.
  void restart();
  /// In the order in which they were started; those with a name.
  std::vector<Bar> bars() const;

  std::unique_ptr<comm::Work> start(const comm::Call& call) override;
  void run(const comm::Call& call) override { inner_.run(call); }
  void progress() override;
  std::string explain(const comm::Call& call) const override { return inner_.explain(call); }
  std::unique_ptr<comm::Memory> allocate(std::size_t bytes) override {
    return inner_.allocate(bytes);
  }
  std::unique_ptr<Communicator> split(int color, int key) override {
    return inner_.split(color, key);
  }
  std::unique_ptr<comm::Transport> open_transport() override { return inner_.open_transport(); }
  bool takes_device_memory() const noexcept override { return inner_.takes_device_memory(); }

 private:
  struct Log;
  class RecordedWork;

  comm::Communicator& inner_;
  std::shared_ptr<Log> log_;
};

}  // namespace rondo::scale
