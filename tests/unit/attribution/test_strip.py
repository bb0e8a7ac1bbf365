"""Film-strips: every exit's map, what is said where there is none, the cache, and a process that Cancel ends."""

import json
import time
from dataclasses import asdict

import numpy as np
import psutil
import pytest
import torch

from analysis.attribution import jobs, worker
from analysis.attribution.strip import Strip, StripSettings, film_strip, read_strip, strip_path, write_strip
from analysis.models.networks.checkpoints import load_checkpoint
from analysis.runtime import command_job
from analysis.runtime.disk_cache import write_entry
from analysis.runtime.folders import PROJECT
from analysis.storage import load_run

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
    path = tmp_path / "deep" / "one.entry"
    write_strip(path, strip)
    found = read_strip(path)
    np.testing.assert_array_equal(found.maps, strip.maps)
    assert (found.scores, found.notes) == (strip.scores, strip.notes)
    path.write_bytes(path.read_bytes()[:-4])
    assert read_strip(path) is None
    assert read_strip(tmp_path / "missing") is None
    for arrays, said in (
        ({}, {"scores": [1.5, None], "notes": ["", "none"]}),
        ({"maps": strip.maps}, {}),
        ({"maps": strip.maps[:1]}, {"scores": [1.5, None], "notes": ["", "none"]}),
        ({"maps": strip.maps[0]}, {"scores": [1.5, None], "notes": ["", "none"]}),
    ):
        write_entry(path, arrays, said)
        assert read_strip(path) is None


def test_the_name_depends_on_image_run_and_settings(image):
    names = {
        strip_path(run, pixels, settings).name
        for run in ("a", "b")
        for pixels in (image, image + 1)
        for settings in (QUICK, LONG)
    }
    assert len(names) == 8


def test_a_process_computes_the_same_for_all_who_ask_and_keeps_it(run, image, tmp_path, monkeypatch):
    monkeypatch.setenv("EXITLENS_CACHE", str(tmp_path))
    job, other = start(run, image, QUICK), start(run, image, QUICK)
    folder, end = job.work.job.folder, time.monotonic() + 120
    while (strip := job.result()) is None and time.monotonic() < end:
        assert 0 <= job.exits_done() <= 7
        time.sleep(0.2)
    here = film_strip(load_checkpoint(run.weights, run.arch), image, QUICK, "cifar100")
    np.testing.assert_allclose(strip.maps, here.maps, rtol=1e-3, atol=1e-4)
    np.testing.assert_array_equal(read_strip(job.path).maps, strip.maps)
    assert other.result() is strip
    assert not folder.exists()


def test_a_finished_strip_is_given_where_the_cache_cannot_be_written(run, image, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("EXITLENS_CACHE", str(tmp_path / "file" / "cache"))
    strip = Strip(np.zeros((1, 2, 2), np.float32), (1.0,), ("",))
    monkeypatch.setattr(jobs, "MODULE", "this")  # a module that prints a poem and ends well
    job = start(run, image, QUICK)
    write_strip(job.work.job.folder / worker.RESULT, strip)
    job.work.job.process.wait(30)
    np.testing.assert_array_equal(job.result().maps, strip.maps)
    assert read_strip(job.path) is None


def test_cancel_ends_the_process_and_its_processor_time(run, image):
    job = start(run, image, LONG)
    folder, process = job.work.job.folder, psutil.Process(job.work.job.process.pid)
    end = time.monotonic() + 60
    while process.cpu_times().user < 1 and time.monotonic() < end:
        job.exits_done()
        time.sleep(0.1)
    assert process.is_running()
    job.cancel()
    assert not psutil.pid_exists(process.pid)
    assert not folder.exists()
    with pytest.raises(ValueError, match="were not computed: it was cancelled: start it again"):
        job.result()


@pytest.fixture
def sleeping(monkeypatch):
    """Processes that compute nothing, and do not end by themselves."""
    monkeypatch.setattr(jobs, "MODULE", "tests.unit.runtime.sleeping_command")
    yield
    for work in list(jobs._works.values()):
        for job in list(work.waiting):
            job.cancel()
    assert not jobs._works


def settings(class_index: int) -> StripSettings:
    return StripSettings("head", "logit", class_index, "input-x-gradient")


def test_two_who_ask_for_the_same_share_a_process_that_only_the_last_ends(run, image, sleeping):
    one, other, third = (start(run, image, settings(0)) for _ in range(3))
    process = one.work.job.process
    assert {job.work.job.process.pid for job in (one, other, third)} == {process.pid}
    one.cancel()
    assert process.poll() is None
    assert other.result() is None
    third.asked -= jobs.PATIENCE_S  # its page was closed: it does not count
    other.cancel()
    assert process.poll() is not None
    again = start(run, image, settings(0))
    assert again.work.job.process.poll() is None


def test_the_others_wait_for_their_turn_among_all_jobs_of_the_app(run, image, sleeping, monkeypatch):
    monkeypatch.setattr(command_job, "MOST_AT_ONCE", 2)
    other = command_job.CommandJob([], module=jobs.MODULE)
    waiting = [start(run, image, settings(number)) for number in range(3)]
    assert [job.waits_for() for job in waiting] == [0, 2, 3]
    assert waiting[2].result() is None
    assert waiting[2].exits_done() == 0
    waiting[1].cancel()
    assert waiting[2].waits_for() == 2
    other.cancel()
    assert waiting[2].waits_for() == 0


def test_what_has_ended_and_nobody_came_for_is_forgotten_and_started_anew(run, image, sleeping):
    job = start(run, image, settings(0))
    job.work.job.process.kill()
    job.work.job.process.wait()
    again = start(run, image, settings(1))  # whoever asks next for anything
    again.result()
    assert start(run, image, settings(0)).work is not job.work
    job.asked -= jobs.PATIENCE_S
    start(run, image, settings(2))
    assert job.work not in jobs._works.values()
    with pytest.raises(ValueError, match="were not computed: the system killed its process, most likely since memory"):
        job.result()


def test_a_picture_is_not_kept(run, image):
    job = start(run, image, QUICK)
    folder, end = job.work.job.folder, time.monotonic() + 60
    while (folder / worker.IMAGE).exists() and time.monotonic() < end:
        time.sleep(0.1)
    assert not (folder / worker.IMAGE).exists()
    job.cancel()
    assert not folder.exists()


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate memory: 1 byte")])
def test_memory_that_ends_in_the_worker_is_a_sentence(run, image, tmp_path, monkeypatch, capsys, error):
    def fails(*_):
        raise error

    monkeypatch.setattr("analysis.attribution.strip.film_strip", fails)
    order = {"weights": str(run.weights), "arch": run.arch, "settings": asdict(QUICK)}
    (tmp_path / worker.ORDER).write_text(json.dumps(order), encoding="utf-8")
    np.save(tmp_path / worker.IMAGE, image)
    assert worker.compute(tmp_path) == 2
    assert capsys.readouterr().err == (
        "not enough memory is free for attributions of this network: end other programs, or choose a smaller network\n"
    )


def test_a_failure_is_told(run, image, tmp_path):
    job = jobs.start(tmp_path / "x", tmp_path / "none.safetensors", run.arch, image, QUICK)
    job.work.job.process.wait(60)
    with pytest.raises(ValueError, match=r"were not computed: .*is not a file"):
        job.result()
