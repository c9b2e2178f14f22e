"""PGD training in PyTorch, to be compared with TrainingBenchmark: the same network, data, attack and minibatches.

Usage: python adversarial_training.py FOLDER [EPOCHS [IMAGES]]

FOLDER holds the four files of MNIST, compressed. Prints the CPU time after every epoch, without any validation, and what
PGD-40 leaves of 250 test images. Set OMP_NUM_THREADS=1 for figures that can be compared.
"""

import gzip
import os
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

EPSILON = 0.3
BATCH = 100
RATE = 1e-3


def idx(folder, name, header):
    with gzip.open(os.path.join(folder, name)) as file:
        return torch.frombuffer(bytearray(file.read()), dtype=torch.uint8, offset=header)


def mnist(folder, part, count):
    images = idx(folder, part + "-images-idx3-ubyte.gz", 16).reshape(-1, 1, 28, 28)[:count]
    labels = idx(folder, part + "-labels-idx1-ubyte.gz", 8)[:count]
    return images.float() / 255, labels.long()


def pgd(network, x, y, steps, size):
    """Return the last point of PGD from a random start."""
    adversarial = (x + torch.empty_like(x).uniform_(-EPSILON, EPSILON)).clamp(0, 1)
    for _ in range(steps):
        adversarial.requires_grad_(True)
        loss = F.cross_entropy(network(adversarial), y, reduction="sum")
        (gradient,) = torch.autograd.grad(loss, adversarial)
        adversarial = adversarial.detach() + size * gradient.sign()
        adversarial = torch.min(torch.max(adversarial, x - EPSILON), x + EPSILON).clamp(0, 1)
    return adversarial.detach()


def main(folder, epochs=12, images=10_000):
    torch.manual_seed(0)
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    x, y = mnist(folder, "train", images)
    network = nn.Sequential(
        nn.Conv2d(1, 20, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(20, 50, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(800, 500), nn.ReLU(), nn.Linear(500, 10))
    optimizer = torch.optim.Adam(network.parameters(), RATE)
    start = time.process_time()
    for epoch in range(epochs):
        for rows in torch.randperm(len(x)).split(BATCH):
            adversarial = pgd(network, x[rows], y[rows], 7, 2.5 * EPSILON / 7)
            optimizer.zero_grad()
            F.cross_entropy(network(adversarial), y[rows]).backward()
            optimizer.step()
        print(f"epoch {epoch + 1}: {time.process_time() - start:.0f} s", flush=True)
    x, y = mnist(folder, "t10k", 250)
    adversarial = pgd(network, x, y, 40, 2.5 * EPSILON / 40)
    with torch.no_grad():
        right = (network(x).argmax(1) == y) & (network(adversarial).argmax(1) == y)
    print(f"PGD-40 leaves {int(right.sum())} of {len(x)}")


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
