// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/comm/mpi_file.hpp"

#include <array>
#include <exception>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <mpi.h>

#include "rondo/base/call_watch.hpp"
#include "rondo/base/error.hpp"
#include "rondo/base/unique_handle.hpp"
#include "rondo/comm/agree.hpp"
#include "rondo/comm/mpi_world.hpp"

#include "comm/mpi/mpi_check.hpp"

namespace rondo::comm {
namespace {

std::string text_of(int code) {
  std::array<char, MPI_MAX_ERROR_STRING> text{};
  int length = 0;
  MPI_Error_string(code, text.data(), &length);
  return text.data();
}

/// Whether `comm` is of all ranks that MPI started, in their order.
bool has_all_ranks(const Communicator& comm) {
  int rank = 0;
  int size = 0;
  check_mpi(MPI_Comm_rank(MPI_COMM_WORLD, &rank), "MPI_Comm_rank");
  check_mpi(MPI_Comm_size(MPI_COMM_WORLD, &size), "MPI_Comm_size");
  return comm.rank() == rank && comm.size() == size;
}

class MpiFile final : public CollectiveFile {
 public:
  MpiFile(Communicator& comm, const std::filesystem::path& path)
      : comm_(comm), path_(path.string()), exceptions_(std::uncaught_exceptions()) {
    const MpiGuard guard;
    // It works on a duplicate of its own.
    opened_ = MPI_File_open(MPI_COMM_WORLD, path_.c_str(), MPI_MODE_RDONLY, MPI_INFO_NULL, &file_);
  }
  MpiFile(const MpiFile&) = delete;
  MpiFile& operator=(const MpiFile&) = delete;
  ~MpiFile() override {
    if (opened_ != MPI_SUCCESS || std::uncaught_exceptions() > exceptions_) return;
    const MpiGuard guard;
    MPI_File_close(&file_);
  }

  void require_open() const {
    if (opened_ != MPI_SUCCESS)
      throw IoError(ExitCode::missing_input, fmt::format("{}: cannot be opened through MPI-IO: {}",
                                                         path_, text_of(opened_)));
  }

  void read(std::uint64_t offset, std::span<std::byte> bytes) override {
    require(bytes.size() <= most_bytes, "CollectiveFile: a request above 2 GiB");
    const auto text = [&] {
      return fmt::format("{}: reading {} bytes from byte {} on together", path_, bytes.size(),
                         offset);
    };
    const WatchedCall watched(ExitCode::io,
                              "its file system does not answer, or a rank does not come: see the "
                              "other ranks, and start again with --resume",
                              text);
    const MpiGuard guard;
    MPI_Status status;
    const int code = MPI_File_read_at_all(file_, static_cast<MPI_Offset>(offset), bytes.data(),
                                          static_cast<int>(bytes.size()), MPI_BYTE, &status);
    if (code != MPI_SUCCESS) fail(offset, bytes.size(), text_of(code));
    int count = 0;
    check_mpi(MPI_Get_count(&status, MPI_BYTE, &count), "MPI_Get_count");
    // Where ranks read for others, Open MPI's count is that of the request even at the file's end.
    if (static_cast<std::size_t>(count) < bytes.size() && offset + bytes.size() <= size())
      fail(offset, bytes.size(), fmt::format("it returned {}", count));
  }

  std::uint64_t size() override {
    const MpiGuard guard;
    MPI_Offset bytes = 0;
    const int code = MPI_File_get_size(file_, &bytes);
    if (code != MPI_SUCCESS)
      throw IoError(ExitCode::io,
                    fmt::format("{}: its size cannot be had: {}", path_, text_of(code)));
    return static_cast<std::uint64_t>(bytes);
  }

  void agree_on_success(const std::function<void()>& local) override {
    comm::agree_on_success(comm_, local);
  }

 private:
  [[noreturn]] void fail(std::uint64_t offset, std::size_t bytes, const std::string& reason) const {
    throw IoError(ExitCode::io,
                  fmt::format("{}: {} bytes from byte {} on cannot be read through MPI-IO: {}",
                              path_, bytes, offset, reason));
  }

  Communicator& comm_;
  std::string path_;
  int exceptions_;
  MPI_File file_ = MPI_FILE_NULL;
  int opened_ = MPI_SUCCESS;
};

}  // namespace

std::unique_ptr<CollectiveFile> open_collective_file(Communicator& comm,
                                                     const std::filesystem::path& path) {
  agree_on_success(comm, [&] {
    if (!has_all_ranks(comm))
      throw CommError(fmt::format("{}: is read together by all ranks that MPI started, which are "
                                  "not those of this communicator",
                                  path.string()),
                      ExitCode::internal);
  });
  auto file = std::make_unique<MpiFile>(comm, path);
  agree_on_success(comm, [&] { file->require_open(); });
  return file;
}

}  // namespace rondo::comm
