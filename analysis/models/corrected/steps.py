"""The laws of the predictors exit by exit: each exit's logits update a small state. Imports torch.

The law of a predictor over all exits at once stands in `analysis/predictors/`; these give the same, exit after exit, as
a deployed network runs them. What is kept for a sample is what `analysis/predictors/costs.py` counts, in float32 (the
Heaviside product's classes take a byte, not a bit). Each step computes in float64, and scores are kept less their
largest: so probabilities agree to 1e-6 (to 5e-6 where the product of softmaxes adds up 40 exits of logits in the tens).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping

import torch
from jaxtyping import Float, Float64
from torch import Tensor

from analysis.predictors.activations import bound_logits, log_activation, threshold_of
from analysis.predictors.adaptive_product import adaptive_log_factors
from analysis.predictors.bounds import in_type_of
from analysis.predictors.prediction import log_normalise
from analysis.predictors.weights import ensemble_weights, exit_weights

State = tuple[Tensor, ...]
"""Tensors (samples, ...) that one exit leaves to the next."""

Logits = Float64[Tensor, "samples classes"]


def _softmax(scores: Logits) -> Logits:
    return log_normalise(scores).exp()


def _kept(scores: Logits) -> Float[Tensor, "samples classes"]:
    """Scores less the largest of their sample, float32; a row of only -inf stays."""
    top = scores.amax(-1, keepdim=True)
    return (scores - torch.where(top == -torch.inf, 0.0, top)).float()


class Steps(ABC):
    """One predictor with its settings, as a step from exit to exit.

    Parameters
    ----------
    settings : complete, as `analysis.predictors.resolve` gives them
    n_exits : of the network
    """

    def __init__(self, settings: Mapping[str, object], n_exits: int) -> None:
        self.settings = in_type_of(torch.float32, dict(settings))
        self.n_exits = n_exits
        self.fallback = self.settings.get("fallback")

    @abstractmethod
    def _start(self, logits: Logits) -> State:
        """The state before the first exit, for logits of that shape."""

    @abstractmethod
    def _law(self, logits: Logits, state: State, exit_: int) -> tuple[Logits, State]:
        """The probabilities at an exit, from 0, and the state after it."""

    def begin(self, logits: Tensor) -> State:
        """The whole state before the first exit; its last tensor says of which samples logits were NaN."""
        return (*self._start(logits.double()), torch.zeros_like(logits[:, :1], dtype=torch.bool))

    def step(
        self, logits: Float[Tensor, "samples classes"], state: State, exit_: int
    ) -> tuple[Float[Tensor, "samples classes"], State]:
        """The float32 probabilities at an exit, from 0, and the whole state after it.

        From the exit on at which a sample's logits hold NaN, its probabilities are NaN.
        """
        probs, after = self._law(logits.double(), state[:-1], exit_)
        spoiled = state[-1] | logits.isnan().any(-1, keepdim=True)
        return torch.where(spoiled, torch.nan, probs).float(), (*after, spoiled)

    def kept_fallback(self, logits: Logits) -> State:
        """What `shown` needs to be kept, before the first exit."""
        return (torch.zeros_like(logits, dtype=torch.float32),) if self.fallback == "previous" else ()

    def shown(self, scores: Logits, logits: Logits, kept: State) -> tuple[Logits, Tensor, State]:
        """The probabilities of scores, or the fallback's where no class has support; where that is; what is kept."""
        collapsed = scores.amax(-1, keepdim=True) == -torch.inf
        probs = _softmax(torch.where(collapsed, 0.0, scores))
        if self.fallback == "none":
            return torch.where(collapsed, 0.0, probs), collapsed, ()
        instead = _softmax(logits)
        if self.fallback == "previous":
            last = kept[0].double()
            instead = torch.where(last.any(-1, keepdim=True), last, instead)
            kept = (torch.where(collapsed, kept[0], probs.float()),)
        return torch.where(collapsed, instead, probs), collapsed, kept


class Baseline(Steps):
    """Each exit by itself: only `fallback=previous` keeps anything."""

    def _start(self, logits: Logits) -> State:
        return self.kept_fallback(logits)

    def own(self, logits: Logits, kept: State) -> tuple[Logits, Tensor, State]:
        """This exit's own distribution."""
        activation = self.settings["activation"]
        if activation == "softmax":
            scores = logits / self.settings.get("temperature", 1.0)
        else:
            scores = log_activation(logits, activation)
        return self.shown(scores, logits, kept)

    def _law(self, logits: Logits, state: State, exit_: int) -> tuple[Logits, State]:
        probs, _, kept = self.own(logits, state)
        return probs, kept


class Mixture(Baseline):
    """The running sum of the exits' distributions; with `fallback=none` also how many had support."""

    def _start(self, logits: Logits) -> State:
        counts = () if self.fallback != "none" else (torch.zeros_like(logits[:, :1], dtype=torch.float32),)
        return (torch.zeros_like(logits, dtype=torch.float32), *counts, *self.kept_fallback(logits))

    def _law(self, logits: Logits, state: State, exit_: int) -> tuple[Logits, State]:
        own, collapsed, kept = self.own(logits, state[1:])
        total = state[0].double() + own
        if self.fallback != "none":
            return total / (exit_ + 1), (total.float(), *kept)
        counts = state[1] + (~collapsed).float()
        return torch.where(collapsed, 0.0, total / counts.clamp_min(1)), (total.float(), counts)


class Product(Steps):
    """PA: one log-product a class."""

    def _start(self, logits: Logits) -> State:
        return (torch.zeros_like(logits, dtype=torch.float32), *self.kept_fallback(logits))

    def _factor(self, logits: Logits, exit_: int) -> Logits:
        """What this exit adds to the log-product."""
        chosen = self.settings
        weight = exit_weights(chosen["weights"], self.n_exits)[exit_]
        if weight == 0:
            return torch.zeros_like(logits)
        bound = threshold_of(logits, chosen["threshold"], chosen["relative_threshold"])
        bounded = bound_logits(logits, bound, chosen["threshold_mode"], chosen["cap"])
        return weight * log_activation(bounded, chosen["activation"])

    def _heated(self, scores: Logits, exit_: int) -> Logits:
        """The log-product as it is shown."""
        return scores / self.settings["temperature"]

    def _law(self, logits: Logits, state: State, exit_: int) -> tuple[Logits, State]:
        scores = state[0].double() + self._factor(logits, exit_)
        probs, _, kept = self.shown(self._heated(scores, exit_), logits, state[1:])
        return probs, (_kept(scores), *kept)


class SoftmaxProduct(Product):
    """The running sum of logits."""

    def _factor(self, logits: Logits, exit_: int) -> Logits:
        return logits

    def _heated(self, scores: Logits, exit_: int) -> Logits:
        count = exit_ + 1 if self.settings["combine"] == "mean" else 1
        return scores / (count * self.settings["temperature"])


class AdaptiveProduct(Product):
    """PA in which each sample has a threshold of its own at each exit."""

    def _factor(self, logits: Logits, exit_: int) -> Logits:
        weight = exit_weights(self.settings["weights"], self.n_exits)[exit_]
        if weight == 0:
            return torch.zeros_like(logits)
        return weight * adaptive_log_factors(logits, self.settings["mass"])

    def _heated(self, scores: Logits, exit_: int) -> Logits:
        return scores


class ExitEnsemble(Baseline):
    """Every exit's distribution so far, weighed anew at each exit."""

    def __init__(self, settings: Mapping[str, object], n_exits: int) -> None:
        super().__init__(settings, n_exits)
        self.fallback = "softmax"
        self._shares = ensemble_weights(settings["weights"], n_exits)

    def _start(self, logits: Logits) -> State:
        return (torch.zeros_like(logits[:, :0], dtype=torch.float32),)

    def _law(self, logits: Logits, state: State, exit_: int) -> tuple[Logits, State]:
        own, _, _ = self.own(logits, ())
        classes = own.shape[-1]
        terms = [*(state[0][:, at * classes : (at + 1) * classes].double() for at in range(exit_)), own]
        shown = sum(share * term for share, term in zip(self._shares[exit_], terms))
        return shown, (torch.cat([state[0], own.float()], -1),)


class AgreementVote(Steps):
    """Every exit's distribution so far, and its answer: those that agree count more."""

    def _start(self, logits: Logits) -> State:
        return torch.zeros_like(logits[:, :0], dtype=torch.float32), torch.zeros_like(logits[:, :0], dtype=torch.long)

    def _law(self, logits: Logits, state: State, exit_: int) -> tuple[Logits, State]:
        own = _softmax(logits)
        kept = torch.cat([state[0], own.float()], -1)
        answers = torch.cat([state[1], logits.argmax(-1, keepdim=True)], -1)  # (samples, exits so far)
        agreeing = (answers[:, :, None] == answers[:, None]).sum(1).double()
        votes = self.settings["power"] * agreeing.log()
        shares = torch.softmax(votes, -1)
        classes = own.shape[-1]
        terms = [*(kept[:, at * classes : (at + 1) * classes].double() for at in range(exit_)), own]
        return sum(shares[:, at : at + 1] * term for at, term in enumerate(terms)), (kept, answers)


class HardProduct(Steps):
    """The classes that every exit so far has kept."""

    def _start(self, logits: Logits) -> State:
        return (torch.ones_like(logits, dtype=torch.bool), *self.kept_fallback(logits))

    def _law(self, logits: Logits, state: State, exit_: int) -> tuple[Logits, State]:
        bound = threshold_of(logits, self.settings["threshold"], self.settings["relative_threshold"])
        stays = state[0] & (logits > bound)
        probs, _, kept = self.shown(torch.where(stays, 0.0, -torch.inf).to(logits.dtype), logits, state[1:])
        return probs, (stays, *kept)


class Caching(Steps):
    """The most confident distribution so far, and its confidence."""

    def _start(self, logits: Logits) -> State:
        return torch.zeros_like(logits[:, :1], dtype=torch.float32), torch.zeros_like(logits, dtype=torch.float32)

    def _law(self, logits: Logits, state: State, exit_: int) -> tuple[Logits, State]:
        own = _softmax(logits)
        confidence = own.amax(-1, keepdim=True).float()
        later = confidence >= state[0]
        probs = torch.where(later, own.float(), state[1])
        return probs.double(), (torch.where(later, confidence, state[0]), probs)


STEPS: dict[str, type[Steps]] = {
    "baseline": Baseline,
    "pa": Product,
    "hard-poe": HardProduct,
    "softmax-poe": SoftmaxProduct,
    "moe": Mixture,
    "ca": Caching,
    "adaptive-pa": AdaptiveProduct,
    "exit-ensemble": ExitEnsemble,
    "agreement-vote": AgreementVote,
}
"""An id of PREDICTORS -> its steps."""


def steps_of(predictor: str, settings: Mapping[str, object], n_exits: int) -> Steps:
    """The steps of a predictor.

    Raises
    ------
    ValueError : a predictor that is not known exit by exit
    """
    if predictor not in STEPS:
        raise ValueError(f"predictor {predictor} is not known exit by exit: choose one of {', '.join(STEPS)}")
    return STEPS[predictor](settings, n_exits)
