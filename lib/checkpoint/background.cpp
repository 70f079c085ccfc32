// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/checkpoint/background.hpp"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <utility>

#include <fmt/format.h>

#include "rondo/base/log.hpp"
#include "rondo/base/resident_memory.hpp"
#include "rondo/telemetry/trace.hpp"

#include "checkpoint/whole_tensors.hpp"

namespace rondo::checkpoint {
namespace {

/// Processor time of the calling thread since it began.
double thread_seconds() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

}  // namespace

BackgroundSaver::~BackgroundSaver() {
  try {
    wait();
  } catch (const std::exception& e) {
    log::error(fmt::format("a checkpoint was not written: {}", e.what()));
  }
}

void BackgroundSaver::reserve(std::size_t elements) {
  wait();
  if (copy_.size() < elements) copy_ = AlignedBuffer<float>(elements);
}

void BackgroundSaver::start(const std::filesystem::path& directory, std::uint64_t step,
                            std::span<const Tensor> tensors, const Metadata& metadata,
                            const Retention& retention) {
  const WholeTensors whole(tensors);
  start(Writer(), directory, step, whole.specs, whole.pieces, metadata, retention);
}

void BackgroundSaver::start(const Writer& writer, const std::filesystem::path& directory,
                            std::uint64_t step, std::span<const TensorSpec> tensors,
                            std::span<const Piece> pieces, const Metadata& metadata,
                            const Retention& retention) {
  wait();
  thread_ = std::thread(
      [this, writer, directory, step, specs = std::vector(tensors.begin(), tensors.end()),
       copy = copy_of(pieces), metadata, retention, trace = telemetry::current_trace()] {
        const telemetry::TraceThread traced(trace, "checkpoint writer");
        const telemetry::TraceSpan span(telemetry::Activity::checkpoint_write, step);
        const auto begin = std::chrono::steady_clock::now();
        try {
          save(writer, directory, step, specs, copy, metadata, retention);
        } catch (...) {
          failure_ = std::current_exception();
        }
        taken_.processor_seconds = thread_seconds();
        taken_.seconds =
            std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
      });
}

void BackgroundSaver::wait() {
  if (thread_.joinable()) {
    thread_.join();
    last_ = taken_;
  }
  if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
}

std::size_t BackgroundSaver::resident_bytes() const {
  return rondo::resident_bytes(std::as_bytes(copy_.span()));
}

std::vector<Piece> BackgroundSaver::copy_of(std::span<const Piece> pieces) {
  const telemetry::TraceSpan span(telemetry::Activity::checkpoint_copy);
  reserve(elements_in(pieces));
  std::vector<Piece> copies;
  std::size_t begin = 0;
  for (const Piece& piece : pieces) {
    const std::span<float> place = copy_.span().subspan(begin, piece.elements.size());
    std::ranges::copy(piece.elements, place.begin());
    copies.push_back({piece.tensor, piece.first, place});
    begin += place.size();
  }
  return copies;
}

}  // namespace rondo::checkpoint
