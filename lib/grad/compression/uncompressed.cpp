// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "grad/compression/uncompressed.hpp"

namespace rondo::grad {
namespace {

class PlainSum final : public PendingSum {
 public:
  PlainSum(comm::Communicator& comm, std::span<float> data)
      : comm_(comm),
        work_(comm.allreduce(std::as_writable_bytes(data), DType::f32, comm::ReduceOp::sum,
                             {.name = "gradients"})) {}
  void finish() override { comm::wait(comm_, *work_); }

 private:
  comm::Communicator& comm_;
  std::unique_ptr<comm::Work> work_;
};

class Uncompressed final : public Compressor {
 public:
  std::unique_ptr<PendingSum> start(comm::Communicator& comm, std::span<float> gradients,
                                    ElementRange range) override {
    return std::make_unique<PlainSum>(comm,
                                      gradients.subspan(range.begin, range.end - range.begin));
  }
  std::vector<StateTensor> state() override { return {}; }
};

}  // namespace

std::unique_ptr<Compressor> make_uncompressed() {
  return std::make_unique<Uncompressed>();
}

}  // namespace rondo::grad
