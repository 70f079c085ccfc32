// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/comm/agree.hpp"

#include <array>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <new>
#include <optional>
#include <string>

#include <fmt/format.h>

#include "rondo/base/error.hpp"
#include "rondo/base/hash.hpp"

namespace rondo::comm {
namespace {

struct Failure {
  ExitCode code;
  std::string message;
};

std::optional<Failure> failure_of(const std::function<void()>& local) {
  try {
    local();
  } catch (const Error& e) {
    return Failure{e.code(), e.what()};
  } catch (const std::filesystem::filesystem_error& e) {
    return Failure{ExitCode::io, e.what()};
  } catch (const std::bad_alloc&) {
    return Failure{ExitCode::internal, "out of memory"};
  } catch (const std::exception& e) {
    return Failure{ExitCode::internal, e.what()};
  } catch (...) {  // the other ranks must learn of it, whatever it is
    return Failure{ExitCode::internal, "unknown exception"};
  }
  return std::nullopt;
}

struct Verdict {
  int first_failed;  // size() if none
  bool all_failed_alike;
};

/// Collective.
Verdict compare(Communicator& comm, const std::optional<Failure>& failure) {
  // Half a hash, so that its negative exists: the minimum of both tells whether all are equal.
  const auto hash =
      failure ? static_cast<std::int64_t>(content_hash(failure->message) >> 1) : std::int64_t{-1};
  std::array<std::int64_t, 3> minimum{failure ? comm.rank() : comm.size(), hash, -hash};
  allreduce(comm, std::span<std::int64_t>(minimum), ReduceOp::min);
  return {static_cast<int>(minimum[0]), minimum[1] == -minimum[2]};
}

/// Collective: the failure of rank `root`, which alone hands one in that counts.
Failure broadcast_failure(Communicator& comm, const std::optional<Failure>& failure, int root) {
  Failure shared = failure.value_or(Failure{ExitCode::internal, {}});
  std::array<std::int64_t, 2> header{static_cast<std::int64_t>(shared.code),
                                     static_cast<std::int64_t>(shared.message.size())};
  broadcast(comm, std::span<std::int64_t>(header), root);
  shared.code = static_cast<ExitCode>(header[0]);
  shared.message.resize(static_cast<std::size_t>(header[1]));
  broadcast(comm, std::span<char>(shared.message), root);
  return shared;
}

}  // namespace

void agree_on_success(Communicator& comm, const std::function<void()>& local) {
  const auto own = failure_of(local);
  const Verdict verdict = compare(comm, own);
  if (verdict.first_failed == comm.size()) return;

  const Failure shared = broadcast_failure(comm, own, verdict.first_failed);
  if (verdict.all_failed_alike) throw AgreedError(shared.code, shared.message);
  throw AgreedError(shared.code, fmt::format("{} (rank {} of {})", shared.message,
                                             verdict.first_failed, comm.size()));
}

std::string text_of_root(Communicator& comm, std::string text) {
  auto length = static_cast<std::int64_t>(text.size());
  broadcast(comm, std::span(&length, 1), 0);
  text.resize(static_cast<std::size_t>(length));
  broadcast(comm, std::span<char>(text), 0);
  return text;
}

}  // namespace rondo::comm
