"""Role-play: scenarios, rubrics, sittings, and raters who do not see each other."""
