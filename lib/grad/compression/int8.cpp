// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "grad/compression/int8.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <utility>

#include "grad/compression/buffer_pool.hpp"
#include "grad/compression/exact_sum.hpp"
#include "grad/compression/int8_blocks.hpp"
#include "grad/compression/int8_slices.hpp"
#include "grad/compression/residual.hpp"
#include "grad/compression/runs.hpp"

namespace rondo::grad {
namespace {

/// One rank's slice as it travels.
struct Message {
  std::span<std::byte> bytes;
  std::size_t blocks;
  std::size_t block_elements;

  void set_scale(std::size_t block, float scale) const {
    std::memcpy(bytes.data() + block * sizeof(float), &scale, sizeof(float));
  }
  float scale(std::size_t block) const {
    float scale = 0;
    std::memcpy(&scale, bytes.data() + block * sizeof(float), sizeof(float));
    return scale;
  }
  std::span<std::int8_t> codes(std::size_t block, std::size_t count) const {
    auto* const codes = reinterpret_cast<std::int8_t*>(bytes.data() + blocks * sizeof(float));
    return {codes + block * block_elements, count};
  }
};

/// That of `rank` in memory that holds one of every rank.
Message message_of(const Int8Slices& slices, std::span<std::byte> all, std::size_t rank) {
  return {all.subspan(rank * slices.message_bytes(), slices.message_bytes()), slices.blocks(),
          slices.block_elements()};
}

class Int8Sum final : public PendingSum {
 public:
  Int8Sum(comm::Communicator& comm, std::span<float> gradients, ElementRange range,
          const Runs& lossy, Residual& residual, std::size_t block_elements, BufferPool& pool);
  void advance() override;
  void finish() override;

 private:
  void add_up();
  std::size_t rank() const { return static_cast<std::size_t>(comm_.rank()); }

  comm::Communicator& comm_;
  std::span<float> gradients_;
  Residual& residual_;
  Int8Slices slices_;
  BufferPool::Buffer<std::byte> sent_;      // a message for every rank; later one of every rank
  BufferPool::Buffer<std::byte> received_;  // this rank's slice of every rank
  BufferPool::Buffer<std::byte> own_;       // its sum
  ExactSum exact_;
  std::unique_ptr<comm::Work> scatter_;
  std::unique_ptr<comm::Work> gather_;
};

Int8Sum::Int8Sum(comm::Communicator& comm, std::span<float> gradients, ElementRange range,
                 const Runs& lossy, Residual& residual, std::size_t block_elements,
                 BufferPool& pool)
    : comm_(comm),
      gradients_(gradients),
      residual_(residual),
      slices_(lossy.within(range), block_elements, comm.size()),
      sent_(pool, slices_.all_bytes()),
      received_(pool, slices_.all_bytes()),
      own_(pool, slices_.message_bytes()),
      exact_(comm, gradients, lossy.outside(range), pool) {
  if (slices_.empty()) return;
  slices_.visit_all([&](std::size_t rank, std::size_t block, std::size_t at, std::size_t count) {
    const Message message = message_of(slices_, sent_.span(), rank);
    message.set_scale(block, encode_block(gradients_.subspan(at, count), residual_.part(at, count),
                                          message.codes(block, count)));
  });
  scatter_ = comm.all_to_all(sent_.span(), received_.span(), {.name = "int8 gradients"});
}

void Int8Sum::advance() {
  if (!scatter_) return;
  comm::wait(comm_, *scatter_);
  scatter_.reset();
  add_up();
  gather_ = comm_.allgather(own_.span(), sent_.span(), {.name = "int8 sums"});
}

/// In the order of ranks, block by block, so that the sum stays in the cache. With what the first
/// rounding left of this rank's own values in its residual, which then gets the second one's rest.
void Int8Sum::add_up() {
  const Message own = message_of(slices_, own_.span(), 0);
  slices_.visit_all([&](std::size_t owner, std::size_t block, std::size_t at, std::size_t count) {
    if (owner != rank()) return;
    const auto sum = gradients_.subspan(at, count);
    for (std::size_t r = 0; r < static_cast<std::size_t>(comm_.size()); ++r) {
      const Message theirs = message_of(slices_, received_.span(), r);
      const auto add = r == 0 ? decode_block : add_decoded_block;
      add(theirs.scale(block), theirs.codes(block, count), sum);
    }
    own.set_scale(block, encode_block(sum, residual_.part(at, count), own.codes(block, count)));
  });
}

void Int8Sum::finish() {
  advance();
  exact_.finish();
  if (!gather_) return;
  comm::wait(comm_, *gather_);
  slices_.visit_all([&](std::size_t rank, std::size_t block, std::size_t at, std::size_t count) {
    const Message sums = message_of(slices_, sent_.span(), rank);
    decode_block(sums.scale(block), sums.codes(block, count), gradients_.subspan(at, count));
  });
}

class Int8 final : public Compressor {
 public:
  Int8(std::span<const PlacedParameter> parameters, std::size_t block)
      : lossy_(lossy_runs(parameters)), residual_(lossy_parameters(parameters)), block_(block) {}

  std::unique_ptr<PendingSum> start(comm::Communicator& comm, std::span<float> gradients,
                                    ElementRange range) override {
    return std::make_unique<Int8Sum>(comm, gradients, range, lossy_, residual_, block_, pool_);
  }
  std::vector<StateTensor> state() override { return residual_.state(); }

 private:
  Runs lossy_;
  Residual residual_;
  std::size_t block_;
  BufferPool pool_;
};

}  // namespace

std::unique_ptr<Compressor> make_int8(std::span<const PlacedParameter> parameters,
                                      std::size_t block) {
  return std::make_unique<Int8>(parameters, block);
}

}  // namespace rondo::grad
