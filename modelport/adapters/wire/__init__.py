"""Pure parts that the codecs of several providers use: framing, decoding, errors, JSON and YAML text."""
