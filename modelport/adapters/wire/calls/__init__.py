"""Tool calls on the wire: joining of streamed fragments, splitting of glued calls, forced calls."""
