"""Corruptions of small images, of stated kind and severity: fourteen of the fifteen of CIFAR-10-C.

Hendrycks and Dietterich, "Benchmarking Neural Network Robustness to Common Corruptions and Perturbations", ICLR 2019,
arXiv 1903.12261, with the constants of their CIFAR script. Frost is left out: it lays photographs over the image. Their
images come from other random numbers, and interpolation in theirs is rounded to 1/32 pixel (elastic-transform); the
formulas are the same. As in their data, glass-blur copies a neighbour's colour where their text swaps two pixels.

Imports numpy, and Pillow for JPEG and pixelation. Each image has its own random numbers, from the seed and its position
in the split: it is corrupted alike in whatever company, and at each severity by the same draws.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence

import numpy as np
from PIL import Image

SIZE = 32
SEVERITIES = (1, 2, 3, 4, 5)

Random = Sequence[np.random.Generator]
"""One generator for each image."""


def draw(random: Random, one: Callable[[np.random.Generator], np.ndarray]) -> np.ndarray:
    """What `one` draws from the generator of each image, stacked."""
    return np.stack([one(generator) for generator in random])


def correlate(x: np.ndarray, weights: np.ndarray, axis: int, mode: str) -> np.ndarray:
    """The correlation of images with an odd number of weights along an axis; `mode` of np.pad continues the edge."""
    radius = len(weights) // 2
    width = [(radius, radius) if a == axis else (0, 0) for a in range(x.ndim)]
    padded = np.moveaxis(np.pad(x, width, mode=mode), axis, 0)
    size = x.shape[axis]
    return np.moveaxis(sum(weight * padded[i : i + size] for i, weight in enumerate(weights)), 0, axis)


def gaussian_weights(sigma: float, radius: int) -> np.ndarray:
    """(2 radius + 1,) weights of a Gaussian with standard deviation `sigma`, in pixels, that sum to 1."""
    if radius == 0:
        return np.ones(1)
    weights = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2)
    return weights / weights.sum()


def gaussian(x: np.ndarray, sigma: float, *, mode: str = "edge", truncate: float = 4.0) -> np.ndarray:
    """A Gaussian blur of (images, height, width, ...), cut off at `truncate` standard deviations."""
    weights = gaussian_weights(sigma, int(truncate * sigma + 0.5))
    return correlate(correlate(x, weights, 1, mode), weights, 2, mode)


def zoom_matrix(factor: float) -> np.ndarray:
    """(32, 32) weights that take a row of pixels to its middle, enlarged by linear interpolation."""
    crop = int(np.ceil(SIZE / factor))
    enlarged = round(crop * factor)
    places = np.arange(enlarged) * (crop - 1) / (enlarged - 1)
    low = np.minimum(places.astype(int), crop - 2)
    weights = np.zeros((enlarged, SIZE))
    top = (SIZE - crop) // 2
    rows = np.arange(enlarged)
    weights[rows, top + low] = 1 - (places - low)
    weights[rows, top + low + 1] += places - low
    trim = (enlarged - SIZE) // 2
    return weights[trim : trim + SIZE]


def zoom(x: np.ndarray, factor: float) -> np.ndarray:
    """The middle of (images, 32, 32, channels), enlarged to the same size."""
    weights = zoom_matrix(factor)
    return np.einsum("ij,njkc,lk->nilc", weights, x, weights, optimize=True)


def motion(x: np.ndarray, radius: float, sigma: float, degrees: np.ndarray) -> np.ndarray:
    """ImageMagick's motion blur: a one-sided Gaussian tail along a direction, to whole pixels, edges continued.

    x : (images, 32, 32, channels), values 0..255, rounded to whole numbers again
    degrees : (images,)
    """
    width = 2 * int(np.ceil(radius)) + 1
    weights = np.exp(-(np.arange(width) ** 2) / (2 * sigma**2))
    weights /= weights.sum()
    angle = np.deg2rad(degrees)
    right, down = (np.ceil(np.outer(np.arange(width), f(angle)) - 0.5).astype(int) for f in (np.cos, np.sin))
    image, side = np.arange(len(x))[:, None, None], np.arange(SIZE)
    blurred = np.zeros(x.shape)
    for weight, to_right, to_bottom in zip(weights, right, down):
        rows = np.clip(side + to_bottom[:, None], 0, SIZE - 1)
        columns = np.clip(side + to_right[:, None], 0, SIZE - 1)
        blurred += weight * x[image, rows[:, :, None], columns[:, None, :]]
    return np.rint(blurred)


def plasma(random: Random, decay: float) -> np.ndarray:
    """Fractal clouds (images, 32, 32) in 0..1 by the diamond-square algorithm, coarse to fine."""
    draws = draw(random, lambda generator: generator.uniform(-1, 1, SIZE * SIZE - 1))
    field = np.zeros((len(random), SIZE, SIZE))
    step, wibble, used = SIZE, 100.0, 0

    def wibbled(total: np.ndarray) -> np.ndarray:
        nonlocal used
        count = total[0].size
        noise = draws[:, used : used + count].reshape(total.shape)
        used += count
        return total / 4 + wibble**2 * noise  # squared, as in the published script

    while step >= 2:
        half = step // 2
        corners = field[:, ::step, ::step]
        rows = corners + np.roll(corners, -1, axis=1)
        field[:, half::step, half::step] = wibbled(rows + np.roll(rows, -1, axis=2))
        middle, corners = field[:, half::step, half::step], field[:, ::step, ::step]
        field[:, ::step, half::step] = wibbled(
            middle + np.roll(middle, 1, axis=1) + corners + np.roll(corners, -1, axis=2)
        )
        field[:, half::step, ::step] = wibbled(
            middle + np.roll(middle, 1, axis=2) + corners + np.roll(corners, -1, axis=1)
        )
        step, wibble = half, wibble / decay
    field -= field.min(axis=(1, 2), keepdims=True)
    return field / field.max(axis=(1, 2), keepdims=True)


def mirrored(index: np.ndarray, repeat_edge: bool) -> np.ndarray:
    """Indices continued by reflection into 0..31: about the edge (cba|abc), or about the outermost pixel (cb|abc)."""
    if repeat_edge:
        index = index % (2 * SIZE)
        return np.where(index < SIZE, index, 2 * SIZE - 1 - index)
    index = index % (2 * (SIZE - 1))
    return np.where(index < SIZE, index, 2 * (SIZE - 1) - index)


def sample(x: np.ndarray, rows: np.ndarray, columns: np.ndarray, repeat_edge: bool) -> np.ndarray:
    """Images (images, 32, 32, channels) at real coordinates (images, 32, 32), by bilinear interpolation."""
    top, left = np.floor(rows).astype(int), np.floor(columns).astype(int)
    down, right = (rows - top)[..., None], (columns - left)[..., None]
    image = np.arange(len(x))[:, None, None]

    def at(row: np.ndarray, column: np.ndarray) -> np.ndarray:
        return x[image, mirrored(row, repeat_edge), mirrored(column, repeat_edge)]

    upper = (1 - right) * at(top, left) + right * at(top, left + 1)
    lower = (1 - right) * at(top + 1, left) + right * at(top + 1, left + 1)
    return (1 - down) * upper + down * lower


def gaussian_noise(x: np.ndarray, scale: float, random: Random) -> np.ndarray:
    """Normal noise, of standard deviation `scale`, on every channel of images (images, 32, 32, 3) in 0..1."""
    return x + scale * draw(random, lambda generator: generator.normal(size=x.shape[1:]))


def shot_noise(x: np.ndarray, photons: float, random: Random) -> np.ndarray:
    """Poisson noise of as many `photons` as a channel of 1 stands for."""
    return np.stack([generator.poisson(image * photons) / photons for image, generator in zip(x, random)])


def impulse_noise(x: np.ndarray, share: float, random: Random) -> np.ndarray:
    """Salt and pepper: a `share` of the channels becomes 0 or 1."""
    hit = draw(random, lambda generator: generator.random(x.shape[1:])) < share
    salt = draw(random, lambda generator: generator.random(x.shape[1:])) < 0.5
    return np.where(hit, salt, x)


def defocus_blur(x: np.ndarray, setting: tuple[float, float], random: Random) -> np.ndarray:
    """A disk of a radius in pixels, softened by a Gaussian of sigma; `setting` is (radius, sigma)."""
    radius, sigma = setting
    side = np.arange(-3, 4)
    disk = (side[:, None] ** 2 + side**2 <= radius**2).astype(float)[None]
    soft = gaussian_weights(sigma, 1)
    kernel = correlate(correlate(disk / disk.sum(), soft, 1, "constant"), soft, 2, "constant")[0]
    padded = np.pad(x, ((0, 0), (3, 3), (3, 3), (0, 0)), mode="reflect")
    places = [(i, j) for i in range(7) for j in range(7) if kernel[i, j]]
    return sum(kernel[i, j] * padded[:, i : i + SIZE, j : j + SIZE] for i, j in places)


def glass_blur(x: np.ndarray, setting: tuple[float, int], random: Random) -> np.ndarray:
    """Neighbouring pixels change places between two Gaussian blurs; `setting` is (sigma, iterations)."""
    sigma, iterations = setting
    x = np.floor(gaussian(x, sigma) * 255)
    inner = np.arange(2, SIZE)
    shifts = draw(random, lambda generator: generator.integers(-1, 1, (2, 2, SIZE - 2, SIZE - 2)))
    image = np.arange(len(x))[:, None, None]
    for iteration in range(iterations):
        down, right = shifts[:, iteration, 0], shifts[:, iteration, 1]
        x[:, 2:, 2:] = x[image, inner[:, None] + down, inner + right]
    return gaussian(x / 255, sigma)


def motion_blur(x: np.ndarray, setting: tuple[float, float], random: Random) -> np.ndarray:
    """A blur along a random direction within 45 degrees of level; `setting` is (radius, sigma)."""
    degrees = draw(random, lambda generator: generator.uniform(-45, 45))
    return motion(np.rint(x * 255), *setting, degrees) / 255


def zoom_blur(x: np.ndarray, largest: float, random: Random) -> np.ndarray:
    """The mean of the images enlarged by every hundredth from 1 to below `largest`, and of themselves."""
    factors = np.arange(1, largest, 0.01)
    return (x + sum(zoom(x, factor) for factor in factors)) / (len(factors) + 1)


def snow(x: np.ndarray, setting: tuple[float, ...], random: Random) -> np.ndarray:
    """Blurred flakes that fall, over whitened images; `setting`: mean, scale, zoom, threshold, radius, sigma, kept."""
    mean, scale, factor, threshold, radius, sigma, kept = setting
    flakes = mean + scale * draw(random, lambda generator: generator.normal(size=(SIZE, SIZE, 1)))
    flakes = zoom(flakes, factor)
    flakes = np.floor(np.clip(np.where(flakes < threshold, 0, flakes), 0, 1) * 255)
    flakes = motion(flakes, radius, sigma, draw(random, lambda generator: generator.uniform(-135, -45))) / 255
    grey = (x @ np.array([0.299, 0.587, 0.114]))[..., None]
    whitened = kept * x + (1 - kept) * np.maximum(x, 1.5 * grey + 0.5)
    return whitened + flakes + np.rot90(flakes, k=2, axes=(1, 2))


def fog(x: np.ndarray, setting: tuple[float, float], random: Random) -> np.ndarray:
    """Plasma clouds over the images, which keep their maximum; `setting` is (amount, decay)."""
    amount, decay = setting
    brightest = x.max(axis=(1, 2, 3), keepdims=True)
    return (x + amount * plasma(random, decay)[..., None]) * brightest / (brightest + amount)


def brightness(x: np.ndarray, added: float, random: Random) -> np.ndarray:
    """`added` to the value of hue, saturation and value."""
    value = x.max(axis=3, keepdims=True)  # of hue, saturation and value: the others stay
    shade = np.divide(x, value, out=np.ones_like(x), where=value > 0)
    return shade * np.minimum(value + added, 1)


def contrast(x: np.ndarray, share: float, random: Random) -> np.ndarray:
    """Each channel drawn towards its mean over the image, of which a `share` of the distance stays."""
    mean = x.mean(axis=(1, 2), keepdims=True)
    return (x - mean) * share + mean


def elastic_transform(x: np.ndarray, setting: tuple[float, float, float], random: Random) -> np.ndarray:
    """A random affine map, then a smooth displacement; `setting` is (strength, sigma, jitter), shares of 32 pixels."""
    strength, sigma, jitter = (SIZE * share for share in setting)
    middle, reach = SIZE // 2, SIZE // 3
    corners = np.array([[1, 1], [1, -1], [-1, -1]]) * reach + middle  # (x, y)
    moved = corners + jitter * draw(random, lambda generator: generator.uniform(-1, 1, (3, 2)))
    to_source = np.linalg.solve(np.concatenate([moved, np.ones((len(x), 3, 1))], axis=2), corners[None])
    rows, columns = np.meshgrid(np.arange(SIZE), np.arange(SIZE), indexing="ij")
    target = np.stack([columns, rows, np.ones_like(rows)], axis=-1).reshape(-1, 3)
    source = (target @ to_source).reshape(len(x), SIZE, SIZE, 2)
    x = sample(x, source[..., 1], source[..., 0], repeat_edge=False)
    fields = draw(random, lambda generator: generator.uniform(-1, 1, (2, SIZE, SIZE)))
    if strength:
        right, down = (strength * gaussian(fields[:, i], sigma, mode="symmetric", truncate=3) for i in (0, 1))
        x = sample(x, rows + down, columns + right, repeat_edge=True)
    return x


def through_pillow(x: np.ndarray, change: Callable[[Image.Image], Image.Image]) -> np.ndarray:
    """Images (images, 32, 32, 3) in 0..1, each changed as an 8-bit image of Pillow's."""
    images = (change(Image.fromarray(np.rint(image * 255).astype(np.uint8))) for image in x)
    return np.stack([np.asarray(image) for image in images]) / 255


def pixelate(x: np.ndarray, share: float, random: Random) -> np.ndarray:
    """Shrunk to a `share` of their side and enlarged again, both by boxes."""
    small = (int(SIZE * share),) * 2

    def change(image: Image.Image) -> Image.Image:
        return image.resize(small, Image.Resampling.BOX).resize((SIZE, SIZE), Image.Resampling.BOX)

    return through_pillow(x, change)


def jpeg_compression(x: np.ndarray, quality: int, random: Random) -> np.ndarray:
    """Stored as JPEG of a `quality` and read again."""

    def change(image: Image.Image) -> Image.Image:
        file = io.BytesIO()
        image.save(file, "JPEG", quality=quality)
        return Image.open(file).convert("RGB")

    return through_pillow(x, change)


SNOW = (
    (0.1, 0.2, 1, 0.6, 8, 3, 0.95),
    (0.1, 0.2, 1, 0.5, 10, 4, 0.9),
    (0.15, 0.3, 1.75, 0.55, 10, 4, 0.9),
    (0.25, 0.3, 2.25, 0.6, 12, 6, 0.85),
    (0.3, 0.3, 1.25, 0.65, 14, 12, 0.8),
)
ELASTIC = ((0, 0, 0.08), (0.05, 0.2, 0.07), (0.08, 0.06, 0.06), (0.1, 0.04, 0.05), (0.1, 0.03, 0.03))

CORRUPTIONS: dict[str, tuple[Callable[..., np.ndarray], tuple]] = {
    "gaussian-noise": (gaussian_noise, (0.04, 0.06, 0.08, 0.09, 0.10)),
    "shot-noise": (shot_noise, (500, 250, 100, 75, 50)),
    "impulse-noise": (impulse_noise, (0.01, 0.02, 0.03, 0.05, 0.07)),
    "defocus-blur": (defocus_blur, ((0.3, 0.4), (0.4, 0.5), (0.5, 0.6), (1, 0.2), (1.5, 0.1))),
    "glass-blur": (glass_blur, ((0.05, 1), (0.25, 1), (0.4, 1), (0.25, 2), (0.4, 2))),
    "motion-blur": (motion_blur, ((6, 1), (6, 1.5), (6, 2), (8, 2), (9, 2.5))),
    "zoom-blur": (zoom_blur, (1.06, 1.11, 1.16, 1.21, 1.26)),
    "snow": (snow, SNOW),
    "fog": (fog, ((0.2, 3), (0.5, 3), (0.75, 2.5), (1, 2), (1.5, 1.75))),
    "brightness": (brightness, (0.05, 0.1, 0.15, 0.2, 0.3)),
    "contrast": (contrast, (0.75, 0.5, 0.4, 0.3, 0.15)),
    "elastic-transform": (elastic_transform, ELASTIC),
    "pixelate": (pixelate, (0.95, 0.9, 0.85, 0.75, 0.65)),
    "jpeg-compression": (jpeg_compression, (80, 65, 58, 50, 40)),
}
"""Kind -> its function and its setting at severities 1 to 5."""


def parse_corruption(text: str) -> tuple[str, int]:
    """`KIND:SEVERITY` as a kind of `CORRUPTIONS` and a severity of 1 to 5.

    Raises
    ------
    ValueError : not of that form, an unknown kind, another severity

    Examples
    --------
    >>> parse_corruption("gaussian-noise:3")
    ('gaussian-noise', 3)
    """
    kind, _, severity = text.strip().lower().replace("_", "-").partition(":")
    if kind == "frost":
        raise ValueError(f"--corrupt {text}: frost lays photographs over the image, which are not here: choose another")
    if kind not in CORRUPTIONS:
        raise ValueError(f"--corrupt {text}: unknown kind {kind!r}: choose one of {', '.join(CORRUPTIONS)}")
    if severity not in map(str, SEVERITIES):
        raise ValueError(f"--corrupt {text}: give a severity from 1 to 5, such as --corrupt {kind}:3")
    return kind, int(severity)


def corrupt(pixels: np.ndarray, kind: str, severity: int, *, seed: int = 0, first: int = 0) -> np.ndarray:
    """Images with a corruption of CIFAR-10-C.

    Parameters
    ----------
    pixels : uint8 (images, 32, 32, 3)
    kind, severity : one of `CORRUPTIONS`, and 1 to 5
    seed : of the random numbers
    first : the position in the split of the first image, so that a part is corrupted as the whole would be

    Returns
    -------
    uint8 (images, 32, 32, 3), rounded down, as in CIFAR-10-C

    Raises
    ------
    ValueError : images of another size
    """
    if pixels.shape[1:] != (SIZE, SIZE, 3):
        height, width = pixels.shape[1:3]
        raise ValueError(
            f"images have {width} x {height} pixels: the corruptions' constants are CIFAR-C's, for 32 x 32: leave "
            "--corrupt out"
        )
    function, settings = CORRUPTIONS[kind]
    random = [np.random.default_rng([seed, first + i]) for i in range(len(pixels))]
    changed = function(pixels / 255, settings[severity - 1], random)
    return np.floor(np.clip(changed, 0, 1) * 255 + 1e-6).astype(np.uint8)  # 1e-6: whole numbers stay, for all rounding
