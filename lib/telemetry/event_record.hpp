// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "rondo/telemetry/event_file.hpp"

namespace rondo::telemetry {

// The bytes of an event file, by two documents of TensorFlow:
//
// TFRecord (https://www.tensorflow.org/tutorials/load_data/tfrecord): a record is u64 length, u32
// masked CRC of the length, the data, u32 masked CRC of the data; little-endian. The CRC is
// CRC-32C; masked, it is ((crc >> 15) | (crc << 17)) + 0xa282ead8.
//
// tensorflow/core/util/event.proto and tensorflow/core/framework/summary.proto: the data of each
// record is one protobuf message, of which this is what is written here:
//
//     Event:      1 double wall_time, 2 int64 step,
//                 one of 3 string file_version, 5 Summary summary, 7 SessionLog session_log
//     Summary:    1 repeated Value       Value: 1 string tag, 2 float simple_value
//     SessionLog: 1 enum status: START = 1

/// CRC-32C (Castagnoli; polynomial 0x1EDC6F41, reflected).
std::uint32_t crc32c(std::string_view bytes) noexcept;

/// `data` as a TFRecord.
std::string to_record(std::string_view data);

/// The first event of a file: its version, `brain.Event:2`.
std::string version_event(EventFile::Time at);
/// Tells readers that a life of the run begins: of `step` and later ones they forget what they have
/// read so far.
std::string start_event(EventFile::Time at, std::uint64_t step);
std::string scalars_event(EventFile::Time at, std::uint64_t step, std::span<const Scalar> scalars);

}  // namespace rondo::telemetry
