// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "train_image/options.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "rondo/data/loader_memory.hpp"
#include "rondo/nn/network_spec.hpp"

namespace rondo::apps {

namespace {

void declare_data(Options& options, TrainOptions& values) {
  options.group("Data");
  options.add("data", values.data, "HDF5 file made by rondo-data convert").required();
  options.add(
      "field", values.field,
      "image=PATH,label=PATH: where another HDF5 file keeps them; {split} in a path is train or "
      "test, and test/image=PATH goes first");
  options
      .add("image-size", values.image_size,
           "height and width of the images that the network sees: the middle square of 7/8 of the "
           "shorter side, resized; default: images as stored")
      .between(1, 4096);
  options.add("resized-crop", values.resized_crop,
              "train on random parts of the images, of 8 to 100 % of their area, resized");
  options.add("flip", values.flip, "mirror training images at random");
  options.add("shift", values.shift, "move training images by up to this many pixels at random");
  options
      .add("noise", values.noise,
           "deviation of the normal noise that is added to normalised training images")
      .at_least(0);
  options.add("read", values.read,
              {{"direct", data::ReadMode::direct},
               {"library", data::ReadMode::library},
               {"collective", data::ReadMode::collective}},
              "direct: past HDF5, which takes one thread at a time; library: through HDF5; "
              "collective: all ranks together, for file systems that want few large requests");
  options
      .add("loader-threads", values.loader_threads,
           "threads a rank that load chunks and fill batches")
      .between(1, 256);
  options.add_or_auto("prefetch", values.prefetch,
                      "chunks a rank holds ahead of those in use; auto: as many as are in use");
  options.add(
      "stage", values.stage,
      "directory on a local disk for copies of the data set's chunks, which later epochs and "
      "runs read in its place");
  options
      .add_bytes("stage-budget", values.stage_budget,
                 "of all copies in --stage, such as 200G; the ones used longest ago make room")
      .at_least(1);
}

void declare_training(Options& options, TrainOptions& values) {
  options.group("Training");
  options.add("epochs", values.epochs, "passes over the training split").at_least(1);
  options
      .add("steps", values.steps, "stop after this many steps of the whole run, with a checkpoint")
      .at_least(1);
  options.add("batch", values.batch, "samples of a micro-batch: what a lane computes at once")
      .at_least(1);
  options.add("lanes", values.lanes, "micro-batches a step; default: ranks x --accumulate")
      .at_least(1);
  options
      .add("accumulate", values.accumulate,
           "lanes a rank computes one after another, at the first start; default: 1")
      .at_least(1);
  options.add("reduce", values.reduction,
              {{"fast", grad::Reduction::fast}, {"fixed", grad::Reduction::fixed}},
              "fixed: the same bits on any number of ranks; fast: the fastest order");
  options.add(
      "sharding", values.sharding,
      {{"none", grad::Sharding::none},
       {"zero1", grad::Sharding::zero1},
       {"zero2", grad::Sharding::zero2}},
      "what ranks share out: nothing, optimizer state, or gradients too; the same bits with "
      "--reduce fixed");
  options.add_bytes(
      "bucket-bytes", values.bucket_bytes,
      "gradients that travel together; default: measured, or as in the checkpoint to resume");
  options
      .add_or_auto("window", values.window,
                   "chunks of a lane whose samples are shuffled together; auto: as many as make "
                   "64 MiB, at least 4")
      .at_least(1);
  options.add("seed", values.seed, "of parameters, order, augmentation and dropout");
}

void declare_compression(Options& options, TrainOptions& values) {
  const grad::CompressionOptions defaults;
  options.group("Slow links");
  options
      .add("compression", values.compression,
           "how gradients travel; all but none need --reduce fast and --sharding none")
      .one_of({grad::compression_names().begin(), grad::compression_names().end()});
  options
      .add("topk-fraction", values.topk_fraction,
           fmt::format("of the elements that topk sends a step, 1e-6 to 1; default: {}",
                       defaults.fraction))
      .between(1e-6, 1);
  options
      .add("topk-warmup", values.topk_warmup,
           fmt::format("steps in which topk's fraction falls from 1, up to 1000000; default: {}",
                       defaults.warmup_steps))
      .between(0, 1000000);
  options
      .add("powersgd-rank", values.powersgd_rank,
           fmt::format("columns of powersgd's factors, 1 to 256; default: {}", defaults.rank))
      .between(1, 256);
  options
      .add("int8-block", values.int8_block,
           fmt::format("elements that share a scale in int8, 1 to 65536; default: {}",
                       defaults.block))
      .between(1, 65536);
}

void declare_schedule(Options& options, TrainOptions& values) {
  options
      .add("lr", values.lr,
           "learning rate after warm-up; default: 0.2 for sgd, 0.001 for adamw, others by rule")
      .at_least(0);
  options
      .add("base-batch", values.base_batch,
           "samples a step that --lr is meant for: the rate is multiplied by lanes x micro-batch / "
           "this; default: not scaled")
      .at_least(1);
  options
      .add("schedule", values.schedule,
           "how the rate goes on after warm-up; step: to a tenth after each third of what follows; "
           "wsd: falls in the last fifth")
      .one_of({optim::schedule_names().begin(), optim::schedule_names().end()});
  options.add("warmup", values.warmup, "share of the run in which the rate rises").between(0, 1);
  options
      .add("final-fraction", values.final_fraction,
           "of the rate, at the end; not of constant and step; default: 0")
      .between(0, 1);
  options.add("power", values.power, "of the polynomial schedule; default: 2").between(1e-3, 1e3);
}

void declare_optimizer(Options& options, TrainOptions& values) {
  options.group("Optimizer");
  options.add("optimizer", values.optimizer, "update rule")
      .one_of({optim::optimizer_names().begin(), optim::optimizer_names().end()});
  declare_schedule(options, values);
  options.add("momentum", values.momentum, "of sgd (Nesterov) and lars; default: 0.9")
      .between(0, 0.999999);
  options.add("beta1", values.beta1, "of adam, adamw, lamb and lion; default: 0.9")
      .between(0, 0.999999);
  options.add("beta2", values.beta2, "of the same; default: 0.999, for lion 0.99")
      .between(0, 0.999999);
  options
      .add("epsilon", values.epsilon,
           "of adam and adamw, default: 1e-8; of lamb, 1e-6; of adafactor, 1e-30")
      .at_least(1e-37);
  options.add("trust-coefficient", values.trust_coefficient, "of lars; default: 0.001")
      .at_least(1e-37);
  options.add("weight-decay", values.weight_decay, "not applied to biases and norms").at_least(0);
  options.add("clip-norm", values.clip_norm, "greatest length of the mean gradient")
      .at_least(1e-30);
  options.add("clip-value", values.clip_value, "greatest element of the mean gradient")
      .at_least(1e-30);
  options.add("bad-step", values.bad_step,
              {{"abort", train::BadStep::abort},
               {"skip", train::BadStep::skip},
               {"continue", train::BadStep::keep_going}},
              "after a step that is not finite or stands out: end, skip it, or apply it if finite");
  options
      .add("z-score", values.z_score,
           "standard deviations above the last 100 steps from which a loss or gradient stands out")
      .at_least(1e-3);
  options
      .add("loss-scale", values.loss_scale, "the first one of f16, then it adapts; default: 65536")
      .between(1, 0x1p24);
  options
      .add("loss-scale-growth-interval", values.loss_scale_growth_interval,
           "steps without overflow until the loss scale of f16 doubles; default: 2000")
      .between(1, 1e9);
}

}  // namespace

void declare(Options& options, TrainOptions& values) {
  declare_data(options, values);

  options.group("Model");
  options
      .add("model", values.model,
           "network; resnets have their usual 7x7 beginning for images of more than 64 pixels "
           "either way, and a 3x3 one for smaller images")
      .one_of(nn::model_names());
  options
      .add("dropout", values.dropout,
           "share of the linear layers' inputs that training leaves out at random; not of images")
      .between(0, 0.999999);
  options.add("precision", values.precision,
              {{"f32", Precision::f32}, {"bf16", Precision::bf16}, {"f16", Precision::f16}},
              "type in which the layers compute; parameters and sums are f32 always");
  options.add(
      "rounding", values.rounding,
      {{"nearest", precision::Rounding::nearest}, {"stochastic", precision::Rounding::stochastic}},
      "of the bf16 copy of the parameters; stochastic: right on average");

  declare_training(options, values);
  declare_compression(options, values);
  declare_optimizer(options, values);

  options.group("Machine");
  options.add("device", values.device, {{"cpu", DeviceKind::cpu}, {"cuda", DeviceKind::cuda}},
              "what computes; cuda: an NVIDIA GPU for each rank");
  options.add(
      "device-path", values.device_path,
      {{"automatic", comm::DevicePath::automatic},
       {"nccl", comm::DevicePath::nccl},
       {"cuda_aware", comm::DevicePath::cuda_aware},
       {"host_staged", comm::DevicePath::host_staged}},
      "how sums get from GPU to GPU; automatic: NCCL, or where ranks share a GPU an MPI that takes "
      "its memory, else the host's memory");
  options.add("device-kernels", values.device_kernels,
              {{"libraries", nn::DeviceKernels::libraries}, {"direct", nn::DeviceKernels::direct}},
              "what multiplies by weights on a GPU; direct: plain kernels, slow, to compare with");
  options
      .add("lanes-at-once", values.lanes_at_once,
           "lanes of a rank that a GPU takes in one pass, each with its own statistics of "
           "BatchNorm; "
           "default: as many as are small, or 1 with --reduce fixed")
      .at_least(1);
  options.add("cuda-graph", values.cuda_graph,
              {{"automatic", nn::DeviceGraphs::automatic},
               {"on", nn::DeviceGraphs::on},
               {"off", nn::DeviceGraphs::off}},
              "whether full batches are queued on a GPU as CUDA graphs, the same bits; automatic: "
              "unless CUDA cannot capture them");
  options.add("device-decode", values.device_decode,
              "images go to a GPU as stored and are augmented and normalised there, the same bits");
  options.add("threads", values.threads, "threads a rank").between(1, 4096);
  options
      .add("time-limit", values.time_limit,
           "seconds until a silent peer counts as lost; a GPU that does not end its work counts as "
           "hung after three quarters of them")
      .between(0.001, 1e6);
  options
      .add_duration("max-time", values.max_time,
                    "stop in time to have saved and left after so long, such as 1h30m; in a Slurm "
                    "job its limit counts too")
      .at_least(1);

  options.group("Output");
  options.add("output", values.output, "run directory: config, metrics, checkpoints, curve");
  options.add_or_auto("save-every", values.save_every,
                      "steps between checkpoints, besides those at the ends of epochs; 0: none; "
                      "auto: as often as --save-overhead allows");
  options
      .add("save-overhead", values.save_overhead,
           "share of the run's time that --save-every auto may cost")
      .between(1e-6, 1);
  options.add("background-save", values.background_save,
              "checkpoints are written from a copy while training goes on");
  options.add("save-writers", values.save_writers,
              {{"auto", train::SaveWriters::automatic},
               {"one", train::SaveWriters::one},
               {"all", train::SaveWriters::all}},
              "ranks that write checkpoints, the same bytes; auto: all, each a part, in an output "
              "directory that all of them share (several hosts not through NFS), of 8 MiB a rank "
              "or more, or what ranks alone hold by --sharding or --compression; else rank 0");
  options.add("save-failure", values.save_failure,
              {{"stop", train::SaveFailure::stop}, {"continue", train::SaveFailure::keep_going}},
              "what a checkpoint that cannot be written means for the run, but for the last one");
  options.add("keep", values.retention.newest, "as many of the newest checkpoints stay")
      .at_least(1);
  options.add("keep-every", values.retention.every,
              "checkpoints of steps that are multiples of this stay besides; 0: none");
  options.add("trace", values.trace,
              "timeline of all ranks for Perfetto; each rank's log is in FILE.ranks, from which "
              "rondo-trace makes it at any time");
  options
      .add("trace-steps", values.trace_steps,
           "that a trace keeps: so many of the last, and so many spread over the run; default: 100")
      .between(1, 100000);
  options.add("tensorboard", values.tensorboard,
              "directory for event files of the metrics, one of each start, for tensorboard "
              "--logdir DIR");
  options.add("resume", values.resume,
              "go on from the newest valid checkpoint in --output, if any");
  options.add("overwrite", values.overwrite,
              "start anew in an --output that holds a run, which is lost");

  options.example(
      "mpirun -np 2 rondo-train-image --data fashion-mnist.h5 --lanes 8 --output runs/first");
}

float TrainOptions::default_lr() const {
  if (optimizer == "sgd") return 0.2F;
  if (optimizer == "lars") return 4.0F;
  if (optimizer == "lamb" || optimizer == "adafactor") return 0.01F;
  if (optimizer == "lion") return 0.0003F;
  return 0.001F;
}

float TrainOptions::peak_lr(std::size_t resolved_lanes) const {
  const float given = lr.value_or(default_lr());
  return base_batch ? optim::linearly_scaled(given, resolved_lanes * batch, *base_batch) : given;
}

optim::OptimizerOptions TrainOptions::optimizer_options() const {
  optim::OptimizerOptions all{.momentum = momentum.value_or(0.9F),
                              .weight_decay = weight_decay,
                              .beta2 = beta2,
                              .epsilon = epsilon,
                              .trust_coefficient = trust_coefficient};
  all.nesterov = all.momentum > 0;
  all.beta1 = beta1.value_or(all.beta1);
  return all;
}

grad::CompressionOptions TrainOptions::compression_options() const {
  grad::CompressionOptions all;
  all.fraction = topk_fraction.value_or(all.fraction);
  all.warmup_steps = topk_warmup.value_or(all.warmup_steps);
  all.rank = powersgd_rank.value_or(all.rank);
  all.block = int8_block.value_or(all.block);
  all.seed = seed;
  return all;
}

optim::Schedule TrainOptions::make_schedule(std::uint64_t total_steps,
                                            std::size_t resolved_lanes) const {
  const auto share = [&](double part) {
    return static_cast<std::uint64_t>(part * static_cast<double>(total_steps));
  };
  // Rounded up, so that there is no third drop just before the end.
  const std::uint64_t third = (total_steps - share(warmup) + 2) / 3;
  return optim::make_schedule(schedule, {.peak = peak_lr(resolved_lanes),
                                         .warmup_steps = share(warmup),
                                         .total_steps = total_steps,
                                         .final_fraction = final_fraction.value_or(0.0F),
                                         .decay_steps = share(0.2),
                                         .power = power.value_or(2.0),
                                         .drop_steps = std::max(third, std::uint64_t{1})});
}

precision::Policy TrainOptions::policy() const {
  precision::Policy policy = precision;
  policy.rounding = rounding;
  return policy;
}

int TrainOptions::growth_interval() const {
  return loss_scale_growth_interval.value_or(2000);
}

train::Session::Options TrainOptions::session_options(std::size_t resolved_lanes) const {
  train::Session::Options session{.lanes = resolved_lanes,
                                  .reduction = reduction,
                                  .precision = policy(),
                                  .rounding_seed = seed,
                                  .bucket_bytes = bucket_bytes,
                                  .sharding = sharding,
                                  .gather = train::Gather::in_forward,
                                  .compression = compression,
                                  .compression_options = compression_options(),
                                  .loss_scale = {.growth_interval = growth_interval()},
                                  .bad_step = bad_step};
  session.loss_scale.initial = loss_scale.value_or(session.loss_scale.initial);
  session.clip_norm = clip_norm.value_or(session.clip_norm);
  session.clip_value = clip_value.value_or(session.clip_value);
  session.health.z_score = z_score.value_or(session.health.z_score);
  return session;
}

data::LaneSampler::Options sampler_options(const TrainOptions& options, std::size_t lanes,
                                           const data::DatasetInfo& data) {
  return {.seed = options.seed,
          .samples = data.samples,
          .chunk_samples = data.chunk_samples,
          .lanes = lanes,
          .micro_batch = options.batch,
          .window = options.window.value_or(data::automatic_window(data))};
}

}  // namespace rondo::apps
