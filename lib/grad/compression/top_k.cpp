// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "grad/compression/top_k.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "rondo/base/error.hpp"

#include "grad/compression/exact_sum.hpp"
#include "grad/compression/largest.hpp"
#include "grad/compression/residual.hpp"
#include "grad/compression/runs.hpp"

namespace rondo::grad {
namespace {

std::size_t entries_of(const Runs& runs, double fraction) {
  const auto wanted = std::ceil(fraction * static_cast<double>(runs.count()));
  return std::min(static_cast<std::size_t>(wanted), runs.count());
}

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

class TopKSum final : public PendingSum {
 public:
  TopKSum(comm::Communicator& comm, std::span<float> gradients, ElementRange range,
          const Runs& lossy, Residual& residual, double fraction);
  void finish() override;

 private:
  void select(Residual& residual, std::size_t wanted);

  comm::Communicator& comm_;
  std::span<float> gradients_;
  Runs runs_;
  std::size_t origin_;  // of the entries' indices in the arena
  std::vector<Entry> own_;
  std::vector<Entry> all_;
  ExactSum exact_;
  std::unique_ptr<comm::Work> gather_;
};

TopKSum::TopKSum(comm::Communicator& comm, std::span<float> gradients, ElementRange range,
                 const Runs& lossy, Residual& residual, double fraction)
    : comm_(comm),
      gradients_(gradients),
      runs_(lossy.within(range)),
      origin_(range.begin),
      exact_(comm, gradients, lossy.outside(range)) {
  if (runs_.count() == 0) return;
  select(residual, entries_of(runs_, fraction));
  all_.resize(own_.size() * static_cast<std::size_t>(comm.size()));
  gather_ = comm.allgather(std::as_bytes(std::span(own_)), std::as_writable_bytes(std::span(all_)),
                           {.name = "largest gradients"});
}

void TopKSum::select(Residual& residual, std::size_t wanted) {
  Largest largest(wanted);
  runs_.visit_all([&](std::size_t at, std::size_t, std::size_t count) {
    add_and_count(gradients_.subspan(at, count), residual.part(at, count), largest);
  });
  const bool keep = largest.has_non_finite();
  runs_.visit_all([&](std::size_t at, std::size_t, std::size_t count) {
    const auto values = gradients_.subspan(at, count);
    largest.collect(values, at - origin_);
    if (!keep) std::ranges::copy(values, residual.part(at, count).begin());
  });
  own_ = largest.take();
  if (keep) return;
  for (const Entry& entry : own_)
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
  for (const Entry& entry : all_)
    gradients_[origin_ + entry.index] += entry.value;
}

class TopK final : public Compressor {
 public:
  TopK(std::span<const PlacedParameter> parameters, double fraction)
      : lossy_(lossy_runs(parameters)),
        residual_(lossy_parameters(parameters)),
        fraction_(fraction) {}

  std::unique_ptr<PendingSum> start(comm::Communicator& comm, std::span<float> gradients,
                                    ElementRange range) override {
    require(range.end - range.begin <= std::numeric_limits<std::uint32_t>::max(),
            "top-k: a range longer than 2^32 elements; make the buckets smaller");
    return std::make_unique<TopKSum>(comm, gradients, range, lossy_, residual_, fraction_);
  }
  std::vector<StateTensor> state() override { return residual_.state(); }

 private:
  Runs lossy_;
  Residual residual_;
  double fraction_;
};

}  // namespace

std::unique_ptr<Compressor> make_top_k(std::span<const PlacedParameter> parameters,
                                       double fraction) {
  return std::make_unique<TopK>(parameters, fraction);
}

}  // namespace rondo::grad
