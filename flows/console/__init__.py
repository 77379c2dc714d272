"""The console: what people on call look at, in a browser. It reads the store, and acts by commands only."""
