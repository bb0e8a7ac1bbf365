"""The live page by AppTest: the bundled network on its own images, uploads, distortions, and a run without weights."""

import base64
import io
import time
from contextlib import contextmanager
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image

from analysis.attribution import jobs
from analysis.attribution.methods import METHODS, SCALE_NAMES, SCALES
from analysis.attribution.strip import Strip, StripSettings
from analysis.attribution.targets import QUANTITIES
from analysis.models.networks.msdnet import Head
from analysis.runtime import command_job
from analysis.runtime.folders import PROJECT
from analysis.runtime.objects import Interrupted
from analysis.storage import load_run, write_run
from analysis.traces import load_traces
from app import cache
from app.control_table import CONTROLS
from app.views.live.film_strip import _scales
from tests.e2e.pages import address, figures, opened, title, words

RUN = "msdnet-cifar100"


@pytest.fixture
def bundled(monkeypatch):
    monkeypatch.setenv("EXITLENS_RUNS", str(PROJECT / "cached_runs"))
    monkeypatch.delenv("EXITLENS_READ_ONLY", raising=False)
    return load_run(PROJECT / "cached_runs" / RUN)


def shown(**more: str):
    app = opened("live", run=RUN, **({"predictor": "pa", "poe": "1", "sample": "12"} | more))
    assert not app.exception
    return app


def line(app, name: str) -> list[float]:
    trace = next(trace for trace in figures(app)["live"]["data"] if trace["name"].startswith(name))
    values = trace["y"]
    if isinstance(values, dict):  # plotly's binary form
        values = np.frombuffer(base64.b64decode(values["bdata"]), values["dtype"]).tolist()
    return values


def png(size: tuple[int, int] = (60, 40)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, (200, 30, 30)).save(out, format="PNG")
    return out.getvalue()


def test_an_image_of_the_run_gives_the_cached_trajectory(bundled):
    app = shown()
    for name, predictor in (("PA", "pa"), ("Baseline", "baseline")):
        cached = load_traces(bundled, predictor).true_class_prob[:, 12]
        np.testing.assert_allclose(line(app, f"{name}, P(true class)"), cached, atol=0.01)
    assert words(app).count(" ms") >= 7
    assert not any(trace["name"].startswith("undistorted") for trace in figures(app)["live"]["data"])


def test_images_that_cannot_be_had_now_are_a_sentence_and_are_opened_anew(bundled, monkeypatch):
    def fails(run):
        raise Interrupted("s3://bucket/images: the storage did not answer")

    cache.forget_images()
    with monkeypatch.context() as now:
        now.setattr(cache, "image_source", fails)
        app = opened("live", run=RUN, predictor="pa", poe="1", sample="12")
    assert not app.error
    assert "The image of this sample cannot be shown: s3://bucket/images: the storage did not answer." in words(app)
    assert "choose another sample" in words(app)
    assert "live" in figures(shown())


def test_the_switch_hides_the_product():
    app = shown(poe="0")
    names = {trace["name"].split(",")[0] for trace in figures(app)["live"]["data"]}
    assert "Baseline" in names
    assert names <= {"Baseline", "largest fall"}


def test_a_distortion_moves_the_trajectory_and_the_undistorted_one_stays(bundled):
    before, after = shown(), shown(noise="0.05", seed="3")
    assert line(after, "undistorted") == pytest.approx(line(before, "PA, P"))
    assert line(after, "PA, P") != line(before, "PA, P")
    assert "than without distortion (noise of 0.05)" in title(figures(after)["live"])
    assert line(shown(noise="0.05", seed="3"), "PA, P") == pytest.approx(line(after, "PA, P"))
    assert line(shown(noise="0.05", seed="4"), "PA, P") != pytest.approx(line(after, "PA, P"))
    assert {name: address(after)[name] for name in ("noise", "seed")} == {"noise": "0.05", "seed": "3"}


@contextmanager
def heads_run():
    """Gives the heads that run: one for each exit, and one after every block."""
    seen = set()
    hook = torch.nn.modules.module.register_module_forward_pre_hook(
        lambda module, _: seen.add(id(module)) if isinstance(module, Head) else None
    )
    try:
        yield seen
    finally:
        hook.remove()


def test_fewer_exits_run_and_the_others_do_not(bundled):
    with heads_run() as seen:
        app = shown(until="3", sample="31")
    assert len(seen) == 3
    assert line(app, "PA, P") == pytest.approx(line(shown(sample="31"), "PA, P")[:3], abs=1e-6)
    assert address(app)["until"] == "3"


def test_a_predictor_of_one_s_own_says_what_exits_count_for_that_have_not_run(bundled, tmp_path, monkeypatch):
    file = tmp_path / "own.py"
    file.write_text("def flat(logits):\n    return logits.softmax(dim=-1)\n", encoding="utf-8")
    monkeypatch.setenv("EXITLENS_PREDICTORS", f"{file}:flat")
    said = "count for this predictor as repeats"
    assert said in words(shown(predictor="flat", until="3"))
    assert said not in words(shown(predictor="flat"))
    assert said not in words(shown(until="3"))


def button(app, label: str):
    return next(one for one in app.button if one.label == label)


def test_play_runs_the_exits_one_after_the_other_and_leaves_the_address_alone(bundled):
    app = shown(until="3", sample="32")
    whole, before = line(app, "PA, P"), address(app)
    with heads_run() as seen:
        button(app, "Play").click().run()
        assert len(seen) == 1
        assert line(app, "PA, P") == pytest.approx(whole[:1], abs=1e-6)
        assert words(app).count(" ms") == 1
        app.run()
        assert len(seen) == 2
        assert line(app, "PA, P") == pytest.approx(whole[:2], abs=1e-6)
    app.run()
    assert line(app, "PA, P") == whole
    assert address(app) == before
    assert [one.label for one in app.button if one.label in ("Play", "Stop")] == ["Play"]
    assert not app.exception


def test_play_is_stopped_and_another_image_ends_it(bundled):
    app = shown(sample="33")
    for ending in ("Stop", "Next"):
        button(app, "Play").click().run()
        assert len(line(app, "PA, P")) == 1
        button(app, ending).click().run()
        assert len(line(app, "PA, P")) == 7


def test_memory_that_ends_on_the_page_is_a_sentence(bundled):
    def fails(module, _):
        if isinstance(module, Head):
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory")

    hook = torch.nn.modules.module.register_module_forward_pre_hook(fails)
    try:
        app = shown(sample="44")
    finally:
        hook.remove()
    assert "not enough memory is free for this network with one image: end other programs" in words(app)


def test_the_distortions_are_undone_at_once(bundled):
    app = shown(noise="0.05", turn="40")
    next(button for button in app.button if button.label == "Undo the distortions").click().run()
    assert not {"noise", "turn"} & set(address(app))


def test_an_uploaded_image_runs_and_follows_its_prediction(bundled):
    app = shown(source="upload")
    assert "Drop an image above" in words(app)
    app.file_uploader[0].set_value(("<b>mine</b>.png", png(), "image/png")).run()
    assert not app.exception
    assert not app.error
    assert "&lt;b&gt;mine&lt;/b&gt;.png" in words(app)
    values = line(app, "PA, P(final prediction")
    assert len(values) == 7
    assert values[-1] > 0


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"GIF89a" + bytes(50), "is no PNG, JPEG or WebP image"),
        (png()[:60], "is damaged and cannot be decoded"),
        (png((5000, 5000)), "has 5000 x 5000 pixels, and at most 20,000,000 are decoded"),
        (png() + bytes(6 << 20), "has 6.0 MB, and at most 5 are read"),
    ],
    ids=["kind", "damaged", "bomb", "large"],
)
def test_what_is_no_good_image_is_refused_in_a_sentence(bundled, data, said):
    app = shown(source="upload")
    app.file_uploader[0].set_value(("mine.png", data, "image/png")).run()
    assert not app.exception
    assert len(app.error) == 1
    assert said in words(app)
    assert not figures(app)


def test_a_read_only_app_hides_and_refuses_uploads(bundled, monkeypatch):
    monkeypatch.setenv("EXITLENS_READ_ONLY", "1")
    app = shown(source="upload")
    assert not app.file_uploader
    assert "This app takes no uploads" in words(app)
    assert "source" not in address(app)
    assert figures(app)


def test_a_run_without_weights_says_so(small_run):
    app = opened("live", run="small")
    assert not app.exception
    assert "This run keeps no weights" in words(app)
    assert not figures(app)


def test_weights_of_another_network_are_refused(runs, small_logits, small_labels, bundled, monkeypatch):
    monkeypatch.setenv("EXITLENS_RUNS", str(runs))
    write_run(runs / "cut", logits=small_logits[:2], labels=small_labels, weights=bundled.weights, arch=bundled.arch)
    write_run(runs / "odd", logits=small_logits[:2], labels=small_labels, weights=bundled.weights, arch="resnet")
    for run, said in (("cut", "has 7 and 100: write the run again"), ("odd", "unknown architecture")):
        app = opened("live", run=run)
        assert not app.exception
        assert said in words(app)
        assert not figures(app)


def test_without_a_label_the_class_explained_is_the_predicted_and_no_address_says_so(bundled):
    app = shown(source="upload")
    app.file_uploader[0].set_value(("mine.png", png(), "image/png")).run()
    assert next(box for box in app.selectbox if box.label == "Explained class").value == "predicted"
    assert "whom" not in address(app)
    assert "does not exist here" not in words(app)


def done(app, seconds: float = 120):
    """The page once its film-strip is there."""
    end = time.monotonic() + seconds
    while "film-strip" not in figures(app) and time.monotonic() < end:
        assert not app.exception
        time.sleep(0.5)
        app.run()
    return app


def test_a_film_strip_is_computed_kept_and_shown(bundled):
    wanted = {"method": "input-x-gradient", "through": "head", "quantity": "logit", "whom": "predicted"}
    app = shown(**wanted)
    assert "film-strip" not in figures(app)
    next(button for button in app.button if button.label == "Compute the film-strip").click().run()
    assert [button.label for button in app.button].count("Cancel") == 1
    figure = figures(done(app))["film-strip"]
    assert len(figure["data"]) == bundled.n_exits
    pictures = [image["source"] for image in figure["layout"]["images"]]
    assert len(pictures) == bundled.n_exits + 1
    assert all(source.startswith("data:image/png;base64,") for source in pictures)
    assert len(set(pictures)) == 2
    assert "correlate by" in title(figure)
    again = figures(shown(**wanted))["film-strip"]
    assert title(again) == title(figure)
    assert {name: address(app)[name] for name in wanted} == wanted


def test_attributions_that_did_not_converge_are_marked_where_they_are_drawn_and_not_compared(bundled, monkeypatch):
    off = "not converged after 1024 steps"
    notes = (off, "", off, off, "", "", "")
    maps = np.random.default_rng(0).normal(size=(7, 32, 32)).astype(np.float32)
    monkeypatch.setattr("app.views.live.film_strip.read_strip", lambda path: Strip(maps, (0.5,) * 7, notes))
    app = shown(method="integrated-gradients", sample="37")
    figure = figures(app)["film-strip"]
    assert "; those of exits 1, 3 and 4 did not converge" in title(figure)
    assert f"Exits 1, 3 and 4: {off}." in words(app)
    assert sum(trace["name"] == "not converged" for trace in figure["data"]) == 3
    written = [note["text"] for note in figure["layout"]["annotations"]]
    assert sum(text.startswith("\N{GREEK SMALL LETTER RHO}") for text in written) == 2  # exits 5, 6 and 7 alone
    assert sum(text.endswith(", not converged") for text in written) == 3


def test_a_film_strip_is_shown_where_the_cache_cannot_be_written(bundled, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("EXITLENS_CACHE", str(tmp_path / "file" / "cache"))
    app = shown(method="input-x-gradient", through="head", quantity="logit", whom="predicted", sample="35")
    button(app, "Compute the film-strip").click().run()
    assert len(figures(done(app))["film-strip"]["data"]) == bundled.n_exits
    assert "film-strip" in figures(app.run())


def test_a_film_strip_that_fails_says_so_until_it_is_started_again(bundled, monkeypatch):
    class Failing(SimpleNamespace):
        def waits_for(self):
            return 0

        def exits_done(self):
            return 0

        def result(self):
            raise ValueError("the attributions were not computed: memory ran out")

    monkeypatch.setattr(jobs, "start", lambda path, *_: Failing(path=path))
    app = shown(method="occlusion", sample="36")
    button(app, "Compute the film-strip").click().run()
    for _ in range(2):
        assert "the attributions were not computed: memory ran out" in words(app)
        app.run()
    assert button(app, "Compute the film-strip")


def test_one_that_waits_for_its_turn_says_for_how_many(bundled, monkeypatch):
    monkeypatch.setattr(command_job, "MOST_AT_ONCE", 0)
    app = shown(method="occlusion", sample="37")
    settings = StripSettings("head", "logit", 0, "occlusion")
    ahead = jobs.start(PROJECT / "nowhere", bundled.weights, bundled.arch, np.zeros((1, 1, 3), np.uint8), settings)
    button(app, "Compute the film-strip").click().run()
    assert [bar.proto.text for bar in app.get("progress")] == ["waiting for 1 other"]
    button(app, "Cancel").click().run()
    ahead.cancel()
    assert not jobs._works


def test_the_scales_of_the_runs_network_are_offered(bundled):
    def scales(app):
        return next(box for box in app.selectbox if box.label == "Feature map")

    app = shown(method="grad-cam", map="middle")
    assert (scales(app).options, scales(app).value) == (["coarsest", "middle", "finest"], "middle")
    assert address(app)["map"] == "middle"
    other = shown(method="grad-cam", map="second-finest")
    assert scales(other).value == "coarsest"
    assert "map = 'second-finest' does not exist here" in words(other)
    imagenet = SimpleNamespace(run=SimpleNamespace(arch="msdnet-imagenet-step4"))
    assert _scales(imagenet) == SCALES[4]


def test_cancel_ends_the_film_strip(bundled):
    app = shown(noise="0.02", seed="7")
    next(button for button in app.button if button.label == "Compute the film-strip").click().run()
    process = app.session_state["film-strip-job"].work.job.process
    next(button for button in app.button if button.label == "Cancel").click().run()
    assert process.poll() is not None
    assert "Compute the film-strip" in [button.label for button in app.button]


def test_the_controls_offer_what_the_library_has():
    assert CONTROLS["method"].choices == tuple(METHODS)
    assert CONTROLS["map"].choices == SCALE_NAMES
    assert set(SCALE_NAMES) == {name for names in SCALES.values() for name in names}
    assert set(CONTROLS["quantity"].choices) == {one for row in QUANTITIES.values() for one in row}
    assert set(CONTROLS["through"].choices) == set(QUANTITIES)


def test_log_p_is_offered_where_it_is_defined(bundled):
    def offered(method: str) -> list[str]:
        app = shown(method=method)
        return next(box for box in app.selectbox if box.label == "Explained number").options

    assert offered("integrated-gradients") == ["probability"]
    assert offered("input-x-gradient") == ["probability", "log probability"]
