"""What learning decides, from plain values."""
