// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "checkpoint/state_file.hpp"

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include "rondo/base/atomic_file.hpp"
#include "rondo/base/error.hpp"
#include "rondo/base/file_descriptor.hpp"
#include "rondo/base/hash.hpp"

namespace rondo::checkpoint {
namespace {

[[noreturn]] void throw_unreadable(const std::filesystem::path& path) {
  const int reason = errno;
  throw IoError(ExitCode::missing_input, fmt::format("{}: cannot read: {}", path.string(),
                                                     std::generic_category().message(reason)));
}

FileContent content_of(const std::filesystem::path& path) {
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) throw_unreadable(path);
  std::vector<std::byte> buffer(std::size_t{1} << 20);
  ContentHasher hasher;
  FileContent content;
  for (;;) {
    const ssize_t count = ::read(file.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw_unreadable(path);
    if (count == 0) break;
    hasher.add(std::span(buffer).first(static_cast<std::size_t>(count)));
    content.bytes += static_cast<std::uint64_t>(count);
  }
  content.hash = hasher.value();
  return content;
}

/// In pieces, between which other threads have their turn at HDF5.
void write_in_turns(io::Hdf5Dataset dataset, std::span<const float> elements) {
  constexpr std::size_t elements_a_turn = std::size_t{4} << 20;
  if (elements.size() <= elements_a_turn) return dataset.write(elements);
  const std::size_t rows = dataset.shape().front();
  const std::size_t width = elements.size() / rows;
  const std::size_t rows_a_turn = std::max<std::size_t>(elements_a_turn / width, 1);
  for (std::size_t row = 0; row < rows; row += rows_a_turn) {
    const std::size_t count = std::min(rows_a_turn, rows - row);
    dataset.write_rows(row, count, elements.subspan(row * width, count * width));
  }
}

}  // namespace

FileContent write_state(const std::filesystem::path& path, std::span<const Tensor> tensors) {
  auto file = io::Hdf5File::create(path);
  for (const Tensor& tensor : tensors)
    write_in_turns(file.create_dataset(tensor.name, DType::f32, tensor.shape), tensor.data);
  file.close();
  sync_to_disk(path);
  return content_of(path);
}

io::Hdf5File open_state(const std::filesystem::path& path, const FileContent& expected) {
  const FileContent found = content_of(path);
  if (found.bytes != expected.bytes)
    throw IoError(ExitCode::bad_content, fmt::format("{}: expected {} bytes, found {}",
                                                     path.string(), expected.bytes, found.bytes));
  if (found != expected)
    throw IoError(ExitCode::bad_content,
                  fmt::format("{}: its content has hash {}, expected {}: it was changed or damaged",
                              path.string(), to_hex(found.hash), to_hex(expected.hash)));
  return io::Hdf5File::open(path);
}

AlignedBuffer<float> read_tensor(const io::Hdf5File& file, const TensorEntry& entry) {
  const io::Hdf5Dataset dataset = file.dataset(entry.name);
  if (dataset.shape() != entry.shape || dataset.dtype() != DType::f32)
    throw IoError(ExitCode::bad_content,
                  fmt::format("{}: {}: the manifest says f32 ({}), found {} ({})", file.path(),
                              entry.name, fmt::join(entry.shape, ", "), name_of(dataset.dtype()),
                              fmt::join(dataset.shape(), ", ")));
  AlignedBuffer<float> elements(element_count(entry.shape));
  dataset.read(elements.span());
  const std::uint64_t hash = content_hash(std::as_bytes(elements.span()));
  if (hash != entry.hash)
    throw IoError(ExitCode::bad_content,
                  fmt::format("{}: {}: its elements have hash {}, expected {}", file.path(),
                              entry.name, to_hex(hash), to_hex(entry.hash)));
  return elements;
}

}  // namespace rondo::checkpoint
