// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "data/sources/cifar_source.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace rondo::apps {
namespace {

constexpr std::size_t image_bytes = 3 * 32 * 32;

}  // namespace

CifarSource::CifarSource(std::vector<ByteInput> files, std::size_t classes)
    : files_(std::move(files)),
      classes_(classes),
      fields_{{.name = "image", .sample_shape = {3, 32, 32}}, {.name = "label"}} {
  for (const ByteInput& file : files_) {
    if (file.bytes() == 0 || file.bytes() % record_bytes() != 0)
      file.fail(
          fmt::format("is truncated or not CIFAR-{}: expected records of {} bytes, found {} "
                      "bytes, {} too many",
                      classes_, record_bytes(), file.bytes(), file.bytes() % record_bytes()));
    samples_ += file.bytes() / record_bytes();
  }
}

std::size_t CifarSource::record_bytes() const {
  return image_bytes + (classes_ == 100 ? 2 : 1);
}

std::size_t CifarSource::read(SampleBatch& batch) {
  while (file_ < files_.size() && record_ == files_[file_].bytes() / record_bytes()) {
    ++file_;
    record_ = 0;
  }
  if (file_ == files_.size()) return 0;
  ByteInput& input = files_[file_];
  const std::size_t count =
      std::min<std::size_t>(batch.capacity(), input.bytes() / record_bytes() - record_);
  std::vector<std::byte> record(record_bytes());
  for (std::size_t i = 0; i < count; ++i, ++record_) {
    input.read(record, "a record");
    const std::byte label = record[record_bytes() - image_bytes - 1];
    if (std::to_integer<std::size_t>(label) >= classes_)
      input.fail(fmt::format("expected labels below {}, found {} in record {}", classes_,
                             std::to_integer<int>(label), record_));
    std::copy(record.end() - image_bytes, record.end(), batch.samples(0, i, 1).begin());
    batch.samples(1, i, 1).front() = label;
  }
  return count;
}

}  // namespace rondo::apps
