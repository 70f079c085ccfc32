// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/train/session.hpp"

#include <algorithm>
#include <cmath>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "rondo/base/error.hpp"
#include "rondo/base/resident_memory.hpp"
#include "rondo/precision/rounding.hpp"
#include "rondo/precision/strided_sum.hpp"
#include "rondo/telemetry/counters.hpp"
#include "rondo/telemetry/trace.hpp"

#include "train/device_state.hpp"
#include "train/device_update.hpp"
#include "train/host_update.hpp"
#include "train/same_session.hpp"

namespace rondo::train {
namespace {

void check_bounds(const Session::Options& options) {
  if (!(options.clip_norm > 0) || !(options.clip_value > 0))
    throw ConfigError(
        fmt::format("gradient clipping needs bounds above 0, found norm {} and value {}",
                    options.clip_norm, options.clip_value));
}

void check_sharding(const Session::Options& options, const optim::Optimizer& optimizer) {
  if (options.sharding != grad::Sharding::none && optimizer.scope() == optim::Scope::parameter)
    throw ConfigError(fmt::format(
        "sharding {} with {}: it must see whole parameters, and a shard ends anywhere in one. "
        "Choose sharding none or another optimizer",
        name_of(options.sharding), optimizer.name()));
}

precision::LossScaler make_scaler(const Session::Options& options) {
  return options.precision.scales_loss() ? precision::LossScaler(options.loss_scale)
                                         : precision::LossScaler::fixed(1.0F);
}

std::unique_ptr<grad::Compressor> make_compressor(const Session::Options& options,
                                                  const grad::Layout& layout) {
  if (options.compression == "none") return nullptr;
  return grad::make_compressor(options.compression, options.compression_options,
                               grad::placed_parameters(layout));
}

/// "'a', 'b' and 7 more"
std::string quoted(std::vector<std::string_view> names, std::size_t shown) {
  const std::size_t more = names.size() - std::min(shown, names.size());
  names.resize(names.size() - more);
  return fmt::format("'{}'{}", fmt::join(names, "', '"),
                     more > 0 ? fmt::format(" and {} more", more) : "");
}

/// The size of the buckets, once nothing speaks against a session of these parameters.
grad::BucketSize checked_bucket_size(comm::Communicator& comm,
                                     std::span<const ParameterSpec> parameters,
                                     const optim::Optimizer& optimizer,
                                     const Session::Options& options, bool on_device) {
  check_same_session(comm, parameters, optimizer, options);
  check(options, optimizer, comm.size());
  if (on_device) check_on_device(options);
  if (options.bucket_bytes) return {.bytes = *options.bucket_bytes, .reason = "given"};
  if (options.compression != "none") return {.reason = "the default with compression"};
  if (on_device) return {.reason = "the default on GPUs"};
  std::size_t elements = 0;
  for (const ParameterSpec& parameter : parameters)
    elements += element_count(parameter.shape);
  return grad::measure_bucket_size(comm, elements * sizeof(float));
}

}  // namespace

void check_on_device(const Session::Options& options) {
  if (options.sharding == grad::Sharding::zero2)
    throw ConfigError(
        "sharding zero2 on a GPU: not built yet. Choose zero1, which shards the optimizer's state, "
        "or none");
}

void check(const Session::Options& options, const optim::Optimizer& optimizer, int ranks) {
  precision::check(options.precision);
  grad::check_lanes(ranks, options.lanes);
  grad::check_compression(options.compression, options.reduction, options.sharding);
  check_bounds(options);
  check_sharding(options, optimizer);
  static_cast<void>(make_scaler(options));
  static_cast<void>(StepHealth(options.health));
}

Session::Session(comm::Communicator& comm, std::span<const ParameterSpec> parameters,
                 std::unique_ptr<optim::Optimizer> optimizer, const Options& options)
    : comm_(comm),
      options_(options),
      optimizer_(std::move(optimizer)),
      rule_(*optimizer_),
      bucket_size_(checked_bucket_size(comm, parameters, rule_, options, false)),
      arena_({parameters.begin(), parameters.end()},
             {.bucket_bytes = bucket_size_.bytes,
              .share_values = options.sharding != grad::Sharding::none,
              .with_copy = options.precision.has_copy()},
             comm),
      views_(arena_.views()),
      compressor_(make_compressor(options, arena_.layout())),
      sum_(arena_, comm, options.lanes, options.reduction, options.sharding, compressor_.get()),
      update_(std::make_unique<HostUpdate>(
          arena_, comm, sum_, rule_,
          HostUpdate::Options{.statistic_momentum = options.statistic_momentum,
                              .one_pass = options.one_pass,
                              .gather_in_step = options.gather == Gather::in_step})),
      scaler_(make_scaler(options)),
      health_(options.health) {}

Session::Session(comm::Communicator& comm, std::span<const ParameterSpec> parameters,
                 std::unique_ptr<optim::DeviceOptimizer> optimizer, const Options& options,
                 const DeviceSite& site)
    : comm_(comm),
      options_(options),
      device_optimizer_(std::move(optimizer)),
      rule_(device_optimizer_->rule()),
      bucket_size_(checked_bucket_size(comm, parameters, rule_, options, true)),
      arena_({parameters.begin(), parameters.end()},
             {.bucket_bytes = bucket_size_.bytes,
              .with_copy = options.precision.has_copy(),
              .with_grads = false},
             comm),
      views_(arena_.views()),
      compressor_(make_compressor(options, arena_.layout())),
      device_(std::make_unique<DeviceState>(
          site, arena_, rule_, options.sharding != grad::Sharding::none && comm.size() > 1)),
      device_compressor_(grad::make_device_compressor(
          options.compression, options.compression_options, arena_.layout(), device_->gradients())),
      device_views_(device_->views()),
      sum_(arena_.layout(), device_->gradients(), comm, options.lanes, options.reduction,
           options.sharding, device_compressor_.get()),
      update_(std::make_unique<DeviceUpdate>(
          arena_, *device_, *device_optimizer_,
          DeviceUpdate::Options{.statistic_momentum = options.statistic_momentum,
                                .gather_in_step = options.gather == Gather::in_step})),
      scaler_(make_scaler(options)),
      health_(options.health) {}

Session::~Session() = default;

std::span<const ParameterView> Session::parameters() {
  finish_parameters();
  return views_;
}

grad::Arena& Session::arena() {
  finish_parameters();
  return arena_;
}

void Session::wait_for_parameter(std::size_t parameter) {
  update_->finish(arena_.layout().parameter(parameter));
}

void Session::finish_parameters() {
  update_->finish({0, arena_.layout().elements()});
  update_->fetch();
}

void Session::ready(std::size_t parameter) {
  if (update_->is_under_way(arena_.layout().parameter(parameter)))
    throw UsageError(fmt::format(
        "ready() for parameter '{}', whose values were still on their way: with Gather::in_forward "
        "call wait_for_parameter() before a layer reads them",
        arena_.specs()[parameter].name));
  sum_.ready(parameter);
}

void Session::synchronize() {
  fetch_state();
  comm::broadcast(comm_, arena_.values(), 0);
  take_state();
}

bool Session::is_one_pass() const noexcept {
  return update_->is_one_pass();
}

OptimizerState& Session::optimizer_state() {
  return update_->state();
}

grad::Compressor* Session::compressor() {
  if (device_compressor_) device_compressor_->fetch(*compressor_);
  return compressor_.get();
}

StepResult Session::step(float lr, bool stop_wanted) {
  update_->prepare();
  const grad::StepSums sums = sum_.finish(stop_wanted);
  StepResult result{.weight = sums.weight, .applied = false, .stop = sums.stop};
  grad_norms_.assign(arena_.specs().size(), 0.0);
  if (sums.weight == 0) return result;
  if (!sums.complete && options_.unannounced == Unannounced::error) refuse_unannounced();
  result.loss = sums.loss / sums.weight;
  result.accuracy = sums.correct / sums.weight;
  divisor_ = sums.weight * static_cast<double>(scaler_.scale());
  if (!std::isfinite(static_cast<float>(1 / divisor_) + static_cast<float>(1 / sums.weight)))
    throw UsageError(
        fmt::format("the weights of a step add up to {}: their inverse must be finite in f32, give "
                    "lanes larger weights",
                    sums.weight));
  for (std::size_t i = 0; i < grad_norms_.size(); ++i)
    grad_norms_[i] = std::sqrt(sum_.squares()[i]) / divisor_;
  result.grad_norm = std::sqrt(squared_norm()) / divisor_;
  result.clipped = result.grad_norm > options_.clip_norm;

  // Every rank reads the same sums, so every rank comes to the same verdicts.
  if (is_overflow(result)) {
    result.applied = update_loss_scale(true);
    return result;
  }
  judge(result);
  const bool finite = std::isfinite(result.loss) && std::isfinite(result.grad_norm);
  result.applied = finite && !(result.bad && options_.bad_step == BadStep::skip);
  if (!result.applied) return result;
  result.applied = update_loss_scale(false);
  ++applied_steps_;
  const telemetry::TraceSpan span(telemetry::Activity::optimizer);
  update_->apply(context_of(result, lr), static_cast<float>(1.0 / sums.weight));
  return result;
}

bool Session::is_overflow(const StepResult& result) const {
  return options_.precision.scales_loss() && scaler_.scale() > options_.loss_scale.min &&
         !std::isfinite(result.grad_norm);
}

bool Session::update_loss_scale(bool overflowed) {
  const float before = scaler_.scale();
  const bool applies = scaler_.update(overflowed);
  // Residuals are gradients that wait, in the scale of the steps that they come from.
  const float factor = scaler_.scale() / before;
  if (factor == 1) return applies;
  if (device_compressor_)
    device_compressor_->rescale(factor);
  else if (compressor_)
    compressor_->rescale(factor);
  return applies;
}

void Session::refuse_unannounced() {
  std::vector<std::string_view> names;
  for (const std::size_t parameter : sum_.unannounced())
    names.push_back(arena_.specs()[parameter].name);
  if (names.empty()) return;
  throw AgreedError(
      ExitCode::internal,
      fmt::format("no lane of any rank announced the gradient of {} after {} steps: nothing was "
                  "updated. Call ready() for every parameter in at least one lane of a step, or, "
                  "if steps may leave layers out, choose Session::Options::unannounced = "
                  "Unannounced::zero",
                  quoted(std::move(names), 8), applied_steps_));
}

void Session::judge(StepResult& result) {
  const std::string problem = health_.judge(result.loss, result.grad_norm);
  result.bad = !problem.empty();
  if (!result.bad || options_.bad_step != BadStep::abort) return;
  const std::string where = describe_non_finite();
  throw AgreedError(
      ExitCode::numeric_failure,
      fmt::format("{} after {} steps: nothing was updated. Lower the learning rate, look for "
                  "unusual input, or let such steps pass (--bad-step skip)",
                  where.empty() ? problem : where, applied_steps_));
}

optim::StepContext Session::context_of(const StepResult& result, float lr) const {
  const double clip = result.clipped ? options_.clip_norm / result.grad_norm : 1.0;
  return {.step = applied_steps_,
          .lr = lr,
          .grad_scale = static_cast<float>(clip / divisor_),
          .clip_value = options_.clip_value,
          .rounding_seed = rounding_seed()};
}

std::optional<std::uint64_t> Session::rounding_seed() const {
  if (options_.precision.rounding == precision::Rounding::nearest) return std::nullopt;
  return options_.rounding_seed;
}

/// To the host's memory, from wherever it is.
void Session::fetch_state() {
  finish_parameters();
  static_cast<void>(update_->state());
  static_cast<void>(compressor());
}

/// As the last step that was applied left it.
void Session::take_state() {
  if (!arena_.copy().empty())
    precision::round_to_copy(arena_.values(), arena_.copy(),
                             {.seed = rounding_seed(), .step = applied_steps_});
  update_->changed();
  if (device_compressor_) device_compressor_->send(*compressor_);
}

/// As parameters lie in the arena. Running averages add nothing, but what is not finite in them
/// makes the sum NaN.
double Session::squared_norm() const {
  std::vector<double> squares;
  for (std::size_t i = arena_.specs().size(); i-- > 0;) {
    const bool statistic = arena_.specs()[i].role == ParameterRole::statistic;
    squares.push_back((statistic ? 0.0 : 1.0) * sum_.squares()[i]);
  }
  return precision::strided_sum(std::span<const double>(squares));
}

double Session::grad_norm(std::size_t parameter) const {
  require(parameter < arena_.specs().size(), "grad_norm() of a parameter that does not exist");
  return grad_norms_.empty() ? 0.0 : grad_norms_[parameter];
}

/// Whose gradients are not finite; empty if all are.
std::string Session::describe_non_finite() const {
  std::vector<std::string_view> names;
  for (std::size_t i = arena_.specs().size(); i-- > 0;)
    if (!std::isfinite(sum_.squares()[i])) names.push_back(arena_.specs()[i].name);
  if (names.empty()) return {};
  return fmt::format("the gradient sum of {} is not finite", quoted(std::move(names), 4));
}

Memory Session::memory() {
  const auto resident = [](auto memory) { return resident_bytes(std::as_bytes(memory)); };
  std::size_t compression = 0;
  if (compressor_) {
    for (const grad::StateTensor& tensor : compressor_->state())
      compression += resident(tensor.values);
  }
  return {.values = resident(arena_.values()),
          .copy = resident(arena_.copy()),
          .gradients = sum_.gradient_bytes(),
          .shards = sum_.is_sharded() ? resident(sum_.reduced()) : 0,
          .slots = update_->state().resident_bytes(),
          .partial_sums = sum_.partial_sum_bytes(),
          .compression = compression,
          .device = sum_.device_bytes() + update_->device_bytes() +
                    (device_compressor_ ? device_compressor_->device_bytes() : 0)};
}

void Session::check(const Counters& counters) const {
  precision::LossScaler(scaler_).restore(counters.scaler);
  StepHealth(health_).restore(counters.health);
}

void Session::restore(const Counters& counters) {
  check(counters);
  fetch_state();
  applied_steps_ = counters.applied_steps;
  scaler_.restore(counters.scaler);
  health_.restore(counters.health);
  take_state();
}

}  // namespace rondo::train
