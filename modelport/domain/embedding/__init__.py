"""Embedding: values, batching, identity of an input, and the decoding of transferred vectors. Needs numpy.

Nothing is re-exported here, so that what needs no vectors (packing, identity, dedupe) is read without numpy.
"""
