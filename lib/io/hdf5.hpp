// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "rondo/base/dtype.hpp"
#include "rondo/base/parameter.hpp"
#include "rondo/base/unique_handle.hpp"

/// HDF5, wrapped once: every call checked, serialised and guarded against hostile files.
///
/// Debian's parallel HDF5 is not thread-safe, so every function here takes one process-wide lock;
/// all of them may be called from any thread. Errors are IoError naming the file, the object and
/// HDF5's own innermost message. Objects hold what they need: a dataset may outlive its file.
namespace rondo {
class AtomicFile;
}  // namespace rondo

namespace rondo::io {

struct Hdf5Traits {
  using handle_type = std::int64_t;
  static handle_type null() noexcept { return -1; }
  static void close(handle_type handle) noexcept;
};
using Hdf5Handle = UniqueHandle<Hdf5Traits>;

/// How the elements of a dataset lie in the file. What is done to chunks needs chunks.
struct Hdf5Storage {
  Shape chunk;              ///< empty: contiguous
  bool checksum = false;    ///< Fletcher32 of each chunk, checked at every read
  bool shuffle = false;     ///< bytes of equal weight together, which deflate likes
  int deflate_level = 0;    ///< 1 (fast) to 9 (small); 0: not compressed
  bool extendible = false;  ///< the first dimension may grow; writing only
  /// Contiguous, with room made at once and nothing written there: whoever writes at
  /// Hdf5Dataset::offset() completes the file. Writing only.
  bool reserved = false;
};

/// An n-dimensional array of one DType in an open file; move-only.
class Hdf5Dataset {
 public:
  const std::string& name() const noexcept { return name_; }
  DType dtype() const noexcept { return dtype_; }
  const Shape& shape() const noexcept { return shape_; }
  const Hdf5Storage& storage() const noexcept { return storage_; }

  /// Bytes of the elements in the file, after filters.
  std::uint64_t stored_bytes() const;

  /// Where the elements begin in the file; nothing if they lie in no one place, or nowhere yet.
  std::optional<std::uint64_t> offset() const;

  /// Reads all elements, or rows [first, first + count) of the first dimension, into `elements`.
  /// \throws UsageError  `elements` does not match dtype, shape or count
  /// \throws IoError  bad_content: checksum mismatch or unreadable chunk
  template <Element T>
  void read(std::span<T> elements) const {
    read_all(dtype_of<T>, elements.data(), elements.size());
  }
  template <Element T>
  void read_rows(std::size_t first, std::size_t count, std::span<T> elements) const {
    read_rows(dtype_of<T>, first, count, elements.data(), elements.size());
  }

  /// The same for elements of whatever type the dataset has.
  void read_row_bytes(std::size_t first, std::size_t count, std::span<std::byte> elements) const {
    read_rows(dtype_, first, count, elements.data(), elements.size() / size_of(dtype_));
  }

  /// Writes all elements, or rows [first, first + count) of the first dimension.
  /// \throws IoError  io
  template <Element T>
  void write(std::span<T> elements) {
    write_all(dtype_of<T>, elements.data(), elements.size());
  }
  template <Element T>
  void write_rows(std::size_t first, std::size_t count, std::span<T> elements) {
    write_rows(dtype_of<T>, first, count, elements.data(), elements.size());
  }
  void write_row_bytes(std::size_t first, std::size_t count, std::span<const std::byte> elements) {
    write_rows(dtype_, first, count, elements.data(), elements.size() / size_of(dtype_));
  }

  /// Makes the first dimension of an extendible dataset `rows` long, at least as long as it is.
  void extend(std::size_t rows);

  /// Writes a chunk as ChunkMap and encode_chunk() know it: `stored` is what the file will hold.
  /// `first_row` is the chunk's first; all other dimensions start at 0. \throws IoError  io
  void write_chunk(std::size_t first_row, std::span<const std::byte> stored,
                   std::uint32_t skipped_filters = 0);

  /// Makes room for such a chunk, once each, and returns its offset in the file. Whoever writes
  /// its bytes there (other processes, at the same time) completes the file. \throws IoError  io
  std::uint64_t reserve_chunk(std::size_t first_row, std::size_t stored_bytes);

 private:
  friend class ChunkMap;
  friend class Hdf5File;
  Hdf5Dataset() = default;
  void read_all(DType dtype, void* elements, std::size_t count) const;
  void write_all(DType dtype, const void* elements, std::size_t count);
  void read_rows(DType dtype, std::size_t first, std::size_t row_count, void* elements,
                 std::size_t count) const;
  void write_rows(DType dtype, std::size_t first, std::size_t row_count, const void* elements,
                  std::size_t count);
  void require_match(DType dtype, std::size_t rows, std::size_t count) const;

  Hdf5Handle handle_;
  std::string path_;  ///< of the file, for messages
  std::string name_;
  DType dtype_ = DType::f32;
  Shape shape_;
  Hdf5Storage storage_;
};

/// An HDF5 file, opened for reading or freshly created; move-only.
///
/// Names of objects are paths within the file ("train/image"; "" is the root group).
class Hdf5File {
 public:
  /// Opens for reading, without file locks and without loading filter plugins.
  ///
  /// What is read later must lie in this file and be plain: only hard links; no external, virtual
  /// or type-converting storage; no filters but deflate, shuffle and Fletcher32; no array
  /// that declares more than the file holds.
  /// \throws IoError  missing_input: absent, not a regular file, no permission;
  ///                  bad_content: not HDF5, or truncated
  static Hdf5File open(const std::filesystem::path& path);

  /// Creates or empties `path`, for writing. Publish it by AtomicFile.
  /// \throws IoError  cannot_create
  static Hdf5File create(const std::filesystem::path& path);
  /// Writes the temporary of `target`; messages name its final path.
  static Hdf5File create(const AtomicFile& target);
  /// Writes `path`, which messages call `shown_path`.
  static Hdf5File create(const std::filesystem::path& path,
                         const std::filesystem::path& shown_path);

  const std::string& path() const noexcept { return path_; }

  /// True if `name` can be reached; a hostile link on the way throws as in dataset().
  bool contains(const std::string& name) const;
  /// The names in a group, sorted.
  std::vector<std::string> names(const std::string& group) const;

  /// \throws IoError  bad_content: absent, not a dataset, or not plain (see open)
  Hdf5Dataset dataset(const std::string& name) const;
  /// Creates a dataset and the groups above it.
  Hdf5Dataset create_dataset(const std::string& name, DType dtype, const Shape& shape,
                             const Hdf5Storage& storage = {});

  /// Attributes of the object `name` of a file opened for reading. (Those in a heap of their own,
  /// "dense" ones, count as absent.) \throws IoError  bad_content: absent or of another type
  bool has_attribute(const std::string& name, const std::string& attribute) const;
  std::string text(const std::string& name, const std::string& attribute) const;
  std::int64_t integer(const std::string& name, const std::string& attribute) const;
  std::vector<double> numbers(const std::string& name, const std::string& attribute) const;
  std::vector<std::string> texts(const std::string& name, const std::string& attribute) const;

  /// The names of the attributes of an object of a file that is read, sorted: those that the other
  /// functions find.
  std::vector<std::string> attribute_names(const std::string& name) const;
  /// Whether it has more: the newest format keeps them in a heap of their own from the ninth on.
  bool has_attributes_elsewhere(const std::string& name) const;
  /// Gives the object `name` an attribute that `from_name` has in `from`, unchanged. False if it is
  /// neither numbers nor texts, which alone are copied.
  bool copy_attribute(const Hdf5File& from, const std::string& from_name,
                      const std::string& attribute, const std::string& name);

  /// Creates an attribute of an existing object; lists must not be empty.
  void set_text(const std::string& name, const std::string& attribute, const std::string& value);
  void set_integer(const std::string& name, const std::string& attribute, std::int64_t value);
  void set_numbers(const std::string& name, const std::string& attribute,
                   std::span<const double> values);
  void set_texts(const std::string& name, const std::string& attribute,
                 std::span<const std::string> values);

  /// Writes out and closes, checked; the destructor closes unchecked. No call but destruction may
  /// follow. Datasets must have been destroyed. \throws IoError  io: also what destructors of
  /// datasets met while writing
  void close();

 private:
  explicit Hdf5File(std::string path) : path_(std::move(path)) {}
  Hdf5Handle find(const std::string& name) const;

  Hdf5Handle handle_;
  std::string path_;
  bool is_input_ = false;
};

}  // namespace rondo::io
