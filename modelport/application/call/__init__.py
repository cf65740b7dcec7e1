"""One call of any model: attempts, budget, clocks, the HTTP request and its streamed answer. No capability."""
