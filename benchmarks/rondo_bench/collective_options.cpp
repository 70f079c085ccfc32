// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo_bench/collective_options.hpp"

#include <fmt/format.h>

#include "rondo/base/error.hpp"

namespace rondo::bench {
namespace {

using comm::Algorithm;
using comm::Collective;
using comm::ReduceOp;
using comm::Wire;

[[noreturn]] void fail(const std::string& problem) {
  throw AgreedError(ExitCode::usage, problem);
}

std::vector<std::string> algorithm_choices(Collective collective) {
  std::vector<std::string> names{std::string(comm::name_of(Algorithm::automatic)), "all"};
  for (const Algorithm algorithm : comm::algorithms_of(collective))
    names.emplace_back(comm::name_of(algorithm));
  return names;
}

void declare_data(apps::Options& options, CollectiveOptions& values) {
  options.group("What is measured");
  options.add_bytes("min", values.min_bytes, "least size, of the longer buffer").at_least(1);
  options.add_bytes("max", values.max_bytes, "greatest size");
  options.add("factor", values.factor, "from one size to the next").at_least(2);
  options.add("dtype", values.dtype,
              {{"f32", DType::f32},
               {"f64", DType::f64},
               {"f16", DType::f16},
               {"bf16", DType::bf16},
               {"i32", DType::i32},
               {"i64", DType::i64},
               {"u8", DType::u8},
               {"u16", DType::u16},
               {"u32", DType::u32}},
              "type of the elements");
  if (is_reduction(values.collective)) {
    options.add("op", values.op,
                {{"sum", ReduceOp::sum},
                 {"avg", ReduceOp::avg},
                 {"min", ReduceOp::min},
                 {"max", ReduceOp::max}},
                "reduction");
    options.add("wire", values.wire,
                {{"f32", Wire::exact}, {"bf16", Wire::bf16}, {"f16", Wire::f16}},
                "type in which f32 elements travel between nodes");
  }
  options.add("buffers", values.buffers,
              {{"arena", BufferKind::arena}, {"private", BufferKind::private_memory}},
              "from the communicator, or the program's own");
  if (values.collective == Collective::allreduce)
    options.add("in-place", values.in_place, "input and output are one buffer");
  if (values.collective == Collective::broadcast)
    options.add("root", values.root, "rank that has the data").at_least(0);
  options
      .add("algorithm", values.algorithm, "the library's choice, all that fit, or one by its name")
      .one_of(algorithm_choices(values.collective));
}

void declare_method(apps::Options& options, CollectiveOptions& values) {
  options.group("How");
  options.add("compare", values.compare, {{"mpi", true}, {"none", false}},
              "the peer, measured in turn: the MPI library's collective on private buffers");
  options.add("hot", values.race.hot, "use the same buffers again and again");
  options.add("warmup", values.race.warmup, "calls before anything else");
  options.add("repeats", values.race.repeats, "timed repeats of a size at the most").at_least(1);
  options.add("seconds", values.race.seconds, "time for the repeats of a size, about")
      .between(0, 3600);
  options
      .add("link-bytes-per-second", values.link_bytes_per_second,
           "speed of a node's link; 0 measures it")
      .at_least(0);
  options.add("json", values.json, "append the figures to this file, one JSON object a line");
  options.add("explain", values.explain, "print why the library chose its algorithm");
}

}  // namespace

std::string_view name_of(BufferKind buffers) {
  return buffers == BufferKind::arena ? "arena" : "private";
}

void declare(apps::Options& options, CollectiveOptions& values) {
  declare_data(options, values);
  declare_method(options, values);
  options.example(fmt::format("mpirun -np 2 --bind-to core {} --min 16K --max 64M --algorithm all",
                              options.program()));
}

void require_consistent(const CollectiveOptions& options, int ranks) {
  if (options.max_bytes < options.min_bytes)
    fail(fmt::format("--max is {}: it must be at least --min, {}", options.max_bytes,
                     options.min_bytes));
  if (options.wire != Wire::exact && options.dtype != DType::f32)
    fail(fmt::format("--wire {} is for --dtype f32, not {}", comm::name_of(options.wire),
                     rondo::name_of(options.dtype)));
  if (options.root >= ranks)
    fail(fmt::format("--root is {}: it must be a rank, below {}", options.root, ranks));
}

std::vector<Shape> shapes_of(const CollectiveOptions& options, int ranks) {
  const Shape pattern{.collective = options.collective,
                      .dtype = options.dtype,
                      .ranks = ranks,
                      .in_place = options.in_place};
  std::vector<Shape> shapes;
  for (std::size_t bytes = options.min_bytes; bytes <= options.max_bytes;) {
    const Shape shape = shape_of_bytes(pattern, bytes);
    if (shapes.empty() || shapes.back().count != shape.count) shapes.push_back(shape);
    if (bytes > options.max_bytes / options.factor) break;
    bytes *= options.factor;
  }
  return shapes;
}

std::vector<Algorithm> algorithms_named(const std::string& name, Collective collective,
                                        const comm::Place& place) {
  const bool all = name == "all";
  std::vector<Algorithm> result;
  if (all || name == comm::name_of(Algorithm::automatic)) result.push_back(Algorithm::automatic);
  for (const Algorithm algorithm : comm::algorithms_of(collective))
    if (all ? comm::fits(algorithm, collective, place) : name == comm::name_of(algorithm))
      result.push_back(algorithm);
  return result;
}

}  // namespace rondo::bench
