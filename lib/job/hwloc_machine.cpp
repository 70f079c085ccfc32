// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <cerrno>
#include <system_error>
#include <utility>

#include "rondo/base/unique_handle.hpp"

#include "job/hwloc_domains.hpp"
#include "job/machine.hpp"

namespace rondo::job {
namespace {

struct TopologyTraits {
  using handle_type = hwloc_topology_t;
  static handle_type null() noexcept { return nullptr; }
  static void close(handle_type topology) noexcept { hwloc_topology_destroy(topology); }
};
using Topology = UniqueHandle<TopologyTraits>;

struct BitmapTraits {
  using handle_type = hwloc_bitmap_t;
  static handle_type null() noexcept { return nullptr; }
  static void close(handle_type bitmap) noexcept { hwloc_bitmap_free(bitmap); }
};
using Bitmap = UniqueHandle<BitmapTraits>;

/// Null where hwloc cannot read it, or is told of another machine (HWLOC_XMLFILE and the like).
Topology load_topology() {
  hwloc_topology_t raw = nullptr;
  if (hwloc_topology_init(&raw) != 0) return {};
  Topology topology(raw);
  if (hwloc_topology_load(raw) != 0 || hwloc_topology_is_thissystem(raw) == 0) return {};
  return topology;
}

/// Reading it takes milliseconds, on large machines a tenth of a second.
hwloc_topology_t this_topology() {
  static const Topology topology = load_topology();
  return topology.get();
}

Processors processors_in(hwloc_const_bitmap_t bitmap) {
  Processors result;
  for (int processor = hwloc_bitmap_first(bitmap); processor >= 0;
       processor = hwloc_bitmap_next(bitmap, processor))
    result.push_back(processor);
  return result;
}

/// Takes from `left` what `object` has of it.
Bitmap take(hwloc_bitmap_t left, hwloc_obj_t object) {
  Bitmap taken(hwloc_bitmap_alloc());
  hwloc_bitmap_and(taken.get(), left, object->cpuset);
  hwloc_bitmap_andnot(left, left, taken.get());
  return taken;
}

/// The cores of `processors`, which is empty afterwards.
Domain cores_of(hwloc_topology_t topology, hwloc_bitmap_t processors) {
  Domain cores;
  for (const hwloc_obj_type_t type : {HWLOC_OBJ_CORE, HWLOC_OBJ_PU}) {
    hwloc_obj_t object = nullptr;
    while ((object = hwloc_get_next_obj_by_type(topology, type, object)) != nullptr) {
      const Bitmap core = take(processors, object);
      if (hwloc_bitmap_iszero(core.get()) == 0) cores.push_back(processors_in(core.get()));
    }
  }
  return cores;
}

}  // namespace

Domains domains_of(hwloc_topology_t topology) {
  const Bitmap left(hwloc_bitmap_dup(hwloc_topology_get_allowed_cpuset(topology)));
  Domains domains;
  hwloc_obj_t node = nullptr;
  while ((node = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_NUMANODE, node)) != nullptr) {
    const Bitmap processors = take(left.get(), node);
    domains.push_back(cores_of(topology, processors.get()));
  }
  domains.push_back(cores_of(topology, left.get()));
  std::erase_if(domains, [](const Domain& domain) { return domain.empty(); });
  return domains;
}

Machine inspect_machine() {
  const hwloc_topology_t topology = this_topology();
  const Bitmap own(hwloc_bitmap_alloc());
  if (topology == nullptr || hwloc_get_cpubind(topology, own.get(), HWLOC_CPUBIND_THREAD) != 0)
    return {};
  hwloc_bitmap_and(own.get(), own.get(), hwloc_topology_get_allowed_cpuset(topology));
  return {.domains = domains_of(topology), .own = processors_in(own.get())};
}

std::string bind_process(const Processors& processors) {
  const Bitmap bitmap(hwloc_bitmap_alloc());
  for (const int processor : processors)
    hwloc_bitmap_set(bitmap.get(), static_cast<unsigned>(processor));
  if (hwloc_set_cpubind(this_topology(), bitmap.get(), HWLOC_CPUBIND_PROCESS) == 0) return "";
  return "the system refuses: " + std::generic_category().message(errno);
}

}  // namespace rondo::job
