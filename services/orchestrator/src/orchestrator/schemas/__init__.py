"""The models of the public API: what requests and answers look like. No I/O."""
