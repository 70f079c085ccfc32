// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "cudnn_graph.hpp"

#include <algorithm>
#include <set>

#include "rondo/base/float16.hpp"

#include "memory.hpp"

namespace cuda_emulation::cudnn {
namespace {

const char* name_of(Operation::Kind kind) {
  static constexpr const char* names[] = {"forward", "backward_data", "backward_weights",
                                          "mul",     "add",           "relu"};
  return names[static_cast<std::size_t>(kind)];
}

double load(const void* from, cudnnDataType_t type, std::int64_t i) {
  switch (type) {
    case CUDNN_DATA_FLOAT: return static_cast<const float*>(from)[i];
    case CUDNN_DATA_HALF: return static_cast<float>(static_cast<const rondo::half*>(from)[i]);
    case CUDNN_DATA_BFLOAT16:
      return static_cast<float>(static_cast<const rondo::bfloat16*>(from)[i]);
  }
  return 0;
}

void store(double value, void* to, cudnnDataType_t type, std::int64_t i) {
  const auto rounded = static_cast<float>(value);
  switch (type) {
    case CUDNN_DATA_FLOAT: static_cast<float*>(to)[i] = rounded; break;
    case CUDNN_DATA_HALF:
      static_cast<rondo::half*>(to)[i] = static_cast<rondo::half>(rounded);
      break;
    case CUDNN_DATA_BFLOAT16:
      static_cast<rondo::bfloat16*>(to)[i] = static_cast<rondo::bfloat16>(rounded);
      break;
  }
}

/// Calls f(index) for all indices in row-major order.
template <class F>
void for_each(const Dims& dims, F f) {
  Dims i{};
  for (i[0] = 0; i[0] < dims[0]; ++i[0])
    for (i[1] = 0; i[1] < dims[1]; ++i[1])
      for (i[2] = 0; i[2] < dims[2]; ++i[2])
        for (i[3] = 0; i[3] < dims[3]; ++i[3])
          f(i);
}

/// All values of a tensor, row-major, and where they are at an index that other tensors may have.
struct Values {
  Dims dims{};
  std::vector<double> values;

  double& at(const Dims& i) {
    std::int64_t offset = 0;
    for (std::size_t d = 0; d < 4; ++d)
      offset = offset * dims[d] + (dims[d] == 1 ? 0 : i[d]);
    return values[static_cast<std::size_t>(offset)];
  }
};

std::int64_t offset_of(const Tensor& tensor, const Dims& i) {
  std::int64_t offset = 0;
  for (std::size_t d = 0; d < 4; ++d)
    offset += i[d] * tensor.strides[d];
  return offset;
}

class Runner {
 public:
  Runner(const std::map<std::int64_t, void*>& addresses, double factor)
      : addresses_(addresses), factor_(factor) {}

  void run(const Operation& operation) {
    switch (operation.kind) {
      case Operation::Kind::multiply:
      case Operation::Kind::add:
      case Operation::Kind::relu: return point_by_point(operation);
      default: return convolve(operation);
    }
  }

 private:
  Values read(const Tensor& tensor) const {
    if (tensor.is_virtual) return virtual_.at(tensor.id);
    Values values{tensor.dims, {}};
    for_each(tensor.dims, [&](const Dims& i) {
      values.values.push_back(load(addresses_.at(tensor.id), tensor.type, offset_of(tensor, i)));
    });
    return values;
  }

  void write(const Tensor& tensor, Values& values) {
    if (tensor.is_virtual) {
      for (double& value : values.values)
        value = static_cast<float>(value);
      virtual_[tensor.id] = values;
      return;
    }
    for_each(tensor.dims, [&](const Dims& i) {
      store(values.at(i), addresses_.at(tensor.id), tensor.type, offset_of(tensor, i));
    });
  }

  void point_by_point(const Operation& operation) {
    Values x = read(operation.x);
    Values b = operation.has_second() ? read(operation.w) : Values{};
    Values y{operation.y.dims, {}};
    for_each(operation.y.dims, [&](const Dims& i) {
      const double a = x.at(i);
      switch (operation.kind) {
        case Operation::Kind::multiply: y.values.push_back(a * b.at(i)); break;
        case Operation::Kind::add: y.values.push_back(a + b.at(i)); break;
        default: y.values.push_back(a > 0 ? a : 0.0); break;
      }
    });
    write(operation.y, y);
  }

  void convolve(const Operation& operation) {
    using Kind = Operation::Kind;
    Values all[] = {{operation.x.dims, {}}, {operation.w.dims, {}}, {operation.y.dims, {}}};
    auto& [x, w, y] = all;
    const auto fill = [this](const Tensor& tensor, Values& values, bool is_result) {
      if (is_result)
        values.values.assign(static_cast<std::size_t>(tensor.elements()), 0.0);
      else
        values = read(tensor);
    };
    fill(operation.x, x, operation.kind == Kind::backward_data);
    fill(operation.w, w, operation.kind == Kind::backward_weights);
    fill(operation.y, y, operation.kind == Kind::forward);
    for_each(y.dims, [&](const Dims& to) {
      for_each({w.dims[1], w.dims[2], w.dims[3], 1}, [&](const Dims& k) {
        const Geometry& g = operation.geometry;
        const Dims from{to[0], k[0],
                        to[2] * g.strides[0] + k[1] * g.dilations[0] - g.padding_before[0],
                        to[3] * g.strides[1] + k[2] * g.dilations[1] - g.padding_before[1]};
        if (from[2] < 0 || from[3] < 0 || from[2] >= x.dims[2] || from[3] >= x.dims[3]) return;
        double& a = x.values[index_of(x, from)];
        double& b = w.values[index_of(w, {to[1], k[0], k[1], k[2]})];
        double& c = y.values[index_of(y, to)];
        if (operation.kind == Kind::forward) c += a * b;
        if (operation.kind == Kind::backward_data) a += b * c;
        if (operation.kind == Kind::backward_weights) b += a * c;
      });
    });
    Values& result = operation.kind == Kind::forward         ? y
                     : operation.kind == Kind::backward_data ? x
                                                             : w;
    for (double& value : result.values)
      value *= factor_;
    write(operation.result(), result);
  }

  static std::size_t index_of(const Values& values, const Dims& i) {
    const auto& d = values.dims;
    return static_cast<std::size_t>(((i[0] * d[1] + i[1]) * d[2] + i[2]) * d[3] + i[3]);
  }

  const std::map<std::int64_t, void*>& addresses_;
  double factor_;
  std::map<std::int64_t, Values> virtual_;
};

std::string fault_of(const Operation& operation) {
  const Dims& x = operation.x.dims;
  const Dims& w = operation.w.dims;
  const Dims& y = operation.y.dims;
  if (!operation.is_convolution()) {
    if (x != y) return "a result of another shape";
    for (std::size_t d = 0; operation.has_second() && d < 4; ++d)
      if (w[d] != y[d] && w[d] != 1) return "a second operand that does not fit";
    return {};
  }
  const Geometry& g = operation.geometry;
  const auto outputs = [&](std::size_t d) {
    return (x[d + 2] + g.padding_before[d] + g.padding_behind[d] - g.dilations[d] * (w[d + 2] - 1) -
            1) /
               g.strides[d] +
           1;
  };
  if (y != Dims{x[0], w[0], outputs(0), outputs(1)}) return "an output of another shape";
  return x[1] == w[1] ? "" : "weights for other channels";
}

bool is_alike(const Tensor& a, const Tensor& b) {
  return a.type == b.type && a.dims == b.dims && a.strides == b.strides &&
         a.is_virtual == b.is_virtual;
}

}  // namespace

const Tensor& Operation::result() const {
  if (kind == Kind::backward_data) return x;
  return kind == Kind::backward_weights ? w : y;
}

std::string Graph::name() const {
  std::string name;
  for (const Operation& operation : operations) {
    if (!name.empty()) name += '+';
    name += name_of(operation.kind);
  }
  return name.append(" of ").append(std::to_string(operations.front().x.dims[0]));
}

std::string Graph::fault() const {
  std::map<std::int64_t, Tensor> known;
  std::set<std::int64_t> written;
  for (const Operation& operation : operations) {
    if (std::string fault = fault_of(operation); !fault.empty()) return fault;
    std::vector<Tensor> all{operation.x, operation.y};
    if (operation.has_second()) all.push_back(operation.w);
    for (const Tensor& tensor : all) {
      if (!is_alike(known.emplace(tensor.id, tensor).first->second, tensor))
        return "two tensors of one id";
      if (tensor.id != operation.result().id && tensor.is_virtual && !written.contains(tensor.id))
        return "a virtual tensor that nobody wrote";
    }
    if (!written.insert(operation.result().id).second) return "a tensor that is written twice";
  }
  return operations.back().result().is_virtual ? "a result that nobody can read" : "";
}

std::vector<Tensor> Graph::tensors() const {
  std::map<std::int64_t, Tensor> found;
  for (const Operation& operation : operations) {
    found[operation.x.id] = operation.x;
    found[operation.y.id] = operation.y;
    if (operation.has_second()) found[operation.w.id] = operation.w;
  }
  std::vector<Tensor> tensors;
  for (const auto& [id, tensor] : found)
    if (!tensor.is_virtual) tensors.push_back(tensor);
  return tensors;
}

void Graph::run(const std::map<std::int64_t, void*>& addresses, double factor) const {
  const DeviceAccess access;
  Runner runner(addresses, factor);
  for (const Operation& operation : operations)
    runner.run(operation);
}

}  // namespace cuda_emulation::cudnn
