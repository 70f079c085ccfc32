// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// Compressors of gradients on a GPU against the CPU's, on some ranks: the same bits, step by step.
#include <cmath>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "rondo/base/error.hpp"
#include "rondo/base/philox.hpp"
#include "rondo/comm/inproc.hpp"
#include "rondo/grad/device_compression.hpp"

#include "support/gpu_arrays.hpp"
#include "support/rank_devices.hpp"

namespace rondo::grad {
namespace {

constexpr std::string_view methods[] = {"bf16", "f16", "int8", "topk", "powersgd"};

std::vector<ParameterSpec> mixed_specs() {
  return {{"dense", {64, 48}},
          {"bias", {67}, ParameterRole::bias},
          {"running", {21}, ParameterRole::statistic},
          {"convolution", {31, 3, 5, 3}},
          {"one", {1}}};
}

/// Matrices of some slices and strips, one whose gradients are zero, and one that overflows.
std::vector<ParameterSpec> matrix_specs() {
  return {{"tall", {260, 40}}, {"idle", {24, 24}}, {"wide", {20, 300}}, {"overflow", {64, 48}}};
}

/// Numbers of one column of which f32 holds a product with a factor, but not the sum over the rows.
void make_overflow(const ParameterSpec& spec, std::span<float> gradient) {
  for (std::size_t i = 7; i < gradient.size(); i += spec.shape[1])
    gradient[i] = 1.5e38F;
}

/// What `rank` adds in `step`. What is summed exactly is so in any order of the ranks; in step 3
/// one rank has something that is not finite.
std::vector<float> gradient_of(const Layout& layout, int rank, std::uint64_t step) {
  std::vector<float> gradient(layout.elements());
  const Philox random(step + 1, RandomPurpose::initialize, static_cast<std::uint32_t>(rank));
  for (std::size_t p = 0; p < layout.specs().size(); ++p) {
    const ParameterSpec& spec = layout.specs()[p];
    const bool weight = spec.role == ParameterRole::weight;
    const ElementRange range = layout.parameter(p);
    if (spec.name == "idle") continue;
    for (std::size_t i = range.begin; i < range.end; ++i) {
      const float uniform = Philox::uniform(random.block(i)[0]) - 0.5F;
      gradient[i] = weight ? uniform * uniform * uniform + 0.01F : std::round(uniform * 64) / 64;
    }
    if (spec.name == "overflow" && step == 2 && rank == 0)
      make_overflow(spec, std::span(gradient).subspan(range.begin, range.size()));
  }
  if (step == 3 && rank == 0) gradient[layout.parameter(0).begin + 5] = INFINITY;
  gradient[layout.trailer()] = static_cast<float>(rank + 1);
  return gradient;
}

struct Setting {
  std::string_view method;
  std::size_t bucket_bytes;
  CompressionOptions options = {.block = 24, .fraction = 0.05, .warmup_steps = 4};
  std::vector<ParameterSpec> specs = mixed_specs();

  std::string text() const {
    return std::string(method) + ", buckets of " + std::to_string(bucket_bytes) + " bytes";
  }
};

/// A rank's compressors of both kinds.
class Rank {
 public:
  Rank(comm::Communicator& host, const Setting& setting)
      : host_(host),
        setting_(setting),
        layout_(setting.specs, {.bucket_bytes = setting.bucket_bytes, .ranks = host.size()}),
        cpu_(make_cpu()),
        mirror_(make_cpu()),
        device_(test::device_of_rank(host.rank())),
        stream_(device_),
        sums_(device_),
        comm_(
            comm::make_device_communicator(host, device_, {.path = comm::DevicePath::host_staged})),
        pieces_(device_pieces(device_, layout_)),
        gradients_(device_, layout_.elements(), "gradients") {
    begin_anew();
  }

  /// A new compressor on the GPU, which has the state that was fetched last.
  void begin_anew() {
    gpu_ = make_device_compressor(setting_.method, setting_.options, layout_,
                                  {.device = device_,
                                   .stream = stream_,
                                   .transfers = sums_,
                                   .comm = *comm_,
                                   .pieces = pieces_,
                                   .grads = gradients_.span()});
    gpu_->send(*mirror_);
  }

  void step(std::uint64_t number) {
    auto values = gradient_of(layout_, host_.rank(), number);
    copy<float>(stream_, values, gradients_.span());
    stream_.wait();
    for (std::size_t b = 0; b < layout_.buckets().size(); ++b)
      gpu_->reduce(b);
    sum_on_cpu(values);
    std::vector<float> found(values.size());
    copy<float>(sums_, gradients_.span(), std::span(found));
    comm_->wait(sums_);
    EXPECT_TRUE(test::same_bits(found, values, "gradient")) << setting_.text();
  }

  void rescale(float factor) {
    cpu_->rescale(factor);
    gpu_->rescale(factor);
  }

  void expect_same_state() {
    gpu_->fetch(*mirror_);
    const auto expected = cpu_->state();
    const auto found = mirror_->state();
    ASSERT_EQ(found.size(), expected.size());
    for (std::size_t i = 0; i < found.size(); ++i)
      EXPECT_TRUE(test::same_bits(
          std::vector<float>(found[i].values.begin(), found[i].values.end()),
          std::vector<float>(expected[i].values.begin(), expected[i].values.end()), found[i].name))
          << setting_.text();
  }

  DeviceCompressor& gpu() { return *gpu_; }
  Compressor& cpu() { return *cpu_; }

 private:
  std::unique_ptr<Compressor> make_cpu() const {
    return make_compressor(setting_.method, setting_.options, placed_parameters(layout_));
  }
  void sum_on_cpu(std::span<float> values) {
    std::vector<std::unique_ptr<PendingSum>> sums;
    for (const ElementRange bucket : layout_.buckets())
      sums.push_back(cpu_->start(host_, values, bucket));
    for (auto& sum : sums)
      sum->advance();
    for (auto& sum : sums)
      sum->finish();
  }

  comm::Communicator& host_;
  Setting setting_;
  Layout layout_;
  std::unique_ptr<Compressor> cpu_;
  std::unique_ptr<Compressor> mirror_;
  Device device_;
  DeviceStream stream_;
  DeviceStream sums_;
  std::unique_ptr<comm::DeviceCommunicator> comm_;
  precision::DevicePieces pieces_;
  DeviceMemory<float> gradients_;
  std::unique_ptr<DeviceCompressor> gpu_;
};

void expect_the_cpus_bits(const Setting& setting, int ranks) {
  comm::run_ranks(ranks, [&](comm::Communicator& host) {
    SCOPED_TRACE("rank " + std::to_string(host.rank()) + " of " + std::to_string(host.size()));
    Rank rank(host, setting);
    for (std::uint64_t number = 0; number < 5; ++number) {
      rank.step(number);
      rank.expect_same_state();
      if (number == 1) rank.rescale(0.5F);
      if (number == 3) rank.begin_anew();
    }
  });
}

TEST(DeviceCompressor, has_the_cpus_bits_on_any_number_of_ranks) {
  for (const std::string_view method : methods)
    for (const int ranks : {1, 2, 3})
      expect_the_cpus_bits({method, ranks == 3 ? std::size_t{1} : std::size_t{1} << 22U}, ranks);
}

TEST(DeviceCompressor, takes_blocks_of_any_length_and_any_fraction) {
  constexpr std::size_t one_bucket = std::size_t{1} << 22U;
  for (const std::size_t block : {7U, 65'536U})
    expect_the_cpus_bits({"int8", one_bucket, {.block = block}}, 2);
  for (const double fraction : {1e-9, 1.0})
    expect_the_cpus_bits({"topk", one_bucket, {.fraction = fraction, .warmup_steps = 0}}, 2);
}

TEST(DeviceCompressor, factors_matrices_of_any_shape) {
  for (const auto& [rank, bucket_bytes] : {std::pair{1U, 4'000'000U}, {6U, 8'000U}})
    expect_the_cpus_bits({"powersgd", bucket_bytes, {.rank = rank, .seed = 3}, matrix_specs()}, 2);
}

TEST(DeviceCompressor, fetches_only_from_its_like) {
  comm::run_ranks(1, [](comm::Communicator& host) {
    Rank bf16(host, {"bf16", 1});
    Rank topk(host, {"topk", 1});
    bf16.step(0);

    EXPECT_THROW(bf16.gpu().fetch(topk.cpu()), UsageError);
    EXPECT_THROW(bf16.gpu().send(topk.cpu()), UsageError);
  });
}

}  // namespace
}  // namespace rondo::grad
