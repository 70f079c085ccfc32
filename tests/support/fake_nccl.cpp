// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "support/fake_nccl.hpp"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <functional>
#include <iterator>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <utility>

#include "rondo/base/float16.hpp"

#include "comm/kernels/reduce.hpp"
#include "support/lazy_gpu.hpp"

namespace rondo::test {
namespace {

using namespace comm::nccl;
using Bytes = std::vector<std::byte>;

/// A collective for which some ranks have shown their input.
struct Meeting {
  std::vector<std::optional<Bytes>> inputs;  // by rank
  int left = 0;
};

struct World {
  std::mutex mutex;
  int joined = 0;
  bool has_failed = false;                  // what is queued then ends, and does nothing
  std::map<std::size_t, Meeting> meetings;  // by number
  std::map<std::pair<int, int>, std::deque<Bytes>> mail;  // by sender and receiver
};

std::atomic<int> memories{0};
std::atomic<int> registrations{0};

std::shared_ptr<World> world_of(const UniqueId& id) {
  static std::mutex mutex;
  static std::map<std::string, std::shared_ptr<World>> worlds;
  const std::lock_guard lock(mutex);
  auto& world = worlds[std::string(id.bytes.data())];
  if (!world) world = std::make_shared<World>();
  return world;
}

}  // namespace
}  // namespace rondo::test

struct ncclComm {
  std::shared_ptr<rondo::test::World> world;
  int rank = 0;
  int ranks = 1;
  int busy = 0;  // polls until the last call is through
  std::size_t meetings = 0;
  std::vector<std::function<bool()>> grouped_sends = {};  // which wait for nobody
  std::vector<std::function<bool()>> grouped = {};
  CUstream_st* stream = nullptr;  // of the group
};

namespace rondo::test {
namespace {

thread_local int group_depth = 0;
thread_local std::vector<Handle> group_members;

constexpr int polls_until_through = 3;

std::optional<Result> scripted(const char* call) {
  NcclScript& script = nccl_script();
  script.calls.emplace_back(call);
  const auto found = script.results.find(call);
  if (found == script.results.end()) return std::nullopt;
  return found->second;
}

Result begin(Handle handle) {
  handle->busy = polls_until_through;
  return Result::in_progress;
}

/// One after another.
std::function<bool()> together(std::vector<std::function<bool()>> parts) {
  return [parts = std::move(parts), next = std::size_t{0}]() mutable {
    while (next < parts.size() && parts[next]())
      ++next;
    return next == parts.size();
  };
}

/// All sends first: what waits for a peer does not keep the peer waiting.
std::vector<std::function<bool()>> take_group(ncclComm& comm) {
  auto parts = std::exchange(comm.grouped_sends, {});
  auto others = std::exchange(comm.grouped, {});
  std::ranges::move(others, std::back_inserter(parts));
  return parts;
}

enum class Kind { other, send };

Result queue(const char* call, Handle handle, StreamHandle stream, std::function<bool()> work,
             Kind kind = Kind::other) {
  if (const auto result = scripted(call)) return *result;
  if (handle->busy > 0) return Result::invalid_usage;
  if (nccl_script().sends_nothing)
    work = [world = handle->world] {
      const std::lock_guard lock(world->mutex);
      return world->has_failed;
    };
  if (group_depth > 0) {
    if (handle->grouped.empty() && handle->grouped_sends.empty()) group_members.push_back(handle);
    handle->stream = stream;
    (kind == Kind::send ? handle->grouped_sends : handle->grouped).push_back(std::move(work));
    return Result::success;
  }
  queue_lazily(stream, std::move(work));
  return begin(handle);
}

Bytes bytes_of(const void* data, std::size_t count) {
  Bytes bytes(count);
  if (count > 0) std::memcpy(bytes.data(), data, count);
  return bytes;
}

/// Shows the input when the stream comes to it; once all have, `take` sees all inputs.
std::function<bool()> meet(Handle handle, const void* input, std::size_t bytes,
                           std::function<void(const std::vector<Bytes>&)> take) {
  return [world = handle->world, rank = handle->rank, ranks = handle->ranks,
          number = handle->meetings++, input, bytes, take = std::move(take)] {
    const std::lock_guard lock(world->mutex);
    if (world->has_failed) return true;
    Meeting& meeting = world->meetings[number];
    meeting.inputs.resize(static_cast<std::size_t>(ranks));
    auto& own = meeting.inputs[static_cast<std::size_t>(rank)];
    if (!own) own = bytes_of(input, bytes);
    std::vector<Bytes> inputs;
    for (const auto& shown : meeting.inputs) {
      if (!shown) return false;
      inputs.push_back(*shown);
    }
    take(inputs);
    if (++meeting.left == ranks) world->meetings.erase(number);
    return true;
  };
}

DType dtype_of_nccl(DataType type) {
  switch (type) {
    case DataType::f64: return DType::f64;
    case DataType::f32: return DType::f32;
    case DataType::f16: return DType::f16;
    case DataType::bf16: return DType::bf16;
    case DataType::u8: return DType::u8;
  }
  return DType::u8;
}

/// The sum of bytes [begin, begin + length) of all inputs.
void store_sum(const std::vector<Bytes>& inputs, DataType type, std::size_t begin, void* output,
               std::size_t length) {
  if (length == 0) return;
  std::vector<const std::byte*> parts;
  for (const Bytes& input : inputs)
    parts.push_back(input.data() + begin);
  auto* const to = static_cast<std::byte*>(output);
  comm::reduce_all(dtype_of_nccl(type), comm::ReduceOp::sum, 1, parts, std::span(&to, 1), length,
                   comm::Stores::cached);
}

Result get_version(int* version) {
  if (const auto result = scripted("ncclGetVersion")) return *result;
  *version = nccl_script().version;
  return Result::success;
}

Result get_unique_id(UniqueId* id) {
  static std::atomic<int> next{0};
  if (const auto result = scripted("ncclGetUniqueId")) return *result;
  const std::string text = "world " + std::to_string(next++);
  text.copy(id->bytes.data(), id->bytes.size() - 1);
  return Result::success;
}

Result comm_init_rank_config(Handle* handle, int ranks, const UniqueId& id, int rank) {
  if (const auto result = scripted("ncclCommInitRankConfig")) return *result;
  *handle = new ncclComm{.world = world_of(id), .rank = rank, .ranks = ranks};
  const std::lock_guard lock((*handle)->world->mutex);
  ++(*handle)->world->joined;
  return begin(*handle);
}

Result comm_finalize(Handle handle) {
  if (const auto result = scripted("ncclCommFinalize")) return *result;
  return begin(handle);
}

Result comm_destroy(Handle handle) {
  if (const auto result = scripted("ncclCommDestroy")) return *result;
  delete handle;
  return Result::success;
}

Result comm_abort(Handle handle) {
  scripted("ncclCommAbort");
  {
    const std::lock_guard lock(handle->world->mutex);
    handle->world->has_failed = true;
  }
  delete handle;
  return Result::success;
}

Result comm_get_async_error(Handle handle, Result* error) {
  if (const auto result = scripted("ncclCommGetAsyncError")) return *result;
  const NcclScript& script = nccl_script();
  const std::lock_guard lock(handle->world->mutex);
  const bool all_joined = handle->world->joined >= handle->ranks;
  if (script.never_ends || !all_joined || handle->busy > 0) {
    handle->busy = std::max(handle->busy - 1, 0);
    *error = Result::in_progress;
  } else {
    *error = handle->world->has_failed ? Result::remote_error : Result::success;
  }
  if (script.asynchronous != Result::success) *error = script.asynchronous;
  return Result::success;
}

const char* get_error_string(Result result) {
  switch (result) {
    case Result::success: return "no error";
    case Result::unhandled_cuda_error: return "unhandled cuda error";
    case Result::system_error: return "unhandled system error";
    case Result::remote_error: return "remote process exited or there was a network error";
    default: return "another error";
  }
}

const char* get_last_error(Handle /*handle*/) {
  return "the fake's last words";
}

Result group_start() {
  if (const auto result = scripted("ncclGroupStart")) return *result;
  ++group_depth;
  return Result::success;
}

Result group_end() {
  if (const auto result = scripted("ncclGroupEnd")) return *result;
  if (--group_depth > 0) return Result::success;
  for (const Handle member : std::exchange(group_members, {})) {
    queue_lazily(member->stream, together(take_group(*member)));
    begin(member);
  }
  return Result::in_progress;
}

Result all_reduce(const void* input, void* output, std::size_t count, DataType type, Handle handle,
                  StreamHandle stream) {
  const std::size_t bytes = count * size_of(dtype_of_nccl(type));
  return queue("ncclAllReduce", handle, stream,
               meet(handle, input, bytes, [=](const std::vector<Bytes>& inputs) {
                 store_sum(inputs, type, 0, output, bytes);
               }));
}

Result reduce_scatter(const void* input, void* output, std::size_t count, DataType type,
                      Handle handle, StreamHandle stream) {
  const std::size_t bytes = count * size_of(dtype_of_nccl(type));
  const auto rank = static_cast<std::size_t>(handle->rank);
  return queue("ncclReduceScatter", handle, stream,
               meet(handle, input, bytes * static_cast<std::size_t>(handle->ranks),
                    [=](const std::vector<Bytes>& inputs) {
                      store_sum(inputs, type, rank * bytes, output, bytes);
                    }));
}

Result all_gather(const void* input, void* output, std::size_t count, DataType type, Handle handle,
                  StreamHandle stream) {
  const std::size_t bytes = count * size_of(dtype_of_nccl(type));
  return queue("ncclAllGather", handle, stream,
               meet(handle, input, bytes, [=](const std::vector<Bytes>& inputs) {
                 auto* to = static_cast<std::byte*>(output);
                 for (const Bytes& block : inputs)
                   to = std::ranges::copy(block, to).out;
               }));
}

Result broadcast(const void* input, void* output, std::size_t count, DataType type, int root,
                 Handle handle, StreamHandle stream) {
  const std::size_t bytes = count * size_of(dtype_of_nccl(type));
  return queue("ncclBroadcast", handle, stream,
               meet(handle, input, bytes, [=](const std::vector<Bytes>& inputs) {
                 std::ranges::copy(inputs[static_cast<std::size_t>(root)],
                                   static_cast<std::byte*>(output));
               }));
}

Result send(const void* data, std::size_t count, DataType /*type*/, int peer, Handle handle,
            StreamHandle stream) {
  const auto work = [=, world = handle->world, rank = handle->rank] {
    const std::lock_guard lock(world->mutex);
    if (!world->has_failed) world->mail[{rank, peer}].push_back(bytes_of(data, count));
    return true;
  };
  return queue("ncclSend", handle, stream, work, Kind::send);
}

Result recv(void* data, std::size_t count, DataType /*type*/, int peer, Handle handle,
            StreamHandle stream) {
  return queue("ncclRecv", handle, stream, [=, world = handle->world, rank = handle->rank] {
    const std::lock_guard lock(world->mutex);
    if (world->has_failed) return true;
    auto& mail = world->mail[{peer, rank}];
    if (mail.empty()) return false;
    if (mail.front().size() == count)  // else nothing is received: a wrong result tells
      std::ranges::copy(mail.front(), static_cast<std::byte*>(data));
    mail.pop_front();
    return true;
  });
}

Result mem_alloc(void** memory, std::size_t bytes) {
  if (const auto result = scripted("ncclMemAlloc")) return *result;
  *memory = std::memset(std::malloc(bytes), 0x5A, bytes);
  ++memories;
  return Result::success;
}

Result mem_free(void* memory) {
  std::free(memory);
  --memories;
  return Result::success;
}

Result comm_register(Handle /*handle*/, void* memory, std::size_t /*bytes*/, void** registration) {
  if (const auto result = scripted("ncclCommRegister")) return *result;
  *registration = memory;
  ++registrations;
  return Result::success;
}

Result comm_deregister(Handle /*handle*/, void* /*registration*/) {
  --registrations;
  return Result::success;
}

}  // namespace

bool NcclScript::was_called(const std::string& call) const {
  return std::ranges::find(calls, call) != calls.end();
}

NcclScript& nccl_script() {
  thread_local NcclScript script;
  return script;
}

const Api& fake_nccl() {
  static constexpr Api api{.get_version = get_version,
                           .get_unique_id = get_unique_id,
                           .comm_init_rank_config = comm_init_rank_config,
                           .comm_finalize = comm_finalize,
                           .comm_destroy = comm_destroy,
                           .comm_abort = comm_abort,
                           .comm_get_async_error = comm_get_async_error,
                           .get_error_string = get_error_string,
                           .get_last_error = get_last_error,
                           .group_start = group_start,
                           .group_end = group_end,
                           .all_reduce = all_reduce,
                           .reduce_scatter = reduce_scatter,
                           .all_gather = all_gather,
                           .broadcast = broadcast,
                           .send = send,
                           .recv = recv,
                           .mem_alloc = mem_alloc,
                           .mem_free = mem_free,
                           .comm_register = comm_register,
                           .comm_deregister = comm_deregister};
  return api;
}

Api fake_nccl_without_memory() {
  Api api = fake_nccl();
  api.mem_alloc = nullptr;
  api.mem_free = nullptr;
  api.comm_register = nullptr;
  api.comm_deregister = nullptr;
  return api;
}

int nccl_memories() {
  return memories;
}
int nccl_registrations() {
  return registrations;
}

}  // namespace rondo::test

/// In place of the one that a build is linked with.
const rondo::comm::nccl::Api& rondo::comm::nccl::api() {
  return test::fake_nccl();
}
