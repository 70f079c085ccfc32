// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "data/batch_pipeline.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "rondo/data/loader_memory.hpp"
#include "rondo/telemetry/trace.hpp"

namespace rondo::data {
namespace {

std::size_t bytes_of(const LaneBatch& batch) {
  std::size_t bytes = batch.images.size() * sizeof(float) + batch.stored.samples.size() +
                      batch.stored.transforms.size() * sizeof(ImageTransform) +
                      batch.labels.size() * sizeof(std::int32_t);
  for (const LaneField& field : batch.others)
    bytes += field.samples.size();
  return bytes;
}

}  // namespace

BatchPipeline::BatchPipeline(ChunkSource& source, const BatchFiller& filler, LaneSampler sampler,
                             const BatchLoader::Options& options, CollectiveChunks* together)
    : source_(source),
      filler_(filler),
      together_(together),
      sampler_(sampler),
      options_(options),
      piece_samples_((sampler.micro_batch() - 1) / options.threads + 1),
      store_(LoadPlan(sampler, options.first_lane, options.last_lane, options.epoch, options.step),
             chunk_buffers(sampler, options),
             {source.sample_bytes().begin(), source.sample_bytes().end()},
             sampler.options().chunk_samples,
             together == nullptr ? ChunkStore::Opening::ahead : ChunkStore::Opening::by_step),
      admitted_{options.epoch, options.step, options.first_lane},
      asked_(admitted_) {
  for (std::size_t i = 0; i < options.depth + options.kept - 1; ++i)
    free_.push_back(filler.make());
  batch_bytes_ = free_.size() * bytes_of(free_.front());
  try {
    for (std::size_t i = 0; i < options.threads; ++i)
      threads_.emplace_back([this, i, trace = telemetry::current_trace()] {
        const telemetry::TraceThread traced(trace, fmt::format("loader {}", i));
        work(i == 0 && options_.threads > 1);
      });
  } catch (...) {
    stop();
    throw;
  }
}

BatchPipeline::~BatchPipeline() {
  stop();
}

void BatchPipeline::stop() noexcept {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_)
    thread.join();
}

void BatchPipeline::work(bool prefers_loads) {
  std::vector<float> scratch;
  std::unique_lock lock(mutex_);
  try {
    while (!is_stopping_) {
      const bool worked = prefers_loads ? load_one(lock) || fill_one(lock, scratch)
                                        : fill_one(lock, scratch) || (may_load() && load_one(lock));
      if (worked)
        changed_.notify_all();
      else
        changed_.wait(lock);
    }
  } catch (...) {
    error_ = std::current_exception();
    changed_.notify_all();
  }
}

bool BatchPipeline::may_load() const {
  return options_.threads == 1 ||
         std::any_of(underway_.begin(), underway_.end(),
                     [](const Underway& batch) { return batch.taken < batch.samples.size(); });
}

bool BatchPipeline::load_one(std::unique_lock<std::mutex>& lock) {
  const bool has_opened = store_.open_groups();
  const auto load = store_.take_load();
  if (!load) return has_opened;
  lock.unlock();
  ReadBytes bytes;
  std::exception_ptr error;
  try {
    telemetry::TraceSpan span(telemetry::Activity::read, load->chunk);
    bytes = source_.read(load->chunk, *load->rows);
    span.set_bytes(bytes.file + bytes.staged);
  } catch (...) {
    error = std::current_exception();
  }
  lock.lock();
  store_.loaded(load->chunk, error);
  EpochReads& reads = reads_[load->epoch];
  reads.chunks += 1;
  reads.bytes += bytes.file;
  reads.staged_bytes += bytes.staged;
  if (bytes.staged > 0 && bytes.file == 0) reads.staged_chunks += 1;
  return true;
}

bool BatchPipeline::fill_one(std::unique_lock<std::mutex>& lock, std::vector<float>& scratch) {
  const bool has_admitted = admit_batches();  // which may be ready: a lane at its end is empty
  const auto piece = take_piece();
  if (!piece) return has_admitted;
  lock.unlock();
  std::exception_ptr error = fill(*piece, scratch);
  lock.lock();
  Underway& batch = *piece->batch;
  store_.use(batch.batch.epoch, batch.batch.lane, batch.batch.position + piece->first,
             piece->count);
  if (error && !batch.error) batch.error = std::move(error);
  batch.filled += piece->count;
  return true;
}

bool BatchPipeline::admit_batches() {
  if (free_.empty()) return false;
  while (!free_.empty()) {
    Underway& underway = underway_.emplace_back();
    underway.batch = std::move(free_.front());
    free_.pop_front();
    const auto [epoch, step, lane] = admitted_;
    underway.samples = sampler_.samples(epoch, step, lane);
    underway.batch.position = sampler_.interval(step, lane).begin;
    underway.batch.epoch = epoch;
    underway.batch.step = step;
    underway.batch.lane = lane;
    underway.batch.count = underway.samples.size();
    advance(admitted_);
  }
  return true;
}

void BatchPipeline::advance(Turn& turn) const {
  if (++turn.lane < options_.last_lane) return;
  turn.lane = options_.first_lane;
  if (++turn.step < sampler_.steps_per_epoch()) return;
  turn.step = 0;
  ++turn.epoch;
}

std::optional<BatchPipeline::Piece> BatchPipeline::take_piece() {
  for (auto batch = underway_.begin(); batch != underway_.end(); ++batch) {
    if (batch->taken == batch->samples.size()) continue;
    const LaneBatch& what = batch->batch;
    const std::size_t position = what.position + batch->taken;
    const auto* group = store_.ready_group(what.epoch, what.lane, position);
    if (group == nullptr) continue;
    const std::size_t count =
        std::min({batch->samples.size() - batch->taken, group->end() - position, piece_samples_});
    const Piece piece{batch, group, batch->taken, count};
    batch->taken += piece.count;
    return piece;
  }
  return std::nullopt;
}

std::exception_ptr BatchPipeline::fill(const Piece& piece, std::vector<float>& scratch) const {
  const std::size_t chunk_samples = sampler_.options().chunk_samples;
  Underway& underway = *piece.batch;
  const telemetry::TraceSpan span(telemetry::Activity::fill, piece.count);
  try {
    for (std::size_t place = piece.first; place < piece.first + piece.count; ++place) {
      const std::uint64_t sample = underway.samples[place];
      const ChunkRows& rows = piece.group->rows(sample / chunk_samples);
      filler_.fill(underway.batch, place, sample, rows, sample % chunk_samples, scratch);
    }
  } catch (...) {
    return std::current_exception();
  }
  return nullptr;
}

const LaneBatch& BatchPipeline::next() {
  std::unique_lock lock(mutex_);
  if (kept_.size() == options_.kept) {
    free_.push_back(std::move(kept_.front()));
    kept_.pop_front();
  }
  changed_.notify_all();
  ready_batches_ += static_cast<std::uint64_t>(std::count_if(
      underway_.begin(), underway_.end(), [](const Underway& batch) { return batch.is_ready(); }));
  const auto start = std::chrono::steady_clock::now();
  if (begins_together()) read_step_together(lock);
  changed_.wait(lock,
                [this] { return error_ || (!underway_.empty() && underway_.front().is_ready()); });
  statistics_.wait_seconds +=
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  statistics_.batches += 1;
  if (underway_.empty() || !underway_.front().is_ready()) std::rethrow_exception(error_);
  if (underway_.front().error) std::rethrow_exception(underway_.front().error);
  kept_.push_back(std::move(underway_.front().batch));
  underway_.pop_front();
  advance(asked_);
  return kept_.back();
}

bool BatchPipeline::is_ready() const {
  const std::lock_guard lock(mutex_);
  return !begins_together() && !underway_.empty() && underway_.front().is_ready() &&
         !underway_.front().error;
}

bool BatchPipeline::begins_together() const {
  return together_ != nullptr && asked_.lane == options_.first_lane;
}

void BatchPipeline::read_step_together(std::unique_lock<std::mutex>& lock) {
  if (error_) std::rethrow_exception(error_);
  try {
    const auto chunks = store_.open_step(asked_.epoch, asked_.step);
    changed_.notify_all();
    lock.unlock();
    const telemetry::TraceSpan span(telemetry::Activity::read_together);
    together_->read_step(asked_.epoch, asked_.step, chunks);
    lock.lock();
  } catch (...) {
    if (!lock.owns_lock()) lock.lock();
    error_ = std::current_exception();
    together_->fail(error_);
    throw;
  }
}

LoaderStatistics BatchPipeline::statistics() const {
  const std::lock_guard lock(mutex_);
  LoaderStatistics statistics = statistics_;
  statistics.queue_depth = statistics.batches == 0 ? 0
                                                   : static_cast<double>(ready_batches_) /
                                                         static_cast<double>(statistics.batches);
  statistics.chunk_bytes = store_.held_bytes();
  statistics.batch_bytes = batch_bytes_;
  statistics.planned_bytes = store_.capacity_bytes() + batch_bytes_;
  return statistics;
}

EpochReads BatchPipeline::reads(std::size_t epoch) const {
  const std::lock_guard lock(mutex_);
  const auto found = reads_.find(epoch);
  return found == reads_.end() ? EpochReads{} : found->second;
}

}  // namespace rondo::data
