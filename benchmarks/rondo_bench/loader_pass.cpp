// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo_bench/loader_pass.hpp"

#include <algorithm>
#include <chrono>
#include <fstream>
#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include <malloc.h>

#include "rondo/base/aligned_buffer.hpp"
#include "rondo/nn/network.hpp"
#include "rondo/telemetry/counters.hpp"

#include "rondo_bench/pictures.hpp"

namespace rondo::bench {
namespace {

/// A network with memory for its parameters.
class Model {
 public:
  Model(const std::string& name, const data::DatasetInfo& info, std::size_t micro_batch)
      : network_(nn::make_network(
            nn::make_model(name, {info.channels, info.height, info.width}, info.classes),
            {.micro_batch = micro_batch})) {
    std::vector<ParameterView> views;
    for (const ParameterSpec& spec : network_->parameters()) {
      auto& memory = memory_.emplace_back(2 * element_count(spec.shape));
      const std::size_t count = memory.size() / 2;
      views.push_back({memory.span().first(count), memory.span().last(count)});
    }
    network_->bind(views);
    nn::initialize(*network_, views, 1);
    network_->parameters_changed();
  }

  void train(const data::LaneBatch& batch) {
    const std::size_t elements = network_->spec().input.elements();
    network_->train({.images = batch.images.span().first(batch.count * elements),
                     .labels = batch.labels.span().first(batch.count),
                     .step = batch.step,
                     .lane = batch.lane},
                    1.0F, {});
  }

 private:
  std::unique_ptr<nn::Network> network_;
  std::vector<AlignedBuffer<float>> memory_;
};

}  // namespace

LoaderPass run_pass(data::BatchLoader& loader, std::size_t batches, const Consumer& consume) {
  LoaderPass pass{.batches = batches};
  const double waited = loader.statistics().wait_seconds;
  const telemetry::Stopwatch stopwatch;
  std::optional<std::size_t> first_step;
  for (std::size_t i = 0; i < batches; ++i) {
    const data::LaneBatch& batch = loader.next();
    if (first_step.value_or(batch.step) == batch.step)
      pass.start_wait_seconds = loader.statistics().wait_seconds - waited;
    first_step = first_step.value_or(batch.step);
    pass.samples += batch.count;
    if (consume) consume(batch);
  }
  pass.seconds = stopwatch.seconds();
  pass.wait_seconds = loader.statistics().wait_seconds - waited;
  return pass;
}

Consumer emulated_compute(double seconds_per_sample) {
  return [seconds_per_sample](const data::LaneBatch& batch) {
    std::this_thread::sleep_for(
        std::chrono::duration<double>(seconds_per_sample * static_cast<double>(batch.count)));
  };
}

Consumer real_compute(const std::string& model, const data::DatasetInfo& info,
                      std::size_t micro_batch) {
  return [model = std::make_shared<Model>(model, info, micro_batch)](const data::LaneBatch& batch) {
    model->train(batch);
  };
}

PictureCheck::PictureCheck(const data::DatasetInfo& info, data::LaneSampler sampler)
    : info_(info), sampler_(sampler), picture_(info.sample_elements()) {}

void PictureCheck::add(const data::LaneBatch& batch) {
  const auto samples = sampler_.samples(batch.epoch, batch.step, batch.lane);
  const std::size_t plane = info_.height * info_.width;
  for (std::size_t i = 0; i < batch.count; ++i) {
    const float* image = batch.images.data() + i * picture_.size();
    for (std::size_t channel = 0; channel < info_.channels; ++channel) {
      const float scale = 255.0F * info_.deviation[channel];
      const float offset = 255.0F * info_.mean[channel] + 0.5F;  // rounds to the nearest
      for (std::size_t k = channel * plane; k < (channel + 1) * plane; ++k)
        picture_[k] =
            static_cast<std::uint8_t>(static_cast<std::int32_t>(image[k] * scale + offset));
    }
    hash_ += picture_hash(samples[i], std::as_bytes(std::span(picture_)));
    wrong_ += batch.labels[i] == picture_label(samples[i]) ? 0 : 1;
  }
}

void DatasetCheck::add(const data::LaneBatch& batch) {
  const auto samples = sampler_.samples(batch.epoch, batch.step, batch.lane);
  images_.resize(samples.size() * dataset_.info().sample_elements());
  labels_.resize(samples.size());
  dataset_.read(samples, images_, labels_);
  const bool is_right = std::equal(images_.begin(), images_.end(), batch.images.data()) &&
                        std::equal(labels_.begin(), labels_.end(), batch.labels.data());
  wrong_ += batch.count == samples.size() && is_right ? 0 : 1;
  samples_ += batch.count;
}

ResidentBytes resident_bytes() {
  ResidentBytes bytes;
  std::ifstream status("/proc/self/status");
  std::string word;
  while (status >> word) {
    std::size_t kibibytes = 0;
    if (word == "VmHWM:" && status >> kibibytes) bytes.peak = kibibytes * 1024;
    if (word == "VmRSS:" && status >> kibibytes) bytes.now = kibibytes * 1024;
  }
  return bytes;
}

bool reset_peak() {
  // Large blocks are the kernel's again when they are freed, whatever was freed before.
  ::mallopt(M_MMAP_THRESHOLD, 1 << 17);
  ::malloc_trim(0);
  std::ofstream file("/proc/self/clear_refs");
  file << "5" << std::flush;  // proc(5): the high water mark of resident memory
  return file.good();
}

}  // namespace rondo::bench
