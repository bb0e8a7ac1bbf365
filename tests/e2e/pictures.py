"""Figures saved as pictures in a real browser, as a person saves them: by the menu and its box."""

from pathlib import Path


def open_box(page: object, chart: str) -> object:
    """The box that asks how a chart is saved, opened by its menu."""
    found = page.locator(f'.xl-chart[data-name="{chart}"]')
    found.get_by_label("Menu of this figure").click()
    found.get_by_role("menuitem", name="Picture").click()
    return found.get_by_role("dialog", name="Save this picture")


def save(page: object, chart: str, ending: str, path: Path, **chosen: object) -> str:
    """Save a chart's picture to `path`, with what is `chosen` in its box by name; the name that it came with."""
    box = open_box(page, chart)
    for name, value in chosen.items():
        field = box.locator(f"[name={name}]")
        if isinstance(value, bool):
            field.set_checked(value)
        elif name == "size":
            field.select_option(value)
        else:
            field.fill(str(value))
    with page.expect_download() as saved:
        box.get_by_role("button", name=ending.upper()).click()
    saved.value.save_as(path)
    return saved.value.suggested_filename
