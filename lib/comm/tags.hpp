// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace rondo::comm {

/// Tags of a communicator's messages. Operations follow one another in the same order on all ranks
/// and messages of one tag keep theirs, so one tag serves all data.
inline constexpr int signature_tag = 1;
inline constexpr int data_tag = 2;
inline constexpr int node_tag = 3;   // ranks of one node, about their shared memory
inline constexpr int split_tag = 4;  // inside Transport::split
inline constexpr int tuning_tag = 5;
inline constexpr int second_tree_tag = 6;  // data, where two ranks are neighbours in two trees

}  // namespace rondo::comm
