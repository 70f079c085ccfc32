// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo_bench/loader_bench.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include "rondo/comm/lane_tree.hpp"

#include "rondo_bench/page_cache.hpp"

namespace rondo::bench {
namespace {

constexpr std::uint64_t seed = 1;

data::LaneSampler make_sampler(const data::DatasetInfo& info, std::size_t lanes,
                               std::size_t micro_batch, std::optional<std::size_t> window) {
  const std::size_t chunk_bytes =
      info.chunk_samples * data::find_field(info.fields, "image").sample_bytes();
  return data::LaneSampler({.seed = seed,
                            .samples = info.samples,
                            .chunk_samples = info.chunk_samples,
                            .lanes = lanes,
                            .micro_batch = micro_batch,
                            .window = window.value_or(data::automatic_window(chunk_bytes))});
}

/// An epoch of a loader beside what its file is known to hold.
std::uint64_t check_epoch(data::BatchLoader& loader, const data::DatasetInfo& info,
                          const DataFile& file, const data::LaneSampler& sampler) {
  const std::size_t batches = sampler.steps_per_epoch() * sampler.lanes();
  if (file.pictures_hash) {
    PictureCheck check(info, sampler);
    run_pass(loader, batches, [&check](const data::LaneBatch& batch) { check.add(batch); });
    return check.wrong(*file.pictures_hash);
  }
  data::Dataset oracle(file.path, file.split);
  DatasetCheck check(oracle, sampler);
  run_pass(loader, batches, [&check](const data::LaneBatch& batch) { check.add(batch); });
  return check.wrong();
}

/// One rank with all lanes, and its passes.
class LoaderBench {
 public:
  LoaderBench(const DataFile& file, const LoaderOptions& options)
      : file_(file),
        options_(options),
        dataset_(file.path, file.split),
        sampler_(make_sampler(dataset_.info(), options.lanes, options.micro_batch, options.window)),
        batches_(sampler_.steps_per_epoch() * sampler_.lanes()) {}

  void check(LoaderFigures& figures) {
    const auto loader = make_loader({});
    figures.wrong = check_epoch(*loader, dataset_.info(), file_, sampler_);
    figures.bytes_ratio =
        static_cast<double>(loader->reads(0).bytes) / static_cast<double>(dataset_.info().bytes);
    add_memory(*loader, figures);
  }

  void measure_alone(LoaderFigures& figures) {
    const auto loader = make_loader(options_.augmentation);
    figures.alone = run_pass(*loader, batches_, {});
    add_memory(*loader, figures);
  }

  void measure_emulated(LoaderFigures& figures) {
    const Consumer compute = emulated_compute(options_.seconds_per_sample);
    {
      const auto loader = make_loader(options_.augmentation);
      figures.warm = run_pass(*loader, batches_, compute);
      figures.queue_depth = loader->statistics().queue_depth;
    }
    evict(file_.path);
    figures.cached_cold = cached_fraction(file_.path);
    const auto loader = make_loader(options_.augmentation);
    figures.cold = run_pass(*loader, batches_, compute);
    add_memory(*loader, figures);
  }

  void measure_real(LoaderFigures& figures) {
    const Consumer compute = real_compute(options_.model, dataset_.info(), options_.micro_batch);
    const auto loader = make_loader(options_.augmentation);
    run_pass(*loader, 1, compute);  // warms up the model
    const std::size_t wanted = options_.model_samples / options_.micro_batch;
    figures.real = run_pass(*loader, std::clamp<std::size_t>(wanted, 1, batches_), compute);
  }

 private:
  std::unique_ptr<data::BatchLoader> make_loader(const data::Augmentation& augmentation) {
    return std::make_unique<data::BatchLoader>(
        dataset_, sampler_,
        data::BatchLoader::Options{.last_lane = options_.lanes,
                                   .depth = options_.depth,
                                   .threads = options_.threads,
                                   .seed = seed,
                                   .augmentation = augmentation});
  }

  static void add_memory(const data::BatchLoader& loader, LoaderFigures& figures) {
    const data::LoaderStatistics statistics = loader.statistics();
    figures.planned_bytes =
        std::max(figures.planned_bytes, statistics.chunk_bytes + statistics.batch_bytes);
    figures.after = resident_bytes();
  }

  const DataFile& file_;
  const LoaderOptions& options_;
  data::Dataset dataset_;
  data::LaneSampler sampler_;
  std::size_t batches_;  ///< of an epoch
};

}  // namespace

LoaderFigures measure_loader(const DataFile& file, const LoaderOptions& options) {
  LoaderFigures figures;
  LoaderBench bench(file, options);
  figures.has_peak = reset_peak();
  figures.before = resident_bytes();
  bench.check(figures);
  if (!file.pictures_hash) reset_peak();  // the oracle keeps chunks
  bench.measure_alone(figures);
  bench.measure_emulated(figures);
  if (options.model != "none") bench.measure_real(figures);
  return figures;
}

std::vector<RankReads> measure_rank_reads(const DataFile& file, std::size_t lanes, int most_ranks) {
  data::Dataset dataset(file.path, file.split);
  const data::LaneSampler sampler = make_sampler(dataset.info(), lanes, 32, 8);
  std::vector<RankReads> figures;
  for (int ranks = 1; ranks <= most_ranks; ++ranks) {
    std::uint64_t bytes = 0;
    PictureCheck check(dataset.info(), sampler);
    for (int rank = 0; rank < ranks; ++rank) {
      const comm::LaneRange own = comm::lane_range(rank, ranks, lanes);
      data::BatchLoader loader(dataset, sampler,
                               {.first_lane = own.begin, .last_lane = own.end, .seed = seed});
      run_pass(loader, sampler.steps_per_epoch() * (own.end - own.begin),
               [&check](const data::LaneBatch& batch) { check.add(batch); });
      bytes += loader.reads(0).bytes;
    }
    figures.push_back(
        {.ranks = ranks,
         .lanes = lanes,
         .ratio = static_cast<double>(bytes) / static_cast<double>(dataset.info().bytes),
         .wrong = check.wrong(file.pictures_hash.value())});
  }
  return figures;
}

}  // namespace rondo::bench
