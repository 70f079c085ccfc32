// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/telemetry/trace.hpp"

#include <algorithm>
#include <limits>
#include <mutex>
#include <utility>
#include <vector>

#include "rondo/base/error.hpp"

#include "telemetry/trace_log.hpp"

namespace rondo::telemetry {

/// The thread itself adds events, and the trace takes them away: the lock is free nearly always.
class ThreadEvents {
 public:
  ThreadEvents(Trace* trace, std::uint16_t number, std::string_view name, std::size_t most_events)
      : trace_(trace),
        thread_{number, std::string(name.substr(0, longest_name))},
        most_events_(most_events) {}

  Trace* trace() const noexcept { return trace_; }
  std::uint16_t number() const noexcept { return thread_.number; }

  void add(TraceEvent event) {
    event.thread = thread_.number;
    const std::scoped_lock lock(mutex_);
    if (events_.size() < most_events_)
      events_.push_back(event);
    else
      ++dropped_;
  }

  /// Appends what there is to `step`, whose room is bounded too.
  void move_to(TracedStep& step) {
    const std::scoped_lock lock(mutex_);
    if (!events_.empty()) step.threads.push_back(thread_);
    const std::size_t room = most_events_ - step.events.size();
    const std::size_t taken = std::min(room, events_.size());
    step.events.insert(step.events.end(), events_.begin(),
                       events_.begin() + static_cast<std::ptrdiff_t>(taken));
    step.dropped += static_cast<std::uint32_t>(dropped_ + events_.size() - taken);
    events_.clear();
    dropped_ = 0;
  }

 private:
  Trace* const trace_;
  const TracedThread thread_;
  const std::size_t most_events_;
  std::mutex mutex_;  // of what follows
  std::vector<TraceEvent> events_;
  std::size_t dropped_ = 0;
};

struct Trace::Impl {
  explicit Impl(const Options& options) : most_events(options.events), log(options) {}

  /// A thread's number is that of its place here, which a later one of its name takes over.
  struct Place {
    std::string name;
    std::unique_ptr<ThreadEvents> events;
    bool has_ended = false;
  };

  /// The first free place for a thread of this name; null if there may be no more.
  ThreadEvents* add_thread(Trace* trace, std::string_view name);

  const std::size_t most_events;
  std::mutex mutex;  // of `places`
  std::vector<Place> places;
  TraceLog log;
};

ThreadEvents* Trace::Impl::add_thread(Trace* trace, std::string_view name) {
  const std::scoped_lock lock(mutex);
  auto place = std::find_if(places.begin(), places.end(), [&](const Place& candidate) {
    return candidate.events == nullptr && candidate.name == name;
  });
  if (place == places.end()) {
    if (places.size() == most_threads) return nullptr;
    place = places.insert(place, Place{.name = std::string(name), .events = nullptr});
  }
  const auto number = static_cast<std::uint16_t>(place - places.begin());
  place->events = std::make_unique<ThreadEvents>(trace, number, name, most_events);
  place->has_ended = false;
  return place->events.get();
}

std::string_view name_of(Activity activity) {
  constexpr std::string_view names[activity_count] = {"step",
                                                      "lane",
                                                      "first gradient",
                                                      "optimizer",
                                                      "bucket",
                                                      "bucket wait",
                                                      "exchange",
                                                      "values",
                                                      "values wait",
                                                      "data wait",
                                                      "read",
                                                      "read together",
                                                      "fill",
                                                      "checkpoint",
                                                      "wait for the last checkpoint",
                                                      "gather for a checkpoint",
                                                      "copy for a checkpoint",
                                                      "write a checkpoint",
                                                      "evaluation"};
  return names[static_cast<std::size_t>(activity)];
}

std::string_view category_of(Activity activity) {
  if (activity == Activity::step) return "step";
  if (activity <= Activity::optimizer || activity == Activity::evaluation) return "compute";
  if (activity <= Activity::values_wait) return "bucket";
  return activity <= Activity::fill ? "data" : "checkpoint";
}

std::string_view index_name_of(Activity activity) {
  switch (activity) {
    case Activity::lane:
    case Activity::first_gradient:
    case Activity::data_wait: return "lane";
    case Activity::bucket:
    case Activity::bucket_wait:
    case Activity::values: return "bucket";
    case Activity::read: return "chunk";
    case Activity::fill: return "samples";
    case Activity::checkpoint:
    case Activity::checkpoint_write: return "of step";
    default: return {};
  }
}

Trace::Trace(const Options& options) {
  require(options.steps > 0 && options.events > 0, "Trace: steps and events must be above 0");
  impl_ = std::make_unique<Impl>(options);
}

Trace::~Trace() = default;

void Trace::end_step(std::uint64_t step) {
  TracedStep record;
  record.step = step;
  {
    const std::scoped_lock lock(impl_->mutex);
    for (Impl::Place& place : impl_->places) {
      if (place.events) place.events->move_to(record);
      if (place.has_ended) place.events.reset();
    }
  }
  impl_->log.write(record);
}

void Trace::add_clock(const ClockSample& sample) {
  impl_->log.add_clock(sample);
}

std::size_t Trace::most_bytes(const Options& options) {
  return TraceLog::most_bytes(options);
}

TraceThread::TraceThread(Trace* trace, std::string_view name) : before_(this_threads_events) {
  if (trace == nullptr) return;
  ThreadEvents* const own = trace->impl_->add_thread(trace, name);
  if (own != nullptr) this_threads_events = own;
}

TraceThread::~TraceThread() {
  ThreadEvents* const own = std::exchange(this_threads_events, before_);
  if (own == before_) return;
  Trace::Impl& impl = *own->trace()->impl_;
  const std::scoped_lock lock(impl.mutex);
  impl.places[own->number()].has_ended = true;
}

Trace* current_trace() noexcept {
  return is_tracing() ? this_threads_events->trace() : nullptr;
}

void trace_since(std::int64_t begin, Activity activity, std::size_t index,
                 std::size_t bytes) noexcept {
  if (!is_tracing()) return;
  const std::int64_t end = is_instant(activity) ? begin : trace_now();
  constexpr std::size_t largest_index = std::numeric_limits<std::uint32_t>::max();
  this_threads_events->add({.begin = begin,
                            .end = std::max(begin, end),
                            .bytes = bytes,
                            .index = static_cast<std::uint32_t>(std::min(index, largest_index)),
                            .activity = activity});
}

}  // namespace rondo::telemetry
