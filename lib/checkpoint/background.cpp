// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/checkpoint/background.hpp"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <utility>

#include <fmt/format.h>

#include "rondo/base/log.hpp"

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

void BackgroundSaver::start(const std::filesystem::path& directory, std::uint64_t step,
                            std::span<const Tensor> tensors, const Metadata& metadata,
                            const Retention& retention) {
  wait();
  thread_ = std::thread([this, directory, step, copy = copy_of(tensors), metadata, retention] {
    const auto begin = std::chrono::steady_clock::now();
    try {
      save(directory, step, copy, metadata, retention);
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

std::vector<Tensor> BackgroundSaver::copy_of(std::span<const Tensor> tensors) {
  std::size_t elements = 0;
  for (const Tensor& tensor : tensors)
    elements += tensor.data.size();
  if (copy_.size() < elements) copy_ = AlignedBuffer<float>(elements);
  std::vector<Tensor> copies;
  std::size_t begin = 0;
  for (const Tensor& tensor : tensors) {
    const std::span<float> place = copy_.span().subspan(begin, tensor.data.size());
    std::ranges::copy(tensor.data, place.begin());
    copies.push_back({tensor.name, tensor.shape, place});
    begin += place.size();
  }
  return copies;
}

}  // namespace rondo::checkpoint
