"""Models without `await`: the same calls, made by an event loop in a thread of this package."""
