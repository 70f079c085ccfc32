// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <optional>
#include <vector>

#include "comm/algorithms/ring.hpp"
#include "comm/kernels/reduce.hpp"

namespace rondo::comm {
namespace {

/// One allreduce. The segments of all hops form one sequence, `hops_`: those of the own block, then
/// those that arrive, p-1 blocks to reduce and p-1 blocks to copy. What arrives is sent on, but for
/// the last block; so message k that is sent carries hops_[k], and message k that arrives is for
/// hops_[own_ + k].
class RingAllreduce {
 public:
  RingAllreduce(Channel& channel, std::span<std::byte> data, DType dtype, ReduceOp op,
                const Segmentation& segmentation)
      : channel_(channel),
        dtype_(dtype),
        op_(op),
        segment_bytes_(whole_segment_bytes(segmentation, size_of(dtype))),
        ahead_(segmentation.receives_ahead) {
    plan(Blocks(data, size_of(dtype), channel.size()));
    const std::size_t slots = std::min(ahead_, reduced_);
    slot_bytes_ = std::min(segment_bytes_, data.size());
    inbox_.emplace(channel.scratch(slots * slot_bytes_));
  }

  Task run() {
    for (std::size_t k = 0; k < own_; ++k)
      send(k);
    for (std::size_t k = 0; k < hops_.size() - own_; ++k) {
      co_await post_receives(k);
      co_await channel_.done(receives_[k]);
      if (k < reduced_) absorb(k);
      if (own_ + k < sent_) send(own_ + k);
    }
    for (std::size_t k = confirmed_; k < sends_.size(); ++k)
      co_await channel_.done(sends_[k]);
  }

 private:
  void plan(const Blocks& blocks) {
    const int p = channel_.size();
    const int rank = channel_.rank();
    append_segments(blocks[rank], segment_bytes_, hops_);
    own_ = hops_.size();
    for (int step = 0; step < p - 1; ++step) {
      partial_ = hops_.size() - own_;
      append_segments(blocks[rank - step - 1], segment_bytes_, hops_);
    }
    reduced_ = hops_.size() - own_;
    for (int step = 0; step < p - 1; ++step) {
      sent_ = hops_.size();
      append_segments(blocks[rank - step], segment_bytes_, hops_);
    }
  }

  std::span<std::byte> slot(std::size_t k) {
    return inbox_->bytes().subspan(k % ahead_ * slot_bytes_, hops_[own_ + k].size());
  }

  void send(std::size_t k) { sends_.push_back(channel_.send(channel_.right(), hops_[k])); }

  /// Posts receive `next` and those ahead of it.
  ///
  /// Arrival reduced_ + k is copied over what message k was sent from, so that send must be over
  /// first. Only sends that went out before arrival `next` are waited for: it is a short wait.
  Task post_receives(std::size_t next) {
    const std::size_t ahead = std::min(next + ahead_, reduced_ + next);
    const std::size_t limit = std::min(std::max(next + 1, ahead), hops_.size() - own_);
    while (receives_.size() < limit) {
      const std::size_t k = receives_.size();
      if (k >= reduced_) co_await channel_.done(sends_[confirmed_++]);
      receives_.push_back(
          channel_.receive(channel_.left(), k < reduced_ ? slot(k) : hops_[own_ + k]));
    }
  }

  void absorb(std::size_t k) {
    const auto segment = hops_[own_ + k];
    reduce(dtype_, op_, segment, slot(k));
    if (op_ == ReduceOp::avg && k >= partial_) divide(dtype_, segment, channel_.size());
  }

  Channel& channel_;
  DType dtype_;
  ReduceOp op_;
  std::size_t segment_bytes_;
  std::size_t ahead_;
  std::vector<std::span<std::byte>> hops_;
  std::size_t own_ = 0;      // segments of the own block
  std::size_t partial_ = 0;  // arrivals before the block that this rank completes
  std::size_t reduced_ = 0;  // arrivals to reduce; the others are copied
  std::size_t sent_ = 0;     // hops that are sent on
  std::size_t slot_bytes_ = 0;
  std::optional<Scratch> inbox_;
  std::vector<Transport::Ticket> sends_;
  std::vector<Transport::Ticket> receives_;
  std::size_t confirmed_ = 0;  // sends that were waited for
};

}  // namespace

Task ring_allreduce(Channel& channel, std::span<std::byte> data, DType dtype, ReduceOp op,
                    Segmentation segmentation) {
  if (channel.size() == 1 || data.empty()) co_return;
  RingAllreduce allreduce(channel, data, dtype, op, segmentation);
  co_await allreduce.run();
}

}  // namespace rondo::comm
