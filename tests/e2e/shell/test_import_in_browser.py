"""Data in and out in a browser: a file is dropped, looked into and opened; the run gets a title, and is deleted."""

import base64
import io

import numpy as np
import pytest

from tests.e2e import browser as harness

pytestmark = pytest.mark.browser

DROP = """([name, content]) => {
    const bytes = Uint8Array.from(atob(content), (c) => c.charCodeAt(0));
    const dropped = new DataTransfer();
    dropped.items.add(new File([bytes], name));
    const place = document.querySelector('[data-testid="stFileUploaderDropzone"]');
    for (const kind of ["dragenter", "dragover", "drop"])
        place.dispatchEvent(new DragEvent(kind, { dataTransfer: dropped, bubbles: true, cancelable: true }));
}"""


def test_a_dropped_file_becomes_a_run_that_is_renamed_and_deleted(
    chromium, runs, imageless_run, small_logits, small_labels
):
    file = io.BytesIO()
    np.savez(file, logits=small_logits, labels=small_labels)
    with (
        harness.serve(env={"EXITLENS_RUNS": str(runs)}) as server,
        harness.opened(chromium, f"{server.url}/import_run", width=1280, height=720) as opened,
    ):
        page = opened.page
        page.evaluate(DROP, ["<i>net.npz", base64.b64encode(file.getvalue()).decode()])
        page.get_by_text("7 exits, 20 classes, 400 test samples.").wait_for()
        assert page.get_by_text("<i>net.npz: logits", exact=True).count() == 1
        assert not (runs / "i-net").exists()
        page.get_by_role("button", name="Import", exact=True).click()
        page.wait_for_url("**/?run=i-net&*")
        harness.settle(page)
        assert (runs / "i-net" / "run.json").is_file()
        assert page.locator('.xl-chart[data-name="trajectories"]').count() == 1

        page.get_by_role("link", name="Runs", exact=True).click()
        page.get_by_role("button", name="Rename", exact=True).click()
        page.get_by_role("textbox", name="Title").fill("Dropped")
        page.get_by_role("textbox", name="Title").press("Enter")
        page.get_by_role("button", name="Rename it").click()
        page.get_by_text("Dropped", exact=True).first.wait_for()
        harness.settle(page)
        page.get_by_role("button", name="Delete", exact=True).click()
        page.get_by_role("textbox", name="Id of the run").fill("i-net")
        page.get_by_role("textbox", name="Id of the run").press("Enter")
        page.get_by_role("button", name="Delete this run").click()
        page.get_by_text("Dropped (i-net) was deleted.").wait_for()
        assert not (runs / "i-net").exists()
        assert opened.complaints == []
        assert server.tracebacks() == []
