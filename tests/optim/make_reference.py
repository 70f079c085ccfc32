#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Rondo authors
# SPDX-License-Identifier: Apache-2.0
"""Writes reference.json: what other people's optimizers make of the same values and gradients.

    python3 make_reference.py > reference.json        (needs torch and numpy)

SGD, Adam, AdamW and Adafactor are torch.optim's, in double precision. LAMB, LARS and Lion are their
papers' formulas in numpy, in double precision. All inputs are f32 numbers.
"""
import json
import sys

import numpy as np
import torch

SHAPE = (4, 5)
STEPS = 4
RATES = [0.125, 0.0625, 0.03125, 0.09375]


def f32(x):
    return np.asarray(x, np.float32).astype(np.float64)


random = np.random.default_rng(7)
START = f32(random.normal(size=SHAPE))
GRADIENTS = [f32(random.normal(size=SHAPE) * 10.0 ** random.integers(-3, 2, SHAPE)) for _ in range(STEPS)]


def by_torch(make, shape):
    parameter = torch.tensor(START.reshape(shape), dtype=torch.float64, requires_grad=True)
    optimizer = make([parameter])
    for rate, gradient in zip(RATES, GRADIENTS):
        optimizer.param_groups[0]["lr"] = rate
        parameter.grad = torch.tensor(gradient.reshape(shape), dtype=torch.float64)
        optimizer.step()
        yield parameter.detach().numpy().ravel().tolist()


def norm(x):
    return np.sqrt((x * x).sum())


def lamb(beta1, beta2, epsilon, decay, adapt):
    w, m, v = START.copy(), np.zeros(SHAPE), np.zeros(SHAPE)
    for t, (rate, g) in enumerate(zip(RATES, GRADIENTS), 1):
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g * g
        r = (m / (1 - beta1**t)) / (np.sqrt(v / (1 - beta2**t)) + epsilon)
        u = r + decay * w
        w = w - rate * (norm(w) / norm(u) if adapt else 1) * u
        yield w.ravel().tolist()


def lars(momentum, decay, trust, adapt):
    w, v = START.copy(), np.zeros(SHAPE)
    for rate, g in zip(RATES, GRADIENTS):
        local = trust * norm(w) / (norm(g) + decay * norm(w)) if adapt else 1
        v = momentum * v + local * (g + decay * w)
        w = w - rate * v
        yield w.ravel().tolist()


def lion(beta1, beta2, decay):
    w, m = START.copy(), np.zeros(SHAPE)
    for rate, g in zip(RATES, GRADIENTS):
        w = w - rate * (np.sign(beta1 * m + (1 - beta1) * g) + decay * w)
        m = beta2 * m + (1 - beta2) * g
        yield w.ravel().tolist()


def case(rule, values, shape=SHAPE, decays=True, **options):
    return {"rule": rule, "options": options, "shape": list(shape), "decays": decays, "values": list(values)}


def torch_cases():
    sgd, adam, adamw, adafactor = (torch.optim.SGD, torch.optim.Adam, torch.optim.AdamW, torch.optim.Adafactor)
    for decay in (0.0, 0.0625):
        for momentum, nesterov in ((0.0, False), (0.875, False), (0.875, True)):
            yield case("sgd", by_torch(lambda p: sgd(p, 1, momentum=momentum, weight_decay=decay, nesterov=nesterov),
                                       SHAPE), momentum=momentum, nesterov=nesterov, weight_decay=decay)
        for rule, make in (("adam", adam), ("adamw", adamw)):
            yield case(rule, by_torch(lambda p: make(p, 1, betas=(0.875, 0.984375), eps=2.0**-20, weight_decay=decay),
                                      SHAPE), beta1=0.875, beta2=0.984375, epsilon=2.0**-20, weight_decay=decay)
        for shape in (SHAPE, (20,)):
            yield case("adafactor", by_torch(lambda p: adafactor(p, 1, weight_decay=decay), shape), shape,
                       weight_decay=decay)


def paper_cases():
    for decay in (0.0, 0.0625):
        yield case("lamb", lamb(0.875, 0.984375, 2.0**-20, decay, True), beta1=0.875, beta2=0.984375,
                   epsilon=2.0**-20, weight_decay=decay)
        yield case("lars", lars(0.875, decay, 0.25, True), momentum=0.875, trust_coefficient=0.25, weight_decay=decay)
        yield case("lion", lion(0.875, 0.984375, decay), beta1=0.875, beta2=0.984375, weight_decay=decay)
    yield case("lamb", lamb(0.875, 0.984375, 2.0**-20, 0, False), decays=False, beta1=0.875, beta2=0.984375,
               epsilon=2.0**-20, weight_decay=0.0625)
    yield case("lars", lars(0.875, 0, 0.25, False), decays=False, momentum=0.875, trust_coefficient=0.25,
               weight_decay=0.0625)


def lines(cases):
    for c in cases:
        head = json.dumps({k: c[k] for k in ("rule", "options", "shape", "decays")})[:-1]
        values = ",\n    ".join(json.dumps(v) for v in c["values"])
        yield f'  {head}, "values": [\n    {values}]}}'


def main():
    made_by = {"script": "make_reference.py", "python": sys.version.split()[0], "torch": torch.__version__,
               "numpy": np.__version__}
    gradients = ",\n  ".join(json.dumps(g.ravel().tolist()) for g in GRADIENTS)
    cases = ",\n".join(lines(list(torch_cases()) + list(paper_cases())))
    print(f'{{"made_by": {json.dumps(made_by)},\n"rates": {json.dumps(RATES)},\n'
          f'"start": {json.dumps(START.ravel().tolist())},\n"gradients": [\n  {gradients}],\n"cases": [\n{cases}\n]}}')


if __name__ == "__main__":
    main()
