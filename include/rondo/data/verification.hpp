// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "rondo/data/fields.hpp"

namespace rondo::data {

/// One thing that is wrong with a data set.
struct Finding {
  std::string what;         ///< a clause
  std::string object = {};  ///< the HDF5 path of a field; empty: the file, see `what`
  std::optional<std::size_t> chunk = {};
  std::size_t first_row = 0, last_row = 0;  ///< of the chunk
  std::string row_noun = "samples";         ///< or tokens, of a stream

  friend bool operator==(const Finding&, const Finding&) = default;
};

/// `train/image: chunk 3 (samples 12 to 15): what`
std::string describe(const Finding& finding);

/// What reading all of a data set has shown.
struct Verification {
  std::vector<Finding> findings;  ///< the first ones, in the order of splits, fields and chunks
  std::uint64_t finding_count = 0;
  std::vector<std::string> notes;  ///< what could not be checked, or only slowly, a sentence each
  std::size_t splits = 0, fields = 0, chunks = 0;
  std::uint64_t stored_bytes = 0;  ///< read
  std::uint64_t value_bytes = 0;   ///< decoded and checked

  bool is_intact() const noexcept { return finding_count == 0; }
};

struct VerificationOptions {
  FieldMap field_map = {};  ///< not empty: the file need not be one of Rondo's
  std::size_t threads = 2;
  std::size_t most_findings = 100;  ///< that are listed; all are counted
  /// Also compare mean, deviation and label_counts with the samples.
  bool statistics = false;
  /// Called now and then, by the calling thread.
  std::function<void(std::size_t chunks_done, std::size_t chunks)> progress = {};
};

/// Reads every chunk of every field of every split and checks what can be checked: headers,
/// attributes and lengths, checksums and compression, labels below the classes, tokens below the
/// vocabulary, numbers finite. Holds a chunk for each thread.
/// \throws IoError  missing_input, or bad_content: not HDF5 or not a data set at all
Verification verify(const std::filesystem::path& file, const VerificationOptions& options);

}  // namespace rondo::data
