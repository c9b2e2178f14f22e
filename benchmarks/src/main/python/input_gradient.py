"""Input gradients in PyTorch, for GradientBenchmark.

Usage: python input_gradient.py THREADS

Reads requests from standard input, one line each, words separated by tabs, as Worker.java describes them: describe, load,
time, gradient, memory. The networks and the names of their parameters are those of BenchmarkNetwork.java, from whose
files (little-endian floats in C order) the weights and inputs come.
"""

import os
import statistics
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

CLASSES = 10
SAMPLE_SHAPES = {"MLP": (784,), "LENET": (1, 28, 28), "RESNET": (3, 32, 32)}


class Files:
    """The exported arrays of one network."""

    def __init__(self, directory):
        self.directory = directory

    def read(self, name, *shape):
        path = os.path.join(self.directory, name + ".f32")
        size = os.path.getsize(path) // 4
        values = torch.from_file(path, shared=False, size=size, dtype=torch.float32)
        return values.clone().reshape(shape)

    def dense(self, name, inputs, outputs):
        layer = nn.Linear(inputs, outputs)
        layer.weight.data = self.read(name + "_W", inputs, outputs).t().contiguous()
        layer.bias.data = self.read(name + "_b", outputs)
        return layer

    def convolution(self, name, inputs, outputs, kernel, stride=1, bias=False):
        layer = nn.Conv2d(inputs, outputs, kernel, stride, padding=kernel // 2, bias=bias)
        layer.weight.data = self.read(name + "_W", outputs, inputs, kernel, kernel)
        if bias:
            layer.bias.data = self.read(name + "_b", outputs)
        return layer

    def normalized(self, name, inputs, outputs, kernel, stride):
        norm = nn.BatchNorm2d(outputs)
        norm.weight.data = self.read(name + "-norm_gamma", outputs)
        norm.bias.data = self.read(name + "-norm_beta", outputs)
        norm.running_mean.data = self.read(name + "-norm_mean", outputs)
        norm.running_var.data = self.read(name + "-norm_var", outputs)
        return nn.Sequential(self.convolution(name + "-conv", inputs, outputs, kernel, stride), norm)


class Block(nn.Module):
    """A residual block, whose shortcut is a 1x1 convolution where the shape changes."""

    def __init__(self, files, name, inputs, outputs, stride):
        super().__init__()
        self.first = files.normalized(name + "-1", inputs, outputs, 3, stride)
        self.second = files.normalized(name + "-2", outputs, outputs, 3, 1)
        self.shortcut = (
            nn.Identity() if stride == 1 else files.normalized(name + "-shortcut", inputs, outputs, 1, stride)
        )

    def forward(self, x):
        return F.relu(self.second(F.relu(self.first(x))) + self.shortcut(x))


def build(network, files):
    if network == "MLP":
        return nn.Sequential(
            files.dense("0", 784, 512), nn.ReLU(),
            files.dense("1", 512, 256), nn.ReLU(),
            files.dense("2", 256, CLASSES),
        )
    if network == "LENET":
        return nn.Sequential(
            files.convolution("0", 1, 20, 5, bias=True), nn.ReLU(), nn.MaxPool2d(2),
            files.convolution("2", 20, 50, 5, bias=True), nn.ReLU(), nn.MaxPool2d(2),
            nn.Flatten(), files.dense("4", 2450, 500), nn.ReLU(),
            files.dense("5", 500, CLASSES),
        )
    if network == "RESNET":
        return nn.Sequential(
            files.normalized("stem", 3, 16, 3, 1), nn.ReLU(),
            Block(files, "block1", 16, 16, 1),
            Block(files, "block2", 16, 32, 2),
            Block(files, "block3", 32, 64, 2),
            nn.AdaptiveAvgPool2d(1), nn.Flatten(), files.dense("out", 64, CLASSES),
        )
    raise ValueError(f"unknown network {network}")


class Workload:
    """One network and one batch."""

    def __init__(self, network, batch, directory):
        files = Files(directory)
        self.model = build(network, files).eval().requires_grad_(False)
        self.inputs = files.read("inputs", batch, *SAMPLE_SHAPES[network])
        self.labels = torch.arange(batch) % CLASSES

    def gradient(self):
        inputs = self.inputs.detach().requires_grad_(True)
        loss = F.cross_entropy(self.model(inputs), self.labels, reduction="sum")
        return torch.autograd.grad(loss, inputs)[0]

    def logits(self):
        with torch.no_grad():
            return self.model(self.inputs)

    def call(self, contender):
        return {"PYTORCH_GRADIENT": self.gradient, "PYTORCH_LOGITS": self.logits}[contender]


def measure(call, count, clock):
    now = time.thread_time_ns if clock == "CPU" else time.perf_counter_ns
    nanos = []
    for _ in range(count):
        start = now()
        call()
        nanos.append(now() - start)
    return f"{statistics.median(nanos)}\t-1"


def resident_bytes():
    try:
        with open("/proc/self/status", encoding="ascii") as status:
            return next(1024 * int(line.split()[1]) for line in status if line.startswith("VmRSS"))
    except OSError:
        return -1


def main():
    torch.set_num_threads(int(sys.argv[1]))
    workload = None
    for line in sys.stdin:
        request, *words = line.rstrip("\n").split("\t")
        try:
            answer = ""
            if request == "describe":
                answer = f"torch {torch.__version__}, {torch.get_num_threads()} threads"
            elif request == "load":
                workload = Workload(words[0], int(words[1]), words[2])
            elif request == "time":
                answer = measure(workload.call(words[0]), int(words[1]), words[2])
            elif request == "gradient":
                values = workload.call(words[0])().contiguous().flatten()
                with open(words[1], "wb") as file:
                    file.write(bytes(values.untyped_storage()))
            elif request == "memory":
                answer = str(resident_bytes())
            else:
                raise ValueError(f"unknown request {request}")
            answer = "> " + answer
        except Exception as error:  # the runner tells it
            answer = "! " + repr(error).replace("\n", " ")
        print(answer, flush=True)


if __name__ == "__main__":
    main()
