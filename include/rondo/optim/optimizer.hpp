// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "rondo/base/float16.hpp"
#include "rondo/base/parameter.hpp"

namespace rondo::optim {

/// How much of a parameter an update must see at once.
enum class Scope : std::uint8_t {
  element,   ///< any cut of the arena
  norms,     ///< any cut, once the sums over all cuts of a parameter are known
  parameter  ///< whole parameters only
};

/// Sums of squares in f64, in an order that depends on the number of elements alone. The sums of a
/// parameter's cuts, added in one order everywhere, are those of the parameter.
struct SquareSums {
  double value = 0;
  double direction = 0;  ///< of what the rule moves the value along

  friend SquareSums operator+(const SquareSums& a, const SquareSums& b) {
    return {a.value + b.value, a.direction + b.direction};
  }
  friend bool operator==(const SquareSums&, const SquareSums&) = default;
};

/// A run of elements that are updated alike: a cut through a parameter, of any length.
struct UpdateRange {
  std::span<float> value = {};       ///< master weights
  std::span<const float> grad = {};  ///< gradient sum
  /// As many as Optimizer::slot_names(), each as long as value; under Scope::parameter as long as
  /// slot_shape() says.
  std::span<const std::span<float>> slots = {};
  /// As long as value, or empty: receives the new values rounded to bf16, in the same pass.
  std::span<bfloat16> copy = {};
  std::uint64_t first = 0;       ///< position of value[0] in the arena, for stochastic rounding
  const Shape* shape = nullptr;  ///< of the parameter; Scope::parameter only
  bool decays = true;            ///< weight decay applies
  SquareSums sums = {};          ///< measure() over all cuts of the parameter; Scope::norms only
};

struct StepContext {
  std::uint64_t step = 1;  ///< optimizer steps including this one
  float lr = 0;            ///< learning rate of this step
  float grad_scale = 1;    ///< the gradient is grad * grad_scale, ...
  /// ... and then clamped to [-clip_value, clip_value], element by element.
  float clip_value = std::numeric_limits<float>::infinity();
  /// Rounds UpdateRange::copy up or down at random, as likely as the value is near, by a number
  /// that depends on this seed, the step and the element's position alone. Without: to nearest.
  std::optional<std::uint64_t> rounding_seed = {};
};

/// An update rule. It has no state but its slots, which the caller keeps: within its scope any cut
/// of the arena into ranges gives the same bits, on every CPU with the same libm (some rules raise
/// a factor to the power of the step).
///
/// Local. Const members may run at the same time on ranges that do not overlap.
class Optimizer {
 public:
  virtual ~Optimizer() = default;
  virtual std::string_view name() const noexcept = 0;
  /// The name and all options: equal texts mean equal updates.
  virtual std::string text() const { return std::string(name()); }
  /// One name per f32 slot a parameter needs, e.g. {"momentum"}; slots start at zero.
  virtual std::span<const std::string_view> slot_names() const noexcept = 0;
  /// The shape of slot `slot` of a parameter; a shape without elements: the parameter has none.
  virtual Shape slot_shape(std::size_t /*slot*/, const Shape& parameter) const { return parameter; }
  virtual Scope scope() const noexcept { return Scope::element; }

  /// The first of two passes under Scope::norms, over every range once a step before any of the
  /// parameter's is updated; may change the slots. \throws UsageError  as update()
  virtual SquareSums measure(const UpdateRange& range, const StepContext& context) const;

  /// \throws UsageError  spans of different lengths or step 0: nothing was changed
  virtual void update(const UpdateRange& range, const StepContext& context) const = 0;
};

/// The options of every rule in one; each takes those that its header names, those left empty mean
/// the rule's own defaults.
struct OptimizerOptions {
  float momentum = 0.0F;                        ///< sgd, lars
  bool nesterov = false;                        ///< sgd
  float weight_decay = 0.0F;                    ///< all
  float beta1 = 0.9F;                           ///< adam, adamw, lamb, lion
  std::optional<float> beta2 = {};              ///< adam, adamw, lamb: 0.999; lion: 0.99
  std::optional<float> epsilon = {};            ///< adam, adamw: 1e-8; lamb: 1e-6; adafactor: 1e-30
  std::optional<float> trust_coefficient = {};  ///< lars: 0.001
};

/// The names that make_optimizer knows.
std::span<const std::string_view> optimizer_names() noexcept;

/// \throws ConfigError  an unknown name (listing the known ones) or an option out of range
std::unique_ptr<Optimizer> make_optimizer(std::string_view name, const OptimizerOptions& options);

}  // namespace rondo::optim
