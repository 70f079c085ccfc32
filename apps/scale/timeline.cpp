// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "scale/timeline.hpp"

#include "scale/recording_communicator.hpp"

namespace rondo::scale {

Timeline record_timeline(comm::Communicator& comm, const MakeStepOn& make) {
  RecordingCommunicator recorder(comm);
  const std::unique_ptr<TrainingStep> step = make(recorder);
  step->run();
  comm::barrier(comm);
  recorder.restart();
  const StepTimes times = step->run();

  Timeline timeline;
  double begin = 0;
  const auto add = [&](const char* name, double seconds) {
    if (seconds > 0)
      timeline.phases.push_back({.name = name, .begin = begin, .end = begin + seconds});
    begin += seconds;
  };
  add("data wait", times.data);
  add("forward and backward", times.pass);
  add("rest of the reduction, update", times.finish);
  add("checkpoint", times.checkpoint);
  timeline.buckets = recorder.bars();
  return timeline;
}

}  // namespace rondo::scale
