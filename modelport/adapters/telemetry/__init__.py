"""The default observer of attempts and calls, which does nothing."""
