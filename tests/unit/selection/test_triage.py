"""Ready-made questions, against loops over the traces."""

import dataclasses

import numpy as np

from analysis.selection import SampleTable
from analysis.selection.filters import ordered
from analysis.selection.triage import CONFIDENT, FALL, counted, questions
from analysis.traces import load_traces


def by_loop(baseline, corrected, name, sample):
    right, right_then = corrected.correct[:, sample], baseline.correct[:, sample]
    answers = baseline.predicted[:, sample].tolist()
    return {
        "worst-falls": lambda: baseline.falls["true_class", "absolute"].size[sample] > FALL,
        "still-falls": lambda: corrected.falls["true_class", "absolute"].size[sample] > FALL,
        "lost": lambda: any(right_then) and not right_then[-1],
        "broken": lambda: right_then[-1] and not right[-1],
        "fixed": lambda: right[-1] and not right_then[-1],
        "collapsed": lambda: corrected.collapsed[-1, sample],
        "confident-and-wrong": lambda: not any(right_then) and all(baseline.max_prob[:, sample] > CONFIDENT),
        "unsettled": lambda: answers[-1] != answers[-2],
    }[name]()


def test_every_question_holds_what_it_asks_for(small_run):
    table = SampleTable(small_run)
    traces = [load_traces(small_run, key, split="test") for key in ("baseline", "pa")]
    asked = list(counted(table, small_run.n_exits))
    assert len(asked) == 8
    for question, count in asked:
        mask = question.selection.mask(table)
        assert mask.tolist() == [bool(by_loop(*traces, question.name, i)) for i in range(len(table))], question.name
        assert count == mask.sum()


def test_the_worst_come_first(small_run):
    table = SampleTable(small_run)
    for question in questions(table, small_run.n_exits):
        rows = ordered(table, question.selection.mask(table), question.sort, descending=question.descending)
        values = table[question.sort].to_numpy(dtype=float)[rows]
        assert np.all(np.diff(values) * (-1 if question.descending else 1) >= 0)
    lost = next(q for q in questions(table, small_run.n_exits) if q.name == "broken")
    rows = ordered(table, lost.selection.mask(table), lost.sort, descending=lost.descending)
    baseline, corrected = (load_traces(small_run, key, split="test").true_class_prob[-1] for key in ("baseline", "pa"))
    assert (corrected - baseline)[rows[0]] == (corrected - baseline)[lost.selection.mask(table)].min()


def test_a_run_without_labels_is_asked_what_needs_none(small_run):
    unlabelled = dataclasses.replace(
        small_run, samples=small_run.samples.assign(label=np.full(len(small_run.samples), -1))
    )
    names = [q.name for q in questions(SampleTable(unlabelled), small_run.n_exits)]
    assert names == ["worst-falls", "still-falls", "collapsed", "unsettled"]
