// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include "rondo/base/device_memory.hpp"
#include "rondo/optim/device_optimizer.hpp"
#include "rondo/precision/device_norm.hpp"
#include "rondo/precision/squares.hpp"

#include "gpu/gpu_array.hpp"
#include "gpu/gpu_kernels.hpp"
#include "gpu/tensors.hpp"

namespace rondo::bench {
namespace {

constexpr precision::Unscaling unscaling{.divisor = 24, .clip_norm = 1};
constexpr float lr = 1e-3F;
/// One piece of so many is compared with the CPU's.
constexpr std::size_t verified_every = 61;

/// What the CPU needs to take the same step.
struct HostArena {
  std::vector<float> values;
  std::vector<float> first;
  std::vector<float> second;
};

/// A model's memory on the GPU.
class Update {
 public:
  Update(const Device& device, std::size_t tensors, bool with_copy)
      : model_(make_gpu_model(tensor_lengths(tensors))),
        optimizer_("adamw", {.weight_decay = 0.01F}),
        pieces_(device, model_.pieces),
        norm_(device, pieces_),
        values_(device, model_.arena_elements, "values"),
        grads_(device, model_.arena_elements, "gradients"),
        first_(device, model_.arena_elements, "first moments"),
        second_(device, model_.arena_elements, "second moments"),
        copy_(device, with_copy ? model_.arena_elements : 0, "bf16 copy"),
        slots_{first_.span(), second_.span()},
        host_grads_(model_.arena_elements) {
    DeviceStream stream(device);
    std::vector<float> start(model_.arena_elements);
    for (std::size_t i = 0; i < start.size(); ++i) {
      start[i] = pattern_value(i, 1);
      host_grads_[i] = pattern_value(i, 2);
    }
    copy<float>(stream, std::span<const float>(start), values_.span());
    copy<float>(stream, std::span<const float>(host_grads_), grads_.span());
    stream.wait();
  }

  std::size_t bytes_an_element_of_update() const { return copy_.size() > 0 ? 30 : 28; }
  std::size_t parameters() const { return model_.parameters; }

  void measure_norm(DeviceStream& stream) {
    norm_.measure(stream, std::as_const(grads_).span(), unscaling);
  }
  void update(DeviceStream& stream) {
    optimizer_.update(stream, pieces_, arena(), next_step(), {}, norm_.verdict());
  }
  void step(DeviceStream& stream) {
    measure_norm(stream);
    update(stream);
  }

  /// The squares of every piece have the CPU's bits, and the verdict follows from them: sums of f64
  /// in another order differ by some parts in 2^52.
  std::size_t wrong_norm(DeviceStream& stream) {
    measure_norm(stream);
    const auto found = read_gpu(stream, std::as_const(norm_).squares());
    std::size_t wrong = 0;
    double squares = 0;
    for (std::size_t p = 0; p < found.size(); ++p) {
      const double expected = precision::sum_of_squares(
          std::span(host_grads_).subspan(model_.pieces[p].begin, model_.pieces[p].count));
      squares += expected;
      if (std::bit_cast<std::uint64_t>(found[p]) != std::bit_cast<std::uint64_t>(expected)) ++wrong;
    }
    const precision::GradientVerdict verdict = read_gpu(stream, norm_.verdict())[0];
    const double norm = std::sqrt(squares) / unscaling.divisor;
    const double scale = std::min(1.0, unscaling.clip_norm / norm) / unscaling.divisor;
    if (!(std::abs(verdict.norm - norm) <= 1e-12 * norm)) ++wrong;
    if (!(std::abs(verdict.scale - scale) <= 1e-6 * scale) || verdict.finite != 1) ++wrong;
    return wrong;
  }

  /// A step on the GPU and on the CPU from the same state.
  std::size_t wrong_step(DeviceStream& stream) {
    HostArena host = state(stream);
    step(stream);
    const HostArena found = state(stream);
    const auto copied = read_gpu(stream, std::as_const(copy_).span());
    const optim::StepContext context{
        .step = steps_, .lr = lr, .grad_scale = read_gpu(stream, norm_.verdict())[0].scale};
    std::size_t wrong = 0;
    for (std::size_t p = 0; p < model_.pieces.size(); p += verified_every)
      wrong += wrong_piece(model_.pieces[p], host, found, copied, context);
    return wrong;
  }

 private:
  optim::DeviceArena arena() {
    return {.values = values_.span(),
            .grads = std::as_const(grads_).span(),
            .slots = slots_,
            .copy = copy_.span()};
  }
  optim::StepContext next_step() { return {.step = ++steps_, .lr = lr}; }

  HostArena state(DeviceStream& stream) const {
    return {.values = read_gpu(stream, values_.span()),
            .first = read_gpu(stream, first_.span()),
            .second = read_gpu(stream, second_.span())};
  }

  std::size_t wrong_piece(const precision::DevicePiece& piece, HostArena& host,
                          const HostArena& found, const std::vector<bfloat16>& copied,
                          const optim::StepContext& context) const {
    const auto part = [&](auto& memory) {
      return std::span(memory).subspan(piece.begin, piece.count);
    };
    const std::array<std::span<float>, 2> slots{part(host.first), part(host.second)};
    optimizer_.rule().update({.value = part(host.values),
                              .grad = part(host_grads_),
                              .slots = slots,
                              .first = piece.begin,
                              .decays = piece.role == ParameterRole::weight},
                             context);
    std::size_t wrong = 0;
    for (std::size_t i = piece.begin; i < piece.begin + piece.count; ++i) {
      const bool right = same(found.values[i], host.values[i]) &&
                         same(found.first[i], host.first[i]) &&
                         same(found.second[i], host.second[i]) &&
                         (copied.empty() || copied[i].bits() == bfloat16(host.values[i]).bits());
      if (!right) ++wrong;
    }
    return wrong;
  }

  static bool same(float a, float b) {
    return std::bit_cast<std::uint32_t>(a) == std::bit_cast<std::uint32_t>(b);
  }

  GpuModel model_;
  optim::DeviceOptimizer optimizer_;
  precision::DevicePieces pieces_;
  precision::GradientNorm norm_;
  DeviceMemory<float> values_;
  DeviceMemory<float> grads_;
  DeviceMemory<float> first_;
  DeviceMemory<float> second_;
  DeviceMemory<bfloat16> copy_;
  std::array<DeviceSpan<float>, 2> slots_;
  std::vector<float> host_grads_;
  std::uint64_t steps_ = 0;
};

}  // namespace

std::vector<GpuFigures> measure_update(const Device& device, std::size_t tensors, bool with_copy,
                                       const GpuRaceOptions& options) {
  Update update(device, tensors, with_copy);
  const std::size_t count = update.parameters();
  const std::size_t bytes = update.bytes_an_element_of_update();
  const std::string copied = with_copy ? " copy" : "";
  const auto verify_step = [&](DeviceStream& stream) { return update.wrong_step(stream); };
  const std::array<GpuContender, 3> contenders{{
      {.name = "norm",
       .bytes = 4 * count,
       .call = [&](DeviceStream& stream) { update.measure_norm(stream); },
       .verify = [&](DeviceStream& stream) { return update.wrong_norm(stream); }},
      {.name = "adamw" + copied,
       .bytes = bytes * count,
       .call = [&](DeviceStream& stream) { update.update(stream); },
       .verify = verify_step},
      {.name = "norm clip adamw" + copied,
       .bytes = (4 + bytes) * count,
       .call = [&](DeviceStream& stream) { update.step(stream); },
       .verify = verify_step},
  }};
  std::vector<GpuFigures> figures = race_on_gpu(device, contenders, options);
  for (GpuFigures& line : figures)
    line.tensors = tensors;
  return figures;
}

}  // namespace rondo::bench
