// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "rondo/base/device.hpp"
#include "rondo/base/launch_trail.hpp"
#include "rondo/base/unique_handle.hpp"

struct CUstream_st;
struct CUevent_st;

namespace rondo {

struct DeviceStreamTraits {
  using handle_type = CUstream_st*;
  static handle_type null() noexcept { return nullptr; }
  static void close(handle_type stream) noexcept;
};

struct DeviceEventTraits {
  using handle_type = CUevent_st*;
  static handle_type null() noexcept { return nullptr; }
  static void close(handle_type event) noexcept;
};

class DeviceEvent;

/// When faults of kernels are looked for.
enum class FaultCheck : std::uint8_t {
  when_waiting,  ///< the error names the kernels that it may have been
  every_launch   ///< waits for each kernel, so that the error names the one: slow, to find a fault
};

/// Work on one GPU in order. What is queued runs after all that was queued before; the caller goes
/// on at once. It does not wait for other streams, the default stream included.
///
/// Local; one thread at a time. The destructor does not wait. Waits last device_time_limit() at
/// most: see there for what becomes of a process whose GPU has hung.
class DeviceStream {
 public:
  /// The environment's RONDO_DEVICE_FAULTS=every_launch has precedence over `check`. Errors name
  /// the stream.
  explicit DeviceStream(const Device& device, FaultCheck check = FaultCheck::when_waiting,
                        const std::string& name = "of its own");
  DeviceStream(const Device& device, const std::string& name)
      : DeviceStream(device, FaultCheck::when_waiting, name) {}

  /// The kernels that follow belong to this step: for the text of errors.
  void begin_step(std::uint64_t step) noexcept { trail_.begin_step(step); }

  /// Blocks until all of it has run.
  /// \throws DeviceError  a kernel or copy failed; names step and kernels. Or (requeue) it has not
  ///                      run within the limit; names GPU, stream, step and kernels
  void wait();
  /// Whether all of it has run. \throws DeviceError  as wait()
  bool done();
  /// What is queued afterwards runs after what `event` recorded.
  void wait_for(const DeviceEvent& event);

  /// For whoever starts a kernel: right after the start.
  /// \throws DeviceError  with FaultCheck::every_launch, as wait()
  void launched(const char* kernel);
  /// For whoever captures: what `queue_work` says that it launched, none of which counts as such.
  std::vector<const char*> kernels_of(const std::function<void()>& queue_work);

  CUstream_st* handle() const noexcept { return stream_.get(); }
  int device() const noexcept { return device_; }
  int multiprocessors() const noexcept { return multiprocessors_; }
  const LaunchTrail& trail() const noexcept { return trail_; }
  FaultCheck fault_check() const noexcept { return check_; }

 private:
  friend class DeviceEvent;

  UniqueHandle<DeviceStreamTraits> stream_;
  LaunchTrail trail_;
  std::vector<const char*>* captured_ = nullptr;  ///< where launches are noted instead
  std::shared_ptr<const std::string> subject_;    ///< GPU and stream, for errors; events', too
  FaultCheck check_;
  int device_;
  int multiprocessors_;
};

/// Whether the GPU notes when an event's point has run, which costs it time at each.
enum class EventTime { none, noted };

/// A point in a stream's work.
class DeviceEvent {
 public:
  explicit DeviceEvent(const Device& device, EventTime time = EventTime::none);

  /// All that `stream` was given so far; forgets what was recorded before.
  void record(DeviceStream& stream);
  /// Whether it has run; true before the first record().
  /// \throws DeviceError  something failed on the GPU
  bool done() const;
  /// \throws DeviceError  as done(), or as DeviceStream::wait()
  void wait() const;
  /// On the GPU's clock, between two points that have run, of events with EventTime::noted.
  float seconds_since(const DeviceEvent& earlier) const;

  CUevent_st* handle() const noexcept { return event_.get(); }

 private:
  friend class DeviceStream;

  UniqueHandle<DeviceEventTraits> event_;
  std::shared_ptr<const std::string> subject_;  ///< of the stream recorded last
  LaunchTrail trail_;
};

}  // namespace rondo
