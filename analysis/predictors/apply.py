"""One call from logits to a prediction, for the table's predictors and for anyone's own. Imports torch."""

from __future__ import annotations

import importlib

import numpy as np
import torch
from torch import Tensor

from analysis.predictors.bounds import in_type_of
from analysis.predictors.checks import SUM_TOLERANCE, check_logits, check_probs, check_shape, check_type
from analysis.predictors.custom import load_function
from analysis.predictors.prediction import Prediction, no_collapse
from analysis.predictors.table import Predictor
from analysis.runtime.stopping import Stopped


def as_tensor(logits, dtype: torch.dtype) -> Tensor:
    """A tensor of that type; a NumPy array, which may be read-only or memory-mapped, is copied."""
    if isinstance(logits, Tensor):
        return logits.detach().to(dtype)
    return torch.from_numpy(np.array(logits, dtype=np.float64 if dtype == torch.float64 else np.float32))


def returned_probs(returned: object, name: str) -> Tensor:
    """What someone's own function returned as a float64 tensor on the CPU."""
    if not isinstance(returned, (Tensor, np.ndarray)):
        raise ValueError(f"{name} returned {type(returned).__name__}: return a tensor of probabilities")
    if not any(word in str(returned.dtype) for word in ("float", "int", "bool")):
        raise ValueError(f"{name} returned values of type {returned.dtype}: return a tensor of real probabilities")
    if isinstance(returned, Tensor) and (returned.layout != torch.strided or returned.is_meta):
        raise ValueError(f"{name} returned a tensor that is not dense: return a dense tensor of probabilities")
    return as_tensor(returned, torch.float64).cpu()


def predict_custom(predictor: Predictor, logits: Tensor, settings: dict[str, object], first_sample: int) -> Prediction:
    """Call someone's own function on float32 logits, check what it returns, and normalise the last digits."""
    function = load_function(predictor)
    given = logits.clone()  # the function may write into it
    try:
        with torch.no_grad():
            returned = function(given, **settings)
    except Stopped:
        raise
    except (Exception, SystemExit) as error:
        raise ValueError(f"{predictor.function} raised {type(error).__name__}: {error}") from error
    probs = returned_probs(returned, predictor.function)
    tolerance = SUM_TOLERANCE.get(str(returned.dtype).removeprefix("torch."), 1e-4)
    check_probs(probs.numpy(), tuple(logits.shape), predictor.function, tolerance, first_sample)
    log_probs = (probs / probs.sum(-1, keepdim=True)).log()
    return Prediction(log_probs, no_collapse(log_probs))


def apply_predictor(
    predictor: Predictor, logits, settings: dict[str, object], first_sample: int = 0, total: int | None = None
) -> Prediction:
    """The prediction for resolved settings; see `analysis.predictors.predict`."""
    check_type(logits)
    check_shape(tuple(logits.shape))
    tensor = as_tensor(logits, torch.float32 if predictor.path else torch.float64)
    check_logits(tensor, first_sample, total)  # on the tensor: NumPy takes twenty times as long over float16
    if predictor.path is not None:
        return predict_custom(predictor, tensor, settings, first_sample)
    module, name = predictor.function.split(":")
    function = getattr(importlib.import_module(module), name)
    with torch.no_grad():
        return function(tensor, **in_type_of(logits.dtype, settings))
