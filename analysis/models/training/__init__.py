"""Training by a recipe: recipes, objectives, the trainer, and the first stage that a second one begins from."""
