// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "rondo/base/error.hpp"
#include "rondo/base/hash.hpp"
#include "rondo/checkpoint/inspect.hpp"

#include "checkpoint/directories.hpp"
#include "checkpoint/manifest.hpp"
#include "checkpoint/reader_state.hpp"

namespace rondo::checkpoint {
namespace {

constexpr std::string_view parameter_prefix = "parameter/";
constexpr std::size_t piece_elements = std::size_t{1} << 20;

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

Contents contents_of(const std::filesystem::path& directory, const Manifest& manifest) {
  return {.directory = directory,
          .step = manifest.step,
          .metadata = manifest.metadata,
          .state_bytes = manifest.state.bytes,
          .tensors = manifest.tensors,
          .version = manifest.version,
          .block_bytes = manifest.version == 1 ? 0 : manifest.state.block_bytes};
}

}  // namespace

void require_size(const std::filesystem::path& path, std::uint64_t found, std::uint64_t expected) {
  if (found != expected)
    throw IoError(ExitCode::bad_content,
                  fmt::format("{}: expected {} bytes, found {}", path.string(), expected, found));
}

Contents describe(const std::filesystem::path& directory) {
  return contents_of(directory, manifest_of(directory));
}

std::unique_ptr<Reading> Reader::State::start(std::size_t, std::size_t, std::span<float>) const {
  return nullptr;
}

Reader::Reader(const std::filesystem::path& directory) {
  Manifest manifest = manifest_of(directory);
  contents_ = contents_of(directory, manifest);
  const auto path = directory / state_name;
  state_ = manifest.version == 1 ? open_version_1(path, std::move(manifest))
                                 : open_blocks(path, std::move(manifest));
}

Reader::Reader(Reader&& other) noexcept = default;
Reader& Reader::operator=(Reader&& other) noexcept = default;
Reader::~Reader() = default;

const Contents& Reader::contents() const noexcept {
  return contents_;
}

std::size_t Reader::number_of(const TensorEntry& tensor, std::size_t first,
                              std::span<const float> elements) const {
  const auto found = std::ranges::find(contents_.tensors, tensor.name, &TensorEntry::name);
  require(found != contents_.tensors.end(), "Reader::read: the checkpoint has no such tensor");
  const std::size_t count = element_count(found->shape);
  require(first <= count && elements.size() <= count - first,
          "Reader::read: elements behind the tensor's end");
  return static_cast<std::size_t>(found - contents_.tensors.begin());
}

void Reader::read(const TensorEntry& tensor, std::size_t first, std::span<float> elements) const {
  state_->read(number_of(tensor, first, elements), first, elements);
}

std::unique_ptr<Reading> Reader::start(const TensorEntry& tensor, std::size_t first,
                                       std::span<float> elements) const {
  return state_->start(number_of(tensor, first, elements), first, elements);
}

AlignedBuffer<float> Reader::read(const TensorEntry& tensor) const {
  AlignedBuffer<float> elements(element_count(tensor.shape));
  read(tensor, 0, elements.span());
  return elements;
}

void Reader::read_in_pieces(const TensorEntry& tensor,
                            const std::function<void(std::span<const float>)>& take) const {
  const std::size_t count = element_count(tensor.shape);
  const std::size_t block = contents_.block_bytes / sizeof(float);
  const std::size_t most = block == 0 ? count : round_up(piece_elements, block);
  AlignedBuffer<float> buffer(std::min(count, most));
  for (std::size_t first = 0; first < count; first += most) {
    const auto piece = buffer.span().first(std::min(most, count - first));
    read(tensor, first, piece);
    take(piece);
  }
}

void Reader::verify_structure() const {
  state_->verify_structure();
}

void Reader::verify() const {
  state_->verify_all();
}

Contents verify(const std::filesystem::path& directory) {
  const Reader reader(directory);
  reader.verify();
  return reader.contents();
}

std::uint64_t parameters_hash(const Reader& reader) {
  std::uint64_t hash = 0;
  for (const TensorEntry& tensor : reader.contents().tensors) {
    if (!tensor.name.starts_with(parameter_prefix)) continue;
    hash = content_hash(std::string_view(tensor.name).substr(parameter_prefix.size()), hash);
    ContentHasher hasher(hash);
    reader.read_in_pieces(
        tensor, [&](std::span<const float> elements) { hasher.add(std::as_bytes(elements)); });
    hash = hasher.value();
  }
  return hash;
}

}  // namespace rondo::checkpoint
