// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "rondo/base/error.hpp"
#include "rondo/base/hash.hpp"
#include "rondo/checkpoint/inspect.hpp"

#include "checkpoint/directories.hpp"
#include "checkpoint/state_file.hpp"

namespace rondo::checkpoint {
namespace {

constexpr std::string_view parameter_prefix = "parameter/";

/// A link may lead to another run's checkpoint, or to one that changes.
void require_directory(const std::filesystem::path& path) {
  std::error_code error;
  const auto status = std::filesystem::symlink_status(path, error);
  if (std::filesystem::is_symlink(status))
    throw IoError(ExitCode::bad_content,
                  fmt::format("{}: is a symbolic link, expected a directory: name the checkpoint "
                              "that it leads to",
                              path.string()));
  if (!std::filesystem::is_directory(status))
    throw IoError(ExitCode::missing_input, fmt::format("{}: no such directory", path.string()));
}

/// A checkpoint that was copied elsewhere may have any name but that of another step.
void require_own_step(const std::filesystem::path& directory, const Manifest& manifest) {
  const auto step = step_in(directory.filename().string());
  if (!step || *step == manifest.step) return;
  throw IoError(ExitCode::bad_content,
                fmt::format("{}: is of step {}, its directory's name says {}",
                            (directory / manifest_name).string(), manifest.step, *step));
}

Manifest manifest_of(const std::filesystem::path& directory) {
  require_directory(directory);
  Manifest manifest = read_manifest(directory);
  require_own_step(directory, manifest);
  return manifest;
}

Contents contents_of(const std::filesystem::path& directory, Manifest manifest) {
  return {.directory = directory,
          .step = manifest.step,
          .metadata = std::move(manifest.metadata),
          .state_bytes = manifest.state.bytes,
          .tensors = std::move(manifest.tensors)};
}

}  // namespace

Contents describe(const std::filesystem::path& directory) {
  return contents_of(directory, manifest_of(directory));
}

struct Reader::Impl {
  Contents contents;
  io::Hdf5File state;
};

Reader::Reader(const std::filesystem::path& directory) {
  Manifest manifest = manifest_of(directory);
  io::Hdf5File state = open_state(directory / state_name, manifest.state);
  impl_ =
      std::make_unique<Impl>(Impl{contents_of(directory, std::move(manifest)), std::move(state)});
}

Reader::Reader(Reader&& other) noexcept = default;
Reader& Reader::operator=(Reader&& other) noexcept = default;
Reader::~Reader() = default;

const Contents& Reader::contents() const noexcept {
  return impl_->contents;
}

AlignedBuffer<float> Reader::read(const TensorEntry& tensor) const {
  return read_tensor(impl_->state, tensor);
}

Contents verify(const std::filesystem::path& directory) {
  const Reader reader(directory);
  for (const TensorEntry& tensor : reader.contents().tensors)
    reader.read(tensor);
  return reader.contents();
}

std::uint64_t parameters_hash(const Reader& reader) {
  std::uint64_t hash = 0;
  for (const TensorEntry& tensor : reader.contents().tensors) {
    if (!tensor.name.starts_with(parameter_prefix)) continue;
    const AlignedBuffer<float> values = reader.read(tensor);
    hash = content_hash(std::string_view(tensor.name).substr(parameter_prefix.size()), hash);
    hash = content_hash(std::as_bytes(values.span()), hash);
  }
  return hash;
}

}  // namespace rondo::checkpoint
