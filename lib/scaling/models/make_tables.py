#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Rondo authors
# SPDX-License-Identifier: Apache-2.0
"""Writes the model tables beside this file from the models' architectures.

A multiplication and an addition are two flops. Only convolutions and matrix products are counted:
normalisations, activations and sums are bound by memory and hide behind them or do not matter.
"""
import pathlib


class Table:
    """Parameters in the order of the forward pass, each with the work of one sample."""

    def __init__(self, name, sample, source):
        self.head = [f"model {name}", f"sample {sample}"] + [f"source {line}" for line in source]
        self.name, self.rows = name, []

    def add(self, name, elements, flops=0):
        self.rows.append((name, elements, flops))

    def norm(self, name, width):
        self.add(f"{name}.weight", width)
        self.add(f"{name}.bias", width)

    def linear(self, name, inputs, outputs, samples=1):
        self.add(f"{name}.weight", inputs * outputs, 2 * inputs * outputs * samples)
        self.add(f"{name}.bias", outputs)

    def convolution(self, name, inputs, outputs, kernel, pixels, bias=False):
        weights = inputs * outputs * kernel * kernel
        self.add(f"{name}.weight", weights, 2 * weights * pixels)
        if bias:
            self.add(f"{name}.bias", outputs)

    def write(self):
        elements = sum(row[1] for row in self.rows)
        lines = ["# SPDX-FileCopyrightText: 2026 The Rondo authors",
                 "# SPDX-License-Identifier: Apache-2.0",
                 "# Written by make_tables.py; lib/scaling/README.md tells the format."]
        lines += self.head + [f"parameters {elements}", "",
                              "# parameter, its elements, flops of its layer's forward pass"]
        lines += [f"{name}\t{count}\t{flops}" for name, count, flops in self.rows]
        path = pathlib.Path(__file__).with_name(f"{self.name}.tsv")
        path.write_text("\n".join(lines) + "\n")
        print(path.name, elements, "parameters,", sum(row[2] for row in self.rows) / 1e9, "Gflop")


def resnet50():
    table = Table("resnet50", "one image of 224 x 224", [
        "K. He et al., Deep residual learning for image recognition, CVPR 2016, table 1;",
        "strides in the 3 x 3 convolutions (version 1.5, as in torchvision)"])
    table.convolution("conv1", 3, 64, 7, 112 * 112)
    table.norm("bn1", 64)
    inputs, side = 64, 56
    for stage, (blocks, width) in enumerate([(3, 64), (4, 128), (6, 256), (3, 512)], start=1):
        for block in range(blocks):
            name = f"layer{stage}.{block}"
            before = side * side
            if stage > 1 and block == 0:
                side //= 2
            after = side * side
            table.convolution(f"{name}.conv1", inputs, width, 1, before)
            table.norm(f"{name}.bn1", width)
            table.convolution(f"{name}.conv2", width, width, 3, after)
            table.norm(f"{name}.bn2", width)
            table.convolution(f"{name}.conv3", width, 4 * width, 1, after)
            table.norm(f"{name}.bn3", 4 * width)
            if block == 0:
                table.convolution(f"{name}.downsample.0", inputs, 4 * width, 1, after)
                table.norm(f"{name}.downsample.1", 4 * width)
            inputs = 4 * width
    table.linear("fc", inputs, 1000)
    table.write()


def vgg16():
    table = Table("vgg16", "one image of 224 x 224", [
        "K. Simonyan and A. Zisserman, Very deep convolutional networks for large-scale image",
        "recognition, ICLR 2015, table 1, configuration D"])
    inputs, side, layer = 3, 224, 0
    for width in [64, 64, None, 128, 128, None, 256, 256, 256, None, 512, 512, 512, None,
                  512, 512, 512, None]:
        if width is None:
            side //= 2
            continue
        table.convolution(f"features.{layer}", inputs, width, 3, side * side, bias=True)
        inputs, layer = width, layer + 1
    for number, (before, after) in enumerate([(inputs * side * side, 4096), (4096, 4096),
                                              (4096, 1000)]):
        table.linear(f"classifier.{number}", before, after)
    table.write()


def bert_large():
    tokens, width, inner, vocabulary = 512, 1024, 4096, 30522
    table = Table("bert-large", f"one sequence of {tokens} tokens", [
        "J. Devlin et al., BERT, NAACL 2019: 24 layers of width 1024, uncased vocabulary;",
        "with the pooler, without the heads of pre-training"])
    table.add("embeddings.word", vocabulary * width)
    table.add("embeddings.position", 512 * width)
    table.add("embeddings.token_type", 2 * width)
    table.norm("embeddings.norm", width)
    for layer in range(24):
        name = f"layer.{layer}"
        for part in ["query", "key", "value"]:
            table.linear(f"{name}.attention.{part}", width, width, tokens)
        table.add(f"{name}.attention.products", 0, 2 * 2 * tokens * tokens * width)
        table.linear(f"{name}.attention.output", width, width, tokens)
        table.norm(f"{name}.attention.norm", width)
        table.linear(f"{name}.intermediate", width, inner, tokens)
        table.linear(f"{name}.output", inner, width, tokens)
        table.norm(f"{name}.norm", width)
    table.linear("pooler", width, width)
    table.write()


def gpt2():
    tokens, width, vocabulary = 1024, 768, 50257
    table = Table("gpt2-124m", f"one sequence of {tokens} tokens", [
        "A. Radford et al., Language models are unsupervised multitask learners, 2019:",
        "12 layers of width 768; the head has the token embedding's weights"])
    table.add("wte", vocabulary * width)
    table.add("wpe", 1024 * width)
    for layer in range(12):
        name = f"h.{layer}"
        table.norm(f"{name}.ln_1", width)
        table.linear(f"{name}.attn.c_attn", width, 3 * width, tokens)
        table.add(f"{name}.attn.products", 0, 2 * 2 * tokens * tokens * width)
        table.linear(f"{name}.attn.c_proj", width, width, tokens)
        table.norm(f"{name}.ln_2", width)
        table.linear(f"{name}.mlp.c_fc", width, 4 * width, tokens)
        table.linear(f"{name}.mlp.c_proj", 4 * width, width, tokens)
    table.norm("ln_f", width)
    table.add("head", 0, 2 * vocabulary * width * tokens)
    table.write()


if __name__ == "__main__":
    resnet50()
    vgg16()
    bert_large()
    gpt2()
