// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "rondo/base/aligned_buffer.hpp"
#include "rondo/base/parameter.hpp"
#include "rondo/checkpoint/checkpoint.hpp"

/// Looking into checkpoints that somebody else has written; for tools. All of it is local.
namespace rondo::checkpoint {

/// The link in a directory of checkpoints to the one that was saved last.
inline constexpr const char* latest_name = "latest";

/// A directory with a checkpoint's final name; its content may be invalid.
struct Committed {
  std::uint64_t step = 0;
  std::filesystem::path directory;
};

/// Those below `directory`, newest first; none if it does not exist.
/// \throws IoError  missing_input: it cannot be read
std::vector<Committed> list_committed(const std::filesystem::path& directory);

/// An f32 tensor of a checkpoint.
struct TensorEntry {
  std::string name;
  Shape shape;
  std::uint64_t hash = 0;  ///< XXH3 of its elements
};

/// What a checkpoint's manifest says.
struct Contents {
  std::filesystem::path directory;
  std::uint64_t step = 0;
  Metadata metadata;
  std::uint64_t state_bytes = 0;
  std::vector<TensorEntry> tensors;  ///< in the order in which they were saved
};

/// Reads the manifest of the checkpoint `directory`, and nothing else.
/// \throws IoError  missing_input: no such directory or no manifest in it; bad_content: a symbolic
///                  link, another format or version, changed or damaged, or of another step than
///                  the directory's name says
Contents describe(const std::filesystem::path& directory);

/// A checkpoint's tensors, one after another. Thread-safe.
class Reader {
 public:
  /// Compares all bytes of the state file with the manifest's hash.
  /// \throws IoError  as describe(); bad_content: the state file is damaged
  explicit Reader(const std::filesystem::path& directory);
  Reader(Reader&& other) noexcept;
  Reader& operator=(Reader&& other) noexcept;
  ~Reader();

  const Contents& contents() const noexcept;

  /// The elements of one of `contents().tensors`. \throws IoError  bad_content: its shape or hash
  /// is not what the manifest says
  AlignedBuffer<float> read(const TensorEntry& tensor) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Compares all there is with its hashes. \throws IoError  as Reader
Contents verify(const std::filesystem::path& directory);

/// XXH3 of names and values of the tensors "parameter/...", as grad::Arena::values_hash() has it:
/// what a trainer prints at its end. \throws IoError  as Reader
std::uint64_t parameters_hash(const Reader& reader);

/// The older checkpoints of `directory` that `retention` does not keep, when the one of `step` was
/// just written: what save() removes, newest first.
std::vector<Committed> superseded(const std::filesystem::path& directory, std::uint64_t step,
                                  const Retention& retention);

/// Removes a checkpoint so that a crash leaves nothing half-removed under its name. A failure is a
/// warning, and false.
bool remove(const Committed& checkpoint);

}  // namespace rondo::checkpoint
