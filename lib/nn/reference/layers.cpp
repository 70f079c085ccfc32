// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "nn/reference/layers.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <optional>

namespace rondo::nn::reference {
namespace {

/// Adds in f64 and rounds once, when `store` adds the sums to f32 gradients.
class Sums {
 public:
  explicit Sums(std::size_t count) : values_(count) {}
  double& operator[](std::size_t i) { return values_[i]; }
  void add_to(std::span<float> gradient) const {
    for (std::size_t i = 0; i < gradient.size(); ++i)
      gradient[i] = static_cast<float>(double{gradient[i]} + values_[i]);
  }
  void write_to(std::span<float> result) const {
    for (std::size_t i = 0; i < result.size(); ++i)
      result[i] = static_cast<float>(values_[i]);
  }

 private:
  std::vector<double> values_;
};

/// Calls f(n, c, h, w) for every element of `tensor`.
template <class F>
void for_each_element(const Tensor& tensor, F f) {
  for (std::size_t n = 0; n < tensor.batch_size; ++n)
    for (std::size_t c = 0; c < tensor.shape.channels; ++c)
      for (std::size_t h = 0; h < tensor.shape.height; ++h)
        for (std::size_t w = 0; w < tensor.shape.width; ++w)
          f(n, c, h, w);
}

class Convolution final : public LayerFunction {
 public:
  Convolution(const ResolvedLayer& layer, std::span<const ParameterView> views)
      : conv_(std::get<Conv2d>(layer.layer)), layer_(layer), views_(views) {}

  Tensor forward(const Tensor& input, const Pass&) override {
    Tensor output(input.batch_size, layer_.output);
    for_each_element(output, [&](auto n, auto o, auto h, auto w) {
      double sum = conv_.bias ? double{views_[1].value[o]} : 0.0;
      for_each_tap(h, w, [&](auto c, auto kh, auto kw, auto ih, auto iw) {
        sum += double{input.at(n, c, ih, iw)} * double{views_[0].value[weight_index(o, c, kh, kw)]};
      });
      output.at(n, o, h, w) = static_cast<float>(sum);
    });
    return output;
  }

  Tensor backward(const Tensor& input, const Tensor& output_diff, double) override {
    Tensor input_diff(input.batch_size, layer_.input);
    Sums input_sums(input.values.size());
    Sums weight_sums(views_[0].grad.size());
    Sums bias_sums(conv_.out_channels);
    for_each_element(output_diff, [&](auto n, auto o, auto h, auto w) {
      const double diff = output_diff.at(n, o, h, w);
      bias_sums[o] += diff;
      for_each_tap(h, w, [&](auto c, auto kh, auto kw, auto ih, auto iw) {
        const auto weight = weight_index(o, c, kh, kw);
        weight_sums[weight] += diff * double{input.at(n, c, ih, iw)};
        input_sums[input.index(n, c, ih, iw)] += diff * double{views_[0].value[weight]};
      });
    });
    weight_sums.add_to(views_[0].grad);
    if (conv_.bias) bias_sums.add_to(views_[1].grad);
    input_sums.write_to(input_diff.values);
    return input_diff;
  }

 private:
  std::size_t weight_index(std::size_t o, std::size_t c, std::size_t kh, std::size_t kw) const {
    return ((o * layer_.input.channels + c) * conv_.kernel + kh) * conv_.kernel + kw;
  }

  /// Calls f(channel, kernel row, kernel column, input row, input column) for the inputs that
  /// output (h, w) sees.
  template <class F>
  void for_each_tap(std::size_t h, std::size_t w, F f) const {
    for (std::size_t c = 0; c < layer_.input.channels; ++c) {
      for (std::size_t kh = 0; kh < conv_.kernel; ++kh) {
        for (std::size_t kw = 0; kw < conv_.kernel; ++kw) {
          // Rows and columns of the padded input; what lies in the padding is 0.
          const std::size_t row = h * conv_.stride + kh;
          const std::size_t column = w * conv_.stride + kw;
          if (row < conv_.padding || row >= conv_.padding + layer_.input.height) continue;
          if (column < conv_.padding || column >= conv_.padding + layer_.input.width) continue;
          f(c, kh, kw, row - conv_.padding, column - conv_.padding);
        }
      }
    }
  }

  Conv2d conv_;
  ResolvedLayer layer_;
  std::span<const ParameterView> views_;
};

class LinearFunction final : public LayerFunction {
 public:
  LinearFunction(const ResolvedLayer& layer, std::span<const ParameterView> views)
      : has_bias_(std::get<Linear>(layer.layer).bias),
        inputs_(layer.input.elements()),
        outputs_(layer.output.channels),
        layer_(layer),
        views_(views) {}

  Tensor forward(const Tensor& input, const Pass&) override {
    Tensor output(input.batch_size, layer_.output);
    for (std::size_t n = 0; n < input.batch_size; ++n) {
      for (std::size_t o = 0; o < outputs_; ++o) {
        double sum = has_bias_ ? double{views_[1].value[o]} : 0.0;
        for (std::size_t i = 0; i < inputs_; ++i)
          sum += double{views_[0].value[o * inputs_ + i]} * double{input.values[n * inputs_ + i]};
        output.values[n * outputs_ + o] = static_cast<float>(sum);
      }
    }
    return output;
  }

  Tensor backward(const Tensor& input, const Tensor& output_diff, double) override {
    Tensor input_diff(input.batch_size, layer_.input);
    Sums input_sums(input.values.size());
    Sums weight_sums(views_[0].grad.size());
    Sums bias_sums(outputs_);
    for (std::size_t n = 0; n < input.batch_size; ++n) {
      for (std::size_t o = 0; o < outputs_; ++o) {
        const double diff = output_diff.values[n * outputs_ + o];
        bias_sums[o] += diff;
        for (std::size_t i = 0; i < inputs_; ++i) {
          weight_sums[o * inputs_ + i] += diff * double{input.values[n * inputs_ + i]};
          input_sums[n * inputs_ + i] += diff * double{views_[0].value[o * inputs_ + i]};
        }
      }
    }
    weight_sums.add_to(views_[0].grad);
    if (has_bias_) bias_sums.add_to(views_[1].grad);
    input_sums.write_to(input_diff.values);
    return input_diff;
  }

 private:
  bool has_bias_;
  std::size_t inputs_;
  std::size_t outputs_;
  ResolvedLayer layer_;
  std::span<const ParameterView> views_;
};

class BatchNormFunction final : public LayerFunction {
 public:
  BatchNormFunction(const ResolvedLayer& layer, std::span<const ParameterView> views)
      : epsilon_(std::get<BatchNorm>(layer.layer).epsilon), views_(views) {}

  Tensor forward(const Tensor& input, const Pass& pass) override {
    set_statistics(input, pass.mode);
    Tensor output(input.batch_size, input.shape);
    for_each_element(input, [&](auto n, auto c, auto h, auto w) {
      output.at(n, c, h, w) = static_cast<float>(
          normalised(input, n, c, h, w) * double{views_[0].value[c]} + double{views_[1].value[c]});
    });
    return output;
  }

  Tensor backward(const Tensor& input, const Tensor& output_diff, double weight) override {
    Sums scale_sums(mean_.size());
    Sums shift_sums(mean_.size());
    for_each_element(input, [&](auto n, auto c, auto h, auto w) {
      const double diff = output_diff.at(n, c, h, w);
      scale_sums[c] += diff * normalised(input, n, c, h, w);
      shift_sums[c] += diff;
    });
    scale_sums.add_to(views_[0].grad);
    shift_sums.add_to(views_[1].grad);
    add_statistics(input, weight);

    Tensor input_diff(input.batch_size, input.shape);
    const double count = values_per_channel(input);
    for_each_element(input, [&](auto n, auto c, auto h, auto w) {
      const double centred = double{output_diff.at(n, c, h, w)} - shift_sums[c] / count -
                             normalised(input, n, c, h, w) * scale_sums[c] / count;
      input_diff.at(n, c, h, w) =
          static_cast<float>(double{views_[0].value[c]} * inverse_deviation(c) * centred);
    });
    return input_diff;
  }

 private:
  static double values_per_channel(const Tensor& input) {
    return static_cast<double>(input.batch_size * input.shape.height * input.shape.width);
  }

  void set_statistics(const Tensor& input, Mode mode) {
    mean_.assign(views_[2].value.begin(), views_[2].value.end());
    variance_.assign(views_[3].value.begin(), views_[3].value.end());
    if (mode == Mode::evaluate) return;
    mean_.assign(mean_.size(), 0.0);
    variance_.assign(variance_.size(), 0.0);
    const double count = values_per_channel(input);
    for_each_element(input, [&](auto n, auto c, auto h, auto w) {
      mean_[c] += double{input.at(n, c, h, w)} / count;
    });
    for_each_element(input, [&](auto n, auto c, auto h, auto w) {
      const double distance = double{input.at(n, c, h, w)} - mean_[c];
      variance_[c] += distance * distance / count;
    });
  }

  void add_statistics(const Tensor& input, double weight) {
    const double count = values_per_channel(input);
    const double correction = count > 1 ? count / (count - 1) : 1.0;
    for (std::size_t c = 0; c < mean_.size(); ++c) {
      views_[2].grad[c] += static_cast<float>(weight * mean_[c]);
      views_[3].grad[c] += static_cast<float>(weight * correction * variance_[c]);
    }
  }

  double inverse_deviation(std::size_t c) const {
    return 1.0 / std::sqrt(variance_[c] + double{epsilon_});
  }
  double normalised(const Tensor& input, std::size_t n, std::size_t c, std::size_t h,
                    std::size_t w) const {
    return (double{input.at(n, c, h, w)} - mean_[c]) * inverse_deviation(c);
  }

  float epsilon_;
  std::span<const ParameterView> views_;  ///< scale, shift, running mean, running variance
  std::vector<double> mean_;
  std::vector<double> variance_;
};

class ReluFunction final : public LayerFunction {
 public:
  Tensor forward(const Tensor& input, const Pass&) override {
    Tensor output = input;
    for (float& value : output.values)
      value = value > 0 ? value : 0.0F;
    return output;
  }

  Tensor backward(const Tensor& input, const Tensor& output_diff, double) override {
    Tensor input_diff = output_diff;
    for (std::size_t i = 0; i < input.values.size(); ++i)
      if (!(input.values[i] > 0)) input_diff.values[i] = 0.0F;
    return input_diff;
  }
};

/// What a pool sees of its input at once, and how it moves.
struct Window {
  std::size_t height;
  std::size_t width;
  std::size_t stride = 1;
  std::size_t padding = 0;

  double size() const { return static_cast<double>(height * width); }
};

/// Calls f(h, w) for the inputs that output (out_h, out_w) sees.
template <class F>
void for_each_in_window(const Window& window, const ImageShape& input, std::size_t out_h,
                        std::size_t out_w, F f) {
  for (std::size_t kh = 0; kh < window.height; ++kh) {
    for (std::size_t kw = 0; kw < window.width; ++kw) {
      // Below 0 wraps around and is too large as well.
      const std::size_t h = out_h * window.stride + kh - window.padding;
      const std::size_t w = out_w * window.stride + kw - window.padding;
      if (h < input.height && w < input.width) f(h, w);
    }
  }
}

/// Of several equal largest values the first one, row by row, gets the gradient; of several NaNs,
/// which count as larger, the last one.
class MaxPoolFunction final : public LayerFunction {
 public:
  MaxPoolFunction(const Window& window, const ImageShape& output)
      : window_(window), output_shape_(output) {}

  Tensor forward(const Tensor& input, const Pass&) override {
    Tensor output(input.batch_size, output_shape_);
    for_each_element(output, [&](auto n, auto c, auto h, auto w) {
      output.at(n, c, h, w) = input.values[largest(input, n, c, h, w)];
    });
    return output;
  }

  Tensor backward(const Tensor& input, const Tensor& output_diff, double) override {
    Tensor input_diff(input.batch_size, input.shape);
    for_each_element(output_diff, [&](auto n, auto c, auto h, auto w) {
      input_diff.values[largest(input, n, c, h, w)] += output_diff.at(n, c, h, w);
    });
    return input_diff;
  }

 private:
  std::size_t largest(const Tensor& input, std::size_t n, std::size_t c, std::size_t out_h,
                      std::size_t out_w) const {
    std::optional<std::size_t> best;
    for_each_in_window(window_, input.shape, out_h, out_w, [&](auto h, auto w) {
      const std::size_t i = input.index(n, c, h, w);
      if (!best || takes_place(input.values[i], input.values[*best])) best = i;
    });
    return best.value();
  }

  static bool takes_place(float value, float largest) {
    return value > largest || std::isnan(value);
  }

  Window window_;
  ImageShape output_shape_;
};

class AveragePoolFunction final : public LayerFunction {
 public:
  AveragePoolFunction(const Window& window, const ImageShape& output)
      : window_(window), output_shape_(output) {}

  Tensor forward(const Tensor& input, const Pass&) override {
    Tensor output(input.batch_size, output_shape_);
    for_each_element(output, [&](auto n, auto c, auto h, auto w) {
      double sum = 0;
      for_each_in_window(window_, input.shape, h, w,
                         [&](auto ih, auto iw) { sum += double{input.at(n, c, ih, iw)}; });
      output.at(n, c, h, w) = static_cast<float>(sum / window_.size());
    });
    return output;
  }

  Tensor backward(const Tensor& input, const Tensor& output_diff, double) override {
    Tensor input_diff(input.batch_size, input.shape);
    Sums sums(input.values.size());
    for_each_element(output_diff, [&](auto n, auto c, auto h, auto w) {
      const double share = double{output_diff.at(n, c, h, w)} / window_.size();
      for_each_in_window(window_, input.shape, h, w,
                         [&](auto ih, auto iw) { sums[input.index(n, c, ih, iw)] += share; });
    });
    sums.write_to(input_diff.values);
    return input_diff;
  }

 private:
  Window window_;
  ImageShape output_shape_;
};

class DropoutFunction final : public LayerFunction {
 public:
  explicit DropoutFunction(const ResolvedLayer& layer)
      : probability_(std::get<Dropout>(layer.layer).probability), layer_index_(layer.index) {}

  Tensor forward(const Tensor& input, const Pass& pass) override {
    if (pass.mode == Mode::evaluate) return input;
    mask_.resize(input.values.size());
    draw_dropout_mask(pass.dropout, layer_index_, probability_, mask_);
    return masked(input);
  }

  Tensor backward(const Tensor&, const Tensor& output_diff, double) override {
    return masked(output_diff);
  }

 private:
  Tensor masked(Tensor tensor) const {
    for (std::size_t i = 0; i < mask_.size(); ++i)
      tensor.values[i] *= mask_[i];
    return tensor;
  }

  float probability_;
  std::size_t layer_index_;
  std::vector<float> mask_;
};

struct LayerMaker {
  const ResolvedLayer& layer;
  std::span<const ParameterView> views;

  using Result = std::unique_ptr<LayerFunction>;
  Result operator()(const Conv2d&) const { return std::make_unique<Convolution>(layer, views); }
  Result operator()(const Linear&) const { return std::make_unique<LinearFunction>(layer, views); }
  Result operator()(const BatchNorm&) const {
    return std::make_unique<BatchNormFunction>(layer, views);
  }
  Result operator()(const Relu&) const { return std::make_unique<ReluFunction>(); }
  Result operator()(const MaxPool& pool) const {
    const Window window{pool.kernel, pool.kernel, pool.stride, pool.padding};
    return std::make_unique<MaxPoolFunction>(window, layer.output);
  }
  Result operator()(const AveragePool& pool) const {
    const Window window{pool.kernel, pool.kernel, pool.stride};
    return std::make_unique<AveragePoolFunction>(window, layer.output);
  }
  Result operator()(const GlobalAveragePool&) const {
    const Window window{layer.input.height, layer.input.width};
    return std::make_unique<AveragePoolFunction>(window, layer.output);
  }
  Result operator()(const Dropout&) const { return std::make_unique<DropoutFunction>(layer); }
  Result operator()(const Add&) const { return nullptr; }
};

}  // namespace

Tensor& Tensor::operator+=(const Tensor& other) {
  if (values.empty()) return *this = other;
  std::transform(values.begin(), values.end(), other.values.begin(), values.begin(),
                 std::plus<float>());
  return *this;
}

std::unique_ptr<LayerFunction> make_layer(const ResolvedLayer& layer,
                                          std::span<const ParameterView> views) {
  return std::visit(LayerMaker{layer, views}, layer.layer);
}

}  // namespace rondo::nn::reference
