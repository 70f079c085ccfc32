// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "data/sources/idx_source.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "rondo/base/error.hpp"

namespace rondo::apps {
namespace {

std::span<std::uint8_t> as_numbers(std::span<std::byte> bytes) {
  return {reinterpret_cast<std::uint8_t*>(bytes.data()), bytes.size()};
}

}  // namespace

IdxSource::IdxSource(const std::filesystem::path& images, const std::filesystem::path& labels,
                     std::size_t classes)
    : images_(images, 3, "images"), labels_(labels, 1, "labels"), classes_(classes) {
  const Shape& shape = images_.shape();
  if (labels_.shape()[0] != shape[0])
    throw IoError(ExitCode::bad_content,
                  fmt::format("{}: expected {} labels, one for each image of {}, found {}",
                              labels_.path(), shape[0], images_.path(), labels_.shape()[0]));
  fields_ = {{.name = "image", .sample_shape = {1, shape[1], shape[2]}}, {.name = "label"}};
}

std::size_t IdxSource::read(SampleBatch& batch) {
  const std::size_t count = std::min(batch.capacity(), images_.shape()[0] - samples_read_);
  if (count == 0) {
    images_.require_end();
    labels_.require_end();
    return 0;
  }
  images_.read(as_numbers(batch.samples(0, 0, count)));
  const auto labels = as_numbers(batch.samples(1, 0, count));
  labels_.read(labels);
  require_labels(labels);
  samples_read_ += count;
  return count;
}

void IdxSource::require_labels(std::span<const std::uint8_t> labels) const {
  const auto bad = std::find_if(labels.begin(), labels.end(),
                                [this](std::uint8_t label) { return label >= classes_; });
  if (bad != labels.end())
    throw IoError(ExitCode::bad_content,
                  fmt::format("{}: expected labels below {} (--classes), found {} at sample {}",
                              labels_.path(), classes_, *bad,
                              samples_read_ + static_cast<std::size_t>(bad - labels.begin())));
}

}  // namespace rondo::apps
