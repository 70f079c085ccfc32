// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

#include "rondo/checkpoint/checkpoint.hpp"

/// A checkpoint that several processes write, each what it holds.
namespace rondo::checkpoint {

/// Elements of a tensor that a writer holds.
struct Piece {
  std::size_t tensor = 0;  ///< its number among the save's tensors
  std::size_t first = 0;   ///< of its elements
  std::span<const float> elements;
};

/// Of all of them.
std::size_t elements_in(std::span<const Piece> pieces);

/// Which of a save's writers this process is.
struct Writer {
  int number = 0;  ///< 0 is the one that publishes
  int count = 1;
  /// Equal on all writers of a save, and of no other save: new_save_id() of writer 0, which the
  /// caller takes to the others. Not used by one writer alone.
  std::string save_id = {};
  /// How long to wait for another writer: for writer 0 to begin; by writer 0, which has written its
  /// own pieces, for all others to have written theirs.
  std::chrono::milliseconds patience = std::chrono::minutes(5);
};

/// Names a save: host, process, and a number that no process of that number has used before.
std::string new_save_id();

/// As checkpoint::save() of the whole tensors, of which each writer has some pieces: all pieces
/// together hold each element exactly once. The files are the same, bit for bit, as if one writer
/// had written them.
///
/// Local in the sense of MPI: all writers call it for the same save, about the same time, each from
/// whatever thread; they meet in the save's hidden directory, which all must see. Writer 0 makes
/// the structure; each writes its pieces to disk, reads them back, and leaves their hashes; writer
/// 0 waits for all hashes, publishes and prunes. The others return when their pieces are safe: that
/// the checkpoint is there only writer 0 knows. `tensors` must be equal on all writers;
/// `metadata` and `retention` are those of writer 0.
///
/// A writer that fails leaves its reason, with which writer 0 fails, too; if writer 0 fails, the
/// others do. Nothing is published then. Each writer needs memory for a few blocks of 1 MiB.
/// \throws IoError     as save(); io: another writer failed, or has not come in time;
///                     cannot_create: this writer does not see writer 0's directory
/// \throws UsageError  as save(); on writer 0: pieces that do not hold each element exactly once,
///                     or of other tensors
void save(const Writer& writer, const std::filesystem::path& directory, std::uint64_t step,
          std::span<const TensorSpec> tensors, std::span<const Piece> pieces,
          const Metadata& metadata, const Retention& retention = {});

/// A file in a directory of checkpoints, as long as it lives, by which other processes find out
/// whether theirs is the same directory: before the first save by several writers, for which it
/// must be. (A path may lead to another disk on each host.)
class SharedMark {
 public:
  /// Creates the directory, too, if need be. \throws IoError  cannot_create or io
  explicit SharedMark(const std::filesystem::path& directory);
  SharedMark(const SharedMark&) = delete;
  SharedMark& operator=(const SharedMark&) = delete;
  ~SharedMark();

  /// For is_marked() on the others.
  const std::string& name() const noexcept { return name_; }

 private:
  std::filesystem::path path_;
  std::string name_;
};

/// Whether `directory` has that mark, which somebody else has made before this call, and is one in
/// which this process may write. (A host may have it mounted for reading only.)
bool is_marked(const std::filesystem::path& directory, const std::string& name);

/// Whether the directory is on a file system that may show a host what it has read before, instead
/// of what other hosts have written since: NFS, SMB, AFS, 9P. Several hosts' writers may fail
/// there.
bool shows_old_content(const std::filesystem::path& directory);

}  // namespace rondo::checkpoint
