"""The live page by AppTest: the bundled network on its own images, uploads, distortions, and a run without weights."""

import base64
import io
import time

import numpy as np
import pytest
from PIL import Image

from analysis.attribution.methods import METHODS, SCALES
from analysis.attribution.targets import QUANTITIES
from analysis.storage import load_run
from analysis.storage.folders import PROJECT
from analysis.traces import load_traces
from app.control_table import CONTROLS
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


def test_the_switch_hides_the_product():
    app = shown(poe="0")
    names = {trace["name"].split(",")[0] for trace in figures(app)["live"]["data"]}
    assert "Baseline" in names
    assert names <= {"Baseline", "largest fall"}


def test_a_distortion_moves_the_trajectory_and_the_undistorted_one_stays(bundled):
    before, after = shown(), shown(noise="0.05", seed="3")
    assert line(after, "undistorted") == pytest.approx(line(before, "PA, P"))
    assert line(after, "PA, P") != line(before, "PA, P")
    assert "the undistorted image (noise of 0.05)" in title(figures(after)["live"])
    assert line(shown(noise="0.05", seed="3"), "PA, P") == pytest.approx(line(after, "PA, P"))
    assert line(shown(noise="0.05", seed="4"), "PA, P") != pytest.approx(line(after, "PA, P"))
    assert {name: address(after)[name] for name in ("noise", "seed")} == {"noise": "0.05", "seed": "3"}


def test_fewer_exits_run(bundled):
    app = shown(until="3")
    assert line(app, "PA, P") == pytest.approx(line(shown(), "PA, P")[:3])
    assert address(app)["until"] == "3"


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
    assert {trace["coloraxis"] for trace in figure["data"]} == {"coloraxis"}
    assert "correlate by" in title(figure)
    again = figures(shown(**wanted))["film-strip"]
    assert title(again) == title(figure)
    assert {name: address(app)[name] for name in wanted} == wanted


def test_cancel_ends_the_film_strip(bundled):
    app = shown(noise="0.02", seed="7")
    next(button for button in app.button if button.label == "Compute the film-strip").click().run()
    process = app.session_state["film-strip-job"].process
    next(button for button in app.button if button.label == "Cancel").click().run()
    assert process.poll() is not None
    assert "Compute the film-strip" in [button.label for button in app.button]


def test_the_controls_offer_what_the_library_has():
    assert CONTROLS["method"].choices == tuple(METHODS)
    assert CONTROLS["map"].choices == SCALES
    assert set(CONTROLS["quantity"].choices) == {one for row in QUANTITIES.values() for one in row}
    assert set(CONTROLS["through"].choices) == set(QUANTITIES)


def test_log_p_is_offered_where_it_is_defined(bundled):
    def offered(method: str) -> list[str]:
        app = shown(method=method)
        return next(box for box in app.selectbox if box.label == "Score").options

    assert offered("integrated-gradients") == ["probability"]
    assert offered("input-x-gradient") == ["probability", "log probability"]
