"""Voice conversations in this process: a server of OpenAI's realtime protocol without a socket."""
