// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "nn/cpu/kernels/norm_pool.hpp"

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include "nn/cpu/bound_parameter.hpp"
#include "nn/cpu/operation.hpp"
#include "nn/cpu/plane_layout.hpp"
#include "nn/cpu/stage.hpp"

namespace rondo::nn::cpu {
namespace {

using dnnl::memory;

kernel::MaxPoolShape shape_of(const ResolvedLayer& layer, std::size_t channels) {
  const auto& pool = std::get<MaxPool>(layer.layer);
  return {.height = layer.input.height,
          .width = layer.input.width,
          .out_height = layer.output.height,
          .out_width = layer.output.width,
          .channels = channels,
          .kernel = pool.kernel,
          .stride = pool.stride,
          .padding = pool.padding};
}

bfloat16* elements(const memory& m) {
  return static_cast<bfloat16*>(m.get_data_handle());
}

/// Sums over planes are those of (images, channels) numbers, in f64 and in the order of the images:
/// the same for any number of threads.
class NormPoolStage final : public Stage {
 public:
  NormPoolStage(PlanContext& context, const ResolvedLayer& norm, const ResolvedLayer& pool,
                const Edge& input, const PlaneLayout& layout)
      : views_(context.views.subspan(norm.first_parameter, norm.parameter_count)),
        epsilon_(std::get<BatchNorm>(norm.layer).epsilon),
        shape_(shape_of(pool, layout.channels)),
        planes_(layout.planes),
        channels_(norm.input.channels),
        samples_(context.batch_size * norm.input.height * norm.input.width),
        trains_(context.trains()),
        input_(input),
        mean_(channels_),
        variance_(channels_),
        scale_(channels_),
        shift_(channels_) {
    const memory::desc output(context.dims(pool.output), memory::data_type::bf16, layout.tag);
    output_ = context.make_edge(pool.output, output, true);
    forward_ = Operation("rondo:norm-pool", [this] { run_forward(); });
    if (!trains_) return;
    positions_.resize(planes_ * shape_.outputs());
    first_parts_.resize(context.batch_size * channels_);
    second_parts_.resize(first_parts_.size());
    sums_.resize(channels_);
    products_.resize(channels_);
    slope_.resize(channels_);
    offset_.resize(channels_);
    backward_ = Operation("rondo:norm-pool", [this] { run_backward(); });
  }

  void forward() override { run_forward(); }

  void backward(double weight) override {
    run_backward();
    for (std::size_t c = 0; c < channels_; ++c) {
      views_[0].grad[c] += static_cast<float>(products_[c] * inverse_deviation(c));
      views_[1].grad[c] += static_cast<float>(sums_[c]);
    }
    add_statistics(views_, mean_.data(), variance_.data(), samples_, weight);
  }

  std::vector<StageKernel> kernels() const override {
    return {{"forward", &forward_}, {"backward", &backward_}};
  }

 private:
  /// Of a plane's channels among all.
  std::size_t first_channel(std::size_t plane) const { return plane * shape_.channels % channels_; }
  std::size_t images() const { return planes_ * shape_.channels / channels_; }
  double inverse_deviation(std::size_t c) const {
    return 1 / std::sqrt(static_cast<double>(variance_[c]) + static_cast<double>(epsilon_));
  }

  /// `sums` of the images' parts, by channel.
  template <class Part>
  void add_images(std::vector<double>& sums, const Part& part) const {
    std::ranges::fill(sums, 0.0);
    for (std::size_t n = 0; n < images(); ++n)
      for (std::size_t c = 0; c < channels_; ++c)
        sums[c] += part(n * channels_ + c, c);
  }
  static auto part_of(const std::vector<float>& parts) {
    return [&parts](std::size_t i, std::size_t) { return static_cast<double>(parts[i]); };
  }

  void measure() {
#pragma omp parallel for
    for (std::size_t i = 0; i < planes_; ++i)
      kernel::measure_plane(shape_, elements(input_.value) + i * shape_.inputs(),
                            first_parts_.data() + i * shape_.channels,
                            second_parts_.data() + i * shape_.channels);
    const auto pixels = static_cast<double>(shape_.height * shape_.width);
    const auto image_count = static_cast<double>(images());
    add_images(sums_, part_of(first_parts_));
    add_images(products_, [&](std::size_t i, std::size_t c) {
      const double distance = static_cast<double>(first_parts_[i]) - sums_[c] / image_count;
      return static_cast<double>(second_parts_[i]) + pixels * distance * distance;
    });
    for (std::size_t c = 0; c < channels_; ++c) {
      mean_[c] = static_cast<float>(sums_[c] / image_count);
      variance_[c] = static_cast<float>(products_[c] / static_cast<double>(samples_));
    }
  }

  void take_running_statistics() {
    mean_.assign(views_[2].value.begin(), views_[2].value.end());
    variance_.assign(views_[3].value.begin(), views_[3].value.end());
  }

  void run_forward() {
    if (trains_)
      measure();
    else
      take_running_statistics();
    for (std::size_t c = 0; c < channels_; ++c) {
      const double scale = static_cast<double>(views_[0].value[c]) * inverse_deviation(c);
      scale_[c] = static_cast<float>(scale);
      shift_[c] = static_cast<float>(static_cast<double>(views_[1].value[c]) -
                                     static_cast<double>(mean_[c]) * scale);
    }
#pragma omp parallel for
    for (std::size_t i = 0; i < planes_; ++i)
      kernel::normalise_and_pool(shape_, elements(input_.value) + i * shape_.inputs(),
                                 scale_.data() + first_channel(i), shift_.data() + first_channel(i),
                                 elements(output_.value) + i * shape_.outputs(),
                                 trains_ ? positions(i) : nullptr);
  }

  void run_backward() {
    sum_diffs();
    // Of the mean's and the variance's part in the gradient.
    const auto samples = static_cast<double>(samples_);
    for (std::size_t c = 0; c < channels_; ++c) {
      const double scale = static_cast<double>(scale_[c]) / samples;
      const double inverse = inverse_deviation(c);
      const double slope = -scale * inverse * inverse * products_[c];
      slope_[c] = static_cast<float>(slope);
      offset_[c] = static_cast<float>(-scale * sums_[c] - slope * static_cast<double>(mean_[c]));
    }
    if (!input_.has_diff()) return;
#pragma omp parallel for
    for (std::size_t i = 0; i < planes_; ++i)
      kernel::norm_pool_backward(shape_, elements(input_.value) + i * shape_.inputs(),
                                 scale_.data() + first_channel(i), slope_.data() + first_channel(i),
                                 offset_.data() + first_channel(i), positions(i),
                                 elements(output_.diff) + i * shape_.outputs(),
                                 elements(input_.diff) + i * shape_.inputs());
  }

  void sum_diffs() {
#pragma omp parallel for
    for (std::size_t i = 0; i < planes_; ++i)
      kernel::sum_norm_pool_diffs(
          shape_, elements(input_.value) + i * shape_.inputs(), mean_.data() + first_channel(i),
          positions(i), elements(output_.diff) + i * shape_.outputs(),
          first_parts_.data() + i * shape_.channels, second_parts_.data() + i * shape_.channels);
    add_images(sums_, part_of(first_parts_));
    add_images(products_, part_of(second_parts_));
  }

  std::uint8_t* positions(std::size_t plane) {
    return positions_.data() + plane * shape_.outputs();
  }

  std::span<const ParameterView> views_;  ///< scale, shift, running mean, running variance
  float epsilon_;
  kernel::MaxPoolShape shape_;
  std::size_t planes_;
  std::size_t channels_;  ///< of an image
  std::size_t samples_;   ///< values per channel
  bool trains_;
  Edge input_;
  // By channel.
  std::vector<float> mean_;
  std::vector<float> variance_;
  std::vector<float> scale_;
  std::vector<float> shift_;
  std::vector<float> slope_;
  std::vector<float> offset_;
  std::vector<double> sums_;      ///< of the images, or of what came back
  std::vector<double> products_;  ///< of squares, or of that with distances from the mean
  // By image and channel.
  std::vector<float> first_parts_;
  std::vector<float> second_parts_;
  std::vector<std::uint8_t> positions_;  ///< where each output's value is in its window
  Operation forward_;
  Operation backward_;
};

}  // namespace

StagePointer make_norm_pool(PlanContext& context, const ResolvedLayer& norm,
                            const ResolvedLayer& pool, const Edge& input) {
  const auto layout = PlaneLayout::of(input.value.get_desc());
  if (!layout || context.type() != memory::data_type::bf16 ||
      norm.input.channels % layout->channels != 0 ||
      !kernel::can_norm_pool(shape_of(pool, layout->channels)))
    return nullptr;
  return std::make_unique<NormPoolStage>(context, norm, pool, input, *layout);
}

}  // namespace rondo::nn::cpu
