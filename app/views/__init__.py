"""One page per question a user has, each with `render(view)`."""
