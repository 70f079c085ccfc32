// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <list>
#include <mutex>
#include <span>
#include <string_view>
#include <utility>

#include "rondo/base/error.hpp"
#include "rondo/data/dataset.hpp"

#include "data/field_reader.hpp"
#include "data/sample_values.hpp"
#include "data/schema.hpp"

namespace rondo::data {

struct Dataset::Impl {
  Impl(schema::Split split, const Options& options)
      : info(std::move(split.info)), normalizer(info) {
    for (std::size_t i = 0; i < info.fields.size(); ++i)
      readers.emplace_back(info.fields[i], std::move(split.datasets[i]), options.cache_bytes);
  }

  FieldReader& reader(std::string_view field) {
    find_field(info.fields, field);
    return *std::find_if(readers.begin(), readers.end(), [&](const FieldReader& candidate) {
      return candidate.info().name == field;
    });
  }

  void require_samples(std::span<const std::uint64_t> samples) const {
    require(std::all_of(samples.begin(), samples.end(),
                        [&](std::uint64_t sample) { return sample < info.samples; }),
            "Dataset::read: sample beyond the end of the split");
  }

  DatasetInfo info;
  ImageNormalizer normalizer;
  std::mutex mutex;                ///< of the readers
  std::list<FieldReader> readers;  ///< in the order of info.fields
};

}  // namespace rondo::data
