"""Declare each mechanism of the model once; `registry` lists them all."""
