"""What a picture is of: the name of its file, and what is written inside it. Plain text; imports no more."""

from __future__ import annotations

from dataclasses import dataclass

from analysis.reference.outside_text import file_name, isolated, shortened


@dataclass(frozen=True)
class About:
    """What a picture is of.

    Attributes
    ----------
    run : str
        The run's id; empty where there is none.
    predictor : str
        Its id.
    figure : str
        The figure's name.
    settings : str
        Those that differ from the defaults.
    split : str
    """

    run: str
    predictor: str
    figure: str
    settings: str = ""
    split: str = ""

    @property
    def file(self) -> str:
        """The file's name without its ending: letters, digits, dots and dashes, no name that the system means.

        Examples
        --------
        >>> About("msdnet-cifar100", "pa", "paper falls").file
        'msdnet-cifar100-pa-paper-falls'
        >>> About("", "", "../curve").file
        'exitlens-curve'
        """
        parts = [file_name(part, "") for part in (self.run or "exitlens", self.predictor, self.figure)]
        return "-".join(part for part in parts if part) or "exitlens-figure"

    @property
    def title(self) -> str:
        """What its metadata call it.

        Examples
        --------
        >>> About("msdnet-cifar100", "pa", "falls").title
        'msdnet-cifar100, pa: falls'
        """
        of = ", ".join(isolated(shortened(part, 200)) for part in (self.run, self.predictor) if part)
        return f"{of}: {self.figure}" if of else self.figure

    @property
    def text(self) -> str:
        """One line on what it was made from.

        Examples
        --------
        >>> About("mine", "pa", "falls", "weights=uniform", "test").text
        'Run mine, predictor pa with weights=uniform, split test; figure falls, drawn by Exitlens.'
        """
        of = [f"run {isolated(shortened(self.run, 200))}"] if self.run else []
        of += (
            [f"predictor {isolated(self.predictor)}{f' with {isolated(self.settings)}' if self.settings else ''}"]
            if self.predictor
            else []
        )
        of += [f"split {self.split}"] if self.split else []
        said = "; ".join(part for part in (", ".join(of), f"figure {self.figure}, drawn by Exitlens.") if part)
        return said[:1].upper() + said[1:]
