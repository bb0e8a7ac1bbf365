"""`figure`: a figure for a paper or a slide, as a file. Imports results and figures when called."""

from __future__ import annotations

import argparse
from pathlib import Path

from analysis.commands.options import add_cost_unit, add_predictor, add_run, add_split, chosen_predictor
from analysis.commands.output import check_new_file
from analysis.figures.print_sizes import SLIDE, PrintSize, in_points

ENDINGS = (".svg", ".pdf", ".html")
TALL = 0.62
"""The height of a figure on paper, as a share of its width."""
HEIGHTS = (230, 460)
"""The least and the most of that, in pixels of which 12 are a text's height."""


def add_parser(subparsers) -> None:
    """Put `figure` and its options on the command line."""
    from analysis.report.ready_made.table import READY_MADE

    parser = subparsers.add_parser(
        "figure",
        help="a figure for a paper or a slide, as SVG, PDF or HTML",
        description="Draw a figure of the baseline beside a correction at the width of a paper's column. SVG and PDF "
        "are drawn by a Chromium or Chrome of this machine (EXITLENS_BROWSER names another), HTML needs none.",
    )
    add_run(parser)
    figures = "; ".join(f"{row.id}: {row.summary}" for row in READY_MADE.values())
    parser.add_argument("--figure", metavar="ID", required=True, help=figures)
    add_predictor(parser)
    add_split(parser)
    add_cost_unit(parser)
    parser.add_argument("--width", metavar="LENGTH", help="with in, mm, cm or pt (default: 3.25in, a column)")
    parser.add_argument("--font-size", metavar="PT", type=float, help="of every text (default: 8; 16 on a slide)")
    parser.add_argument("--no-title", action="store_true", help="leave title and subtitle to a caption")
    parser.add_argument("--slide", action="store_true", help="a slide of 16:9 in place of a column")
    parser.add_argument(
        "--out", metavar="FILE", required=True, type=Path, help="a new file that ends in .svg, .pdf or .html"
    )


def chosen_size(args: argparse.Namespace) -> PrintSize:
    """The size that the options name.

    Raises
    ------
    ValueError : no length, one that nobody prints, or a width beside `--slide`
    """
    if args.slide and args.width:
        raise ValueError("--width and --slide: a slide has its own width, give one of the two")
    usual = SLIDE if args.slide else PrintSize()
    font = usual.font if args.font_size is None else args.font_size
    return PrintSize(in_points(args.width) if args.width else usual.width, font, usual.height, not args.no_title)


def drawn_height(size: PrintSize) -> int:
    """Pixels for which the names beside lines are placed."""
    wide = size.width / size.font * 12
    return round(min(max(TALL * wide, HEIGHTS[0]), HEIGHTS[1]))


def run(args: argparse.Namespace) -> None:
    """Draw a figure and write its file.

    Raises
    ------
    ValueError : an `--out`, figure, size, run, predictor, setting, split or cost unit that cannot be used; no browser
    """
    from analysis.commands.summarize import measured as results
    from analysis.report.pictures import About, save_picture
    from analysis.report.ready_made import find_figure, measured
    from analysis.runtime.browser import NONE_FOUND, browser_path
    from analysis.storage import find_run, load_run

    ending = args.out.suffix.lower()
    if ending not in ENDINGS:
        raise ValueError(f"--out {args.out}: end its name in {', '.join(ENDINGS[:-1])} or {ENDINGS[-1]}")
    check_new_file(args.out)
    row, size = find_figure(args.figure), chosen_size(args)
    if ending != ".html" and browser_path() is None:
        raise ValueError(NONE_FOUND)
    opened = load_run(find_run(args.run))
    chosen, settings = chosen_predictor(args, opened)
    if chosen == "baseline":
        raise ValueError("--predictor baseline: the figure sets a correction beside it, so name one")
    opened.cost(args.cost_unit)  # refuses an unknown unit before anything is computed
    numbers = measured(opened, chosen, settings, args.split, unit=args.cost_unit, compute=results)
    made = row.make(numbers, drawn_height(size))
    about = About(opened.id, chosen, row.id, " ".join(args.settings), args.split)
    save_picture(made.figure, args.out, size, about)
    how = "" if ending == ".html" else f", {size.width / 72:.3g} in wide, text of {size.font:g} pt"
    print(f"{args.out}: {row.id} of {opened.id} under {chosen}{how}")
