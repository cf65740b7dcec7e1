"""Embedding: values, batching, identity of an input, and the decoding of transferred vectors. Needs numpy.

Nothing is re-exported here, so that packing, identity and dedupe can be imported without numpy.
"""
