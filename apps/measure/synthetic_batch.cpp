// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "measure/synthetic_batch.hpp"

#include "rondo/base/philox.hpp"

namespace rondo::bench {

SyntheticBatch make_batch(std::size_t lane, std::size_t count, std::size_t image_elements,
                          std::size_t classes) {
  SyntheticBatch batch{AlignedBuffer<float>(count * image_elements),
                       AlignedBuffer<std::int32_t>(count)};
  const Philox random(lane, RandomPurpose::augment);
  for (std::size_t i = 0; i < batch.images.size(); ++i)
    batch.images[i] = 2 * Philox::uniform(random.block(i)[0]) - 1;
  for (std::size_t i = 0; i < count; ++i)
    batch.labels[i] = static_cast<std::int32_t>((i + lane) % classes);
  return batch;
}

}  // namespace rondo::bench
