// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <vector>

/// The trees that algorithms send along; all are local functions.
namespace rondo::comm::algorithms {

/// One rank's place in a tree.
struct Tree {
  std::optional<int> parent;  ///< none for the root
  std::vector<int> children;
};

/// The binomial tree below `root`: ceil(log2 p) levels, ceil(log2 p) children of the root.
Tree binomial_tree(int rank, int root, int size);

enum class Twin { first, second };

/// One of two binary trees below `root`, which has one child in each. Nobody else, but for one
/// rank if p is even, has children in both or in none: if half the data goes along each tree, all
/// send and receive alike (P. Sanders, J. Speck and J. L. Träff, "Two-tree algorithms for full
/// bandwidth broadcast, reduction and scan", Parallel Computing 35, 2009). The deepest rank is
/// floor(log2(p-1)) + 1 levels below the root.
Tree twin_tree(Twin twin, int rank, int root, int size);

}  // namespace rondo::comm::algorithms
