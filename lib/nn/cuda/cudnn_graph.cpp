// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "nn/cuda/cudnn_graph.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "rondo/base/error.hpp"

namespace rondo::nn::cuda::cudnn {
namespace {

/// What tensors are called in a graph. What lies between two operations has the ids from the last
/// one on.
enum Id : std::int64_t {
  input_id = 1,
  weights_id,
  output_id,
  scale_id,
  bias_id,
  addend_id,
  between_id
};

std::string last_words() {
  std::array<char, 1024> text{};
  cudnnGetLastErrorString(text.data(), text.size());
  return text.data();
}

using Dims = std::array<std::int64_t, 4>;

Descriptor describe_tensor(std::int64_t id, cudnnDataType_t type, const Dims& dims,
                           std::int64_t alignment) {
  const auto [n, c, h, w] = dims;
  const Dims channels_last{h * w * c, 1, w * c, c};
  Descriptor tensor(CUDNN_BACKEND_TENSOR_DESCRIPTOR);
  tensor.set(CUDNN_ATTR_TENSOR_UNIQUE_ID, id);
  tensor.set(CUDNN_ATTR_TENSOR_DATA_TYPE, type);
  tensor.set(CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, alignment);
  tensor.set(CUDNN_ATTR_TENSOR_DIMENSIONS, dims);
  tensor.set(CUDNN_ATTR_TENSOR_STRIDES, channels_last);
  return tensor;
}

Descriptor make_tensor(Id id, cudnnDataType_t type, const Dims& dims) {
  Descriptor tensor = describe_tensor(id, type, dims, 16);
  tensor.finalize();
  return tensor;
}

/// One number for each channel.
Descriptor make_numbers(Id id, std::int64_t channels) {
  Descriptor tensor = describe_tensor(id, CUDNN_DATA_FLOAT, {1, channels, 1, 1}, sizeof(float));
  tensor.finalize();
  return tensor;
}

/// What the k-th operation hands to the next one, and is in nobody's memory.
Descriptor make_between(std::size_t k, const Dims& dims) {
  Descriptor tensor =
      describe_tensor(between_id + static_cast<std::int64_t>(k), CUDNN_DATA_FLOAT, dims, 16);
  tensor.set(CUDNN_ATTR_TENSOR_IS_VIRTUAL, true);
  tensor.finalize();
  return tensor;
}

Descriptor make_geometry(const Problem& problem) {
  const std::array<std::int64_t, 2> padding{problem.padding, problem.padding};
  const std::array<std::int64_t, 2> strides{problem.stride, problem.stride};
  const std::array<std::int64_t, 2> dilations{1, 1};
  Descriptor geometry(CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR);
  geometry.set(CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS, std::int64_t{2});
  geometry.set(CUDNN_ATTR_CONVOLUTION_COMP_TYPE, CUDNN_DATA_FLOAT);
  geometry.set(CUDNN_ATTR_CONVOLUTION_CONV_MODE, CUDNN_CROSS_CORRELATION);
  geometry.set(CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS, padding);
  geometry.set(CUDNN_ATTR_CONVOLUTION_POST_PADDINGS, padding);
  geometry.set(CUDNN_ATTR_CONVOLUTION_DILATIONS, dilations);
  geometry.set(CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES, strides);
  geometry.finalize();
  return geometry;
}

/// The names of one pass's operation and of its attributes.
struct Names {
  cudnnBackendDescriptorType_t operation;
  cudnnBackendAttributeName_t input;
  cudnnBackendAttributeName_t weights;
  cudnnBackendAttributeName_t output;
  cudnnBackendAttributeName_t geometry;
  cudnnBackendAttributeName_t alpha;
  cudnnBackendAttributeName_t beta;
};

Names names_of(Pass pass) {
  switch (pass) {
    case Pass::forward:
      return {CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR,
              CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X,
              CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W,
              CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y,
              CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC,
              CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA,
              CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA};
    case Pass::backward_data:
      return {CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DX,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_W,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DY,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_CONV_DESC,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_ALPHA,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_BETA};
    case Pass::backward_weights:
      return {CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_X,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DW,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DY,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_CONV_DESC,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_ALPHA,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_BETA};
  }
  throw UsageError("a pass out of range");
}

Descriptor make_convolution(const Problem& problem, const Descriptor& output) {
  const Names names = names_of(problem.pass);
  Descriptor operation(names.operation);
  operation.set(names.input, make_tensor(input_id, problem.type, problem.input));
  operation.set(names.weights, make_tensor(weights_id, problem.type, problem.weights));
  operation.set(names.output, output);
  operation.set(names.geometry, make_geometry(problem));
  operation.set(names.alpha, 1.0);
  operation.set(names.beta, 0.0);
  operation.finalize();
  return operation;
}

/// An operation on each element of a value, with another one's if there is one.
struct PointWise {
  cudnnPointwiseMode_t mode;
  std::optional<Descriptor> other;
};

Descriptor make_point_wise(const PointWise& what, const Descriptor& value,
                           const Descriptor& result) {
  Descriptor kind(CUDNN_BACKEND_POINTWISE_DESCRIPTOR);
  kind.set(CUDNN_ATTR_POINTWISE_MODE, what.mode);
  kind.set(CUDNN_ATTR_POINTWISE_MATH_PREC, CUDNN_DATA_FLOAT);
  kind.finalize();
  Descriptor operation(CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR);
  operation.set(CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR, kind);
  operation.set(CUDNN_ATTR_OPERATION_POINTWISE_XDESC, value);
  if (what.other) operation.set(CUDNN_ATTR_OPERATION_POINTWISE_BDESC, *what.other);
  operation.set(CUDNN_ATTR_OPERATION_POINTWISE_YDESC, result);
  operation.finalize();
  return operation;
}

std::vector<PointWise> operations_behind(const Problem& problem) {
  const Epilogue& epilogue = problem.epilogue;
  const std::int64_t channels = problem.output[1];
  std::vector<PointWise> all;
  if (epilogue.scales) all.push_back({CUDNN_POINTWISE_MUL, make_numbers(scale_id, channels)});
  if (epilogue.bias) all.push_back({CUDNN_POINTWISE_ADD, make_numbers(bias_id, channels)});
  if (epilogue.adds)
    all.push_back({CUDNN_POINTWISE_ADD, make_tensor(addend_id, problem.type, problem.output)});
  if (epilogue.relu) all.push_back({CUDNN_POINTWISE_RELU_FWD, std::nullopt});
  return all;
}

std::vector<Descriptor> make_operations(const Problem& problem) {
  const std::vector<PointWise> behind = operations_behind(problem);
  const auto result_of = [&](std::size_t k) {
    return k == behind.size() ? make_tensor(output_id, problem.type, problem.output)
                              : make_between(k, problem.output);
  };
  std::vector<Descriptor> operations;
  Descriptor value = result_of(0);
  operations.push_back(make_convolution(problem, value));
  for (std::size_t k = 0; k < behind.size(); ++k) {
    Descriptor result = result_of(k + 1);
    operations.push_back(make_point_wise(behind[k], value, result));
    value = std::move(result);
  }
  return operations;
}

Descriptor make_graph(const Target& target, const Problem& problem) {
  Descriptor graph(CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR);
  target.set_graph(graph);
  graph.set(CUDNN_ATTR_OPERATIONGRAPH_OPS, make_operations(problem));
  graph.finalize();
  return graph;
}

std::vector<Descriptor> configurations(const Target& target, const Descriptor& graph,
                                       cudnnBackendHeurMode_t mode) {
  Descriptor heuristics(CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR);
  heuristics.set(CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH, graph);
  heuristics.set(CUDNN_ATTR_ENGINEHEUR_MODE, mode);
  target.set_heuristics(heuristics);
  heuristics.finalize();
  return heuristics.parts(CUDNN_ATTR_ENGINEHEUR_RESULTS, CUDNN_BACKEND_ENGINECFG_DESCRIPTOR);
}

bool has_wanted_numerics(const Descriptor& engine, const Problem& problem) {
  return std::ranges::none_of(engine.numerical_notes(), [&](cudnnBackendNumericalNote_t note) {
    // Tensor cores multiply f32 in TF32.
    return (note == CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC && problem.order == SumOrder::fixed) ||
           note == CUDNN_NUMERICAL_NOTE_REDUCED_PRECISION_REDUCTION ||
           (problem.type == CUDNN_DATA_FLOAT && (note == CUDNN_NUMERICAL_NOTE_TENSOR_CORE ||
                                                 note == CUDNN_NUMERICAL_NOTE_DOWN_CONVERT_INPUTS));
  });
}

const char* name_of(cudnnDataType_t type) {
  switch (type) {
    case CUDNN_DATA_FLOAT: return "f32";
    case CUDNN_DATA_BFLOAT16: return "bf16";
    case CUDNN_DATA_HALF: return "f16";
    default: return "another type";
  }
}

std::string describe(const Epilogue& epilogue) {
  std::vector<std::string_view> parts;
  if (epilogue.scales) parts.emplace_back("a scale");
  if (epilogue.bias) parts.emplace_back("a bias");
  if (epilogue.adds) parts.emplace_back("an addend");
  if (epilogue.relu) parts.emplace_back("a ReLU");
  return parts.empty() ? "" : fmt::format(" with {}", fmt::join(parts, ", "));
}

}  // namespace

std::string describe(const Problem& problem) {
  static constexpr std::string_view passes[] = {"forward", "backward data", "backward weights"};
  return fmt::format(
      "{} pass of a convolution{} in {}: input ({}), weights ({}), stride {}, padding {}",
      passes[static_cast<std::size_t>(problem.pass)], describe(problem.epilogue),
      name_of(problem.type), fmt::join(problem.input, ", "), fmt::join(problem.weights, ", "),
      problem.stride, problem.padding);
}

void check(cudnnStatus_t status, std::string_view call) {
  if (status == CUDNN_STATUS_SUCCESS) return;
  throw DeviceError(
      fmt::format("{} failed: {}: {}", call, cudnnGetErrorString(status), last_words()));
}

Descriptor::Descriptor(cudnnBackendDescriptorType_t type) {
  cudnnBackendDescriptor_t descriptor = nullptr;
  check(cudnnBackendCreateDescriptor(type, &descriptor), "cudnnBackendCreateDescriptor");
  handle_ = UniqueHandle<DescriptorTraits>(descriptor);
}

void Descriptor::set_raw(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type,
                         std::size_t count, const void* values) {
  check(cudnnBackendSetAttribute(handle(), name, type, static_cast<std::int64_t>(count), values),
        "cudnnBackendSetAttribute");
}

void Descriptor::set(cudnnBackendAttributeName_t name, std::int64_t value) {
  set_raw(name, CUDNN_TYPE_INT64, 1, &value);
}
void Descriptor::set(cudnnBackendAttributeName_t name, std::span<const std::int64_t> values) {
  set_raw(name, CUDNN_TYPE_INT64, values.size(), values.data());
}
void Descriptor::set(cudnnBackendAttributeName_t name, double value) {
  set_raw(name, CUDNN_TYPE_DOUBLE, 1, &value);
}
void Descriptor::set(cudnnBackendAttributeName_t name, bool value) {
  set_raw(name, CUDNN_TYPE_BOOLEAN, 1, &value);
}
void Descriptor::set(cudnnBackendAttributeName_t name, cudnnDataType_t value) {
  set_raw(name, CUDNN_TYPE_DATA_TYPE, 1, &value);
}
void Descriptor::set(cudnnBackendAttributeName_t name, cudnnConvolutionMode_t value) {
  set_raw(name, CUDNN_TYPE_CONVOLUTION_MODE, 1, &value);
}
void Descriptor::set(cudnnBackendAttributeName_t name, cudnnPointwiseMode_t value) {
  set_raw(name, CUDNN_TYPE_POINTWISE_MODE, 1, &value);
}
void Descriptor::set(cudnnBackendAttributeName_t name, cudnnBackendHeurMode_t value) {
  set_raw(name, CUDNN_TYPE_HEUR_MODE, 1, &value);
}
void Descriptor::set(cudnnBackendAttributeName_t name, cudnnHandle_t value) {
  set_raw(name, CUDNN_TYPE_HANDLE, 1, &value);
}
void Descriptor::set(cudnnBackendAttributeName_t name, const Descriptor& value) {
  const cudnnBackendDescriptor_t descriptor = value.handle();
  set_raw(name, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &descriptor);
}
void Descriptor::set(cudnnBackendAttributeName_t name, std::span<const Descriptor> values) {
  std::vector<cudnnBackendDescriptor_t> descriptors;
  for (const Descriptor& value : values)
    descriptors.push_back(value.handle());
  set_raw(name, CUDNN_TYPE_BACKEND_DESCRIPTOR, descriptors.size(), descriptors.data());
}
void Descriptor::set(cudnnBackendAttributeName_t name, std::string_view text) {
  const std::string terminated(text);
  set_raw(name, CUDNN_TYPE_CHAR, terminated.size() + 1, terminated.c_str());
}
void Descriptor::set(cudnnBackendAttributeName_t name, std::span<void* const> addresses) {
  set_raw(name, CUDNN_TYPE_VOID_PTR, addresses.size(), addresses.data());
}
void Descriptor::set_address(cudnnBackendAttributeName_t name, void* address) {
  set_raw(name, CUDNN_TYPE_VOID_PTR, 1, &address);
}

void Descriptor::finalize() {
  check(cudnnBackendFinalize(handle()), "cudnnBackendFinalize");
}

std::int64_t Descriptor::number(cudnnBackendAttributeName_t name) const {
  std::int64_t value = 0;
  std::int64_t count = 0;
  check(cudnnBackendGetAttribute(handle(), name, CUDNN_TYPE_INT64, 1, &count, &value),
        "cudnnBackendGetAttribute");
  return value;
}

std::vector<cudnnBackendNumericalNote_t> Descriptor::numerical_notes() const {
  std::vector<cudnnBackendNumericalNote_t> notes(CUDNN_NUMERICAL_NOTE_TYPE_COUNT);
  std::int64_t count = 0;
  check(cudnnBackendGetAttribute(handle(), CUDNN_ATTR_ENGINE_NUMERICAL_NOTE,
                                 CUDNN_TYPE_NUMERICAL_NOTE, static_cast<std::int64_t>(notes.size()),
                                 &count, notes.data()),
        "cudnnBackendGetAttribute");
  notes.resize(static_cast<std::size_t>(count));
  return notes;
}

Descriptor Descriptor::part(cudnnBackendAttributeName_t name,
                            cudnnBackendDescriptorType_t type) const {
  Descriptor found(type);
  cudnnBackendDescriptor_t descriptor = found.handle();
  std::int64_t count = 0;
  check(cudnnBackendGetAttribute(handle(), name, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &count,
                                 &descriptor),
        "cudnnBackendGetAttribute");
  return found;
}

std::vector<Descriptor> Descriptor::parts(cudnnBackendAttributeName_t name,
                                          cudnnBackendDescriptorType_t type) const {
  std::int64_t count = 0;
  check(cudnnBackendGetAttribute(handle(), name, CUDNN_TYPE_BACKEND_DESCRIPTOR, 0, &count, nullptr),
        "cudnnBackendGetAttribute");
  std::vector<Descriptor> found;
  std::vector<cudnnBackendDescriptor_t> descriptors;
  for (std::int64_t i = 0; i < count; ++i)
    descriptors.push_back(found.emplace_back(type).handle());
  check(cudnnBackendGetAttribute(handle(), name, CUDNN_TYPE_BACKEND_DESCRIPTOR, count, &count,
                                 descriptors.data()),
        "cudnnBackendGetAttribute");
  found.erase(found.begin() + count, found.end());  // those that turned out not to be supported
  return found;
}

Target::Target(const Device& device) {
  device.make_current();
  cudnnHandle_t handle = nullptr;
  check(cudnnCreate(&handle), "cudnnCreate");
  handle_ = UniqueHandle<HandleTraits>(handle);
}

Target::Target(std::string_view properties) {
  properties_.emplace(CUDNN_BACKEND_DEVICEPROP_DESCRIPTOR);
  properties_->set(CUDNN_ATTR_DEVICEPROP_JSON_REPRESENTATION, properties);
  properties_->finalize();
}

void Target::set_graph(Descriptor& graph) const {
  if (!properties_) graph.set(CUDNN_ATTR_OPERATIONGRAPH_HANDLE, handle());
}

void Target::set_heuristics(Descriptor& heuristics) const {
  if (properties_) heuristics.set(CUDNN_ATTR_ENGINEHEUR_DEVICEPROP, *properties_);
}

void Target::set_plan(Descriptor& plan) const {
  if (properties_)
    plan.set(CUDNN_ATTR_EXECUTION_PLAN_DEVICEPROP, *properties_);
  else
    plan.set(CUDNN_ATTR_EXECUTION_PLAN_HANDLE, handle());
}

Plan::Plan(Descriptor plan)
    : plan_(std::move(plan)),
      workspace_bytes_(
          static_cast<std::size_t>(plan_.number(CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE))) {}

void Plan::run(cudnnHandle_t handle, DeviceStream& stream, const Addresses& addresses,
               void* workspace) const {
  const std::array<std::pair<std::int64_t, void*>, 6> all{{{input_id, addresses.input},
                                                           {weights_id, addresses.weights},
                                                           {output_id, addresses.output},
                                                           {scale_id, addresses.scale},
                                                           {bias_id, addresses.bias},
                                                           {addend_id, addresses.addend}}};
  std::vector<std::int64_t> ids;
  std::vector<void*> data;
  for (const auto& [id, address] : all) {
    if (address == nullptr) continue;
    ids.push_back(id);
    data.push_back(address);
  }
  Descriptor pack(CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR);
  pack.set(CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, ids);
  pack.set(CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS, data);
  pack.set_address(CUDNN_ATTR_VARIANT_PACK_WORKSPACE, workspace);
  pack.finalize();
  check(cudnnSetStream(handle, reinterpret_cast<cudaStream_t>(stream.handle())), "cudnnSetStream");
  check(cudnnBackendExecute(handle, plan_.handle(), pack.handle()), "cudnnBackendExecute");
  stream.launched("a convolution of cuDNN");
}

PlanSearch::PlanSearch(const Target& target, const Problem& problem)
    : target_(target), problem_(problem), graph_(make_graph(target, problem)) {}

std::optional<Plan> PlanSearch::next() {
  while (auto configuration = next_configuration()) {
    const Descriptor engine =
        configuration->part(CUDNN_ATTR_ENGINECFG_ENGINE, CUDNN_BACKEND_ENGINE_DESCRIPTOR);
    engine_ = engine.number(CUDNN_ATTR_ENGINE_GLOBAL_INDEX);
    if (!has_wanted_numerics(engine, problem_)) {
      refuse("other numerics than wanted");
      continue;
    }
    Descriptor plan(CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR);
    target_.set_plan(plan);
    plan.set(CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG, *configuration);
    try {
      plan.finalize();
    } catch (const DeviceError& error) {
      refuse(error.what());
      continue;
    }
    Plan found(std::move(plan));
    if (found.workspace_bytes() <= most_workspace_bytes) return found;
    refuse(fmt::format("a workspace of {} bytes, above {}", found.workspace_bytes(),
                       most_workspace_bytes));
  }
  return std::nullopt;
}

void PlanSearch::refuse(std::string_view why) {
  refused_.push_back(fmt::format("engine {}: {}", engine_, why));
}

std::string PlanSearch::tried() const {
  return refused_.empty() ? "it proposes none" : fmt::format("{}", fmt::join(refused_, "; "));
}

std::optional<Descriptor> PlanSearch::next_configuration() {
  static constexpr std::array modes{CUDNN_HEUR_MODE_A, CUDNN_HEUR_MODE_FALLBACK};
  while (configurations_.empty() && modes_ < modes.size()) {
    try {
      configurations_ = configurations(target_, graph_, modes[modes_++]);
    } catch (const DeviceError& error) {
      refused_.emplace_back(error.what());
    }
    std::ranges::reverse(configurations_);
  }
  if (configurations_.empty()) return std::nullopt;
  Descriptor next = std::move(configurations_.back());
  configurations_.pop_back();
  return next;
}

}  // namespace rondo::nn::cuda::cudnn
