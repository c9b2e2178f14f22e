"""Reference numbers for CorruptionReferenceTests, from the libraries that the published corruptions are made of.

    pip install numpy scipy scikit-image opencv-python-headless pillow
    python corruption_reference.py > ../resources/corruption-reference.txt

One line per case: its name, then the values in C order. The image is a formula, so that the tests need no file for it.
"""
import io

import cv2
import numpy as np
from PIL import Image
from scipy.ndimage import map_coordinates, zoom
from skimage.color import hsv2rgb, rgb2hsv
from skimage.filters import gaussian

H, W = 12, 10
y, x, c = np.meshgrid(np.arange(H), np.arange(W), np.arange(3), indexing="ij")
image = ((7 * y * y + 11 * x + 3 * x * y + 29 * c * (x + 1)) % 64) / 63.0  # [12, 10, 3]
plane = image[..., 0]
y, x = np.meshgrid(np.arange(16), np.arange(16), indexing="ij")
square = ((7 * y * y + 11 * x + 3 * x * y) % 64) / 63.0  # [16, 16]
y, x, c = np.meshgrid(np.arange(20), np.arange(24), np.arange(3), indexing="ij")
smooth = np.rint(255 * (0.5 + 0.5 * np.sin(0.2 * y + 0.3 * x + c))) / 255  # [20, 24, 3]


def show(name, values):
    print(name, *("%.10g" % v for v in np.asarray(values, dtype=np.float64).ravel()))


def channels_first(values):
    return np.asarray(values).transpose(2, 0, 1)


def disk(radius, alias_blur):
    reach, size = (8, (3, 3)) if radius <= 8 else (int(radius), (5, 5))
    span = np.arange(-reach, reach + 1)
    a, b = np.meshgrid(span, span)
    kernel = np.array(a ** 2 + b ** 2 <= radius ** 2, dtype=np.float64)
    return cv2.GaussianBlur(kernel / kernel.sum(), ksize=size, sigmaX=alias_blur)


def clipped_zoom(values, factor):
    size = values.shape[0]
    part = int(np.ceil(size / factor))
    top = (size - part) // 2
    zoomed = zoom(values[top:top + part, top:top + part], (factor, factor), order=1)
    trim = (zoomed.shape[0] - size) // 2
    return zoomed[trim:trim + size, trim:trim + size]


for sigma in (0.05, 0.4, 1, 3):
    show(f"gaussian-{sigma}", gaussian(plane, sigma=sigma, mode="nearest", truncate=4))
show("gaussian-reflect-1.5", gaussian(plane, sigma=1.5, mode="reflect", truncate=3))
show("gaussian-reflect-9", gaussian(plane, sigma=9, mode="reflect", truncate=3))
for radius, blur in ((0.3, 0.4), (1, 0.2), (1.5, 0.1), (4, 0.5)):
    show(f"defocus-{radius}", cv2.filter2D(plane, -1, disk(radius, blur)))
show("disk-10", disk(10, 0.5)[10])
show("disk-sums", [disk(10, 0.5).sum(), disk(8, 0.5).sum(), disk(6, 0.5).sum()])
for factor in (1, 1.02, 1.05, 1.3, 2.25):
    show(f"zoom-{factor}", clipped_zoom(square, factor))
for name, factors in (("cifar-1", np.arange(1, 1.06, .01)), ("imagenet-5", np.arange(1, 1.31, .03))):
    total = sum(clipped_zoom(square, f) for f in factors)
    show(f"zoom-blur-{name}", (square + total) / (len(factors) + 1))
for share in (0.95, 0.65, 0.25):
    small = Image.fromarray(plane.astype(np.float32), mode="F").resize((int(W * share), int(H * share)), Image.BOX)
    show(f"pixelate-{share}", np.array(small.resize((W, H), Image.BOX)))
for quality in (80, 18, 7):
    out = io.BytesIO()
    Image.fromarray(np.uint8(np.rint(255 * smooth))).save(out, "JPEG", quality=quality)
    show(f"jpeg-{quality}", channels_first(np.array(Image.open(out))))
    out = io.BytesIO()
    Image.fromarray(np.uint8(np.rint(255 * smooth[..., 0]))).save(out, "JPEG", quality=quality)
    show(f"jpeg-grey-{quality}", np.array(Image.open(out)))
hsv = rgb2hsv(image)
hsv[..., 2] = np.clip(hsv[..., 2] + 0.3, 0, 1)
show("brightness-0.3", channels_first(hsv2rgb(hsv)))
for factor, shift in ((0.3, 0), (2, 0.1), (20, 0.2)):
    hsv = rgb2hsv(image)
    hsv[..., 1] = np.clip(hsv[..., 1] * factor + shift, 0, 1)
    show(f"saturate-{factor}", channels_first(hsv2rgb(hsv)))
right = 2 * np.sin(np.arange(H * W)).reshape(H, W)
down = 3 * np.cos(0.7 * np.arange(H * W)).reshape(H, W)
rows, columns = np.meshgrid(np.arange(H), np.arange(W), indexing="ij")
show("displaced", map_coordinates(plane, [rows + down, columns + right], order=1, mode="reflect"))

# Three points and where they go; the image is read at the inverse, mirrored at its edges.
shifts = np.float32([[0.5, -1], [1.25, 0.75], [-0.5, 0.25]])
middle, reach = np.float32([W // 2, H // 2]), min(H, W) // 3
before = np.float32([middle + reach, [middle[0] + reach, middle[1] - reach], middle - reach])
m = cv2.invertAffineTransform(cv2.getAffineTransform(before, before + shifts))
xs = m[0, 0] * columns + m[0, 1] * rows + m[0, 2]
ys = m[1, 0] * columns + m[1, 1] * rows + m[1, 2]
show("affine", map_coordinates(plane, [ys, xs], order=1, mode="mirror"))
show("affine-opencv", cv2.warpAffine(plane, cv2.getAffineTransform(before, before + shifts), (W, H),
                                     borderMode=cv2.BORDER_REFLECT_101))


# The diamond-square map with a fixed sequence instead of random numbers.
class Sequence:
    def __init__(self):
        self.count = 0

    def draw(self, shape):
        n = int(np.prod(shape))
        values = np.sin(1.7 * np.arange(self.count, self.count + n))
        self.count += n
        return values.reshape(shape)


def plasma(size, decay):
    heights = np.zeros((size, size))
    step, wibble, sequence = size, 100.0, Sequence()

    def mean(total):
        return total / 4 + wibble * wibble * sequence.draw(total.shape)

    while step >= 2:
        half = step // 2
        corners = heights[::step, ::step]
        total = corners + np.roll(corners, -1, 0)
        heights[half::step, half::step] = mean(total + np.roll(total, -1, 1))
        centers, corners = heights[half::step, half::step], heights[::step, ::step]
        heights[::step, half::step] = mean(centers + np.roll(centers, 1, 0) + corners + np.roll(corners, -1, 1))
        heights[half::step, ::step] = mean(centers + np.roll(centers, 1, 1) + corners + np.roll(corners, -1, 0))
        step, wibble = half, wibble / decay
    heights -= heights.min()
    return heights / heights.max()


show("plasma-8", plasma(8, 1.75))
