"""One page per question a user has: a folder each, whose `page.py` has `render(view)`."""
