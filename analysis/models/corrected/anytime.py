"""Any early-exit network with a correction: probabilities exit by exit, and by a rule an answer. Imports torch."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from analysis.models.corrected.steps import Steps, steps_of
from analysis.models.networks.imta import IMTA
from analysis.models.networks.msdnet import MSDNet
from analysis.models.networks.stepwise import backbone, exit_by_exit
from analysis.policies import Rule, read_rule, stops_now
from analysis.predictors import find_predictor, resolve


class Answers(NamedTuple):
    """What a network that stops by itself answers."""

    probs: Float[Tensor, "samples classes"]
    """The corrected probabilities of the exit at which each sample stopped."""
    exits: Int64[Tensor, " samples"]
    """That exit, from 0 as `PolicyResults.stops` has it: 0 is what pages, tables and JSON call exit 1."""


class AnytimeNetwork(nn.Module):
    """A network whose every exit answers with corrected probabilities; see `anytime`.

    Attributes
    ----------
    network : the network itself
    predictor, settings : the correction, its settings complete
    rule : when a sample stops; None: `answer` refuses
    """

    def __init__(
        self,
        network: nn.Module,
        predictor: str,
        settings: dict[str, object],
        rule: Rule | None = None,
        exits: int | None = None,
    ) -> None:
        super().__init__()
        self.network, self.predictor, self.settings, self.rule = network, predictor, settings, rule
        self._n_exits = exits

    def _logits(self, images: Tensor) -> tuple[Iterable[Tensor], int]:
        """The logits of the exits, computed as they are asked for where the network can, and how many exits it has."""
        if isinstance(self.network, MSDNet | IMTA):
            return exit_by_exit(self.network, images), len(backbone(self.network).blocks)
        given = self.network(images)
        if isinstance(given, Tensor) and given.ndim == 3:
            given = given.unbind(0)  # (exits, samples, classes)
        if isinstance(given, list | tuple):
            return given, len(given)
        if not isinstance(given, Iterator):
            raise ValueError(
                f"the network gives {type(given).__name__}: let it give logits (samples, classes) exit by exit, as a "
                "list, a generator, or stacked to (exits, samples, classes)"
            )
        if self._n_exits is None:
            raise ValueError("the network gives one exit after the other: say how many with exits=...")
        return given, self._n_exits

    def _steps(self, n_exits: int) -> Steps:
        if self._n_exits not in (None, n_exits):
            raise ValueError(f"exits is {self._n_exits}, and the network has {n_exits}: leave exits out")
        if self.rule is not None and self.rule.n_exits != n_exits:
            raise ValueError(f"the rule is for {self.rule.n_exits} exits, and the network has {n_exits}: fit one on it")
        resolve(self.predictor, self.settings, n_exits=n_exits)  # one weight per exit
        return steps_of(self.predictor, self.settings, n_exits)

    def exits(self, images: Tensor) -> Iterator[Float[Tensor, "samples classes"]]:
        """The corrected probabilities of one exit after the other; of our networks, what is not asked for is not run.

        Parameters
        ----------
        images : as the network takes them, usually normalised (samples, 3, height, width)

        Returns
        -------
        Iterator of Tensor
            float32, (samples, classes); a row of zeros where `fallback=none` shows nothing, NaN from the exit on at
            which the network's logits are NaN.
        """
        given, n_exits = self._logits(images)
        steps, state = self._steps(n_exits), None
        for exit_, logits in enumerate(itertools.islice(given, n_exits)):
            if not isinstance(logits, Tensor) or logits.ndim != 2 or logits.shape[0] != images.shape[0]:
                shape = tuple(logits.shape) if isinstance(logits, Tensor) else type(logits).__name__
                raise ValueError(
                    f"exit {exit_ + 1} gives {shape} for {len(images)} images: let it give logits (samples, classes)"
                )
            logits = logits.float()
            state = steps.begin(logits) if state is None else state
            probs, state = steps.step(logits, state, exit_)
            yield probs

    def forward(self, images: Tensor) -> Float[Tensor, "exits samples classes"]:
        """The corrected probabilities of every exit, float32."""
        return torch.stack(list(self.exits(images)))

    @torch.inference_mode()
    def answer(self, images: Tensor) -> Answers:
        """The answer at the exit at which each sample stops by the rule; blocks after the last of them do not run.

        In a batch the network goes on until all have stopped: what a sample saves is saved with one image at a time.

        Returns
        -------
        Answers
            `probs`, float32 (samples, classes), and `exits`, int64 (samples,), which count from 0.

        Raises
        ------
        ValueError : there is no rule
        """
        if self.rule is None:
            raise ValueError("there is no rule to stop by: give anytime(..., rule=FILE), which policy --out writes")
        seen: list[np.ndarray] = []
        answers = at = None
        for exit_, probs in enumerate(self.exits(images)):
            seen.append(probs.cpu().numpy())
            if at is None:
                answers, at = probs.clone(), torch.full((len(probs),), -1, device=probs.device)
            now = torch.as_tensor(stops_now(self.rule, np.stack(seen)), device=probs.device) & (at < 0)
            answers[now], at[now] = probs[now], exit_
            if (at >= 0).all():
                break
        return Answers(answers, at)


def anytime(
    network: nn.Module,
    predictor: str | None = None,
    *,
    rule: Rule | str | Path | None = None,
    exits: int | None = None,
    **settings: object,
) -> AnytimeNetwork:
    """A network that answers with corrected probabilities, exit by exit, and by a rule stops by itself.

    Parameters
    ----------
    network
        An MSDNet or an IMTA, run block by block, or any module that gives logits (samples, classes) exit by exit: as
        a list, a tuple, a generator, or stacked to (exits, samples, classes). It keeps its mode: call `.eval()`.
    predictor
        An id of PREDICTORS; None: the rule's, else `pa`.
    rule
        When a sample stops: what `policy --out` wrote, or its path. It belongs to one predictor with its settings.
    exits
        How many exits there are, for a network that is a generator.
    settings
        Of the predictor; what is missing takes its default.

    Returns
    -------
    AnytimeNetwork
        Equal to the predictor on the network's float32 logits to 1e-6 (see `steps.py`), and as costly as
        `correction_cost` says.

    Raises
    ------
    ValueError
        An unknown predictor or setting, one that is not known exit by exit, or a rule for another correction.

    Examples
    --------
    >>> import torch
    >>> from analysis.models.networks.architectures import architecture
    >>> network = anytime(architecture("msdnet-cifar10").build().eval(), "pa")
    >>> with torch.no_grad():
    ...     first = next(network.exits(torch.zeros(2, 3, 32, 32)))
    >>> first.shape, first.sum(dim=1).round(decimals=4).tolist()
    (torch.Size([2, 10]), [1.0, 1.0])
    """
    if isinstance(rule, str | Path):
        rule = read_rule(rule)
    row = find_predictor(predictor or (rule.predictor if rule else "pa"))
    resolved = resolve(row, settings)
    if rule is not None:
        its_own = resolve(rule.predictor, rule.predictor_settings)
        if not settings and row.id == rule.predictor:
            resolved = its_own
        if (row.id, resolved) != (rule.predictor, its_own):
            raise ValueError(
                f"the rule was made for {rule.predictor} with other settings, or another predictor than {row.id}: "
                "leave predictor and settings out, or make a rule for them"
            )
    steps_of(row.id, resolved, exits or 1)
    return AnytimeNetwork(network, row.id, resolved, rule, exits)
