// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <optional>
#include <vector>

#include "comm/algorithms/ring.hpp"
#include "comm/kernels/reduce.hpp"

namespace rondo::comm {
namespace {

/// One reduce-scatter. Arrival k = step * n + j is segment j of the partial sum of block
/// rank - step - 2. The own values are added in `outgoing_` and sent on; the last step's arrivals,
/// of the own block, go to the output and stay there.
class RingReduceScatter {
 public:
  RingReduceScatter(Channel& channel, std::span<const std::byte> input, std::span<std::byte> output,
                    DType dtype, ReduceOp op, const Segmentation& segmentation)
      : channel_(channel),
        input_(input),
        dtype_(dtype),
        op_(op),
        ahead_(segmentation.receives_ahead) {
    const std::size_t segment_bytes = whole_segment_bytes(segmentation, size_of(dtype));
    append_segments(output, segment_bytes, output_);
    slot_bytes_ = output_.front().size();
    inbox_.emplace(channel.scratch(ahead_ * slot_bytes_));
    outgoing_memory_.emplace(channel.scratch(output.size()));
    append_segments(outgoing_memory_->bytes(), segment_bytes, outgoing_);
    forwarded_ = static_cast<std::size_t>(channel.size() - 2) * output_.size();
  }

  Task run() {
    post_receives(0);
    for (std::size_t j = 0; j < output_.size(); ++j)
      sends_.push_back(channel_.send(channel_.right(), own_values(-1, j)));
    for (std::size_t k = 0; k < forwarded_ + output_.size(); ++k) {
      post_receives(k);
      co_await channel_.done(receives_[k]);
      if (k < forwarded_)
        co_await forward(k);
      else
        complete(k - forwarded_);
    }
    for (std::size_t k = forwarded_; k < sends_.size(); ++k)
      co_await channel_.done(sends_[k]);
  }

 private:
  /// Segment `j` of what this rank adds to the arrivals of `step`.
  std::span<const std::byte> own_values(int step, std::size_t j) const {
    const int p = channel_.size();
    const auto block = static_cast<std::size_t>((channel_.rank() - step - 2 + 2 * p) % p);
    const std::size_t block_bytes = input_.size() / static_cast<std::size_t>(p);
    return input_.subspan(block * block_bytes + j * slot_bytes_, output_[j].size());
  }

  std::span<std::byte> arrival(std::size_t k) {
    const std::size_t j = k % output_.size();
    if (k >= forwarded_) return output_[j];
    return inbox_->bytes().subspan(k % ahead_ * slot_bytes_, output_[j].size());
  }

  void post_receives(std::size_t next) {
    const std::size_t limit = std::min(next + ahead_, forwarded_ + output_.size());
    for (std::size_t k = receives_.size(); k < limit; ++k)
      receives_.push_back(channel_.receive(channel_.left(), arrival(k)));
  }

  Task forward(std::size_t k) {
    const std::size_t j = k % output_.size();
    const auto outgoing = outgoing_[j];
    co_await channel_.done(sends_[k]);  // it carried what stood here one round before
    std::ranges::copy(arrival(k), outgoing.begin());
    reduce(dtype_, op_, outgoing, own_values(static_cast<int>(k / output_.size()), j));
    sends_.push_back(channel_.send(channel_.right(), outgoing));
  }

  void complete(std::size_t j) {
    reduce(dtype_, op_, output_[j], own_values(channel_.size() - 2, j));
    if (op_ == ReduceOp::avg) divide(dtype_, output_[j], channel_.size());
  }

  Channel& channel_;
  std::span<const std::byte> input_;
  DType dtype_;
  ReduceOp op_;
  std::size_t ahead_;
  std::vector<std::span<std::byte>> output_;    // segments of the result
  std::vector<std::span<std::byte>> outgoing_;  // as many, to add up and send on
  std::optional<Scratch> outgoing_memory_;
  std::size_t forwarded_ = 0;  // arrivals that are sent on
  std::size_t slot_bytes_ = 0;
  std::optional<Scratch> inbox_;
  std::vector<Transport::Ticket> sends_;
  std::vector<Transport::Ticket> receives_;
};

}  // namespace

Task ring_reduce_scatter(Channel& channel, std::span<const std::byte> input,
                         std::span<std::byte> output, DType dtype, ReduceOp op,
                         Segmentation segmentation) {
  if (output.empty()) co_return;
  if (channel.size() == 1) {
    std::ranges::copy(input, output.begin());
    co_return;
  }
  RingReduceScatter reduce_scatter(channel, input, output, dtype, op, segmentation);
  co_await reduce_scatter.run();
}

}  // namespace rondo::comm
