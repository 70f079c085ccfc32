// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "rondo/base/device_span.hpp"
#include "rondo/base/device_stream.hpp"
#include "rondo/base/float16.hpp"
#include "rondo/precision/rounding.hpp"

namespace rondo::precision {

/// As the conversions of casts.hpp, on a GPU, with the same bits.
///
/// Queued on `stream`; the spans must live until it has run and must not overlap. One launch. Reads
/// and writes sizeof(From) + sizeof(To) bytes an element: 6 between f32 and a short float, 4
/// between two short ones. \throws UsageError  spans of different lengths
void convert(DeviceStream& stream, DeviceSpan<const float> from, DeviceSpan<bfloat16> to);
void convert(DeviceStream& stream, DeviceSpan<const float> from, DeviceSpan<half> to);
void convert(DeviceStream& stream, DeviceSpan<const bfloat16> from, DeviceSpan<float> to);
void convert(DeviceStream& stream, DeviceSpan<const bfloat16> from, DeviceSpan<half> to);
void convert(DeviceStream& stream, DeviceSpan<const half> from, DeviceSpan<float> to);
void convert(DeviceStream& stream, DeviceSpan<const half> from, DeviceSpan<bfloat16> to);

/// sum[i] = sum[i] + values[i] in f32: accumulation of gradients. 12 bytes an element, 10 for short
/// floats. Otherwise as convert(); but for the sign and payload of a NaN the CPU's bits.
void accumulate(DeviceStream& stream, DeviceSpan<const float> values, DeviceSpan<float> sum);
void accumulate(DeviceStream& stream, DeviceSpan<const bfloat16> values, DeviceSpan<float> sum);
void accumulate(DeviceStream& stream, DeviceSpan<const half> values, DeviceSpan<float> sum);

/// As round_to_copy() of rounding.hpp, with the same bits. 6 bytes an element. Otherwise as
/// convert().
void round_to_copy(DeviceStream& stream, DeviceSpan<const float> values, DeviceSpan<bfloat16> copy,
                   const RoundingKey& key = {});

}  // namespace rondo::precision
