// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/train/step_health.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include <fmt/format.h>

#include "rondo/base/error.hpp"

namespace rondo::train {
namespace {

/// Of the mean, below which a spread says nothing.
constexpr double least_spread = 1e-3;

void push_to_window(std::vector<double>& figures, double figure, std::size_t window) {
  if (figures.size() >= window) figures.erase(figures.begin());
  figures.push_back(figure);
}

}  // namespace

StepHealth::StepHealth(const Options& options) : options_(options) {
  if (!(options.z_score > 0))
    throw ConfigError(
        fmt::format("the z-score of a bad step must be above 0, found {}", options.z_score));
  if (options.least < 2 || options.window < options.least)
    throw ConfigError(
        fmt::format("z-scores need a window of 2 steps at least, and no more history than fits it: "
                    "found a window of {} and a history of {}",
                    options.window, options.least));
}

std::string StepHealth::judge(double loss, double norm) {
  std::string problem;
  if (!std::isfinite(loss)) {
    problem = fmt::format("the loss is {}", loss);
  } else if (!std::isfinite(norm)) {
    problem = fmt::format("the gradient's norm is {}", norm);
  } else {
    const double loss_score = z_score(loss, state_.losses);
    const double norm_score = z_score(norm, state_.norms);
    if (loss_score > options_.z_score)
      problem = fmt::format(
          "the loss {:.4g} is {:.1f} standard deviations above that of the last "
          "{} steps",
          loss, loss_score, state_.losses.size());
    else if (norm_score > options_.z_score)
      problem = fmt::format(
          "the gradient's norm {:.4g} is {:.1f} standard deviations above that "
          "of the last {} steps",
          norm, norm_score, state_.norms.size());
    remember(loss, norm);
  }
  if (!problem.empty()) ++state_.bad_steps;
  return problem;
}

double StepHealth::z_score(double figure, std::span<const double> history) const {
  if (history.size() < options_.least) return 0;
  const auto count = static_cast<double>(history.size());
  const double mean = std::accumulate(history.begin(), history.end(), 0.0) / count;
  double squares = 0;
  for (const double past : history)
    squares += (past - mean) * (past - mean);
  const double spread = std::max(std::sqrt(squares / count), least_spread * std::abs(mean));
  if (spread == 0) return 0;
  return figure > mean ? (figure - mean) / spread : 0;
}

void StepHealth::remember(double loss, double norm) {
  if (std::isinf(options_.z_score)) return;
  push_to_window(state_.losses, loss, options_.window);
  push_to_window(state_.norms, norm, options_.window);
}

void StepHealth::restore(State state) {
  const std::size_t surplus = state.losses.size() - std::min(state.losses.size(), options_.window);
  require(state.losses.size() == state.norms.size(), "a history of losses and norms apart");
  state.losses.erase(state.losses.begin(),
                     state.losses.begin() + static_cast<std::ptrdiff_t>(surplus));
  state.norms.erase(state.norms.begin(),
                    state.norms.begin() + static_cast<std::ptrdiff_t>(surplus));
  state_ = std::move(state);
}

}  // namespace rondo::train
