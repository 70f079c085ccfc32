// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>
#include <map>
#include <set>
#include <stdexcept>

#include "cudnn_graph.hpp"
#include "memory.hpp"
#include "streams.hpp"

struct cudnnContext {  // NOLINT: cuDNN's name
  cudaStream_t stream = nullptr;
};

namespace cuda_emulation {

CudnnSettings& cudnn_settings() {
  static CudnnSettings settings;
  return settings;
}

CudnnHistory& cudnn_history() {
  static CudnnHistory history;
  return history;
}

namespace {

using cudnn::Graph;
using cudnn::Operation;
using cudnn::Tensor;
using Name = cudnnBackendAttributeName_t;
using Type = cudnnBackendDescriptorType_t;

std::string& last_words() {
  static std::string words;
  return words;
}

/// Ends a call, with what cudnnGetLastErrorString() says afterwards.
struct Failure {
  cudnnStatus_t status;
};

[[noreturn]] void fail(cudnnStatus_t status, const std::string& words) {
  last_words() = words;
  throw Failure{status};
}

struct AttributeRule {
  cudnnBackendAttributeType_t type;
  bool is_required;
};

/// Which attributes a descriptor has that can be set.
const std::map<Name, AttributeRule>& rules_of(Type type) {
  static const auto convolution = [](int alpha, int beta, int geometry, int x, int w, int y) {
    std::map<Name, AttributeRule> rules;
    for (const int number : {alpha, beta})
      rules[static_cast<Name>(number)] = {CUDNN_TYPE_DOUBLE, true};
    for (const int number : {geometry, x, w, y})
      rules[static_cast<Name>(number)] = {CUDNN_TYPE_BACKEND_DESCRIPTOR, true};
    return rules;
  };
  static const std::map<Type, std::map<Name, AttributeRule>> rules{
      {CUDNN_BACKEND_TENSOR_DESCRIPTOR,
       {{CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, {CUDNN_TYPE_INT64, true}},
        {CUDNN_ATTR_TENSOR_DATA_TYPE, {CUDNN_TYPE_DATA_TYPE, true}},
        {CUDNN_ATTR_TENSOR_DIMENSIONS, {CUDNN_TYPE_INT64, true}},
        {CUDNN_ATTR_TENSOR_STRIDES, {CUDNN_TYPE_INT64, true}},
        {CUDNN_ATTR_TENSOR_UNIQUE_ID, {CUDNN_TYPE_INT64, true}},
        {CUDNN_ATTR_TENSOR_IS_VIRTUAL, {CUDNN_TYPE_BOOLEAN, false}}}},
      {CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR,
       {{CUDNN_ATTR_CONVOLUTION_COMP_TYPE, {CUDNN_TYPE_DATA_TYPE, true}},
        {CUDNN_ATTR_CONVOLUTION_CONV_MODE, {CUDNN_TYPE_CONVOLUTION_MODE, true}},
        {CUDNN_ATTR_CONVOLUTION_DILATIONS, {CUDNN_TYPE_INT64, true}},
        {CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES, {CUDNN_TYPE_INT64, true}},
        {CUDNN_ATTR_CONVOLUTION_POST_PADDINGS, {CUDNN_TYPE_INT64, true}},
        {CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS, {CUDNN_TYPE_INT64, true}},
        {CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS, {CUDNN_TYPE_INT64, true}}}},
      {CUDNN_BACKEND_POINTWISE_DESCRIPTOR,
       {{CUDNN_ATTR_POINTWISE_MODE, {CUDNN_TYPE_POINTWISE_MODE, true}},
        {CUDNN_ATTR_POINTWISE_MATH_PREC, {CUDNN_TYPE_DATA_TYPE, true}}}},
      {CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR,
       convolution(700, 701, 702, 704, 703, 705)},
      {CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR,
       convolution(706, 707, 708, 710, 709, 711)},
      {CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR,
       convolution(712, 713, 714, 716, 715, 717)},
      {CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR,
       {{CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR, {CUDNN_TYPE_BACKEND_DESCRIPTOR, true}},
        {CUDNN_ATTR_OPERATION_POINTWISE_XDESC, {CUDNN_TYPE_BACKEND_DESCRIPTOR, true}},
        {CUDNN_ATTR_OPERATION_POINTWISE_BDESC, {CUDNN_TYPE_BACKEND_DESCRIPTOR, false}},
        {CUDNN_ATTR_OPERATION_POINTWISE_YDESC, {CUDNN_TYPE_BACKEND_DESCRIPTOR, true}}}},
      {CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR,
       {{CUDNN_ATTR_OPERATIONGRAPH_HANDLE, {CUDNN_TYPE_HANDLE, true}},
        {CUDNN_ATTR_OPERATIONGRAPH_OPS, {CUDNN_TYPE_BACKEND_DESCRIPTOR, true}}}},
      {CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR,
       {{CUDNN_ATTR_ENGINEHEUR_MODE, {CUDNN_TYPE_HEUR_MODE, true}},
        {CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH, {CUDNN_TYPE_BACKEND_DESCRIPTOR, true}}}},
      {CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR,
       {{CUDNN_ATTR_EXECUTION_PLAN_HANDLE, {CUDNN_TYPE_HANDLE, true}},
        {CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG, {CUDNN_TYPE_BACKEND_DESCRIPTOR, true}}}},
      {CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR,
       {{CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, {CUDNN_TYPE_INT64, true}},
        {CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS, {CUDNN_TYPE_VOID_PTR, true}},
        {CUDNN_ATTR_VARIANT_PACK_WORKSPACE, {CUDNN_TYPE_VOID_PTR, false}}}},
      {CUDNN_BACKEND_ENGINE_DESCRIPTOR, {}},
      {CUDNN_BACKEND_ENGINECFG_DESCRIPTOR, {}}};
  const auto found = rules.find(type);
  if (found == rules.end()) fail(CUDNN_STATUS_NOT_SUPPORTED, "a descriptor that is not emulated");
  return found->second;
}

std::size_t bytes_of(cudnnBackendAttributeType_t type) {
  switch (type) {
    case CUDNN_TYPE_INT64:
    case CUDNN_TYPE_DOUBLE: return 8;
    case CUDNN_TYPE_BOOLEAN:
    case CUDNN_TYPE_CHAR: return 1;
    case CUDNN_TYPE_HANDLE:
    case CUDNN_TYPE_VOID_PTR:
    case CUDNN_TYPE_BACKEND_DESCRIPTOR: return sizeof(void*);
    default: return sizeof(int);  // of all enumerations
  }
}

/// What a descriptor was given, and what it is as soon as it is finalized. Those that it was given
/// are copied, as they may be destroyed before it is.
struct Descriptor {
  Type type;
  bool is_final = false;
  std::map<Name, std::vector<std::byte>> values = {};
  std::map<Name, std::vector<Descriptor>> parts = {};
  // Of the types that they are for:
  Tensor tensor = {};
  Operation operation = {};
  Graph graph = {};
  std::size_t engine = 0;
  std::vector<std::size_t> engines = {};

  template <class T>
  std::vector<T> all(Name name) const {
    const auto found = values.find(name);
    if (found == values.end()) return {};
    std::vector<T> result(found->second.size() / sizeof(T));
    std::memcpy(result.data(), found->second.data(), found->second.size());
    return result;
  }
  template <class T>
  T one(Name name) const {
    const auto result = all<T>(name);
    if (result.size() != 1) fail(CUDNN_STATUS_BAD_PARAM, "an attribute of another length");
    return result[0];
  }
  template <class T, std::size_t N>
  std::array<T, N> some(Name name) const {
    const auto result = all<T>(name);
    if (result.size() != N) fail(CUDNN_STATUS_BAD_PARAM, "an attribute of another length");
    std::array<T, N> array;
    std::ranges::copy(result, array.begin());
    return array;
  }
  const Descriptor& part(Name name, Type wanted) const {
    const auto& found = parts.at(name);
    if (found.size() != 1 || found[0].type != wanted)
      fail(CUDNN_STATUS_BAD_PARAM, "a part of another type");
    return found[0];
  }
};

Descriptor& of(cudnnBackendDescriptor_t descriptor) {
  return *static_cast<Descriptor*>(descriptor);
}

void finalize_tensor(Descriptor& d) {
  d.tensor = {.id = d.one<std::int64_t>(CUDNN_ATTR_TENSOR_UNIQUE_ID),
              .type = d.one<cudnnDataType_t>(CUDNN_ATTR_TENSOR_DATA_TYPE),
              .dims = d.some<std::int64_t, 4>(CUDNN_ATTR_TENSOR_DIMENSIONS),
              .strides = d.some<std::int64_t, 4>(CUDNN_ATTR_TENSOR_STRIDES),
              .alignment = d.one<std::int64_t>(CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT)};
  if (d.values.contains(CUDNN_ATTR_TENSOR_IS_VIRTUAL))
    d.tensor.is_virtual = d.one<char>(CUDNN_ATTR_TENSOR_IS_VIRTUAL) != 0;
  if (d.tensor.is_virtual && d.tensor.type != CUDNN_DATA_FLOAT)
    fail(CUDNN_STATUS_NOT_SUPPORTED, "a virtual tensor that is not f32");
}

void finalize_geometry(const Descriptor& d) {
  if (d.one<std::int64_t>(CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS) != 2 ||
      d.one<int>(CUDNN_ATTR_CONVOLUTION_COMP_TYPE) != CUDNN_DATA_FLOAT ||
      d.one<int>(CUDNN_ATTR_CONVOLUTION_CONV_MODE) != CUDNN_CROSS_CORRELATION)
    fail(CUDNN_STATUS_NOT_SUPPORTED, "a convolution that is not emulated");
}

void finalize_convolution(Descriptor& d, Operation::Kind kind, int first) {
  // In the order of rules_of().
  const auto at = [&](int i) { return static_cast<Name>(first + i); };
  const bool is_forward = kind == Operation::Kind::forward;
  if (d.one<double>(at(0)) != 1 || d.one<double>(at(1)) != 0)
    fail(CUDNN_STATUS_NOT_SUPPORTED, "factors other than 1 and 0");
  const auto tensor = [&](int i) { return d.part(at(i), CUDNN_BACKEND_TENSOR_DESCRIPTOR).tensor; };
  const Descriptor& g = d.part(at(2), CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR);
  d.operation = {.kind = kind,
                 .x = tensor(4),
                 .w = tensor(3),
                 .y = tensor(5),
                 .geometry = {g.some<std::int64_t, 2>(CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES),
                              g.some<std::int64_t, 2>(CUDNN_ATTR_CONVOLUTION_DILATIONS),
                              g.some<std::int64_t, 2>(CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS),
                              g.some<std::int64_t, 2>(CUDNN_ATTR_CONVOLUTION_POST_PADDINGS)}};
  if (!is_forward && (d.operation.x.is_virtual || d.operation.y.is_virtual))
    fail(CUDNN_STATUS_NOT_SUPPORTED, "a virtual gradient");
}

void finalize_pointwise(Descriptor& d) {
  const Descriptor& what =
      d.part(CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR, CUDNN_BACKEND_POINTWISE_DESCRIPTOR);
  if (what.one<int>(CUDNN_ATTR_POINTWISE_MATH_PREC) != CUDNN_DATA_FLOAT)
    fail(CUDNN_STATUS_NOT_SUPPORTED, "arithmetic that is not f32");
  const auto tensor = [&](Name name) {
    return d.part(name, CUDNN_BACKEND_TENSOR_DESCRIPTOR).tensor;
  };
  switch (what.one<cudnnPointwiseMode_t>(CUDNN_ATTR_POINTWISE_MODE)) {
    case CUDNN_POINTWISE_ADD: d.operation.kind = Operation::Kind::add; break;
    case CUDNN_POINTWISE_MUL: d.operation.kind = Operation::Kind::multiply; break;
    case CUDNN_POINTWISE_RELU_FWD: d.operation.kind = Operation::Kind::relu; break;
    default: fail(CUDNN_STATUS_NOT_SUPPORTED, "a pointwise mode that is not emulated");
  }
  if (d.operation.has_second() != d.parts.contains(CUDNN_ATTR_OPERATION_POINTWISE_BDESC))
    fail(CUDNN_STATUS_BAD_PARAM, "one operand too many, or one too few");
  d.operation.x = tensor(CUDNN_ATTR_OPERATION_POINTWISE_XDESC);
  d.operation.y = tensor(CUDNN_ATTR_OPERATION_POINTWISE_YDESC);
  if (d.operation.has_second()) d.operation.w = tensor(CUDNN_ATTR_OPERATION_POINTWISE_BDESC);
}

void finalize_graph(Descriptor& d) {
  for (const Descriptor& operation : d.parts.at(CUDNN_ATTR_OPERATIONGRAPH_OPS)) {
    rules_of(operation.type);
    d.graph.operations.push_back(operation.operation);
  }
  if (const std::string fault = d.graph.fault(); !fault.empty())
    fail(CUDNN_STATUS_BAD_PARAM_SHAPE_MISMATCH, fault);
}

void finalize_heuristics(Descriptor& d) {
  d.graph =
      d.part(CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH, CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR).graph;
  if (d.one<int>(CUDNN_ATTR_ENGINEHEUR_MODE) != CUDNN_HEUR_MODE_A) return;
  cudnn_history().searches.push_back(d.graph.name());
  const auto& engines = cudnn_settings().engines;
  for (std::size_t i = 0; i < engines.size(); ++i)
    if (engines[i].fuses || d.graph.operations.size() == 1) d.engines.push_back(i);
}

void finalize_plan(Descriptor& d) {
  const Descriptor& configuration =
      d.part(CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG, CUDNN_BACKEND_ENGINECFG_DESCRIPTOR);
  d.graph = configuration.graph;
  d.engine = configuration.engine;
  const cudnnStatus_t status = cudnn_settings().engines.at(d.engine).plan_status;
  if (status != CUDNN_STATUS_SUCCESS) fail(status, "a plan that the test does not want");
}

void finalize(Descriptor& d) {
  for (const auto& [name, rule] : rules_of(d.type))
    if (rule.is_required && !d.values.contains(name) && !d.parts.contains(name))
      fail(CUDNN_STATUS_BAD_PARAM, "attribute " + std::to_string(name) + " is missing");
  switch (d.type) {
    case CUDNN_BACKEND_TENSOR_DESCRIPTOR: finalize_tensor(d); break;
    case CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR: finalize_geometry(d); break;
    case CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR:
      finalize_convolution(d, Operation::Kind::forward, 700);
      break;
    case CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR:
      finalize_convolution(d, Operation::Kind::backward_data, 706);
      break;
    case CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR:
      finalize_convolution(d, Operation::Kind::backward_weights, 712);
      break;
    case CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR: finalize_pointwise(d); break;
    case CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR: finalize_graph(d); break;
    case CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR: finalize_heuristics(d); break;
    case CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR: finalize_plan(d); break;
    default: break;
  }
  d.is_final = true;
}

void set(Descriptor& d, Name name, cudnnBackendAttributeType_t type, std::size_t count,
         const void* values) {
  const auto& rules = rules_of(d.type);
  const auto rule = rules.find(name);
  if (rule == rules.end())
    fail(CUDNN_STATUS_BAD_PARAM,
         "attribute " + std::to_string(name) + " is not of descriptor " + std::to_string(d.type));
  if (rule->second.type != type)
    fail(CUDNN_STATUS_BAD_PARAM_ATTRIBUTE_TYPE, "an attribute of another type");
  if (d.is_final) fail(CUDNN_STATUS_BAD_PARAM, "the descriptor is finalized");
  if (type == CUDNN_TYPE_BACKEND_DESCRIPTOR) {
    std::vector<Descriptor> parts;
    for (std::size_t i = 0; i < count; ++i) {
      parts.push_back(of(static_cast<const cudnnBackendDescriptor_t*>(values)[i]));
      if (!parts.back().is_final)
        fail(CUDNN_STATUS_BAD_PARAM_NOT_FINALIZED, "a part that is not finalized");
    }
    d.parts[name] = std::move(parts);
    return;
  }
  const auto* const bytes = static_cast<const std::byte*>(values);
  d.values[name] = {bytes, bytes + count * bytes_of(type)};
}

/// Fills in the descriptors that the caller made for them, or says how many there are.
void get_parts(const Descriptor& d, std::int64_t wanted, std::int64_t* count, void* values) {
  std::vector<Descriptor> found;
  const auto add = [&](Type type, std::size_t engine) {
    Descriptor part{.type = type};
    part.is_final = true;
    part.graph = d.graph;
    part.engine = engine;
    found.push_back(std::move(part));
  };
  if (d.type == CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR)
    for (const std::size_t engine : d.engines)
      add(CUDNN_BACKEND_ENGINECFG_DESCRIPTOR, engine);
  if (d.type == CUDNN_BACKEND_ENGINECFG_DESCRIPTOR) add(CUDNN_BACKEND_ENGINE_DESCRIPTOR, d.engine);
  *count = static_cast<std::int64_t>(found.size());
  for (std::size_t i = 0; i < std::min(found.size(), static_cast<std::size_t>(wanted)); ++i) {
    Descriptor& to = of(static_cast<cudnnBackendDescriptor_t*>(values)[i]);
    if (to.type != found[i].type) fail(CUDNN_STATUS_BAD_PARAM, "descriptors of another type");
    to = found[i];
  }
}

template <class T>
void give(const std::vector<T>& found, std::int64_t wanted, std::int64_t* count, void* values) {
  *count = std::min(wanted, static_cast<std::int64_t>(found.size()));
  std::copy_n(found.begin(), *count, static_cast<T*>(values));
}

void get(const Descriptor& d, Name name, cudnnBackendAttributeType_t type, std::int64_t wanted,
         std::int64_t* count, void* values) {
  if (!d.is_final) fail(CUDNN_STATUS_BAD_PARAM_NOT_FINALIZED, "the descriptor is not finalized");
  const auto& engines = cudnn_settings().engines;
  if (type == CUDNN_TYPE_BACKEND_DESCRIPTOR &&
      (name == CUDNN_ATTR_ENGINEHEUR_RESULTS || name == CUDNN_ATTR_ENGINECFG_ENGINE))
    return get_parts(d, wanted, count, values);
  if (name == CUDNN_ATTR_ENGINE_NUMERICAL_NOTE && type == CUDNN_TYPE_NUMERICAL_NOTE)
    return give(engines.at(d.engine).notes, wanted, count, values);
  if (name == CUDNN_ATTR_ENGINE_GLOBAL_INDEX && type == CUDNN_TYPE_INT64)
    return give<std::int64_t>({static_cast<std::int64_t>(d.engine)}, wanted, count, values);
  if (name == CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE && type == CUDNN_TYPE_INT64)
    return give<std::int64_t>({static_cast<std::int64_t>(engines.at(d.engine).workspace_bytes)},
                              wanted, count, values);
  fail(CUDNN_STATUS_BAD_PARAM, "an attribute that is not emulated");
}

std::map<std::int64_t, void*> addresses_of(const Graph& graph, const Descriptor& pack) {
  const auto ids = pack.all<std::int64_t>(CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS);
  const auto pointers = pack.all<void*>(CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS);
  if (ids.size() != pointers.size()) fail(CUDNN_STATUS_BAD_PARAM, "ids without addresses");
  std::map<std::int64_t, void*> addresses;
  for (std::size_t i = 0; i < ids.size(); ++i)
    addresses[ids[i]] = pointers[i];
  for (const Tensor& tensor : graph.tensors()) {
    const auto found = addresses.find(tensor.id);
    if (found == addresses.end() || found->second == nullptr ||
        reinterpret_cast<std::intptr_t>(found->second) % tensor.alignment != 0)
      fail(CUDNN_STATUS_BAD_PARAM, "a tensor without an address, or at an unaligned one");
  }
  return addresses;
}

void execute(cudaStream_t stream, const Descriptor& plan, const Descriptor& pack) {
  const CudnnEngine& engine = cudnn_settings().engines.at(plan.engine);
  auto addresses = addresses_of(plan.graph, pack);
  const auto workspaces = pack.all<void*>(CUDNN_ATTR_VARIANT_PACK_WORKSPACE);
  void* const workspace = workspaces.empty() ? nullptr : workspaces[0];
  if (engine.workspace_bytes > 0 && workspace == nullptr)
    fail(CUDNN_STATUS_BAD_PARAM, "no workspace");
  if (engine.run_status != CUDNN_STATUS_SUCCESS)
    fail(engine.run_status, "a run that the test does not want");
  cudnn_history().runs.push_back({plan.graph.name(), plan.engine});
  const bool differs = std::ranges::count(engine.notes, CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC) > 0;
  queue(stream, [graph = plan.graph, addresses = std::move(addresses), workspace,
                 bytes = engine.workspace_bytes, differs] {
    static unsigned runs = 0;
    {
      const DeviceAccess access;
      if (bytes > 0) std::memset(workspace, 0xFF, bytes);
    }
    graph.run(addresses, differs ? 1.0 + 1e-3 * ++runs : 1.0);
  });
}

template <class F>
cudnnStatus_t call(F f) {
  try {
    f();
  } catch (const Failure& failure) {
    return failure.status;
  } catch (const std::out_of_range&) {
    last_words() = "a part that is missing";
    return CUDNN_STATUS_BAD_PARAM;
  }
  return CUDNN_STATUS_SUCCESS;
}

}  // namespace
}  // namespace cuda_emulation

using namespace cuda_emulation;  // NOLINT(google-build-using-namespace): cuDNN's are global

std::size_t cudnnGetVersion() {
  return 90000;
}

const char* cudnnGetErrorString(cudnnStatus_t status) {
  switch (status) {
    case CUDNN_STATUS_SUCCESS: return "CUDNN_STATUS_SUCCESS";
    case CUDNN_STATUS_BAD_PARAM: return "CUDNN_STATUS_BAD_PARAM";
    case CUDNN_STATUS_BAD_PARAM_NOT_FINALIZED: return "CUDNN_STATUS_BAD_PARAM_NOT_FINALIZED";
    case CUDNN_STATUS_BAD_PARAM_SHAPE_MISMATCH: return "CUDNN_STATUS_BAD_PARAM_SHAPE_MISMATCH";
    case CUDNN_STATUS_BAD_PARAM_ATTRIBUTE_TYPE: return "CUDNN_STATUS_BAD_PARAM_ATTRIBUTE_TYPE";
    case CUDNN_STATUS_NOT_SUPPORTED: return "CUDNN_STATUS_NOT_SUPPORTED";
    case CUDNN_STATUS_NOT_SUPPORTED_GRAPH_PATTERN:
      return "CUDNN_STATUS_NOT_SUPPORTED_GRAPH_PATTERN";
    case CUDNN_STATUS_INTERNAL_ERROR: return "CUDNN_STATUS_INTERNAL_ERROR";
    case CUDNN_STATUS_EXECUTION_FAILED: return "CUDNN_STATUS_EXECUTION_FAILED";
  }
  return "a status that the emulation does not name";
}

void cudnnGetLastErrorString(char* message, std::size_t max_size) {
  const std::size_t length = std::min(last_words().size(), max_size - 1);
  std::memcpy(message, last_words().data(), length);
  message[length] = 0;
}

// NOLINTBEGIN(cppcoreguidelines-owning-memory): cuDNN's handles are so
cudnnStatus_t cudnnCreate(cudnnHandle_t* handle) {
  *handle = new cudnnContext;
  return CUDNN_STATUS_SUCCESS;
}
cudnnStatus_t cudnnDestroy(cudnnHandle_t handle) {
  delete handle;
  return CUDNN_STATUS_SUCCESS;
}
cudnnStatus_t cudnnSetStream(cudnnHandle_t handle, cudaStream_t stream) {
  handle->stream = stream;
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnBackendCreateDescriptor(cudnnBackendDescriptorType_t type,
                                           cudnnBackendDescriptor_t* descriptor) {
  return call([&] {
    rules_of(type);
    *descriptor = new Descriptor{.type = type};
  });
}
cudnnStatus_t cudnnBackendDestroyDescriptor(cudnnBackendDescriptor_t descriptor) {
  delete static_cast<Descriptor*>(descriptor);
  return CUDNN_STATUS_SUCCESS;
}
// NOLINTEND(cppcoreguidelines-owning-memory)

cudnnStatus_t cudnnBackendFinalize(cudnnBackendDescriptor_t descriptor) {
  return call([&] { finalize(of(descriptor)); });
}

cudnnStatus_t cudnnBackendSetAttribute(cudnnBackendDescriptor_t descriptor,
                                       cudnnBackendAttributeName_t name,
                                       cudnnBackendAttributeType_t type, std::int64_t count,
                                       const void* values) {
  return call([&] { set(of(descriptor), name, type, static_cast<std::size_t>(count), values); });
}

cudnnStatus_t cudnnBackendGetAttribute(cudnnBackendDescriptor_t descriptor,
                                       cudnnBackendAttributeName_t name,
                                       cudnnBackendAttributeType_t type, std::int64_t wanted,
                                       std::int64_t* count, void* values) {
  return call([&] { get(of(descriptor), name, type, wanted, count, values); });
}

cudnnStatus_t cudnnBackendExecute(cudnnHandle_t handle, cudnnBackendDescriptor_t plan,
                                  cudnnBackendDescriptor_t variant_pack) {
  return call([&] {
    if (!of(plan).is_final || !of(variant_pack).is_final)
      fail(CUDNN_STATUS_BAD_PARAM_NOT_FINALIZED, "what is executed is not finalized");
    execute(handle->stream, of(plan), of(variant_pack));
  });
}
