"""Printed documents. The room prints what it is given and computes nothing."""
