// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "rondo/base/aligned_buffer.hpp"
#include "rondo/base/parameter.hpp"
#include "rondo/checkpoint/checkpoint.hpp"

namespace rondo::checkpoint {

/// An f32 tensor of a checkpoint.
struct TensorEntry {
  std::string name;
  Shape shape;
  /// XXH3: in format version 1 of its elements, later of the text of its blocks' hashes. Equal
  /// elements have equal hashes within one version.
  std::uint64_t hash = 0;
};

/// What a checkpoint's manifest says.
struct Contents {
  std::filesystem::path directory;
  std::uint64_t step = 0;
  Metadata metadata;
  std::uint64_t state_bytes = 0;
  std::vector<TensorEntry> tensors;  ///< in the order in which they were saved
  int version = 0;                   ///< of the format
  /// Tensors are verified in blocks of so many bytes, from their first on; 0: only whole.
  std::uint64_t block_bytes = 0;
};

/// Elements of a checkpoint on their way from the disk.
class Reading {
 public:
  /// Waits until nobody writes to the elements any more.
  virtual ~Reading() = default;
  /// Once: returns when they are there, verified. \throws IoError  as Reader::read
  virtual void finish() = 0;
};

/// An opened checkpoint of any format version, whose manifest is checked. What is read of it is
/// verified as it is read: nobody needs to go over the bytes twice.
///
/// Local, and reads without HDF5: any number of processes and threads may read one checkpoint, each
/// the parts that it needs. Thread-safe. Files that are replaced meanwhile are read on as they
/// were. (Version 1 has one hash for all of its state file: its constructor compares that, and each
/// read reads a whole tensor through HDF5.)
class Reader {
 public:
  /// Reads the manifest and opens the state file, which must have the size that the manifest says.
  /// \throws IoError  missing_input: no such directory, or no manifest or state file in it;
  ///                  bad_content: a symbolic link, another format, a newer version, changed or
  ///                  damaged, or of another step than the directory's name says
  explicit Reader(const std::filesystem::path& directory);
  Reader(Reader&& other) noexcept;
  Reader& operator=(Reader&& other) noexcept;
  ~Reader();

  const Contents& contents() const noexcept;

  /// The elements from `first` on of one of `contents().tensors`. All blocks that they touch are
  /// compared with their hashes. What is at no block's border goes from the file to `elements`
  /// without a copy. The system reads ahead of who reads tensor after tensor, in their order.
  /// \throws IoError     bad_content, naming tensor and block: damaged; missing_input: unreadable.
  ///                     `elements` are unspecified then
  /// \throws UsageError  no such tensor, or elements behind its end
  void read(const TensorEntry& tensor, std::size_t first, std::span<float> elements) const;
  /// Begins what read() does, and the disk goes on by itself. `elements` and the reader must stay
  /// until the reading is gone. Nothing where that cannot be done: the system does not read so, it
  /// has the bytes in its cache, or they are not whole blocks. \throws UsageError  as read()
  std::unique_ptr<Reading> start(const TensorEntry& tensor, std::size_t first,
                                 std::span<float> elements) const;
  /// All of its elements.
  AlignedBuffer<float> read(const TensorEntry& tensor) const;
  /// All of its elements, handed to `take` in pieces of a few MiB, one after another from the first
  /// on. (Of version 1: in one piece.)
  void read_in_pieces(const TensorEntry& tensor,
                      const std::function<void(std::span<const float>)>& take) const;

  /// Compares what no read() looks at: the bytes of the state file that are in no tensor, and what
  /// HDF5 finds by them with what the manifest says. So whoever reads the file otherwise gets the
  /// same tensors, and no others. A few small reads, and HDF5. \throws IoError  bad_content
  void verify_structure() const;

  /// Compares all there is; needs little memory. \throws IoError  as read()
  void verify() const;

  /// Implementation.
  class State;

 private:
  std::size_t number_of(const TensorEntry& tensor, std::size_t first,
                        std::span<const float> elements) const;

  Contents contents_;
  std::unique_ptr<const State> state_;
};

/// Reader::verify of a checkpoint that is opened for it. \throws IoError  as Reader
Contents verify(const std::filesystem::path& directory);

/// \throws IoError  bad_content: the checkpoint's tensors are not exactly `expected`, in any order;
///                  lists all differences (name, expected, found)
void require_tensors(const Contents& contents, std::span<const TensorSpec> expected);

}  // namespace rondo::checkpoint
