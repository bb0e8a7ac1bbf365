"""What every page has of presentations: a figure, or samples, of it become a screen."""

from app.components.presenting.adding import add_samples, ask_to_add

__all__ = ["add_samples", "ask_to_add"]
