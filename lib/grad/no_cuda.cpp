// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "base/no_cuda.hpp"

#include "grad/compression/cuda/kernels.hpp"
#include "grad/compression/cuda/low_rank.hpp"

// Nobody has a DeviceStream, so that nothing here is ever called.
namespace rondo::grad::cuda {

void multiply(DeviceStream& /*stream*/, DeviceSpan<float> /*values*/, float /*factor*/) {
  no_cuda();
}
void gather(DeviceStream& /*stream*/, Chunks /*chunks*/, DeviceSpan<const float> /*gradients*/,
            DeviceSpan<float> /*sequence*/) {
  no_cuda();
}
void scatter(DeviceStream& /*stream*/, Chunks /*chunks*/, DeviceSpan<const float> /*sequence*/,
             DeviceSpan<float> /*gradients*/) {
  no_cuda();
}

template <class T>
void round_with_feedback(DeviceStream& /*stream*/, Chunks /*chunks*/,
                         DeviceSpan<const float> /*gradients*/, DeviceSpan<float> /*residual*/,
                         DeviceSpan<T> /*sequence*/) {
  no_cuda();
}
template <class T>
void round_sum(DeviceStream& /*stream*/, Chunks /*chunks*/, std::size_t /*first*/,
               DeviceSpan<const T> /*received*/, DeviceSpan<float> /*residual*/,
               DeviceSpan<T> /*own*/) {
  no_cuda();
}
template <class T>
void decode(DeviceStream& /*stream*/, Chunks /*chunks*/, DeviceSpan<const T> /*sequence*/,
            DeviceSpan<float> /*gradients*/) {
  no_cuda();
}

template void round_with_feedback(DeviceStream&, Chunks, DeviceSpan<const float>, DeviceSpan<float>,
                                  DeviceSpan<bfloat16>);
template void round_with_feedback(DeviceStream&, Chunks, DeviceSpan<const float>, DeviceSpan<float>,
                                  DeviceSpan<half>);
template void round_sum(DeviceStream&, Chunks, std::size_t, DeviceSpan<const bfloat16>,
                        DeviceSpan<float>, DeviceSpan<bfloat16>);
template void round_sum(DeviceStream&, Chunks, std::size_t, DeviceSpan<const half>,
                        DeviceSpan<float>, DeviceSpan<half>);
template void decode(DeviceStream&, Chunks, DeviceSpan<const bfloat16>, DeviceSpan<float>);
template void decode(DeviceStream&, Chunks, DeviceSpan<const half>, DeviceSpan<float>);

void encode(DeviceStream& /*stream*/, Chunks /*blocks*/, const Int8Messages& /*messages*/,
            DeviceSpan<const float> /*gradients*/, DeviceSpan<float> /*residual*/,
            DeviceSpan<std::byte> /*sent*/) {
  no_cuda();
}
void encode_sum(DeviceStream& /*stream*/, Chunks /*blocks*/, const Int8Messages& /*messages*/,
                DeviceSpan<const std::byte> /*received*/, DeviceSpan<float> /*gradients*/,
                DeviceSpan<float> /*residual*/, DeviceSpan<std::byte> /*own*/) {
  no_cuda();
}
void decode(DeviceStream& /*stream*/, Chunks /*blocks*/, const Int8Messages& /*messages*/,
            DeviceSpan<const std::byte> /*received*/, DeviceSpan<float> /*gradients*/) {
  no_cuda();
}
void take_largest(DeviceStream& /*stream*/, const TopK& /*work*/, DeviceSpan<Entry> /*entries*/) {
  no_cuda();
}
void add_entries(DeviceStream& /*stream*/, Chunks /*chunks*/, std::size_t /*origin*/,
                 DeviceSpan<const Entry> /*entries*/, std::size_t /*ranks*/,
                 DeviceSpan<float> /*gradients*/) {
  no_cuda();
}

void multiply_rows(DeviceStream& /*stream*/, const LowRank& /*work*/) {
  no_cuda();
}
void orthonormalize(DeviceStream& /*stream*/, const LowRank& /*work*/) {
  no_cuda();
}
void multiply_columns(DeviceStream& /*stream*/, const LowRank& /*work*/) {
  no_cuda();
}
void subtract_factors(DeviceStream& /*stream*/, const LowRank& /*work*/) {
  no_cuda();
}
void multiply_factors(DeviceStream& /*stream*/, const LowRank& /*work*/) {
  no_cuda();
}
void keep_factors(DeviceStream& /*stream*/, const LowRank& /*work*/) {
  no_cuda();
}

}  // namespace rondo::grad::cuda
