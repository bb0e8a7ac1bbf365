"""Film-strips: every exit's map, what is said where there is none, the cache, and a process that Cancel ends."""

import os
import time

import numpy as np
import psutil
import pytest
import torch

from analysis.attribution import jobs, worker
from analysis.attribution.strip import Strip, StripSettings, film_strip, read_strip, strip_path, write_strip
from analysis.models.checkpoints import load_checkpoint
from analysis.storage import load_run
from analysis.storage.folders import PROJECT

QUICK = StripSettings("head", "logit", 4, "input-x-gradient")
LONG = StripSettings("product", "prob", 4, "integrated-gradients", most_steps=1 << 20)


@pytest.fixture(scope="module")
def run():
    return load_run(PROJECT / "cached_runs" / "msdnet-cifar100")


@pytest.fixture
def image():
    return np.random.default_rng(1).integers(0, 256, (32, 32, 3), dtype=np.uint8)


def start(run, image, settings):
    return jobs.start(strip_path(run.fingerprint, image, settings), run.weights, run.arch, image, settings)


def test_a_strip_says_where_a_class_has_left_and_where_a_scale_is_gone(run, image):
    network, seen = load_checkpoint(run.weights, run.arch), []
    torch.set_num_threads(1)
    cam = film_strip(network, image, StripSettings("head", "logit", 4, "grad-cam", "finest"), "cifar100", seen.append)
    assert seen == [1, 2, 3, 4, 5, 6, 7]
    assert np.isnan(cam.maps[-1]).all()
    assert cam.notes[-1] == "this scale was dropped before this exit"
    assert (cam.notes[0], cam.scores[-1]) == ("", None)
    for class_index in range(100):
        log_p = film_strip(
            network, image, StripSettings("product", "log-prob", class_index, "input-x-gradient"), "cifar100"
        )
        if any(log_p.notes):
            break
    first = next(number for number, note in enumerate(log_p.notes) if note)
    assert all(note.startswith(f"exit {first + 1} removed this class") for note in log_p.notes[first:])
    assert np.isfinite(log_p.maps[:first]).all()


def test_what_is_kept_is_what_is_read_and_damage_is_passed_over(tmp_path):
    strip = Strip(np.random.default_rng(0).normal(size=(2, 3, 3)).astype(np.float32), (1.5, None), ("", "none"))
    path = tmp_path / "deep" / "one.safetensors"
    write_strip(path, strip)
    found = read_strip(path)
    np.testing.assert_array_equal(found.maps, strip.maps)
    assert (found.scores, found.notes) == (strip.scores, strip.notes)
    path.write_bytes(path.read_bytes()[:-4])
    assert read_strip(path) is None
    assert read_strip(tmp_path / "missing") is None


def test_the_name_depends_on_image_run_and_settings(image):
    names = {
        strip_path(run, pixels, settings).name
        for run in ("a", "b")
        for pixels in (image, image + 1)
        for settings in (QUICK, LONG)
    }
    assert len(names) == 8


def test_a_process_computes_the_same_and_keeps_it(run, image, tmp_path, monkeypatch):
    monkeypatch.setenv("EXITLENS_CACHE", str(tmp_path))
    job = start(run, image, QUICK)
    end = time.monotonic() + 120
    while (strip := job.result()) is None and time.monotonic() < end:
        assert 0 <= job.exits_done() <= 7
        time.sleep(0.2)
    here = film_strip(load_checkpoint(run.weights, run.arch), image, QUICK, "cifar100")
    np.testing.assert_allclose(strip.maps, here.maps, rtol=1e-3, atol=1e-4)
    np.testing.assert_array_equal(read_strip(job.path).maps, strip.maps)
    assert not job.folder.exists()


def test_cancel_ends_the_process_and_its_processor_time(run, image):
    job = start(run, image, LONG)
    process = psutil.Process(job.process.pid)
    end = time.monotonic() + 60
    while process.cpu_times().user < 1 and time.monotonic() < end:
        job.exits_done()
        time.sleep(0.1)
    assert process.is_running()
    job.cancel()
    assert not psutil.pid_exists(job.process.pid)
    assert not job.folder.exists()
    with pytest.raises(ValueError, match="its process ended before it was done: start it again"):
        job.result()


def test_only_so_many_at_once(run, image):
    running = [start(run, image, LONG) for _ in range(jobs.MOST_AT_ONCE)]
    try:
        with pytest.raises(ValueError, match="2 film-strips are being computed already: try again in a moment"):
            start(run, image, LONG)
    finally:
        for job in running:
            job.cancel()
    start(run, image, LONG).cancel()


def test_a_process_that_nobody_asks_for_ends(run, image):
    job = start(run, image, LONG)
    (job.folder / worker.ASKED).unlink()
    assert job.process.wait(60) == 3
    assert not job.folder.exists()


def test_a_picture_is_not_kept_and_what_nobody_came_for_is_removed(run, image):
    job = start(run, image, QUICK)
    end = time.monotonic() + 60
    while (job.folder / worker.IMAGE).exists() and time.monotonic() < end:
        time.sleep(0.1)
    assert not (job.folder / worker.IMAGE).exists()
    assert job.process.poll() is None
    job.process.kill()  # stands for one that ended
    job.process.wait()
    start(run, image, LONG).cancel()
    assert job.folder.exists()  # someone may still be about to ask
    os.utime(job.folder / worker.ASKED, (0, 0))
    start(run, image, LONG).cancel()
    assert not job.folder.exists()


def test_a_failure_is_told(run, image, tmp_path):
    job = jobs.start(tmp_path / "x", tmp_path / "none.safetensors", run.arch, image, QUICK)
    job.process.wait(60)
    with pytest.raises(ValueError, match=r"were not computed: .*is not a file"):
        job.result()
