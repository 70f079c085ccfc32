// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "grad/compression/int8.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "rondo/base/aligned_buffer.hpp"

#include "grad/compression/exact_sum.hpp"
#include "grad/compression/int8_blocks.hpp"
#include "grad/compression/residual.hpp"
#include "grad/compression/runs.hpp"

namespace rondo::grad {
namespace {

/// One rank's message: a scale for every block, then the codes of all.
struct Message {
  std::span<std::byte> bytes;
  std::size_t blocks;

  void set_scale(std::size_t block, float scale) const {
    std::memcpy(bytes.data() + block * sizeof(float), &scale, sizeof(float));
  }
  float scale(std::size_t block) const {
    float scale = 0;
    std::memcpy(&scale, bytes.data() + block * sizeof(float), sizeof(float));
    return scale;
  }
  std::span<std::int8_t> codes(std::size_t first, std::size_t count) const {
    auto* const codes = reinterpret_cast<std::int8_t*>(bytes.data() + blocks * sizeof(float));
    return {codes + first, count};
  }
};

/// Calls visit(block, arena position, sequence position, count); a block lies within one run.
template <class Visit>
void visit_blocks(const Runs& runs, std::size_t block_elements, Visit&& visit) {
  std::size_t block = 0;
  runs.visit_all([&](std::size_t at, std::size_t position, std::size_t count) {
    for (std::size_t done = 0; done < count; done += block_elements)
      visit(block++, at + done, position + done, std::min(block_elements, count - done));
  });
}

std::size_t count_blocks(const Runs& runs, std::size_t block_elements) {
  std::size_t blocks = 0;
  visit_blocks(runs, block_elements,
               [&](std::size_t, std::size_t, std::size_t, std::size_t) { ++blocks; });
  return blocks;
}

class Int8Sum final : public PendingSum {
 public:
  Int8Sum(comm::Communicator& comm, std::span<float> gradients, ElementRange range,
          const Runs& lossy, Residual& residual, std::size_t block_elements);
  void finish() override;

 private:
  Message message(std::span<std::byte> bytes) const { return {bytes, blocks_}; }

  comm::Communicator& comm_;
  std::span<float> gradients_;
  std::size_t block_elements_;
  Runs runs_;
  std::size_t blocks_;
  AlignedBuffer<std::byte> own_;
  AlignedBuffer<std::byte> all_;
  ExactSum exact_;
  std::unique_ptr<comm::Work> gather_;
};

Int8Sum::Int8Sum(comm::Communicator& comm, std::span<float> gradients, ElementRange range,
                 const Runs& lossy, Residual& residual, std::size_t block_elements)
    : comm_(comm),
      gradients_(gradients),
      block_elements_(block_elements),
      runs_(lossy.within(range)),
      blocks_(count_blocks(runs_, block_elements)),
      own_(blocks_ * sizeof(float) + runs_.count()),
      all_(own_.size() * static_cast<std::size_t>(comm.size())),
      exact_(comm, gradients, lossy.outside(range)) {
  if (blocks_ == 0) return;
  const Message own = message(own_.span());
  visit_blocks(runs_, block_elements_,
               [&](std::size_t block, std::size_t at, std::size_t position, std::size_t count) {
                 own.set_scale(block,
                               encode_block(gradients_.subspan(at, count), residual.part(at, count),
                                            own.codes(position, count)));
               });
  gather_ = comm.allgather(std::as_bytes(own_.span()), all_.span(), {.name = "int8 gradients"});
}

void Int8Sum::finish() {
  exact_.finish();
  if (!gather_) return;
  comm::wait(comm_, *gather_);
  // Block by block over the ranks, so that the sum stays in the cache.
  visit_blocks(runs_, block_elements_,
               [&](std::size_t block, std::size_t at, std::size_t position, std::size_t count) {
                 const auto sum = gradients_.subspan(at, count);
                 for (int rank = 0; rank < comm_.size(); ++rank) {
                   const Message theirs = message(all_.span().subspan(
                       static_cast<std::size_t>(rank) * own_.size(), own_.size()));
                   const auto codes = theirs.codes(position, count);
                   if (rank == 0)
                     decode_block(theirs.scale(block), codes, sum);
                   else
                     add_decoded_block(theirs.scale(block), codes, sum);
                 }
               });
}

class Int8 final : public Compressor {
 public:
  Int8(std::span<const PlacedParameter> parameters, std::size_t block)
      : lossy_(lossy_runs(parameters)), residual_(lossy_parameters(parameters)), block_(block) {}

  std::unique_ptr<PendingSum> start(comm::Communicator& comm, std::span<float> gradients,
                                    ElementRange range) override {
    return std::make_unique<Int8Sum>(comm, gradients, range, lossy_, residual_, block_);
  }
  std::vector<StateTensor> state() override { return residual_.state(); }

 private:
  Runs lossy_;
  Residual residual_;
  std::size_t block_;
};

}  // namespace

std::unique_ptr<Compressor> make_int8(std::span<const PlacedParameter> parameters,
                                      std::size_t block) {
  return std::make_unique<Int8>(parameters, block);
}

}  // namespace rondo::grad
