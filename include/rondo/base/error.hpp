// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdexcept>
#include <string>

#include "rondo/base/exit_code.hpp"

namespace rondo {

/// A source position; default arguments capture the caller's.
struct Where {
  const char* file;
  int line;
  static constexpr Where here(const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
    return {file, line};
  }
};

/// Every exception this library throws on purpose derives from Error.
///
/// `what()` is a sentence for the user: what, where, which value, what to do.
class Error : public std::runtime_error {
 public:
  Error(ExitCode code, const std::string& what, Where where = Where::here())
      : std::runtime_error(what), code_(code), where_(where) {}

  ExitCode code() const noexcept { return code_; }
  Where where() const noexcept { return where_; }

 private:
  ExitCode code_;
  Where where_;
};

/// The caller broke a documented precondition; fix the call. Thrown before any communication.
class UsageError : public Error {
 public:
  explicit UsageError(const std::string& what, Where where = Where::here())
      : Error(ExitCode::internal, what, where) {}
};

/// Options that do not fit each other or the machine.
class ConfigError : public Error {
 public:
  explicit ConfigError(const std::string& what, Where where = Where::here())
      : Error(ExitCode::configuration, what, where) {}
};

/// A peer, the network or the MPI library failed, or ranks disagree (`ExitCode::internal`).
/// The communicator that threw must not be used again.
class CommError : public Error {
 public:
  explicit CommError(const std::string& what, ExitCode code = ExitCode::requeue,
                     Where where = Where::here())
      : Error(code, what, where) {}
};

/// Files and HDF5: `code` is bad_content, missing_input, cannot_create or io.
class IoError : public Error {
 public:
  IoError(ExitCode code, const std::string& what, Where where = Where::here())
      : Error(code, what, where) {}
};

/// A loss or gradient is not finite where it must be.
class NumericError : public Error {
 public:
  explicit NumericError(const std::string& what, Where where = Where::here())
      : Error(ExitCode::numeric_failure, what, where) {}
};

/// A GPU, its memory or its driver failed: internal, or requeue where the hardware is to blame and
/// another start may find it well. What the process has on that GPU must not be used again, unless
/// it is memory that did not suffice.
class DeviceError : public Error {
 public:
  explicit DeviceError(const std::string& what, ExitCode code = ExitCode::internal,
                       Where where = Where::here())
      : Error(code, what, where) {}
};

/// An error that every rank of a job throws alike, after the ranks agreed that one of them failed
/// (comm::agree_on_success). One rank reports it and all may leave in an orderly way.
class AgreedError : public Error {
 public:
  AgreedError(ExitCode code, const std::string& what, Where where = Where::here())
      : Error(code, what, where) {}
};

/// Throws UsageError unless `ok`. Always on: call it at API boundaries only.
inline void require(bool ok, const char* message, Where where = Where::here()) {
  if (!ok) throw UsageError(message, where);
}

}  // namespace rondo
