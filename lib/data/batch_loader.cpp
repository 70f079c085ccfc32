// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/data/batch_loader.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <optional>
#include <span>
#include <thread>
#include <utility>

#include "rondo/base/error.hpp"

#include "data/augment.hpp"
#include "data/held_groups.hpp"

namespace rondo::data {
namespace {

/// Where the loader stands in the endless sequence of lanes.
struct Cursor {
  std::size_t epoch, step, lane;

  void advance(const LaneSampler& sampler, const BatchLoader::Options& options) {
    if (++lane < options.last_lane) return;
    lane = options.first_lane;
    if (++step < sampler.steps_per_epoch()) return;
    step = 0;
    ++epoch;
  }
};

const BatchLoader::Options& usable(const BatchLoader::Options& options, const DatasetInfo& info,
                                   const LaneSampler& sampler) {
  require(options.first_lane < options.last_lane && options.last_lane <= sampler.lanes(),
          "BatchLoader: lanes must be a range within the sampler's");
  require(options.step < sampler.steps_per_epoch(), "BatchLoader: step beyond the epoch");
  require(options.depth > 0, "BatchLoader: depth must be above 0");
  require(sampler.sample_count() <= info.samples,
          "BatchLoader: the sampler draws from more samples than the data set has");
  require(sampler.options().chunk_samples == info.chunk_samples,
          "BatchLoader: the sampler deals other chunks than the data set has");
  return options;
}

}  // namespace

/// `depth` batches circulate: free, filled by the thread, ready, used by the caller, free.
struct BatchLoader::Impl {
  Impl(Dataset& dataset_in, LaneSampler sampler_in, Options options_in)
      : dataset(dataset_in),
        sampler(sampler_in),
        options(usable(options_in, dataset.info(), sampler)),
        groups(sampler, options.first_lane, options.last_lane) {
    const std::size_t micro_batch = sampler.micro_batch();
    for (std::size_t i = 0; i < options.depth; ++i) {
      LaneBatch batch;
      batch.images = AlignedBuffer<float>(micro_batch * dataset.info().sample_elements());
      batch.labels = AlignedBuffer<std::int32_t>(micro_batch);
      free.push_back(std::move(batch));
    }
    thread = std::thread([this] { run(); });
  }

  ~Impl() {
    {
      const std::lock_guard lock(mutex);
      is_stopping = true;
    }
    changed.notify_all();
    thread.join();
  }

  void run() noexcept {
    try {
      Cursor cursor{options.epoch, options.step, options.first_lane};
      while (auto batch = take_free()) {
        fill(*batch, cursor);
        put_ready(std::move(*batch));
        cursor.advance(sampler, options);
      }
    } catch (...) {
      const std::lock_guard lock(mutex);
      error = std::current_exception();
      changed.notify_all();
    }
  }

  /// A batch to fill, waiting for one, or none when the loader stops.
  std::optional<LaneBatch> take_free() {
    std::unique_lock lock(mutex);
    changed.wait(lock, [this] { return is_stopping || !free.empty(); });
    if (is_stopping) return std::nullopt;
    std::optional<LaneBatch> batch(std::move(free.front()));
    free.pop_front();
    return batch;
  }

  void put_ready(LaneBatch batch) {
    const std::lock_guard lock(mutex);
    ready.push_back(std::move(batch));
    changed.notify_all();
  }

  void fill(LaneBatch& batch, const Cursor& cursor) {
    const auto samples = sampler.samples(cursor.epoch, cursor.step, cursor.lane);
    const DatasetInfo& info = dataset.info();
    batch.epoch = cursor.epoch;
    batch.step = cursor.step;
    batch.lane = cursor.lane;
    batch.count = samples.size();
    const auto images = batch.images.span().first(samples.size() * info.sample_elements());
    read(cursor, samples, images, batch.labels.span().first(samples.size()));
    for (std::size_t i = 0; i < samples.size(); ++i)
      apply_change(draw_change(options.augmentation, options.seed, cursor.epoch, samples[i]),
                   info.height, info.width,
                   images.subspan(i * info.sample_elements(), info.sample_elements()), scratch);
  }

  /// Reads group by group, and gives up the chunks that all lanes have behind them.
  void read(const Cursor& cursor, std::span<const std::uint64_t> samples, std::span<float> images,
            std::span<std::int32_t> labels) {
    const std::size_t begin = sampler.interval(cursor.step, cursor.lane).begin;
    const std::size_t sample_elements = dataset.info().sample_elements();
    for (std::size_t done = 0; done < samples.size();) {
      dataset.release(groups.enter(cursor.epoch, cursor.lane, begin + done));
      const std::size_t count =
          std::min(samples.size() - done, groups.end(cursor.lane) - begin - done);
      dataset.read(samples.subspan(done, count),
                   images.subspan(done * sample_elements, count * sample_elements),
                   labels.subspan(done, count));
      done += count;
    }
  }

  const LaneBatch& next() {
    std::unique_lock lock(mutex);
    if (current) free.push_back(std::move(*current));
    current.reset();
    changed.notify_all();
    const auto start = std::chrono::steady_clock::now();
    changed.wait(lock, [this] { return error || !ready.empty(); });
    waited += std::chrono::steady_clock::now() - start;
    if (ready.empty()) std::rethrow_exception(error);
    current = std::move(ready.front());
    ready.pop_front();
    return *current;
  }

  Dataset& dataset;
  const LaneSampler sampler;
  const Options options;
  std::vector<float> scratch;  ///< the thread's, as `groups`
  HeldGroups groups;

  std::mutex mutex;  ///< of everything up to `error`
  std::condition_variable changed;
  std::deque<LaneBatch> free;
  std::deque<LaneBatch> ready;
  bool is_stopping = false;
  std::exception_ptr error;

  std::optional<LaneBatch> current;  ///< the caller's
  std::chrono::duration<double> waited{0};
  std::thread thread;
};

BatchLoader::BatchLoader(Dataset& dataset, LaneSampler sampler, Options options)
    : impl_(std::make_unique<Impl>(dataset, sampler, options)) {}

BatchLoader::~BatchLoader() = default;

const LaneBatch& BatchLoader::next() {
  return impl_->next();
}

double BatchLoader::wait_seconds() const noexcept {
  return impl_->waited.count();
}

}  // namespace rondo::data
