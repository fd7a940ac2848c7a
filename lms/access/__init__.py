"""Accounts, rights, and the second person."""
