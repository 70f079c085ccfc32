// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/data/batch_loader.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "rondo/base/error.hpp"

#include "data/batch_pipeline.hpp"
#include "data/dataset_filler.hpp"
#include "data/dataset_impl.hpp"
#include "data/file_source.hpp"

namespace rondo::data {
namespace {

void require_usable(const CollectiveReading& reading, const LaneSampler& sampler,
                    const BatchLoader::Options& options) {
  const std::vector<std::size_t>& lanes = reading.first_lanes;
  const auto own = std::ranges::find(lanes, options.first_lane);
  require(reading.file != nullptr && std::ranges::is_sorted(lanes) && !lanes.empty() &&
              lanes.front() == 0 && lanes.back() == sampler.lanes(),
          "BatchLoader: reading together needs a file, and all lanes dealt to the ranks");
  require(
      own != lanes.end() && std::next(own) != lanes.end() && *std::next(own) == options.last_lane,
      "BatchLoader: the lanes are none of the ranks' that read together");
}

void require_usable(const DatasetInfo& info, const LaneSampler& sampler,
                    const BatchLoader::Options& options) {
  require(options.first_lane < options.last_lane && options.last_lane <= sampler.lanes(),
          "BatchLoader: lanes must be a range within the sampler's");
  require(options.step < sampler.steps_per_epoch(), "BatchLoader: step beyond the epoch");
  require(options.depth > 0 && options.kept > 0 && options.threads > 0,
          "BatchLoader: depth, kept and threads must be above 0");
  require(!options.stage || options.read_mode == ReadMode::direct,
          "BatchLoader: a stage is for chunks that are read directly");
  require(options.collective.has_value() == (options.read_mode == ReadMode::collective),
          "BatchLoader: a file to read together is for ReadMode::collective, which needs one");
  require(options.image_size.value_or(1) > 0, "BatchLoader: image_size must be above 0");
  if (options.collective) require_usable(*options.collective, sampler, options);
  require(sampler.sample_count() <= info.samples,
          "BatchLoader: the sampler draws from more samples than the data set has");
  require(sampler.options().chunk_samples == info.chunk_samples,
          "BatchLoader: the sampler deals other chunks than the data set has");
}

/// Image and label, where there are such, and what is asked for besides.
std::vector<std::string> field_names(const DatasetInfo& info,
                                     const std::vector<std::string>& asked) {
  std::vector<std::string> names;
  for (const FieldInfo& field : info.fields)
    if (field.name == schema::image || field.name == schema::label) names.push_back(field.name);
  for (const std::string& name : asked)
    if (std::ranges::find(names, name) == names.end()) names.push_back(name);
  require(!names.empty(),
          "BatchLoader: no field is asked for, and there is neither image nor label");
  return names;
}

}  // namespace

struct BatchLoader::Impl {
  Impl(std::vector<const FieldReader*> readers, const DatasetInfo& info, LaneSampler sampler,
       const Options& options)
      : steps_per_epoch(sampler.steps_per_epoch()),
        together(make_together(sampler, options)),
        source(readers, info.chunk_samples, options.read_mode, staging(info, options),
               together.get()),
        filler(info, infos(readers), sampler.micro_batch(), options),
        pipeline(source, filler, sampler, options, together.get()) {}

  static std::unique_ptr<CollectiveChunks> make_together(const LaneSampler& sampler,
                                                         const Options& options) {
    if (!options.collective) return nullptr;
    const auto& [file, first_lanes] = *options.collective;
    return std::make_unique<CollectiveChunks>(
        *file, CollectiveRounds(sampler, first_lanes, options.epoch, options.step));
  }

  static std::optional<Staging> staging(const DatasetInfo& info, const Options& options) {
    if (!options.stage) return std::nullopt;
    return Staging{*options.stage, info.label_hash};
  }

  static std::vector<FieldInfo> infos(const std::vector<const FieldReader*>& readers) {
    std::vector<FieldInfo> infos;
    for (const FieldReader* reader : readers)
      infos.push_back(reader->info());
    return infos;
  }

  std::size_t steps_per_epoch;
  std::unique_ptr<CollectiveChunks> together;
  FileSource source;
  DatasetFiller filler;
  BatchPipeline pipeline;
};

const LaneField& LaneBatch::other(std::string_view field) const {
  const auto found = std::ranges::find_if(
      others, [field](const LaneField& candidate) { return candidate.info.name == field; });
  if (found == others.end())
    throw UsageError(fmt::format("LaneBatch: the loader was not asked for field {}", field));
  return *found;
}

BatchLoader::BatchLoader(Dataset& dataset, LaneSampler sampler, Options options) {
  require_usable(dataset.info(), sampler, options);
  std::vector<const FieldReader*> readers;
  for (const std::string& name : field_names(dataset.info(), options.fields))
    readers.push_back(&dataset.impl_->reader(name));
  impl_ = std::make_unique<Impl>(std::move(readers), dataset.info(), sampler, options);
}

BatchLoader::~BatchLoader() = default;

const LaneBatch& BatchLoader::next() {
  return impl_->pipeline.next();
}

bool BatchLoader::is_ready() const {
  return impl_->pipeline.is_ready();
}

std::size_t BatchLoader::steps_per_epoch() const noexcept {
  return impl_->steps_per_epoch;
}

LoaderStatistics BatchLoader::statistics() const {
  LoaderStatistics statistics = impl_->pipeline.statistics();
  statistics.chunk_bytes += impl_->source.resident_bytes();
  statistics.planned_bytes += impl_->source.resident_bytes();
  statistics.scratch_bytes = impl_->source.scratch_bytes();
  return statistics;
}

EpochReads BatchLoader::reads(std::size_t epoch) const {
  return impl_->pipeline.reads(epoch);
}

const std::string& BatchLoader::obstacle() const noexcept {
  return impl_->source.obstacle();
}

}  // namespace rondo::data
