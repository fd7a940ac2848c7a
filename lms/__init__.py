"""Zhixing (知行): training and appraisal of bank relationship managers."""
