// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "data/sources/idx_file.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>
#include <system_error>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <zlib.h>

#include "rondo/base/error.hpp"
#include "rondo/base/unique_handle.hpp"

namespace rondo::apps {
namespace {

constexpr std::uint8_t unsigned_byte = 8;
constexpr std::uint64_t deflate_ratio_limit = 1032;
constexpr unsigned stream_buffer_bytes = 1U << 18;

struct GzipTraits {
  using handle_type = gzFile;
  static handle_type null() noexcept { return nullptr; }
  static void close(handle_type file) noexcept { gzclose(file); }
};

}  // namespace

struct IdxFile::Stream {
  UniqueHandle<GzipTraits> file;  ///< zlib passes plain files through
};

IdxFile::IdxFile(const std::filesystem::path& path, std::size_t dimensions,
                 const std::string& contents)
    : path_(path.string()), stream_(std::make_unique<Stream>()) {
  std::error_code ignored;
  const bool is_directory = std::filesystem::is_directory(path, ignored);
  if (!is_directory) stream_->file.reset(gzopen(path_.c_str(), "rb"));
  const int reason = is_directory ? EISDIR : errno;
  if (!stream_->file)
    throw IoError(ExitCode::missing_input,
                  fmt::format("{}: cannot read the {}: {}", path_, contents,
                              std::generic_category().message(reason)));
  gzbuffer(stream_->file.get(), stream_buffer_bytes);
  read_header(dimensions, contents);
  require_plausible_size();
}

IdxFile::~IdxFile() = default;
IdxFile::IdxFile(IdxFile&&) noexcept = default;

void IdxFile::read(std::span<std::uint8_t> bytes) {
  const std::size_t count = read_some(bytes);
  elements_read_ += count;
  if (count < bytes.size())
    fail(fmt::format("is truncated: expected {} elements, found {}", element_count(shape_),
                     elements_read_));
}

void IdxFile::require_end() {
  std::array<std::uint8_t, 1> extra{};
  if (read_some(extra) != 0)
    fail(fmt::format("has bytes behind its end: expected {} elements, found more",
                     element_count(shape_)));
  int code = Z_OK;
  gzerror(stream_->file.get(), &code);
  if (code == Z_BUF_ERROR)
    fail("is truncated: its elements are there, the checksum behind them is not");
}

std::size_t IdxFile::read_some(std::span<std::uint8_t> bytes) {
  std::size_t count = 0;
  while (count < bytes.size()) {
    const auto wanted = static_cast<unsigned>(
        std::min<std::size_t>(bytes.size() - count, std::numeric_limits<int>::max()));
    const int found = gzread(stream_->file.get(), bytes.data() + count, wanted);
    int code = Z_OK;
    const char* message = gzerror(stream_->file.get(), &code);
    // An early end of the compressed stream is reported as the missing elements that it means.
    if (found < 0 && code != Z_BUF_ERROR)
      fail(fmt::format("cannot be decompressed: {}",
                       code == Z_ERRNO ? std::generic_category().message(errno) : message));
    if (found <= 0) break;
    count += static_cast<std::size_t>(found);
  }
  return count;
}

void IdxFile::read_header(std::size_t dimensions, const std::string& contents) {
  std::array<std::uint8_t, 4> magic{};
  const std::array<std::uint8_t, 4> expected{0, 0, unsigned_byte,
                                             static_cast<std::uint8_t>(dimensions)};
  const std::size_t found = read_some(magic);
  if (found < magic.size() || magic != expected)
    fail(fmt::format("is not an IDX file of {}: expected magic {:02x}, found {:02x}", contents,
                     fmt::join(expected, " "), fmt::join(std::span(magic).first(found), " ")));
  for (std::size_t i = 0; i < dimensions; ++i) {
    std::array<std::uint8_t, 4> bytes{};
    if (read_some(bytes) < bytes.size())
      fail(fmt::format("is truncated: expected {} dimensions, found {}", dimensions, i));
    shape_.push_back(std::size_t{bytes[0]} << 24 | std::size_t{bytes[1]} << 16 |
                     std::size_t{bytes[2]} << 8 | std::size_t{bytes[3]});
  }
  if (std::find(shape_.begin(), shape_.end(), 0U) != shape_.end())
    fail(fmt::format("holds no samples: expected dimensions above 0, found ({})",
                     fmt::join(shape_, ", ")));
}

void IdxFile::require_plausible_size() const {
  std::error_code unknown;
  const std::uint64_t file_bytes = std::filesystem::file_size(path_, unknown);
  if (unknown) return;  // a pipe: what is missing shows when it is read
  const bool is_plain = gzdirect(stream_->file.get()) != 0;
  std::uint64_t room = is_plain ? file_bytes : file_bytes * deflate_ratio_limit;
  for (const std::size_t dimension : shape_)
    room /= dimension;
  if (room == 0)
    fail(fmt::format("is truncated: its header declares ({}) elements, the file has {} bytes",
                     fmt::join(shape_, ", "), file_bytes));
}

void IdxFile::fail(const std::string& problem) const {
  throw IoError(ExitCode::bad_content, fmt::format("{}: {}", path_, problem));
}

}  // namespace rondo::apps
