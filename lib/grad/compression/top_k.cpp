// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "grad/compression/top_k.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <utility>

#include "rondo/base/error.hpp"

#include "grad/compression/buffer_pool.hpp"
#include "grad/compression/exact_sum.hpp"
#include "grad/compression/largest.hpp"
#include "grad/compression/residual.hpp"
#include "grad/compression/runs.hpp"

namespace rondo::grad {
namespace {

/// gradient += residual, in pieces that are counted while they are in the cache.
void add_and_count(std::span<float> gradient, std::span<const float> residual, Largest& largest) {
  constexpr std::size_t chunk = 4096;
  for (std::size_t begin = 0; begin < gradient.size(); begin += chunk) {
    const auto part = gradient.subspan(begin, std::min(chunk, gradient.size() - begin));
    for (std::size_t i = 0; i < part.size(); ++i)
      part[i] += residual[begin + i];
    largest.count(part);
  }
}

/// What outlives a sum.
struct TopKMemory {
  Residual residual;
  Largest largest = {};
  BufferPool pool = {};
};

class TopKSum final : public PendingSum {
 public:
  TopKSum(comm::Communicator& comm, std::span<float> gradients, ElementRange range, Runs runs,
          std::size_t entries, TopKMemory& memory);
  void finish() override;

 private:
  void select(TopKMemory& memory);

  comm::Communicator& comm_;
  std::span<float> gradients_;
  Runs runs_;
  std::size_t origin_;  // of the entries' indices in the arena
  BufferPool::Buffer<Entry> own_;
  BufferPool::Buffer<Entry> all_;
  ExactSum exact_;
  std::unique_ptr<comm::Work> gather_;
};

TopKSum::TopKSum(comm::Communicator& comm, std::span<float> gradients, ElementRange range,
                 Runs runs, std::size_t entries, TopKMemory& memory)
    : comm_(comm),
      gradients_(gradients),
      runs_(std::move(runs)),
      origin_(range.begin),
      own_(memory.pool, entries),
      all_(memory.pool, own_.size() * static_cast<std::size_t>(comm.size())),
      exact_(comm, gradients, runs_.outside(range), memory.pool) {
  if (own_.empty()) return;
  select(memory);
  gather_ = comm.allgather(std::as_bytes(own_.span()), std::as_writable_bytes(all_.span()),
                           {.name = "largest gradients"});
}

void TopKSum::select(TopKMemory& memory) {
  auto& [residual, largest, pool] = memory;
  largest.begin(own_.size());
  runs_.visit_all([&](std::size_t at, std::size_t, std::size_t count) {
    add_and_count(gradients_.subspan(at, count), residual.part(at, count), largest);
  });
  const bool keep = largest.has_non_finite();
  runs_.visit_all([&](std::size_t at, std::size_t, std::size_t count) {
    const auto values = gradients_.subspan(at, count);
    largest.collect(values, at - origin_);
    if (!keep) std::ranges::copy(values, residual.part(at, count).begin());
  });
  std::ranges::copy(largest.take(), own_.data());
  if (keep) return;
  for (const Entry& entry : own_.span())
    residual.part(origin_ + entry.index, 1)[0] = 0;
}

void TopKSum::finish() {
  exact_.finish();
  if (!gather_) return;
  comm::wait(comm_, *gather_);
  runs_.visit_all([&](std::size_t at, std::size_t, std::size_t count) {
    std::ranges::fill(gradients_.subspan(at, count), 0.0F);
  });
  // In the order of ranks, and a rank names an element once: the same bits everywhere.
  for (const Entry& entry : all_.span())
    gradients_[origin_ + entry.index] += entry.value;
}

class TopK final : public Compressor {
 public:
  TopK(std::span<const PlacedParameter> sparse, const TopKOptions& options)
      : lossy_(lossy_runs(sparse)),
        warm_up_(options, lossy_.count()),
        memory_{.residual = Residual(sparse)} {}

  std::unique_ptr<PendingSum> start(comm::Communicator& comm, std::span<float> gradients,
                                    ElementRange range) override {
    require(range.end - range.begin <= std::numeric_limits<std::uint32_t>::max(),
            "top-k: a range longer than 2^32 elements; make the buckets smaller");
    Runs runs = lossy_.within(range);
    const std::size_t entries = warm_up_.next_entries(runs.count());
    return std::make_unique<TopKSum>(comm, gradients, range, std::move(runs), entries, memory_);
  }
  std::vector<StateTensor> state() override {
    auto tensors = memory_.residual.state();
    tensors.push_back(
        {.name = "steps", .shape = {1}, .values = warm_up_.steps(), .kind = StateKind::shared});
    return tensors;
  }

 private:
  Runs lossy_;
  WarmUp warm_up_;
  TopKMemory memory_;
};

}  // namespace

double WarmUp::fraction() const {
  const double done = static_cast<double>(steps_[0]) / static_cast<double>(options_.warmup_steps);
  return done < 1 ? std::pow(options_.fraction, done) : options_.fraction;
}

std::size_t WarmUp::next_entries(std::size_t elements) {
  const auto wanted =
      static_cast<std::size_t>(std::ceil(fraction() * static_cast<double>(elements)));
  summed_ += elements;
  if (summed_ >= elements_) {
    summed_ = 0;
    if (steps_[0] < static_cast<float>(options_.warmup_steps)) ++steps_[0];
  }
  return std::min(wanted, elements);
}

std::vector<PlacedParameter> sparse_parameters(std::span<const PlacedParameter> parameters) {
  std::vector<PlacedParameter> sparse;
  std::ranges::copy_if(parameters, std::back_inserter(sparse), [](const PlacedParameter& placed) {
    return placed.spec.role == ParameterRole::weight;
  });
  return sparse;
}

std::unique_ptr<Compressor> make_top_k(std::span<const PlacedParameter> parameters,
                                       const TopKOptions& options) {
  return std::make_unique<TopK>(sparse_parameters(parameters), options);
}

}  // namespace rondo::grad
