"""A trajectory the size of a thumbnail: what the gallery shows of a sample without a picture. Pure text, no plotly."""

import numpy as np

WIDTH, HEIGHT, EDGE = 96, 64, 6  # of the drawing, in its own units


def sparkline_paths(probs: np.ndarray) -> list[str]:
    """SVG path data of trajectories, one per sample, in a drawing of `WIDTH` x `HEIGHT`.

    Parameters
    ----------
    probs : float, (exits, samples)
        0 at the bottom, 1 at the top. NaN breaks the line.

    Returns
    -------
    list of str
        Digits, signs and the letters M and L only.

    Examples
    --------
    >>> sparkline_paths(np.array([[0.0], [1.0]]))
    ['M6,58L90,6']
    """
    n_exits = probs.shape[0]
    x = np.linspace(EDGE, WIDTH - EDGE, n_exits) if n_exits > 1 else np.array([WIDTH / 2])
    y = HEIGHT - EDGE - np.clip(probs, 0, 1) * (HEIGHT - 2 * EDGE)
    return [_path(x, column) for column in y.T]


def _path(x: np.ndarray, y: np.ndarray) -> str:
    parts, broken = [], True
    for at, value in zip(x, y):
        if not np.isnan(value):
            parts.append(f"{'M' if broken else 'L'}{round(float(at), 1):g},{round(float(value), 1):g}")
        broken = bool(np.isnan(value))
    return "".join(parts)
