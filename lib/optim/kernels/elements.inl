// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0

// The arithmetic of the rules, the only one: the same text for the CPU's vectors (vectors.inl) and for
// single floats on CPU and GPU (scalar.hpp). Included within the namespace that says what Floats are
// and has for them
//   all(x)           x in every element
//   smaller, larger  of two; the second where one is NaN
//   square_root      rounded as IEEE 754 has it
//   sign             -1 or 1; zeros and NaN stay what they are
// Nothing is fused; besides these there are +, -, * and /.

/// The operands are in this order for NaN to stay.
RONDO_HOST_DEVICE Floats scaled_and_clipped(Floats sum, const Gradient& gradient) {
  const Floats scaled = sum * all(gradient.scale);
  return larger(all(-gradient.limit), smaller(all(gradient.limit), scaled));
}

/// Gradient and coupled decay.
RONDO_HOST_DEVICE Floats sgd_gradient(Floats value, Floats sum, const SgdFactors& f) {
  const Floats g = scaled_and_clipped(sum, f.gradient) + all(f.decay) * value;
  return all(f.local_rate) * g;
}

RONDO_HOST_DEVICE void sgd_step(Floats& value, Floats sum, const SgdFactors& f) {
  value = value - all(f.lr) * sgd_gradient(value, sum, f);
}

RONDO_HOST_DEVICE void momentum_step(Floats& value, Floats& velocity, Floats sum,
                                     const SgdFactors& f) {
  velocity = all(f.momentum) * velocity + sgd_gradient(value, sum, f);
  value = value - all(f.lr) * velocity;
}

RONDO_HOST_DEVICE void nesterov_step(Floats& value, Floats& velocity, Floats sum,
                                     const SgdFactors& f) {
  const Floats g = sgd_gradient(value, sum, f);
  velocity = all(f.momentum) * velocity + g;
  value = value - all(f.lr) * (g + all(f.momentum) * velocity);
}

RONDO_HOST_DEVICE void update_moments(Floats g, Floats& mean, Floats& square,
                                      const AdamFactors& f) {
  mean = all(f.beta1) * mean + all(1.0F - f.beta1) * g;
  square = all(f.beta2) * square + all(1.0F - f.beta2) * (g * g);
}

/// The moments without their bias, one by the root of the other.
RONDO_HOST_DEVICE Floats adam_direction(Floats mean, Floats square, const AdamFactors& f) {
  const Floats root = square_root(square * all(f.square_correction));
  return mean * all(f.mean_correction) / (root + all(f.epsilon));
}

RONDO_HOST_DEVICE Floats decoupled_direction(Floats value, Floats mean, Floats square,
                                             const AdamFactors& f) {
  return adam_direction(mean, square, f) + all(f.decay) * value;
}

RONDO_HOST_DEVICE void adam_step(Floats& value, Floats& mean, Floats& square, Floats sum,
                                 const AdamFactors& f) {
  const Floats g = scaled_and_clipped(sum, f.gradient) + all(f.decay) * value;
  update_moments(g, mean, square, f);
  value = value - all(f.lr) * adam_direction(mean, square, f);
}

RONDO_HOST_DEVICE void adamw_step(Floats& value, Floats& mean, Floats& square, Floats sum,
                                  const AdamFactors& f) {
  update_moments(scaled_and_clipped(sum, f.gradient), mean, square, f);
  value = value - all(f.lr) * decoupled_direction(value, mean, square, f);
}

/// The moments too: lamb_step() goes along what this returns.
RONDO_HOST_DEVICE Floats lamb_direction(Floats value, Floats& mean, Floats& square, Floats sum,
                                        const AdamFactors& f) {
  update_moments(scaled_and_clipped(sum, f.gradient), mean, square, f);
  return decoupled_direction(value, mean, square, f);
}

/// The move only: the moments are up to date.
RONDO_HOST_DEVICE void lamb_step(Floats& value, Floats mean, Floats square, const AdamFactors& f) {
  value = value - all(f.lr) * decoupled_direction(value, mean, square, f);
}

RONDO_HOST_DEVICE void lion_step(Floats& value, Floats& mean, Floats sum, const LionFactors& f) {
  const Floats g = scaled_and_clipped(sum, f.gradient);
  const Floats direction = sign(all(f.beta1) * mean + all(1.0F - f.beta1) * g);
  value = value - all(f.lr) * (direction + all(f.decay) * value);
  mean = all(f.beta2) * mean + all(1.0F - f.beta2) * g;
}

/// The second moment of a vector's element; the gradient by its root.
RONDO_HOST_DEVICE Floats follow_square(Floats& square, Floats sum, const SquareFactors& f) {
  const Floats g = scaled_and_clipped(sum, f.gradient);
  square = all(f.beta) * square + all(1.0F - f.beta) * (g * g + all(f.epsilon));
  return g / square_root(square);
}

RONDO_HOST_DEVICE void move_along(Floats& value, Floats direction, const MoveFactors& f) {
  value = all(f.keep) * value - all(f.length) * direction;
}

/// The second moment is up to date.
RONDO_HOST_DEVICE void move_by_square(Floats& value, Floats sum, Floats square,
                                      const MoveFactors& f) {
  move_along(value, scaled_and_clipped(sum, f.gradient) / square_root(square), f);
}

RONDO_HOST_DEVICE void move_by_roots(Floats& value, Floats sum, Floats row_root, Floats column_root,
                                     const MoveFactors& f) {
  move_along(value, scaled_and_clipped(sum, f.gradient) * (row_root * column_root), f);
}

/// What a gradient adds to its column's sum of squares by the root of its row.
RONDO_HOST_DEVICE Floats scaled_square(Floats sum, Floats scale, const Gradient& gradient) {
  const Floats x = scaled_and_clipped(sum, gradient) * scale;
  return x * x;
}
