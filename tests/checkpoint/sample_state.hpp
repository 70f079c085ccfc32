// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <chrono>
#include <cstdint>
#include <future>
#include <random>
#include <string>
#include <vector>

#include "rondo/base/error.hpp"
#include "rondo/checkpoint/checkpoint.hpp"
#include "rondo/checkpoint/writers.hpp"

namespace rondo::checkpoint {

/// A small model's tensors: nested names, a scalar, one of every rank up to four. The values are
/// random bit patterns, NaNs and subnormals among them.
class SampleState {
 public:
  explicit SampleState(std::uint64_t seed, std::size_t width = 3) {
    add("parameter/conv1.weight", {4, 1, 3, width});
    add("parameter/conv1.bias", {4});
    add("parameter/fc.weight", {10, 7});
    add("parameter/temperature", {});
    add("slot/momentum/conv1.weight", {4, 1, 3, width});
    std::mt19937_64 random(seed);
    for (auto& values : values_)
      for (float& value : values)
        value = std::bit_cast<float>(static_cast<std::uint32_t>(random()));
  }

  std::vector<Tensor>& tensors() {
    for (std::size_t i = 0; i < tensors_.size(); ++i)
      tensors_[i].data = values_[i];
    return tensors_;
  }
  void add(const std::string& name, const Shape& shape) {
    tensors_.push_back({name, shape, {}});
    values_.emplace_back(element_count(shape));
  }

  /// Bit for bit, so that NaNs count too.
  friend bool operator==(const SampleState& a, const SampleState& b) {
    if (a.values_.size() != b.values_.size()) return false;
    for (std::size_t i = 0; i < a.values_.size(); ++i) {
      const auto mine = std::as_bytes(std::span(a.values_[i]));
      const auto theirs = std::as_bytes(std::span(b.values_[i]));
      if (!std::equal(mine.begin(), mine.end(), theirs.begin(), theirs.end())) return false;
    }
    return true;
  }

 private:
  std::vector<Tensor> tensors_;
  std::vector<std::vector<float>> values_;
};

inline const Metadata sample_metadata{{"applied_steps", "42"}, {"run.seed", "7"}};

/// Saves the sample state of seed `step`.
inline void save_sample(const std::filesystem::path& directory, std::uint64_t step,
                        std::size_t keep = 2) {
  SampleState state(step);
  save(directory, step, state.tensors(), sample_metadata, {.newest = keep});
}

/// The same by two writers, threads of this process, of whom each has a half of every tensor.
inline void save_sample_by_two(const std::filesystem::path& directory, std::uint64_t step) {
  SampleState state(step);
  const auto save_half = [&, tensors = state.tensors(), save_id = new_save_id()](int number) {
    std::vector<TensorSpec> specs;
    std::vector<Piece> pieces;
    for (const Tensor& tensor : tensors) {
      const std::size_t half = tensor.data.size() / 2;
      const std::span<const float> all = tensor.data;
      pieces.push_back(number == 0 ? Piece{specs.size(), 0, all.first(half)}
                                   : Piece{specs.size(), half, all.subspan(half)});
      specs.push_back({tensor.name, tensor.shape});
    }
    const Writer writer{.number = number,
                        .count = 2,
                        .save_id = save_id,
                        .patience = std::chrono::milliseconds(500)};
    save(writer, directory, step, specs, pieces, sample_metadata, {.newest = 2});
  };
  auto other = std::async(std::launch::async, save_half, 1);
  save_half(0);
  other.get();
}

/// Whether `found` loads as the sample state of its step.
inline bool loads_as_saved(const Found& found) {
  SampleState state(0);
  load(found, state.tensors());
  return state == SampleState(found.step) && found.metadata == sample_metadata;
}

/// The names in a directory, hidden ones included, sorted; without the link to the latest.
inline std::vector<std::string> names_in(const std::filesystem::path& directory) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(directory))
    if (entry.path().filename() != "latest") names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

/// The IoError that `action` throws, as code and text; fails if it throws none.
struct Failure {
  ExitCode code = ExitCode::ok;
  std::string text;
};
template <class Action>
Failure failure_of(Action action) {
  try {
    action();
  } catch (const IoError& e) {
    return {e.code(), e.what()};
  }
  return {ExitCode::ok, "no IoError was thrown"};
}

}  // namespace rondo::checkpoint
