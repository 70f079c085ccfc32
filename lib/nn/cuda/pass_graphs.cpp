// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "nn/cuda/pass_graphs.hpp"

#include <utility>

#include <fmt/format.h>

#include "rondo/base/error.hpp"
#include "rondo/base/log.hpp"

namespace rondo::nn::cuda {

void PassGraphs::begin(const DeviceStream& stream, std::size_t samples, std::size_t parts,
                       std::size_t changes) {
  next_ = 0;
  pass_ = Pass::plain;
  if (std::exchange(changes_, changes) != changes) {
    graphs_.clear();
    has_run_ = false;
  }
  if (choice_ == DeviceGraphs::off || samples != samples_ ||
      stream.fault_check() == FaultCheck::every_launch)
    return;
  if (!std::exchange(has_run_, true)) return;
  pass_ = graphs_.size() == parts ? Pass::captured : Pass::capturing;
  if (pass_ == Pass::capturing) graphs_.clear();  // of a pass that an error ended
}

void PassGraphs::run(DeviceStream& stream, const std::function<void()>& queue_work) {
  if (pass_ == Pass::plain) return queue_work();
  if (pass_ == Pass::capturing && !try_capture(stream, queue_work)) return queue_work();
  graphs_[next_++].launch(stream);
}

bool PassGraphs::try_capture(DeviceStream& stream, const std::function<void()>& queue_work) {
  try {
    graphs_.emplace_back(stream, queue_work);
    return true;
  } catch (const DeviceError& error) {
    if (choice_ == DeviceGraphs::on) throw;
    log::warning(fmt::format("training without CUDA graphs: {}", error.what()));
  }
  choice_ = DeviceGraphs::off;
  pass_ = Pass::plain;
  return false;
}

}  // namespace rondo::nn::cuda
