"""The providers: those of this package as data, those of other packages, and those that are only a profile."""
