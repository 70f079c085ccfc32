// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo_bench/synthetic_session.hpp"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "rondo/optim/optimizer.hpp"

namespace rondo::bench {
namespace {

constexpr std::size_t tensors = 25;

std::vector<ParameterSpec> make_specs(std::size_t parameters) {
  const std::size_t columns = std::max<std::size_t>(parameters / tensors / 1000, 1);
  std::vector<ParameterSpec> specs;
  for (std::size_t i = 0; i < tensors; ++i)
    specs.push_back({.name = fmt::format("layer{}.weight", i), .shape = {1000, columns}});
  return specs;
}

}  // namespace

SyntheticSession::SyntheticSession(comm::Communicator& comm, const Options& options)
    : compute_seconds_(options.compute_seconds),
      work_(Backward::arithmetic, std::chrono::milliseconds(1)),
      session_(comm, make_specs(options.parameters), optim::make_optimizer(options.optimizer, {}),
               {.lanes = static_cast<std::size_t>(comm.size()), .sharding = options.sharding}) {
  std::ranges::fill(session_.arena().values(), 0.5F);
}

void SyntheticSession::step() {
  session_.begin_lane(session_.lanes().begin, 1);
  work_.begin();
  work_.run(compute_seconds_, [] {});
  for (const ParameterView& view : session_.parameters())
    std::ranges::fill(view.grad, 1.0F);
  for (std::size_t i = session_.parameters().size(); i-- > 0;)
    session_.ready(i);
  session_.end_lane(1, 0);
  session_.step(1e-3F);
  session_.finish_parameters();
}

}  // namespace rondo::bench
