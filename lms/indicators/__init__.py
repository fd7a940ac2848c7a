"""Business figures: indicators in five sets, their imports, their targets."""
