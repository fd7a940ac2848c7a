"""What a quiz decides: the paper drawn, the answer's credit, the percent, the time left."""
