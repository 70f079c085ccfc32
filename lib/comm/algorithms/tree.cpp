// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "comm/algorithms/tree.hpp"

namespace rondo::comm::algorithms {
namespace {

int lowest_bit(int number) {
  return number & -number;
}

/// The binary search tree over 1 to `count` in which odd numbers are leaves; 0 is above its root.
int parent_in_order(int number, int count) {
  const int bit = lowest_bit(number);
  const int parent = (number ^ bit) | (bit << 1);
  return parent <= count ? parent : number ^ bit;
}

std::vector<int> children_in_order(int number, int count) {
  std::vector<int> children;
  const int bit = lowest_bit(number);
  if (bit > 1) children.push_back(number - bit / 2);
  for (int step = bit / 2; step > 0; step /= 2) {
    if (number + step > count) continue;
    children.push_back(number + step);
    break;
  }
  return children;
}

int root_in_order(int count) {
  int root = 1;
  while (2 * root <= count)
    root *= 2;
  return root;
}

/// The second tree is the first one of other numbers: mirrored, or shifted by one, whichever makes
/// odd ones of the even.
int to_second(int number, int count) {
  return count % 2 == 0 ? count + 1 - number : number % count + 1;
}

int from_second(int number, int count) {
  return count % 2 == 0 ? count + 1 - number : (number + count - 2) % count + 1;
}

}  // namespace

Tree binomial_tree(int rank, int root, int size) {
  // Counted from the root, v has the parent v minus its lowest set bit, and the children v + 2^k
  // for every 2^k below that bit, of which the largest have the largest subtrees.
  const int relative = (rank - root + size) % size;
  const auto absolute = [&](int r) { return (r + root) % size; };
  Tree tree;
  int bit = 1;
  while (bit < size && (relative & bit) == 0)
    bit *= 2;
  if (relative != 0) tree.parent = absolute(relative - bit);
  for (bit /= 2; bit > 0; bit /= 2) {
    if (relative + bit < size) tree.children.push_back(absolute(relative + bit));
  }
  return tree;
}

Tree twin_tree(Twin twin, int rank, int root, int size) {
  const int relative = (rank - root + size) % size;
  const int count = size - 1;
  const bool second = twin == Twin::second;
  const auto absolute = [&](int number) {
    if (number == 0) return root;
    return ((second ? from_second(number, count) : number) + root) % size;
  };
  Tree tree;
  if (relative == 0) {
    if (count > 0) tree.children.push_back(absolute(root_in_order(count)));
    return tree;
  }
  const int number = second ? to_second(relative, count) : relative;
  tree.parent = absolute(parent_in_order(number, count));
  for (const int child : children_in_order(number, count))
    tree.children.push_back(absolute(child));
  return tree;
}

}  // namespace rondo::comm::algorithms
