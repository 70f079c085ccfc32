// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

/// What the address sanitizer is told; nothing without it.
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

namespace cuda_emulation {

#ifdef __SANITIZE_ADDRESS__
inline void before_switch(void** frames, const void* stack, std::size_t bytes) {
  __sanitizer_start_switch_fiber(frames, stack, bytes);
}
inline void after_switch(void* frames, const void** old_stack, std::size_t* old_bytes) {
  __sanitizer_finish_switch_fiber(frames, old_stack, old_bytes);
}
inline void allow_access(void* memory, std::size_t bytes) {
  ASAN_UNPOISON_MEMORY_REGION(memory, bytes);
}
inline void forbid_access(void* memory, std::size_t bytes) {
  ASAN_POISON_MEMORY_REGION(memory, bytes);
}
#else
inline void before_switch(void** /*frames*/, const void* /*stack*/, std::size_t /*bytes*/) {}
inline void after_switch(void* /*frames*/, const void** /*stack*/, std::size_t* /*bytes*/) {}
inline void allow_access(void* /*memory*/, std::size_t /*bytes*/) {}
inline void forbid_access(void* /*memory*/, std::size_t /*bytes*/) {}
#endif

}  // namespace cuda_emulation
